"""@action: the frame around everything that people do.

It asks rules/modes.py, opens the one write transaction, writes the audit line first, runs the
action, appends its event, and commits. The commit stands here and nowhere else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from uuid6 import uuid7

from reservations import sheets
from reservations.actions import entering
from reservations.config import Settings
from reservations.db import run, write_transaction
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import Fact, OnSheet
from reservations.models import AuditLine, Booking, Event
from reservations.models.base import table_of
from reservations.queries.masks import declared_mode
from reservations.rules import modes
from reservations.rules.modes import Mode

Request = TypeVar("Request")
Work = Callable[[Session, Request, "Context", str], Fact]
Action = Callable[[Session, Request, "Context"], "Done"]

# PostgreSQL's word for a deadlock or a lost race: the same work again, at most this often.
TRIES = 4
RETRIED_STATES = frozenset({"40001", "40P01"})


@dataclass(frozen=True, slots=True)
class Context:
    """Who does it, when, and on which node: everything an action would otherwise have to ask for.

    actor         account id, `system`, or `anonymous`
    now           aware instant
    mode          as far as the caller knows; what is declared by now is asked in the transaction
    key           Idempotency-Key of the request, if it had one
    request_hash  of the request's meaning: the same key with another hash is refused
    new_id        where new ids come from; a seeded one in a demonstration
    """

    actor: str
    now: datetime
    node: str = "hub"
    node_no: int = 1
    mode: Mode = Mode.NORMAL
    key: str | None = None
    request_hash: str | None = None
    new_id: Callable[[], str] = field(default=lambda: str(uuid7()))


def by_itself(settings: Settings, now: datetime) -> Context:
    """What the machine does without anybody asking."""
    return Context("system", now, settings.node_name, settings.node_no)


class Done(str):
    """The id of what an action was about; `fact` is its event, None when the key had been used."""

    fact: Fact | None

    def __new__(cls, subject: str, fact: Fact | None) -> Done:
        made = super().__new__(cls, subject)
        made.fact = fact
        return made


_AUDIT_TABLE = table_of(AuditLine)
_AUDIT_COLUMNS = ("at", "node", "actor", "action", "subject", "key", "request_hash", "reason")


# On PostgreSQL requests with the same turn come one after the other: without that, ten bookings
# sent at once for one party, by however many people, would each count the same open bookings and
# pass the town's limit together. SQLite has one writer.
def takes_turn(whose: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column for PostgreSQL that waits until it is this one's turn, up to the commit."""
    return func.pg_advisory_xact_lock(func.hashtextextended(whose, 0)).label("turn")


# The mode as this transaction sees it, in the statement that every action begins with.
_MODE = declared_mode().label("mode")
_TURN = select(takes_turn(bindparam("turn", type_=Text))).subquery()
_AUDIT = {
    "sqlite": sqlite_insert(_AUDIT_TABLE).on_conflict_do_nothing().returning(_MODE),
    "postgresql": postgresql_insert(_AUDIT_TABLE)
    .from_select(
        _AUDIT_COLUMNS,
        select(
            *(
                bindparam(name, type_=_AUDIT_TABLE.c[name].type, required=True)
                for name in _AUDIT_COLUMNS
            )
        ).select_from(_TURN),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
    .returning(_MODE),
}
_EVENT = insert(table_of(Event))
_NOT_TOLD = (
    update(table_of(Booking))
    .where(Booking.id == bindparam("subject"), Booking.status == "confirmed")
    .values(is_told=False)
)
_EARLIER = select(AuditLine.subject, AuditLine.action, AuditLine.request_hash).where(
    AuditLine.actor == bindparam("actor"), AuditLine.key == bindparam("key")
)


def action(
    name: str,
    *,
    subject: Callable[[Any], str] | None = None,
    turn: Callable[[Any], str] | None = None,
    reason: Callable[[Any], str] | None = None,
) -> Callable[[Work[Request]], Action[Request]]:
    """Make a function that does one thing into the action `name` (a row of rules/modes.py).

    The function gets (session, request, context, subject) and returns its event; called as an
    action it takes (session, request, context) and returns the subject's id with the event.

    subject  which id the request is about; without it, or where it is empty, a new one is made
    turn     whose requests come one after the other; without it those about the same subject
    reason   why, in the words of whoever does it: for the audit line
    raises   Refusal (mode, key_reused, and whatever the action refuses); nothing is written then
    """
    assert name in modes.TABLE, name

    def decorate(work: Work[Request]) -> Action[Request]:
        @functools.wraps(work)
        def act(session: Session, request: Request, context: Context) -> Done:
            _check_mode(name, context.mode)
            for left in range(TRIES - 1, -1, -1):
                about = (subject(request) if subject else "") or context.new_id()
                waits_for = turn(request) if turn else about
                why = reason(request) if reason else ""
                fact: Fact | None = None
                try:
                    with write_transaction(session):
                        earlier = _write_audit(session, name, context, about, waits_for, why)
                        if earlier is None:
                            fact = work(session, request, context, about)
                            session.flush()
                            _write_event(session, fact, context)
                            _write_lines(session, fact)
                    _settle(session, fact)
                    return Done(earlier or about, fact)
                except DBAPIError as error:
                    if not left or _state(error) not in RETRIED_STATES:
                        raise
            raise AssertionError("unreachable")

        act.action_name = name  # type: ignore[attr-defined]  # read by tests/tidy
        return act

    return decorate


def _check_mode(name: str, mode: Mode) -> None:
    if not modes.may(name, mode):
        raise Refusal(RefusalCode.MODE, mode=mode.value)


def record(session: Session, fact: Fact, context: Context) -> None:
    """A second event of the same action, about something else; in its transaction."""
    _write_event(session, fact, context)


def _write_event(session: Session, fact: Fact, context: Context) -> None:
    """The event; what it means on another sheet is an event of its own."""
    rows = [
        {
            "at": context.now,
            "node": context.node,
            "name": each.name,
            "version": each.version,
            "subject": each.subject,
            "body": each.body(),
            "sheet": each.sheet,
        }
        for each in (fact, *fact.also())
    ]
    session.connection().execute(_EVENT, rows if len(rows) > 1 else rows[0])


def _write_lines(session: Session, fact: Fact) -> None:
    """At a desk with a witness the event is a line at once, and nobody is told before the witness
    has it; any other desk writes its book up later."""
    desk: Desk | None = session.info["database"].desk
    if desk is None or not desk.has_witness or not fact.sheet:
        return
    for each in (fact, *fact.also()):
        name = sheets.parsed(each.sheet)
        assert name is not None, each.sheet
        entering.enter(session, desk, name)
    if isinstance(fact, OnSheet):
        run(session, _NOT_TOLD, {"subject": fact.subject})


def _settle(session: Session, fact: Fact | None) -> None:
    """After the commit: give the witness what was written, and our slips their place (S2)."""
    desk: Desk | None = session.info["database"].desk
    if desk is None or fact is None:
        return
    if fact.is_slip or (desk.has_witness and fact.sheet):
        desk.settle()


def _write_audit(
    session: Session, name: str, context: Context, about: str, turn: str, reason: str
) -> str | None:
    """Write the audit line; return the earlier subject when this key has been used before.

    On PostgreSQL a second request with the same key waits here until the first has committed or
    given up; that is what makes a double click one booking.
    """
    dialect = session.get_bind().dialect.name
    values = {
        "at": context.now,
        "node": context.node,
        "actor": context.actor,
        "action": name,
        "subject": about,
        "key": context.key,
        "request_hash": context.request_hash,
        "reason": reason,
    }
    if dialect == "postgresql":
        values["turn"] = turn
    written = run(session, _AUDIT[dialect], values).first()
    if written is not None:
        _check_mode(name, Mode(written.mode or Mode.NORMAL.value))
        return None
    row = run(session, _EARLIER, {"actor": context.actor, "key": context.key}).one()
    if (row.action, row.request_hash) != (name, context.request_hash):
        raise Refusal(RefusalCode.KEY_REUSED)
    return str(row.subject)


def key_is_used(session: Session, context: Context) -> bool:
    """Whether this actor's key has been used, as far as this transaction sees."""
    if context.key is None:
        return False
    asked = {"actor": context.actor, "key": context.key}
    return run(session, _EARLIER, asked).first() is not None


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
