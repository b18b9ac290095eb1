"""What a paper needs beside its booking, and the papers that have been issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.events import BookingChanged
from reservations.models import Event, IssuedPaper
from reservations.queries import parties


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
_CHANGED = select(func.max(Event.at)).where(
    Event.subject == bindparam("subject"), Event.name == BookingChanged.name
)


def issued(session: Session, kind: str, subject: str, revision: int) -> IssuedView | None:
    """The paper of this kind about this revision of the subject, if it has been issued."""
    values = {"kind": kind, "subject": subject, "revision": revision}
    row: Any = run(session, _ISSUED, values).one_or_none()
    return None if row is None else IssuedView(*row)


def party_name(session: Session, party_id: str) -> str:
    """To whom a paper is addressed."""
    return parties.called(session, [party_id])[party_id].shown


def changed_at(session: Session, booking_id: str) -> datetime | None:
    """When the booking was last changed; None when it never was."""
    found: datetime | None = run(session, _CHANGED, {"subject": booking_id}).scalar()
    return found
