"""出来事と監査: one event and one audit line for everything that people do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant, RowNumber, table_of

_LOOK = text("action = 'look'")
_PENDING = text("sheet <> '' AND line IS NULL")
_NOT_ENTERED: dict[str, Any] = {"sqlite_where": _PENDING, "postgresql_where": _PENDING}


class Event(Base):
    """A fact, never changed: `name` and `version` say how to read `body` (events/).

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

    No line is ever changed or deleted: the database refuses it (`_keep_for_ever`), and where
    somebody did it all the same, the seals show it (actions/trail.py).

    action   of rules/modes.py; or look: this actor was shown what we know of the party `subject`
    reason   in a clerk's own words, where something was done that is otherwise refused; before
             the colon the codes of what was waived. Of a look: the page
    """

    __tablename__ = "audit_line"
    __table_args__ = (
        UniqueConstraint("actor", "key"),
        Index("ix_audit_line_look", "subject", sqlite_where=_LOOK, postgresql_where=_LOOK),
    )

    seq: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    node: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class AuditSeal(Base):
    """A run of audit lines under one hash, which holds the hash of the seal before it.

    Every seal is said to the other desks as well, so that nobody can write their own past anew
    unseen.

    through  the `seq` of its last line; its first is the one after the seal before
    lines    how many lines it covers
    """

    __tablename__ = "audit_seal"

    no: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    through: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    previous: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)


class PartyLook(Base):
    """Where and when somebody at a counter was shown a party's data: for that person to read.

    It says nothing of who looked; that stands in the audit lines of the node.

    page   a page of the counter, as web/looks.py names it
    hour   in which it was: looks of one hour on one page are one
    """

    __tablename__ = "party_look"

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    hour: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    node: Mapped[str] = mapped_column(Text, primary_key=True)
    page: Mapped[str] = mapped_column(Text, primary_key=True)


def _keep_for_ever(table: Table) -> None:
    """Rows of this table are written once: the database itself refuses to change or delete them."""
    name = table.name
    for verb in ("update", "delete"):
        sqlite: DDL = DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER {name}_no_{verb} BEFORE {verb.upper()} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        )
        event.listen(table, "after_create", sqlite.execute_if(dialect="sqlite"))
    for statement in (
        "CREATE OR REPLACE FUNCTION tonari_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$",
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION tonari_append_only()",
    ):
        postgresql: DDL = DDL(statement)  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", postgresql.execute_if(dialect="postgresql"))


for _kept in (AuditLine, AuditSeal):
    _keep_for_ever(table_of(_kept))
