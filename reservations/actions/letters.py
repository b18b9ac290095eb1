"""知らせ: a letter for each answer, in the transaction that applies it; then what becomes of it.

The words come later (postman.py): looking for a free place next door has no business inside the
transaction that writes the ledger. A letter's id is worked out from the booking and the answer, so
the same answer is one letter, in whatever order and however often it arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.errors import Refusal, RefusalCode
from reservations.events import LetterMoved
from reservations.models import Booking, Letter
from reservations.models.base import table_of

_LETTERS = UUID("3b0c5a52-6d0e-5f0c-9a55-0f6c1c1f2a77")
_TABLE = table_of(Letter)
_ONCE = {
    "sqlite": sqlite_insert(_TABLE).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(_TABLE).on_conflict_do_nothing(),
}
_WAITING = ("to_send", "failed", "to_hand_over")


def letter_id(booking_id: str, kind: str, turn: str) -> str:
    """The id of the letter that tells this answer.

    turn   which answer of this kind: a revision of the booking, or what was refused
    """
    return str(uuid5(_LETTERS, f"{booking_id} {kind} {turn}"))


def write(
    session: Session,
    booking_id: str,
    party_id: str,
    kind: str,
    turn: str,
    *,
    body: Mapping[str, Any],
    at: datetime,
) -> None:
    """Put a letter into the outbox, in the caller's transaction; once for each answer."""
    row = {
        "id": letter_id(booking_id, kind, turn),
        "party_id": party_id,
        "booking_id": booking_id,
        "kind": kind,
        "body": dict(body),
        "at": at,
        "next_at": at,
    }
    row |= {"state": "to_send", "locale": "ja", "subject": "", "text": "", "tries": 0, "why": ""}
    session.connection().execute(_ONCE[session.get_bind().dialect.name], row)


def tell_of_reduction(
    session: Session, booking_id: str, body: Mapping[str, Any], at: datetime, node_no: int
) -> None:
    """減免の決定: whoever asked hears of it from the desk where they booked, if that is this one.

    body   of the fact, which names the answer
    """
    c = table_of(Booking).c
    mine = select(c.party_id).where(c.id == booking_id, c.node_no == node_no)
    party_id = session.connection().scalar(mine)
    if party_id is not None:
        write(session, booking_id, party_id, "reduced", str(body["reduction"]), body=body, at=at)


def take_back(session: Session, booking_id: str, kind: str, turn: str) -> None:
    """The answer does not stand any more. It was told to nobody, so its letter never went out."""
    is_it = _TABLE.c.id == letter_id(booking_id, kind, turn)
    session.connection().execute(delete(_TABLE).where(is_it, _TABLE.c.sent_at.is_(None)))


@dataclass(frozen=True, slots=True)
class Worded:
    """A letter's words, and what is to be done with it: to_send, to_hand_over or void."""

    letter_id: str
    state: str
    locale: str
    subject: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A letter goes to the mail server now; nobody else sends it before `until`."""

    letter_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the mail server said: sent; failed, and tried again at `next_at`; or a clerk's to tell
    (to_hand_over); or void, because something else has overtaken it."""

    letter_id: str
    state: str
    why: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterRequest:
    letter_id: str


@action("word_letter", subject=lambda request: request.letter_id)
def word_letter(session: Session, request: Worded, context: Context, subject: str) -> LetterMoved:
    """Keep a letter's words, once.

    raises   Refusal not_active where it has its words
    """
    values = {
        "state": request.state,
        "locale": request.locale,
        "subject": request.subject,
        "text": request.text,
        "why": request.why,
        "next_at": context.now,
    }
    _move(session, subject, ("to_send", "to_hand_over"), values, _TABLE.c.text == "")
    return LetterMoved(subject=subject, state=request.state)


@action("try_letter", subject=lambda request: request.letter_id)
def try_letter(session: Session, request: Attempt, context: Context, subject: str) -> LetterMoved:
    """Before a letter is given to the mail server: of two who would send it, one does.

    raises   Refusal not_active where it is sent, or somebody else is sending it
    """
    values = {"tries": _TABLE.c.tries + 1, "next_at": request.until}
    _move(session, subject, ("to_send", "failed"), values, _TABLE.c.next_at <= context.now)
    return LetterMoved(subject=subject, state="trying")


@action("end_letter", subject=lambda request: request.letter_id)
def end_letter(session: Session, request: Outcome, context: Context, subject: str) -> LetterMoved:
    """Keep what became of a try; or that something else has overtaken a clerk's letter too.

    raises   Refusal not_active where a clerk was quicker
    """
    values: dict[str, Any] = {"state": request.state, "why": request.why}
    if request.next_at is not None:
        values["next_at"] = request.next_at
    if request.state == "sent":
        values["sent_at"] = context.now
    states = _WAITING if request.state == "void" else ("to_send", "failed")
    _move(session, subject, states, values)
    return LetterMoved(subject=subject, state=request.state)


@action("hand_letter", subject=lambda request: request.letter_id)
def hand_letter(
    session: Session, request: LetterRequest, context: Context, subject: str
) -> LetterMoved:
    """A clerk has told the person, by telephone or on paper.

    raises   Refusal not_active where nothing waits
    """
    values = {"state": "handed_over", "sent_at": context.now}
    _move(session, subject, _WAITING, values)
    return LetterMoved(subject=subject, state="handed_over")


@action("retry_letter", subject=lambda request: request.letter_id)
def retry_letter(
    session: Session, request: LetterRequest, context: Context, subject: str
) -> LetterMoved:
    """Try the mail server again, now: after an address or a setting was mended.

    A letter without an address comes back to the clerk by itself.

    raises   Refusal not_active where nothing waits
    """
    values = {"state": "to_send", "tries": 0, "why": "", "next_at": context.now}
    _move(session, subject, _WAITING, values)
    return LetterMoved(subject=subject, state="to_send")


def _move(
    session: Session, subject: str, states: tuple[str, ...], values: dict[str, Any], *more: Any
) -> None:
    is_it = _TABLE.c.id == subject, _TABLE.c.state.in_(states)
    change = update(_TABLE).where(*is_it, *more).values(**values)
    if not session.connection().execute(change).rowcount:
        raise Refusal(RefusalCode.NOT_ACTIVE)
