"""声 for staff to read: problems with pages and ratings of bookings, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def _newest(ratings: Any) -> Any:
    both = union_all(_PROBLEMS, ratings).subquery()
    return (
        select(both.c.at, both.c.ticket, both.c.about, both.c.words, both.c.score)
        .order_by(both.c.at.desc(), both.c.ticket)
        .limit(bindparam("page_size"))
        .offset(bindparam("skip"))
    )


_THERE = Booking.facility_id.in_(bindparam("facilities", expanding=True))
_VOICES = _newest(_RATINGS)
_VOICES_THERE = _newest(_RATINGS.where(_THERE))


def voices(
    session: Session, *, page: int = 0, facilities: Collection[int] | None = None
) -> list[Voice]:
    """A page of 50, newest first: every problem, and the ratings of these facilities, or of all."""
    values: dict[str, Any] = {"page_size": PAGE_SIZE, "skip": page * PAGE_SIZE}
    if facilities is None:
        return [Voice(*row) for row in session.execute(_VOICES, values)]
    values["facilities"] = sorted(facilities)
    return [Voice(*row) for row in session.execute(_VOICES_THERE, values)]
