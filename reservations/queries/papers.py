"""What a paper needs beside its booking, and the papers that have been issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.db import run
from reservations.desk import Desk
from reservations.events import (
    BookingAsked,
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingConfirmedInstead,
)
from reservations.models import Event, IssuedPaper, Letter
from reservations.queries import parties
from reservations.rules.refunds import OWN
from sync import tables
from sync.ledger import SqlStore


@dataclass(frozen=True, slots=True)
class IssuedView:
    """A paper as it was issued."""

    id: str
    kind: str
    subject: str
    revision: int
    number: str
    issued_at: datetime
    record: str
    sha256: str
    pdf: bytes
    pages: int


_COLUMNS = select(
    IssuedPaper.id,
    IssuedPaper.kind,
    IssuedPaper.subject,
    IssuedPaper.revision,
    IssuedPaper.number,
    IssuedPaper.issued_at,
    IssuedPaper.record,
    IssuedPaper.sha256,
    IssuedPaper.pdf,
    IssuedPaper.pages,
)
_ISSUED = _COLUMNS.where(
    IssuedPaper.subject == bindparam("subject"),
    IssuedPaper.kind == bindparam("kind"),
    IssuedPaper.revision == bindparam("revision"),
)
# A change that two desks had to answer made another booking: it begins with these.
_CHANGES = (BookingChanged.name, BookingConfirmedInstead.name, BookingAsked.name)
_CHANGED = select(func.max(Event.at)).where(
    Event.subject == bindparam("subject"), Event.name.in_(_CHANGES)
)


@dataclass(frozen=True, slots=True)
class Step:
    """What made one revision of a booking: the event's name and body, and when."""

    at: datetime
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """A paper in the archive, without its bytes."""

    id: str
    kind: str
    number: str
    issued_at: datetime
    sha256: str


_STEPS = (
    BookingConfirmed.name,
    BookingConfirmedInstead.name,
    BookingChanged.name,
    BookingCancelled.name,
)
_OF_BOOKING = (
    select(Event.at, Event.name, Event.body)
    .where(Event.subject == bindparam("subject"), Event.name.in_(_STEPS))
    .order_by(Event.seq)
)
_LINES = select(tables.settled.c.sheet, tables.settled.c.number).where(
    tables.settled.c.key == bindparam("key")
)
_REFUSED = select(func.max(Letter.at)).where(
    Letter.booking_id == bindparam("subject"), Letter.kind == "refused"
)
_REFUSED_BODY = (
    select(Letter.body)
    .where(Letter.booking_id == bindparam("subject"), Letter.kind == "refused")
    .order_by(Letter.at.desc(), Letter.id)
    .limit(1)
)
_ARCHIVE = (
    select(
        IssuedPaper.id,
        IssuedPaper.kind,
        IssuedPaper.number,
        IssuedPaper.issued_at,
        IssuedPaper.sha256,
    )
    .where(
        or_(
            IssuedPaper.subject == bindparam("subject"),
            IssuedPaper.subject.startswith(bindparam("within")),
        )
    )
    .order_by(IssuedPaper.issued_at, IssuedPaper.id)
)
_BY_ID = _COLUMNS.where(IssuedPaper.id == bindparam("paper_id"))


def step(session: Session, booking_id: str, revision: int) -> Step | None:
    """What made this revision: by our own event, or by a line that another node wrote."""
    for row in run(session, _OF_BOOKING, {"subject": booking_id}):
        if row.body.get("revision") == revision:
            return Step(row.at, row.name, row.body)
    desk: Desk | None = getattr(session.info["database"], "desk", None)
    if desk is None:
        return None
    store = SqlStore(session, desk.directory)
    for found in run(session, _LINES, {"key": sheets.key_of(booking_id, revision)}).all():
        (line,) = store.lines(found.sheet, after=found.number - 1, through=found.number)
        if line.data.get("event") in _STEPS:
            body = sheets.event_body(line.data)
            return Step(sheets.instant_of(line.at), line.data["event"], body)
    return None


def cancelled_for(session: Session, booking_id: str, revision: int) -> str:
    """Why a booking was cancelled. One that was given up before it was confirmed was its party's
    wish."""
    found = step(session, booking_id, revision)
    if found is None or found.name != BookingCancelled.name:
        return OWN
    return str(found.body.get("reason", OWN))


def refused_at(session: Session, booking_id: str) -> datetime | None:
    """When the sheet's holder said no; None where nobody was told yet."""
    found: datetime | None = run(session, _REFUSED, {"subject": booking_id}).scalar()
    return found


def refused_for(session: Session, booking_id: str) -> str:
    """Why the sheet's holder said no (actions/answering.py); empty where it told nobody here."""
    body = run(session, _REFUSED_BODY, {"subject": booking_id}).scalar()
    return str(body.get("code", "")) if body else ""


def archive(session: Session, booking_id: str) -> list[IssuedLine]:
    """Every paper that was ever issued about a booking, the oldest first."""
    asked = {"subject": booking_id, "within": f"{booking_id}/"}
    return [
        IssuedLine(row.id, row.kind, row.number, row.issued_at, row.sha256)
        for row in run(session, _ARCHIVE, asked)
    ]


def numbers(session: Session, booking_id: str) -> set[str]:
    """The numbers of all papers about a booking."""
    return {each.number for each in archive(session, booking_id)}


def by_id(session: Session, paper_id: str) -> IssuedView | None:
    """A paper of the archive."""
    row: Any = run(session, _BY_ID, {"paper_id": paper_id}).one_or_none()
    return None if row is None else IssuedView(*row)


def issued(session: Session, kind: str, subject: str, revision: int) -> IssuedView | None:
    """The paper of this kind about this revision of the subject, if it has been issued."""
    values = {"kind": kind, "subject": subject, "revision": revision}
    row: Any = run(session, _ISSUED, values).one_or_none()
    return None if row is None else IssuedView(*row)


def party_name(session: Session, party_id: str) -> str:
    """To whom a paper is addressed."""
    return parties.called(session, [party_id])[party_id].shown


def changed_at(session: Session, booking_id: str) -> datetime | None:
    """When the booking, of which it is known that it was changed, was that last."""
    found: datetime | None = run(session, _CHANGED, {"subject": booking_id}).scalar()
    return found
