"""出来事と監査: one event and one audit line for everything that people do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant, RowNumber

_PENDING = text("sheet <> '' AND line IS NULL")
_NOT_ENTERED: dict[str, Any] = {"sqlite_where": _PENDING, "postgresql_where": _PENDING}


class Event(Base):
    """A fact, never changed: `name` and `version` say how to read `body` (events.py).

    sheet   the sheet of the ledger on which it is a line, or empty
    line    its number there, once it has been entered (actions/entering.py)
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_subject", "subject"),
        Index("ix_event_sheet", "sheet", "seq", **_NOT_ENTERED),
    )

    seq: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    node: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    sheet: Mapped[str] = mapped_column(Text, default="")
    line: Mapped[int | None]


class AuditLine(Base):
    """Who did what when; also the memory of each Idempotency-Key.

    It is the first write of its transaction: a second request with the same key finds it here and
    is given the first one's subject instead of being done again.

    reason   in a clerk's own words, where something was done that is otherwise refused; before
             the colon the codes of what was waived
    """

    __tablename__ = "audit_line"
    __table_args__ = (UniqueConstraint("actor", "key"),)

    seq: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    node: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
