"""鍵と備品: what a facility has, who has it, and what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL
from reservations.db import run
from reservations.models import Booking, Handout, Item
from reservations.models.base import table_of
from reservations.queries import parties
from reservations.queries.bookings import number_text
from reservations.queries.parties import Called

KEY = "key"

_ITEM, _HANDOUT = table_of(Item), table_of(Handout)
_ONE = select(_ITEM).where(_ITEM.c.id == bindparam("item_id"))
_ONE_HANDOUT = select(_HANDOUT).where(_HANDOUT.c.id == bindparam("handout_id"))
_OF_FACILITY = (
    select(_ITEM)
    .where(_ITEM.c.facility_id == bindparam("facility_id"))
    .order_by(_ITEM.c.kind.desc(), _ITEM.c.name)
)
_LINES = (
    select(
        _HANDOUT,
        _ITEM.c.kind,
        _ITEM.c.name,
        Booking.node_no,
        Booking.serial,
        Booking.party_id,
    )
    .join(_ITEM, _ITEM.c.id == _HANDOUT.c.item_id)
    .join(Booking, Booking.id == _HANDOUT.c.booking_id)
    .order_by(_HANDOUT.c.handed_at, _HANDOUT.c.id)
)
_OF_BOOKING = _LINES.where(_HANDOUT.c.booking_id == bindparam("booking_id"))
# What went out on the day, and whatever is out at all.
_OF_DAY = _LINES.where(
    _ITEM.c.facility_id == bindparam("facility_id"),
    _HANDOUT.c.handed_at < bindparam("until"),
    or_(_HANDOUT.c.handed_at >= bindparam("since"), _HANDOUT.c.returned_at.is_(None)),
)


@dataclass(frozen=True, slots=True)
class Stock:
    """A key, or equipment of one sort; `count` of them, of which so many are `out`."""

    id: int
    facility_id: int
    kind: str
    name: str
    count: int
    out: int

    @property
    def left(self) -> int:
        """How many can be handed out now."""
        return self.count - self.out


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the book: so many of an item with a booking."""

    id: str
    kind: str
    name: str
    quantity: int
    booking_id: str
    number: str
    party: Called | None
    handed_at: datetime
    handed_by: str
    due_at: datetime
    returned_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should be back, and is not."""
        return self.returned_at is None and self.due_at < now


def item(session: Session, item_id: int) -> Stock | None:
    """One sort of thing, or None."""
    row = run(session, _ONE, {"item_id": item_id}).one_or_none()
    return None if row is None else _stock(row)


def handout(session: Session, handout_id: str) -> Row[Any] | None:
    """The handout's row."""
    return run(session, _ONE_HANDOUT, {"handout_id": handout_id}).one_or_none()


def of_facility(session: Session, facility_id: int) -> list[Stock]:
    """All that is written down of a facility, keys first."""
    rows = run(session, _OF_FACILITY, {"facility_id": facility_id})
    return [_stock(row) for row in rows]


def of_booking(session: Session, booking_id: str) -> list[Line]:
    """What its party has, or had. Two statements."""
    return _lines(session, run(session, _OF_BOOKING, {"booking_id": booking_id}).all())


def of_day(session: Session, facility_id: int, day: date, *, now: datetime) -> list[Line]:
    """The book of a facility on a day: overdue first, then what is out, then what is back.

    Two statements.
    """
    begins = datetime.combine(day, time(), LOCAL)
    asked = {"facility_id": facility_id, "since": begins, "until": begins + timedelta(days=1)}
    found = _lines(session, run(session, _OF_DAY, asked).all())

    def order(line: Line) -> tuple[bool, bool, datetime]:
        return not line.is_overdue(now), line.returned_at is not None, line.due_at

    return sorted(found, key=order)


def _stock(row: Any) -> Stock:
    found = row._mapping
    return Stock(*(found[name] for name in ("id", "facility_id", "kind", "name", "count", "out")))


def _lines(session: Session, rows: Any) -> list[Line]:
    named = parties.called(session, (row.party_id for row in rows))
    return [
        Line(
            row.id,
            row.kind,
            row.name,
            row.quantity,
            row.booking_id,
            number_text(row.node_no, row.serial),
            named.get(row.party_id),
            row.handed_at,
            row.handed_by,
            row.due_at,
            row.returned_at,
        )
        for row in rows
    ]
