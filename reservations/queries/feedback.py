"""声 for staff to read: problems with pages and ratings of bookings, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from reservations.models import Booking, Facility, Problem, Rating, Unit

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Voice:
    """One of either kind.

    ticket   of a problem; empty for a rating
    about    the page of a problem, or facility and unit of a rated booking
    score    of a rating, 1 to 5
    """

    at: datetime
    ticket: str
    about: str
    words: str
    score: int | None


_PROBLEMS = select(
    Problem.at.label("at"),
    Problem.ticket.label("ticket"),
    Problem.page.label("about"),
    Problem.words.label("words"),
    cast(null(), Integer).label("score"),
)
_RATINGS = (
    select(
        Rating.at.label("at"),
        literal("").label("ticket"),
        (Facility.name + " " + Unit.name).label("about"),
        Rating.words.label("words"),
        Rating.score.label("score"),
    )
    .join(Booking, Booking.id == Rating.booking_id)
    .join(Unit, Unit.id == Booking.unit_id)
    .join(Facility, Facility.id == Booking.facility_id)
)
_BOTH = union_all(_PROBLEMS, _RATINGS).subquery()
_VOICES = (
    select(_BOTH.c.at, _BOTH.c.ticket, _BOTH.c.about, _BOTH.c.words, _BOTH.c.score)
    .order_by(_BOTH.c.at.desc(), _BOTH.c.ticket)
    .limit(bindparam("page_size"))
    .offset(bindparam("skip"))
)


def voices(session: Session, *, page: int = 0) -> list[Voice]:
    """A page of 50, newest first."""
    values = {"page_size": PAGE_SIZE, "skip": page * PAGE_SIZE}
    return [Voice(*row) for row in session.execute(_VOICES, values)]
