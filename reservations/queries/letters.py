"""知らせ: letters that have not gone out yet, as the counter tells them by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Booking, Letter
from reservations.queries import parties
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
        Letter.party_id,
        Booking.id,
        Booking.node_no,
        Booking.serial,
        Booking.unit_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
    )
    .join(Booking, Booking.id == Letter.booking_id)
    .where(Letter.sent_at.is_(None))
    .order_by(Letter.at.desc(), Letter.id)
    .limit(PAGE_SIZE)
)


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter; `kind` as in models/nodes.py. name, phone: empty where they are not here."""

    kind: str
    at: datetime
    party_id: str
    name: str
    phone: str
    number: str
    unit: LentUnit
    period: Period
    date: Day


def unsent(session: Session, memory: Memory) -> list[LetterView]:
    """The newest first, a page of 50. Two statements."""
    rows = run(session, _UNSENT).all()
    named = parties.called(session, (row.party_id for row in rows))
    return [
        LetterView(
            row.kind,
            row.at,
            row.party_id,
            named[row.party_id].name,
            named[row.party_id].phone,
            number_text(row.node_no, row.serial),
            memory.catalogue.units[row.unit_id],
            Period(row.start_slot, row.end_slot),
            row.date,
        )
        for row in rows
        if row.unit_id in memory.catalogue.units
    ]
