"""What a paper needs beside its booking, and the papers that have been issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.events import BookingCancelled, BookingChanged
from reservations.models import Event, IssuedPaper, Party
from reservations.rules.period import Period


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


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The last change of a booking: when, and what it was before."""

    at: datetime
    unit_id: int
    date: date
    period: Period


_ISSUED = select(
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
).where(
    IssuedPaper.subject == bindparam("subject"),
    IssuedPaper.kind == bindparam("kind"),
    IssuedPaper.revision == bindparam("revision"),
)
_NAME = select(Party.name).where(Party.id == bindparam("party_id"))
_LAST = (
    select(Event.at, Event.body)
    .where(Event.subject == bindparam("subject"), Event.name == bindparam("name"))
    .order_by(Event.seq.desc())
    .limit(1)
)


def issued(session: Session, kind: str, subject: str, revision: int) -> IssuedView | None:
    """The paper of this kind about this revision of the subject, if it has been issued."""
    values = {"kind": kind, "subject": subject, "revision": revision}
    row: Any = run(session, _ISSUED, values).one_or_none()
    return None if row is None else IssuedView(*row)


def party_name(session: Session, party_id: str) -> str:
    """To whom a paper is addressed."""
    return str(run(session, _NAME, {"party_id": party_id}).scalar_one())


def last_change(session: Session, booking_id: str) -> ChangeView | None:
    """What the booking was before its last change; None when it never was changed."""
    row = _last(session, booking_id, BookingChanged.name)
    if row is None:
        return None
    at, body = row
    period = Period(body["from_start_slot"], body["from_end_slot"])
    return ChangeView(at, body["from_unit_id"], date.fromisoformat(body["from_date"]), period)


def cancel_reason(session: Session, booking_id: str) -> str:
    """Why a booking was cancelled; `own` where nothing else is known."""
    row = _last(session, booking_id, BookingCancelled.name)
    return "own" if row is None else str(row[1]["reason"])


def _last(session: Session, booking_id: str, name: str) -> tuple[datetime, dict[str, Any]] | None:
    row = run(session, _LAST, {"subject": booking_id, "name": name}).one_or_none()
    return None if row is None else (row.at, row.body)
