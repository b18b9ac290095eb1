"""声: a problem on a page, and one tap after a booking."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingRated, ProblemReported
from reservations.models import Booking, Problem, Rating

# Read out on the telephone: no letters or digits that sound or look alike.
TICKET_LETTERS = "23456789ACDEFHJKMNPRTUWXY"
TICKET_LENGTH = 7


@dataclass(frozen=True, slots=True)
class ProblemRequest:
    """このページで困ったこと: which page, in their words."""

    page: str
    words: str
    locale: str


@dataclass(frozen=True, slots=True)
class RatingRequest:
    """One tap, 1 to 5, by the party of the booking; a second tap replaces the first."""

    booking_id: str
    party_id: str
    score: int
    words: str = ""


@action("report_problem")
def report_problem(
    session: Session, request: ProblemRequest, context: Context, problem_id: str
) -> ProblemReported:
    """Keep what somebody says of a page; the ticket (`ticket_of` its id) is theirs to ask by."""
    ticket = ticket_of(problem_id)
    session.add(
        Problem(
            id=problem_id,
            ticket=ticket,
            page=request.page,
            words=request.words,
            locale=request.locale,
            at=context.now,
        )
    )
    return ProblemReported(subject=problem_id, page=request.page, ticket=ticket)


@action("rate", subject=lambda request: request.booking_id)
def rate(
    session: Session, request: RatingRequest, context: Context, booking_id: str
) -> BookingRated:
    """Keep how the booking went.

    raises   Refusal not_found when it is not this party's booking
    """
    owner = session.scalar(select(Booking.party_id).where(Booking.id == booking_id))
    if owner is None or owner != request.party_id:
        raise Refusal(RefusalCode.NOT_FOUND)
    rating = session.get(Rating, booking_id)
    if rating is None:
        rating = Rating(booking_id=booking_id)
        session.add(rating)
    rating.score = request.score
    rating.words = request.words
    rating.at = context.now
    return BookingRated(subject=booking_id, score=request.score)


def ticket_of(problem_id: str) -> str:
    """The ticket number of a problem: from the random end of its id, 25 ** 7 of them."""
    number = int(problem_id.replace("-", "")[-16:], 16)
    letters = []
    for _ in range(TICKET_LENGTH):
        number, position = divmod(number, len(TICKET_LETTERS))
        letters.append(TICKET_LETTERS[position])
    return "".join(letters)
