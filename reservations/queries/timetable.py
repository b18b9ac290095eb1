"""利用日程: who uses what in a facility, for the board on its door and the list at its desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Booking
from reservations.queries import parties
from reservations.queries.bookings import IS_IN_REVIEW, number_text
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.queries.parties import Called
from reservations.rules.availability import Kind
from reservations.rules.period import SLOTS_PER_DAY, Period

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class Use:
    """What holds a unit on one day. Names and telephones are for staff only.

    period   that part of it which lies on this day; it may end past midnight
    name     of the party; empty for what is no ordinary use
    note     of a closure or an official use
    is_in_review   審査: it has its place, and nobody has permitted the use yet
    """

    unit: LentUnit
    date: Day
    period: Period
    kind: Kind
    number: str
    name: str
    phone: str
    purpose: str
    headcount: int | None
    fee_yen: int
    note: str
    is_in_review: bool = False

    @property
    def called(self) -> str:
        """The name as a list for staff has it, who must not take it for permitted."""
        return f"{self.name}（審査中）" if self.name and self.is_in_review else self.name


_USES = (
    select(
        Booking.unit_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
        Booking.kind,
        Booking.node_no,
        Booking.serial,
        Booking.purpose_code,
        Booking.headcount,
        Booking.fee_yen,
        Booking.note,
        Booking.party_id,
        IS_IN_REVIEW.label("is_in_review"),
    )
    .where(
        Booking.facility_id == bindparam("facility_id"),
        Booking.date.between(bindparam("first"), bindparam("last")),
        Booking.status == "confirmed",
    )
    .order_by(Booking.date, Booking.start_slot, Booking.node_no, Booking.serial)
)


def uses(
    session: Session, memory: Memory, place: Place, first: date, *, count: int, is_named: bool
) -> tuple[Use, ...]:
    """What holds the units of one facility on `count` days from `first`: one statement, and one for
    the names.

    What runs past midnight is on both days.

    is_named   for staff; without it no name or telephone is read at all
    """
    last = first + timedelta(days=count - 1)
    values = {"facility_id": place.id, "first": first - timedelta(days=1), "last": last}
    rows = run(session, _USES, values).all()
    named = parties.called(session, (row.party_id for row in rows)) if is_named else {}
    return tuple(
        use
        for row in rows
        for use in _on_days(memory, row, named.get(row.party_id))
        if use.date >= first
    )


def _on_days(memory: Memory, row: Any, party: Called | None) -> Iterator[Use]:
    purpose, _ = memory.catalogue.purposes.get(row.purpose_code, ("", ""))

    def on(day: date, period: Period) -> Use:
        return Use(
            memory.catalogue.units[row.unit_id],
            day,
            period,
            Kind(row.kind),
            number_text(row.node_no, row.serial),
            party.shown if party else "",
            party.phone if party else "",
            purpose,
            row.headcount,
            row.fee_yen,
            row.note,
            bool(row.is_in_review),
        )

    yield on(row.date, Period(row.start_slot, row.end_slot))
    if row.end_slot > SLOTS_PER_DAY:
        yield on(row.date + timedelta(days=1), Period(0, row.end_slot - SLOTS_PER_DAY))
