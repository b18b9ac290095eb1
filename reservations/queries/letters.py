"""知らせ: what the outbox holds, for the job that sends it and for the counter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from reservations import events
from reservations.clock import LOCAL
from reservations.db import run
from reservations.models import Account, Booking, Event, Letter
from reservations.queries import parties
from reservations.queries.bookings import is_offer, number_text
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.parties import Called
from reservations.rules.period import Period
from sync import tables

PAGE_SIZE = 50
# Not out yet, and somebody's to do.
OPEN = ("to_send", "failed", "to_hand_over")
STATES = (*OPEN, "sent", "handed_over", "void")

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter, its booking as it stands now, and whom it is for; states as in models/letters.py.

    login    of the person's account, which may be a mail address; empty without one
    locale   the person's language, until the letter has its words; then the letter's
    why      what the mail server, or the wording, said last
    is_change   it is about another place for a booking: that one stands if this was refused
    """

    id: str
    kind: str
    body: dict[str, Any]
    at: datetime
    state: str
    subject: str
    text: str
    tries: int
    why: str
    next_at: datetime
    sent_at: datetime | None
    party_id: str
    name: str
    phone: str
    email: str
    login: str
    locale: str
    booking_id: str
    number: str
    status: str
    is_given_up: bool
    is_change: bool
    unit: LentUnit
    period: Period
    date: Day
    purpose: str
    headcount: int | None
    fee_yen: int

    @property
    def starts_at(self) -> datetime:
        return self.period.starts_at(self.date, LOCAL)

    @property
    def sheet(self) -> str:
        """The sheet of the ledger that its answer stands on."""
        return events.sheet_of(self.unit.town.code, self.unit.place.id, self.date.isoformat())


_OLD = aliased(Booking)
_LOGIN = (
    select(func.min(Account.login))
    .where(Account.party_id == Letter.party_id)
    .correlate(Letter)
    .scalar_subquery()
)
_LOCALE = (
    select(func.min(Account.locale))
    .where(Account.party_id == Letter.party_id)
    .correlate(Letter)
    .scalar_subquery()
)
_ALL = select(
    *(column for column in Letter.__table__.columns if column.name != "locale"),
    Letter.locale.label("letter_locale"),
    func.coalesce(_LOGIN, "").label("login"),
    func.coalesce(_LOCALE, "ja").label("person_locale"),
    Booking.node_no,
    Booking.serial,
    Booking.status,
    Booking.cancelled_at,
    Booking.instead_of,
    Booking.unit_id,
    Booking.date,
    Booking.start_slot,
    Booking.end_slot,
    Booking.purpose_code,
    Booking.headcount,
    Booking.fee_yen,
    Booking.made_at,
    _OLD.made_at.label("old_made_at"),
).join(Booking, Booking.id == Letter.booking_id)
_ALL = _ALL.outerjoin(_OLD, _OLD.id == Booking.instead_of)
_NEWEST = _ALL.order_by(Letter.at.desc(), Letter.id)
_LISTED = _NEWEST.where(Letter.state.in_(bindparam("states", expanding=True)))
_THERE = Booking.facility_id.in_(bindparam("facilities", expanding=True))
_PAGE = _LISTED.limit(PAGE_SIZE).offset(bindparam("offset"))
_PAGE_THERE = _PAGE.where(_THERE)
_ONE = _ALL.where(Letter.id == bindparam("id"))
_OLDEST = _ALL.order_by(Letter.at, Letter.id).limit(bindparam("limit"))
_WAITING = _OLDEST.where(Letter.state.in_(bindparam("states", expanding=True)))
_UNWORDED = _OLDEST.where(Letter.text == "", Letter.state.in_(("to_send", "to_hand_over")))
_DUE = _OLDEST.where(
    and_(
        Letter.text != "",
        Letter.state.in_(("to_send", "failed")),
        Letter.next_at <= bindparam("now"),
    )
)
# Getting its words is the first thing that is done to a letter.
_WORDED_AT = select(func.min(Event.at)).where(
    Event.subject == bindparam("id"), Event.name == events.LetterMoved.name
)
_COUNTS = select(Letter.state, func.count().label("letters")).group_by(Letter.state)
_COUNTS_THERE = _COUNTS.join(Booking, Booking.id == Letter.booking_id).where(_THERE)
_UNTOLD = select(tables.chain.c.chain).where(tables.chain.c.witnessed < tables.chain.c.number)


def listed(
    session: Session,
    memory: Memory,
    *,
    states: tuple[str, ...] = OPEN,
    page: int = 0,
    facilities: Collection[int] | None = None,
) -> list[LetterView]:
    """The newest first, a page of 50; of these facilities, or of all."""
    asked: dict[str, Any] = {"states": list(states), "offset": page * PAGE_SIZE}
    if facilities is None:
        return _views(session, memory, _PAGE, **asked)
    return _views(session, memory, _PAGE_THERE, facilities=sorted(facilities), **asked)


def waiting(
    session: Session, memory: Memory, *, states: tuple[str, ...], limit: int = 1000
) -> list[LetterView]:
    """The oldest letters in these states."""
    return _views(session, memory, _WAITING, states=list(states), limit=limit)


def one(session: Session, memory: Memory, letter_id: str) -> LetterView | None:
    """One letter; None where it is not known, or what it is about is not lent here any more."""
    found = _views(session, memory, _ONE, id=letter_id)
    return found[0] if found else None


def unworded(session: Session, memory: Memory, *, limit: int) -> list[LetterView]:
    """Letters without words whose answer may be told: it is on two media (S2). The oldest first."""
    found = _views(session, memory, _UNWORDED, limit=limit)
    if not found:
        return []
    untold = set(run(session, _UNTOLD).scalars())
    return [each for each in found if each.sheet not in untold]


def due(session: Session, memory: Memory, *, now: datetime, limit: int) -> list[LetterView]:
    """Letters that the mail server is to be given now, the oldest first."""
    return _views(session, memory, _DUE, now=now, limit=limit)


def worded_at(session: Session, letter_id: str) -> datetime | None:
    """When a letter got its words, the same at every try; None while it has none."""
    return session.connection().scalar(_WORDED_AT, {"id": letter_id})


def counts(session: Session, facilities: Collection[int] | None = None) -> dict[str, int]:
    """How many letters there are in each state, of these facilities or of all; zero where none."""
    query = _COUNTS if facilities is None else _COUNTS_THERE
    asked = {} if facilities is None else {"facilities": sorted(facilities)}
    found = {row.state: int(row.letters) for row in run(session, query, asked).all()}
    return {state: found.get(state, 0) for state in STATES}


def _views(session: Session, memory: Memory, query: Select[Any], **asked: Any) -> list[LetterView]:
    units = memory.catalogue.units
    rows = run(session, query, asked).all()
    called = parties.called(session, (row.party_id for row in rows))
    return [
        _view(row, called[row.party_id], units[row.unit_id]) for row in rows if row.unit_id in units
    ]


def _view(row: Row[Any], called: Called, unit: LentUnit) -> LetterView:
    return LetterView(
        id=row.id,
        kind=row.kind,
        body=row.body,
        at=row.at,
        state=row.state,
        subject=row.subject,
        text=row.text,
        tries=row.tries,
        why=row.why,
        next_at=row.next_at,
        sent_at=row.sent_at,
        party_id=row.party_id,
        name=called.name,
        phone=called.phone,
        email=called.email,
        login=row.login,
        locale=row.letter_locale if row.text else row.person_locale,
        booking_id=row.booking_id,
        number=number_text(row.node_no, row.serial),
        status=row.status,
        is_given_up=row.cancelled_at is not None and row.status != "cancelled",
        is_change=row.instead_of is not None and not is_offer(row.old_made_at, row.made_at),
        unit=unit,
        period=Period(row.start_slot, row.end_slot),
        date=row.date,
        purpose=row.purpose_code,
        headcount=row.headcount,
        fee_yen=row.fee_yen,
    )
