"""署名: the code of a permit or notice, with the line of the ledger that made the promise.

Whoever reads it needs nothing but the region's certificates to believe it (queries/genuine.py).
No name stands in it, not even as a mark: anybody can read a code.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from printables.facts import (
    ENTRY_HASH_BYTES,
    EntryName,
    Facts,
    NoticeFacts,
    PermitFacts,
    signed_code,
)
from reservations import documents, sheets
from reservations.actions import entering
from reservations.actions.step import Context
from reservations.clock import local
from reservations.db import run
from reservations.desk import Desk
from reservations.queries.bookings import BookingView
from reservations.sheets import SheetName
from sync import tables
from sync.document import Document
from sync.ledger import SqlStore
from sync.node import NotWritten

_LINE = select(tables.settled.c.number).where(
    tables.settled.c.sheet == bindparam("sheet"), tables.settled.c.key == bindparam("key")
)
# A unit's name gives way before a camera has to read a larger code.
UNIT_LENGTHS = (60, 36, 24, 12)


def permit_code(session: Session, booking: BookingView, context: Context) -> str:
    """The text of a permit's code; empty where this desk does not know the line of the booking.

    An event that is not on the ledger yet is entered first, where this desk holds the sheet. To be
    called outside of a transaction that writes.
    """
    desk: Desk | None = getattr(session.info["database"], "desk", None)
    if desk is None:
        return ""
    line = confirming_line(desk, booking)
    if line is None:
        return ""
    return _signed(desk, lambda length: _facts(booking, _name_of(line), context, length))


def notice_code(
    session: Session, booking: BookingView, context: Context, *, notice: str, number: str, yen: int
) -> str:
    """The text of a notice's code: what was decided, and the line by which the booking is so now.

    What has no line of its own, such as a refusal, is signed without one.

    notice   one of printables.facts.NOTICES
    number   of the document
    """
    desk: Desk | None = getattr(session.info["database"], "desk", None)
    if desk is None:
        return ""
    line = confirming_line(desk, booking)
    entry = EntryName() if line is None else _name_of(line)

    def facts(length: int) -> NoticeFacts:
        return NoticeFacts(
            number=number,
            issued_at=local(context.now),
            entry=entry,
            notice=notice,
            permit_number=booking.number,
            unit=_unit_text(booking, length),
            periods=(documents.span(booking.date, booking.period),),
            yen=yen,
        )

    return _signed(desk, facts)


def _signed(desk: Desk, facts: Callable[[int], Facts]) -> str:
    """The code of these facts, with as much of the unit's name as there is room for."""
    for length in UNIT_LENGTHS:
        try:
            return signed_code(facts(length), _octets(desk.key.public), _signer(desk))
        except ValueError:
            continue
    return ""


def _name_of(line: Document) -> EntryName:
    return EntryName(line.chain, line.number, _octets(line.hash)[:ENTRY_HASH_BYTES])


def confirming_line(desk: Desk, booking: BookingView) -> Document | None:
    """The line of the ledger by which this booking is as it is now, if it is known here."""
    name = SheetName(booking.unit.town.code, booking.unit.place.id, booking.date)
    with desk.database.session() as session:
        found = _line(SqlStore(session, desk.directory), name, booking)
    if found is not None:
        return found
    try:
        with desk.transaction() as store:
            if desk.node.may_write(store.position(name.text)) is None:
                entering.lock(store.session, name)
                entering.enter(store.session, desk, name)
            found = _line(store, name, booking)
    except NotWritten:
        return None
    return found


def _line(store: SqlStore, name: SheetName, booking: BookingView) -> Document | None:
    asked = {"sheet": name.text, "key": sheets.key_of(booking.id, booking.revision)}
    number = run(store.session, _LINE, asked).scalar()
    if number is None:
        return None
    return store.lines(name.text, after=number - 1, through=number)[0]


def _facts(booking: BookingView, name: EntryName, context: Context, length: int) -> PermitFacts:
    return PermitFacts(
        number=booking.number,
        issued_at=local(context.now),
        entry=name,
        unit=_unit_text(booking, length),
        periods=(documents.span(booking.date, booking.period),),
        headcount=booking.headcount or 0,
        fee_yen=booking.fee_yen,
    )


def _unit_text(booking: BookingView, length: int) -> str:
    unit = documents.unit_text(booking.unit)
    return unit if len(unit) <= length else f"{unit[: length - 1]}…"


def _signer(desk: Desk) -> Callable[[bytes], bytes]:
    return lambda body: _octets(desk.key.sign(body))


def _octets(text: str) -> bytes:
    """What the ledger writes as base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
