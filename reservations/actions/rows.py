"""The rows of bookings: made, given up, and told to whoever has lost one. What may be done, and
when, is for bookings.py and closing.py to say."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from reservations.actions import letters
from reservations.actions.step import Context
from reservations.db import run
from reservations.events import BookingCancelled
from reservations.models import Booking
from reservations.models.base import table_of
from reservations.models.bookings import SERIAL
from reservations.queries.catalogue import LentUnit
from reservations.rules.availability import Kind
from reservations.rules.letters import kind_of_cancellation
from reservations.rules.period import Period
from reservations.sheets import instant_text

_BOOKING = table_of(Booking)
_NEXT_ON_SQLITE = (
    select(func.coalesce(func.max(_BOOKING.c.serial), 0) + 1)
    .where(_BOOKING.c.node_no == bindparam("own_node"))
    .scalar_subquery()
)
_INSERT = {
    # SQLite has no sequences, and one writer: this node's highest number plus one is safe there.
    "sqlite": insert(_BOOKING).values(serial=_NEXT_ON_SQLITE).returning(_BOOKING.c.serial),
    "postgresql": insert(_BOOKING).values(serial=SERIAL.next_value()).returning(_BOOKING.c.serial),
}


def columns(
    unit: LentUnit, day: date, period: Period, context: Context, booking_id: str
) -> dict[str, Any]:
    """The columns that a booking and a closure share."""
    return {
        "id": booking_id,
        "node_no": context.node_no,
        "unit_id": unit.id,
        "facility_id": unit.place.id,
        "municipality_code": unit.town.code,
        "party_id": None,
        "kind": Kind.USE.value,
        "status": "confirmed",
        "date": day,
        "start_slot": period.start,
        "end_slot": period.end,
        "purpose_code": "",
        "headcount": None,
        "fee_yen": 0,
        "tariff_from": None,
        "town_rules_id": None,
        "made_at": context.now,
        "free_cancel_until": None,
        "instead_of": None,
        "decide_by": None,
        "note": "",
        "revision": 0,
    }


def columns_of(booking: Booking) -> dict[str, Any]:
    """A booking's columns."""
    return {column.name: getattr(booking, column.name) for column in _BOOKING.columns}


def next_serial(session: Session, node_no: int) -> int:
    """The serial that this node's next booking has; in the transaction that makes it."""
    if session.get_bind().dialect.name == "sqlite":
        return int(run(session, select(_NEXT_ON_SQLITE), {"own_node": node_no}).scalar_one())
    return int(session.connection().execute(select(SERIAL.next_value())).scalar_one())


def put(session: Session, values: dict[str, Any]) -> int:
    """Insert a booking; returns its serial."""
    dialect = session.get_bind().dialect.name
    own = {"own_node": values["node_no"]} if dialect == "sqlite" else {}
    return int(run(session, _INSERT[dialect], values | own).scalar_one())


def cancellation(booking: Booking, reason: str, due_yen: int, context: Context) -> BookingCancelled:
    """The wish is noted in the booking's own row at once: its date counts (S5)."""
    booking.cancelled_at = context.now
    booking.cancel_due_yen = due_yen
    return BookingCancelled(
        subject=booking.id,
        town=booking.municipality_code,
        facility_id=booking.facility_id,
        date=booking.date.isoformat(),
        end_slot=booking.end_slot,
        reason=reason,
        due_yen=due_yen,
        cancelled_at=instant_text(context.now),
        revision=booking.revision + 1,
    )


def tell_of_cancellation(
    session: Session, booking: Booking, fact: BookingCancelled, context: Context
) -> None:
    """Where the desk that holds the sheet is also the one where the person booked."""
    kind = kind_of_cancellation(fact.reason, is_denial=fact.decision is not None)
    if kind and booking.party_id is not None and booking.node_no == context.node_no:
        turn, body = str(fact.revision), fact.body()
        party_id = booking.party_id
        letters.write(session, booking.id, party_id, kind, turn, body=body, at=context.now)
