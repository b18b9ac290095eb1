"""知らせ: letters that have not gone out yet, as the counter tells them by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Booking, Letter, Party
from reservations.queries.bookings import number_text
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.period import Period

PAGE_SIZE = 50

# A field is called `date`; inside its class the type needs another name.
Day = date

_UNSENT = (
    select(
        Letter.kind,
        Letter.at,
        Party.name,
        Party.phone,
        Booking.id,
        Booking.node_no,
        Booking.serial,
        Booking.unit_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
    )
    .join(Party, Party.id == Letter.party_id)
    .join(Booking, Booking.id == Letter.booking_id)
    .where(Letter.sent_at.is_(None))
    .order_by(Letter.at.desc(), Letter.id)
    .limit(PAGE_SIZE)
)


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter; `kind` as in models/nodes.py."""

    kind: str
    at: datetime
    name: str
    phone: str
    number: str
    unit: LentUnit
    period: Period
    date: Day


def unsent(session: Session, memory: Memory) -> list[LetterView]:
    """The newest first, a page of 50."""
    return [
        LetterView(
            row.kind,
            row.at,
            row.name,
            row.phone,
            number_text(row.node_no, row.serial),
            memory.catalogue.units[row.unit_id],
            Period(row.start_slot, row.end_slot),
            row.date,
        )
        for row in run(session, _UNSENT)
        if row.unit_id in memory.catalogue.units
    ]
