"""The holder's side: the book written up, and slips answered in order (S4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from reservations import approval_feed, attendance_feed, money_feed, sheets
from reservations.actions import asking, clearing, entering, following
from reservations.desk import Desk
from reservations.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingConfirmedInstead,
    BookingReaches,
)
from reservations.events.approval import PermissionGranted
from reservations.events.attendance import StrikeDecided
from reservations.events.money import RefundDecided
from reservations.models import Booking
from reservations.queries import attendance, ledger, money
from reservations.rules.conflicts import CLOSED_FOR
from reservations.rules.period import SLOTS_PER_DAY
from reservations.rules.town import StrikeKind
from reservations.sheets import SheetName
from sync.document import Slip
from sync.ledger import SqlStore
from sync.node import Draft
from sync.store import Store

# Why a slip is answered with no.
CLOSED = "closed"
TAKEN, MALFORMED, NOT_ACTIVE = "taken", "malformed", "not_active"
# Nobody wants it any more: its wish to cancel came before the answer.
GIVEN_UP = "given_up"
# A wish to give up a change that was done already.
TOO_LATE = "too_late"
# The booking lies on another sheet by now, whose holder is asked.
MOVED = "moved"
# The kind of slip by which the holder of the first day asks the holder of the second.
REACH = "reach"
# There is not so much to be paid back, or not any more.
NOT_OVER = "not_over"
# Somebody came after all; or the same has been decided already.
HAS_COME, DECIDED = "has_come", "decided"
# 審査: somebody else was first; or the application is not the one that was looked at any more.
DECIDED_ALREADY, CHANGED = "decided_already", "changed"
SHEETS_A_ROUND = 50
# What a decision says, and a wish for one.
_GRANT = ("decision", "town", "facility_id", "date", "revision", "conditions", "decided_at")
_DECISION = (*_GRANT, "verdict", "reason")


def tend(desk: Desk, *, at: int, is_night: bool = False) -> int:
    """One round at the desk: write up the book, answer what waits, do what follows from answers
    that came, give the witness what is new.

    at        milliseconds; any clock
    returns   how much was done: 0 when there was nothing to do
    """
    with desk.database.session() as session:
        store = SqlStore(session, desk.directory)
        names = entering.waiting(session, desk, limit=SHEETS_A_ROUND, is_night=is_night)
        is_asked = bool(store.sheets_waiting())
    if desk.is_suspended():
        names, is_asked = [], False
    for name in names:
        with desk.transaction() as store:
            entering.lock(store.session, name)
            entering.enter(store.session, desk, name)
    answered = answer(desk, at=at) if is_asked else 0
    followed = 0 if desk.is_suspended() else following.follow(desk, at=at)
    with desk.database.session() as session:
        is_unwitnessed = bool(SqlStore(session, desk.directory).unwitnessed())
    if is_unwitnessed:
        desk.settle(is_quiet=True)
    return len(names) + answered + followed


def answer(desk: Desk, *, at: int) -> int:
    """Answer every slip that waits for a sheet held here; returns how many lines were written.

    at   milliseconds; any clock
    """
    return desk.node.answer(_Round(desk).drafts, at=at)


@dataclass(slots=True)
class _Round:
    """One round through the slips; what is looked up for a sheet is kept until its end.

    given_up   sheet to the bookings that somebody waits to cancel, each with that slip
    """

    desk: Desk
    given_up: dict[str, dict[str, Slip]] = field(default_factory=dict)

    def drafts(self, slip: Slip, store: Store) -> Sequence[Draft]:
        """What could be answered, the best first. The ledger writes the first that may stand."""
        assert isinstance(store, SqlStore)
        name = sheets.parsed(slip.sheet)
        if name is None or not isinstance(slip.data.get("booking"), str):
            return [_no(slip, MALFORMED)]
        entering.lock(store.session, name)
        entering.enter(store.session, self.desk, name)
        match slip.kind:
            case "book":
                return self._to_book(store, name, slip)
            case "cancel":
                return self._to_cancel(store, name, slip)
            case asking.CLOSE:
                return self._to_close(store, name, slip)
            case "reach":
                return _to_reach(store, slip)
            case money_feed.REFUND:
                return _to_refund(store, slip)
            case attendance_feed.STRIKE:
                return _to_strike(self.desk, store, name, slip)
            case approval_feed.DECIDE:
                return self._to_decide(store, name, slip)
        return []

    def _to_book(self, store: SqlStore, name: SheetName, slip: Slip) -> Sequence[Draft]:
        wish = _fact({word: value for word, value in slip.data.items() if word != "answer_by"})
        if not isinstance(wish, BookingConfirmed) or wish.sheet != slip.sheet:
            return [_no(slip, MALFORMED)]
        cancel = self._cancels(store, slip.sheet).get(wish.subject)
        if cancel is not None:
            wished_at = sheets.instant_text(sheets.instant_of(cancel.at))
            return [_no(slip, GIVEN_UP, cancelled_at=wished_at)]
        draft = sheets.draft_of(wish.name, wish.version, wish.subject, wish.body())
        draft = _answering(slip, _in_place(store, name, wish, draft))
        if wish.end_slot > SLOTS_PER_DAY:
            taken = store.owners(slip.sheet, draft.claims).values()
            is_free = all(owner == draft.frees for owner in taken)
            has_second = is_free and self._reached(store, wish, slip.at)
            if has_second is None:
                return []
            if not has_second:
                return [_no(slip, TAKEN)]
        return [draft, _no(slip, _why_not(store, slip.sheet, draft))]

    def _to_close(self, store: SqlStore, name: SheetName, slip: Slip) -> Sequence[Draft]:
        """A room is closed over the people whom the clerk saw, or not at all."""
        words = dict(slip.data)
        reason, seen = words.pop("reason", ""), words.pop("seen", None)
        wish = _fact(words)
        if not isinstance(wish, BookingConfirmed) or not isinstance(seen, list):
            return [_no(slip, MALFORMED)]
        if wish.sheet != slip.sheet or not clearing.is_closure(wish):
            return [_no(slip, MALFORMED)]
        if wish.subject in self._cancels(store, slip.sheet):
            return [_no(slip, GIVEN_UP, cancelled_at=wish.made_at)]
        against = clearing.clear(
            self.desk, store, name, wish, reason=str(reason), seen=seen, at=slip.at
        )
        if against is not None:
            return [_no(slip, against.code.value, **against.params)]
        draft = sheets.draft_of(wish.name, wish.version, wish.subject, wish.body())
        return [_answering(slip, draft), _no(slip, TAKEN)]

    def _to_decide(self, store: SqlStore, name: SheetName, slip: Slip) -> Sequence[Draft]:
        """審査: the first decision that comes is the answer; every other one is told so (I6)."""
        try:
            asked = approval_feed.row_of(slip.data, slip.sheet)
            body = {word: slip.data[word] for word in _DECISION}
        except (KeyError, TypeError, ValueError):
            return [_no(slip, MALFORMED)]
        booking_id, revision = asked["booking_id"], asked["revision"]
        if store.settled(slip.sheet, [sheets.permission_key(booking_id, revision)]):
            return [_no(slip, DECIDED_ALREADY, **body)]
        row = _row(store, booking_id)
        if row is None or row.status == "tentative" or row.revision < revision:
            # What it is about has not come yet, or is answered first.
            return []
        on = SheetName(row.municipality_code, row.facility_id, row.date)
        if row.status != "confirmed":
            return [_no(slip, NOT_ACTIVE, **body)]
        if row.revision > revision or on != name:
            return [_no(slip, CHANGED, **body)]
        if asked["verdict"] == approval_feed.REFUSED:
            draft = self._deny(store, name, asked, row, slip)
        else:
            grant = {word: body[word] for word in _GRANT}
            fact = PermissionGranted.name, PermissionGranted.version
            draft = sheets.draft_of(*fact, booking_id, grant)
        return [_answering(slip, draft), _no(slip, DECIDED_ALREADY, **body)]

    def _deny(
        self, store: SqlStore, name: SheetName, asked: Mapping[str, Any], row: Any, slip: Slip
    ) -> Draft:
        """The line that refuses frees the place; what was paid goes back."""
        at = sheets.instant_text(asked["decided_at"])
        fact = BookingCancelled(
            subject=asked["booking_id"],
            town=name.town,
            facility_id=name.facility_id,
            date=name.date.isoformat(),
            end_slot=row.end_slot,
            reason=asked["reason"],
            due_yen=0,
            cancelled_at=at,
            revision=row.revision + 1,
            decision=asked["id"],
        )
        clearing.pay_back(self.desk, store, fact.subject, asked_at=at, at=slip.at)
        return sheets.draft_of(fact.name, fact.version, fact.subject, fact.body())

    def _cancels(self, store: SqlStore, sheet: str) -> dict[str, Slip]:
        if sheet not in self.given_up:
            self.given_up[sheet] = {
                str(each.data.get("booking")): each
                for each in store.pending(sheet)
                if each.kind == "cancel"
            }
        return self.given_up[sheet]

    def _reached(self, store: SqlStore, wish: BookingConfirmed, at: int) -> bool | None:
        """Whether the second day is had. Where it is held here, both or none are written; else its
        holder is asked, and confirms its part first; None until then."""
        (reach,) = wish.reach()
        key = sheets.key_of(reach.subject, reach.revision)
        if store.claims_of(reach.sheet, key):
            return True
        slips = [
            each
            for each in store.slips(reach.sheet)
            if each.kind == REACH and each.data.get("booking") == reach.subject
        ]
        hashes = [each.hash for each in slips]
        settled = store.settled(reach.sheet, hashes)
        if self.desk.node.may_write(store.position(reach.sheet)) is None:
            waiting = tuple(each for each in hashes if each not in settled)
            return _write_reach(self.desk, store, reach, waiting, at)
        if not slips:
            data = sheets.words_of(reach.name, reach.version, reach.subject, reach.body())
            self.desk.node.post(store, reach.sheet, REACH, at=at, asks=True, data=data)
            return None
        return False if settled == frozenset(hashes) else None

    def _to_cancel(self, store: SqlStore, name: SheetName, slip: Slip) -> Sequence[Draft]:
        """The place is freed, whatever revision of the booking stands by now."""
        data = dict(slip.data)
        withdraws = data.pop("withdraws", False)
        owner = ledger.owner_of(store.session, name, data["booking"])
        row = _row(store, data["booking"])
        is_confirmed = bool(owner) or (row is not None and row.status == "confirmed")
        if is_confirmed and withdraws:
            return [_no(slip, TOO_LATE)]
        if owner:
            data["revision"] = sheets.owner_of(owner)[1] + 1
            body = sheets.event_body(data)
            draft = sheets.draft_of(data["event"], data["version"], data["booking"], body)
            return [_answering(slip, draft), _no(slip, NOT_ACTIVE)]
        if row is None or row.status == "tentative":
            # What it is about has not come yet, or is answered first.
            return []
        on = SheetName(row.municipality_code, row.facility_id, row.date)
        if row.status != "confirmed" or on == name:
            return [_no(slip, NOT_ACTIVE)]
        data |= {"town": on.town, "facility_id": on.facility_id, "date": on.date.isoformat()}
        data |= {"end_slot": row.end_slot, "revision": row.revision + 1}
        self.desk.node.post(store, on.text, "cancel", at=slip.at, asks=True, data=data)
        return [_no(slip, MOVED)]


def _why_not(store: SqlStore, sheet: str, draft: Draft) -> str:
    """Somebody was first, or the room is closed: people are told which."""
    owners = set(store.owners(sheet, draft.claims).values()) - {draft.frees}
    rows = (_row(store, sheets.owner_of(key)[0]) for key in owners)
    kinds = {row.kind for row in rows if row is not None}
    return CLOSED if kinds & {kind.value for kind in CLOSED_FOR} else TAKEN


def _in_place(store: SqlStore, name: SheetName, wish: BookingConfirmed, draft: Draft) -> Draft:
    """A change within one sheet: the line that takes the new place frees the old one."""
    if not isinstance(wish, BookingConfirmedInstead):
        return draft
    row = _row(store, wish.instead_of)
    if row is None or (row.facility_id, row.date) != (name.facility_id, name.date):
        return draft
    owner = ledger.owner_of(store.session, name, wish.instead_of)
    if not owner:
        return draft
    after = sheets.key_of(wish.instead_of, sheets.owner_of(owner)[1] + 1)
    return Draft(draft.kind, (*draft.settles, after), draft.claims, owner, draft.data)


def _write_reach(
    desk: Desk, store: SqlStore, reach: BookingReaches, waiting: tuple[str, ...], at: int
) -> bool:
    """The line on the next day's sheet, which is held here too.

    waiting   slips that asked for the same
    """
    name = sheets.parsed(reach.sheet)
    assert name is not None
    entering.lock(store.session, name)
    entering.enter(store.session, desk, name)
    draft = sheets.draft_of(reach.name, reach.version, reach.subject, reach.body())
    draft = Draft(draft.kind, (*draft.settles, *waiting), draft.claims, draft.frees, draft.data)
    return desk.node.try_write(store, reach.sheet, draft, at=at)


def _to_reach(store: SqlStore, slip: Slip) -> Sequence[Draft]:
    """The second day of a booking whose first day another desk holds, and confirms after this."""
    reach = _fact(slip.data)
    if not isinstance(reach, BookingReaches) or reach.sheet != slip.sheet:
        return [_no(slip, MALFORMED)]
    row = _row(store, reach.subject)
    if row is not None and row.status in ("cancelled", "refused"):
        return [_no(slip, NOT_ACTIVE)]
    draft = sheets.draft_of(reach.name, reach.version, reach.subject, reach.body())
    return [_answering(slip, draft), _no(slip, TAKEN)]


def _to_refund(store: SqlStore, slip: Slip) -> Sequence[Draft]:
    """S6: only here it is decided what is paid back, so nothing is paid back twice."""
    try:
        row = money_feed.refund_row(slip.data)
    except (KeyError, TypeError, ValueError):
        return [_no(slip, MALFORMED)]
    payment = money.payment(store.session, row["payment_id"])
    if payment is None:
        # The payment itself has not come yet.
        return []
    body = sheets.event_body(slip.data)
    most_yen = money.most_of(store.session, payment)
    if most_yen is None:
        return []
    if SheetName(payment.town, payment.facility_id, payment.date).text != slip.sheet:
        return [_no(slip, MALFORMED, **body)]
    if row["amount_yen"] > most_yen:
        return [_no(slip, NOT_OVER, **body)]
    body["before_yen"] = money.refunded_of(store.session, payment.id)
    draft = sheets.draft_of(RefundDecided.name, RefundDecided.version, row["booking_id"], body)
    return [_answering(slip, draft), _no(slip, NOT_OVER, **body)]


def _to_strike(desk: Desk, store: SqlStore, name: SheetName, slip: Slip) -> Sequence[Draft]:
    """S7: that nobody came is known when everybody who could have written it was heard."""
    try:
        kind = StrikeKind(attendance_feed.strike_row(slip.data)["kind"])
    except (KeyError, TypeError, ValueError):
        return [_no(slip, MALFORMED)]
    body = sheets.event_body(slip.data)
    booking_id = slip.data["booking"]
    row = _row(store, booking_id)
    if row is None or row.status == "tentative":
        return []
    if SheetName(row.municipality_code, row.facility_id, row.date) != name:
        return [_no(slip, MOVED, **body)]
    if kind.is_absence:
        if row.status != "confirmed":
            return [_no(slip, NOT_ACTIVE, **body)]
        if attendance.attendance(store.session, booking_id).check_ins:
            return [_no(slip, HAS_COME, **body)]
        if attendance.unheard(store.session, desk, name, attendance.ends_at(row)):
            return []
    draft = sheets.draft_of(StrikeDecided.name, StrikeDecided.version, booking_id, body)
    return [_answering(slip, draft), _no(slip, DECIDED, **body)]


def _row(store: SqlStore, booking_id: str) -> Any:
    c = Booking.__table__.c
    query = select(
        c.status, c.kind, c.municipality_code, c.facility_id, c.date, c.end_slot, c.revision
    )
    return store.session.connection().execute(query.where(c.id == booking_id)).one_or_none()


def _answering(slip: Slip, draft: Draft) -> Draft:
    settles = (*draft.settles, slip.hash)
    return Draft(draft.kind, settles, draft.claims, draft.frees, draft.data)


def _no(slip: Slip, code: str, **more: Any) -> Draft:
    data = {"booking": slip.data.get("booking"), "code": code, "asked": slip.kind}
    return Draft("refuse", (slip.hash,), data=more | data)


_FACTS: dict[str, type[BookingConfirmed | BookingReaches]] = {
    fact.name: fact for fact in (BookingConfirmed, BookingConfirmedInstead, BookingReaches)
}


def _fact(data: Mapping[str, Any]) -> BookingConfirmed | BookingReaches | None:
    """The wish in a slip's words, or None where they are not whole."""
    try:
        body = sheets.event_body(data)
        kind = _FACTS[data["event"]]
        return kind(subject=data["booking"], **{**body, "parts": tuple(body["parts"])})
    except (KeyError, TypeError):
        return None
