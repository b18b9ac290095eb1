"""The holder's side: the book written up, and slips answered in order (S4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reservations import sheets
from reservations.actions import entering
from reservations.desk import Desk
from reservations.events import BookingConfirmed, BookingReaches
from reservations.rules.period import SLOTS_PER_DAY
from sync.document import Slip
from sync.ledger import SqlStore
from sync.node import Draft
from sync.store import Store

NO_REASON = "taken"
SHEETS_A_ROUND = 50


def tend(desk: Desk, *, at: int, is_night: bool = False) -> int:
    """One round at the desk: write up the book, answer what waits, give the witness what is new.

    at        milliseconds; any clock
    returns   how much was done: 0 when there was nothing to do
    """
    with desk.database.session() as session:
        store = SqlStore(session, desk.directory)
        names = entering.waiting(session, desk, limit=SHEETS_A_ROUND, is_night=is_night)
        is_asked, is_unwitnessed = bool(store.sheets_waiting()), bool(store.unwitnessed())
    if desk.is_suspended():
        names, is_asked = [], False
    for name in names:
        with desk.transaction() as store:
            entering.lock(store.session, name)
            entering.enter(store.session, desk, name)
    answered = answer(desk, at=at) if is_asked else 0
    if names or answered or is_unwitnessed:
        desk.settle(is_quiet=True)
    return len(names) + answered


def answer(desk: Desk, *, at: int) -> int:
    """Answer every slip that waits for a sheet held here; returns how many lines were written.

    at   milliseconds; any clock
    """
    return desk.node.answer(lambda slip, store: _drafts(desk, slip, store), at=at)


def _drafts(desk: Desk, slip: Slip, store: Store) -> Sequence[Draft]:
    """What could be answered, the best first. The ledger writes the first that may stand."""
    assert isinstance(store, SqlStore)
    name = sheets.parsed(slip.sheet)
    if name is None or not isinstance(slip.data.get("booking"), str):
        return [_no(slip, "malformed")]
    entering.lock(store.session, name)
    entering.enter(store.session, desk, name)
    match slip.kind:
        case "book":
            return _to_book(desk, store, slip)
        case "cancel":
            return _to_cancel(store, slip)
    return []


def _to_book(desk: Desk, store: SqlStore, slip: Slip) -> Sequence[Draft]:
    data = {name: value for name, value in slip.data.items() if name != "answer_by"}
    wish = _fact(data)
    if wish is None or wish.sheet != slip.sheet:
        return [_no(slip, "malformed")]
    draft = _answering(slip, sheets.draft_of(wish.name, wish.version, wish.subject, wish.body()))
    if wish.end_slot > SLOTS_PER_DAY:
        (reach,) = wish.reach()
        if store.owners(slip.sheet, draft.claims) or not _reach(desk, store, reach, slip.at):
            return [_no(slip, NO_REASON)]
    return [draft, _no(slip, NO_REASON)]


def _reach(desk: Desk, store: SqlStore, reach: BookingReaches, at: int) -> bool:
    """The line on the next day's sheet, if that is held here too: both or none."""
    name = sheets.parsed(reach.sheet)
    assert name is not None
    entering.lock(store.session, name)
    entering.enter(store.session, desk, name)
    draft = sheets.draft_of(reach.name, reach.version, reach.subject, reach.body())
    return desk.node.try_write(store, reach.sheet, draft, at=at)


def _to_cancel(store: SqlStore, slip: Slip) -> Sequence[Draft]:
    """The place is freed, whatever revision of the booking stands by now."""
    data = dict(slip.data)
    body = sheets.event_body(data)
    draft = sheets.draft_of(data["event"], data["version"], data["booking"], body)
    return [_answering(slip, draft), _no(slip, "not_active")]


def _answering(slip: Slip, draft: Draft) -> Draft:
    settles = (*draft.settles, slip.hash)
    return Draft(draft.kind, settles, draft.claims, draft.frees, draft.data)


def _no(slip: Slip, code: str) -> Draft:
    data = {"booking": slip.data.get("booking"), "code": code, "asked": slip.kind}
    return Draft("refuse", (slip.hash,), data=data)


def _fact(data: Mapping[str, Any]) -> BookingConfirmed | None:
    """The wish in a slip's words, or None where they are not whole."""
    try:
        body = sheets.event_body(data)
        return BookingConfirmed(subject=data["booking"], **{**body, "parts": tuple(body["parts"])})
    except (KeyError, TypeError):
        return None
