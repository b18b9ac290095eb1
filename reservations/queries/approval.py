"""審査: what waits for a decision, and what became of decisions that were not made here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL
from reservations.db import run
from reservations.models import Booking, Decision, SeenTo
from reservations.queries import bookings
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.rules.period import Period

# What was used without an answer is still listed for so long, first and as late.
STANDS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision that its sheet's holder has not answered, or has answered with no.

    code   why not (actions/answering.py); empty while it waits
    """

    id: str
    booking: BookingView
    verdict: str
    decided_at: Any
    code: str

    @property
    def key(self) -> str:
        """Under which somebody has seen it (models/matters.py)."""
        return f"decision:{self.id}"


_COUNT = (
    select(Booking.facility_id, func.count().label("many"))
    .where(*bookings.WAITS)
    .group_by(Booking.facility_id)
)
_WISHES = (
    select(Decision.id, Decision.booking_id, Decision.verdict, Decision.decided_at, Decision.code)
    .join(Booking, Booking.id == Decision.booking_id)
    .where(Booking.facility_id.in_(bindparam("facilities", expanding=True)))
    .order_by(Decision.decided_at, Decision.id)
)
_PENDING = _WISHES.where(Decision.status == "asked")
_OF_BOOKING = select(Decision.id).where(
    Decision.booking_id == bindparam("booking_id"),
    Decision.revision == bindparam("revision"),
    Decision.status.in_(("asked", "written")),
)
_SEEN = select(SeenTo.key).where(SeenTo.key == literal("decision:") + Decision.id)
_UNMADE = _WISHES.where(
    Decision.status == "refused",
    Decision.actor != "",
    Decision.decided_at >= bindparam("since"),
    ~_SEEN.correlate(Decision).exists(),
)


def count(session: Session, *, today: date, facilities: Collection[int]) -> int:
    """How many applications wait at these facilities; one statement."""
    rows = run(session, _COUNT, {"since": today - STANDS})
    return sum(row.many for row in rows if row.facility_id in facilities)


def waiting(
    session: Session, memory: Memory, *, today: date, facilities: Collection[int], page: int = 0
) -> list[BookingView]:
    """Applications that wait, those first that are to be answered first; a page of 50."""
    return bookings.waiting(session, memory, since=today - STANDS, facilities=facilities, page=page)


def pending(session: Session, memory: Memory, *, facilities: Collection[int]) -> list[Wish]:
    """Decisions, of any desk, that the holders of their sheets have not answered yet."""
    return _wishes(session, memory, _PENDING, facilities)


def unmade(
    session: Session, memory: Memory, *, today: date, facilities: Collection[int]
) -> list[Wish]:
    """Decisions of this desk that are none, and that nobody has taken off the list."""
    since = Period(0, 1).starts_at(today - STANDS, LOCAL)
    return _wishes(session, memory, _UNMADE, facilities, since=since)


def is_pending(session: Session, booking: BookingView) -> bool:
    """Whether somebody has decided about it, and people may not be told yet."""
    asked = {"booking_id": booking.id, "revision": booking.revision}
    return run(session, _OF_BOOKING, asked).first() is not None


def _wishes(
    session: Session, memory: Memory, query: Any, facilities: Collection[int], **asked: Any
) -> list[Wish]:
    rows = run(session, query, {"facilities": sorted(facilities), **asked}).all()
    found = [(row, bookings.one(session, memory, row.booking_id)) for row in rows]
    return [
        Wish(row.id, booking, row.verdict, row.decided_at, row.code)
        for row, booking in found
        if booking is not None
    ]
