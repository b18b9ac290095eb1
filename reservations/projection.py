"""What lines of the ledger mean for our own tables: bookings, day masks, letters.

Lines that this node wrote for its own actions have done their work already; everything else comes
through here, in the transaction in which the ledger takes it: what other nodes wrote, what answers
a slip, what had to be taken back. The same documents lead to the same tables, in any order of
arrival (I7), because a sheet's masks are worked out from all its claims, and a booking from the
last line about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from reservations import (
    approval_feed,
    attendance_feed,
    catalogue_feed,
    clock,
    events,
    money_feed,
    party_feed,
    settlement_feed,
    sheets,
)
from reservations.actions import answering, asking, form_texts, letters, trail
from reservations.config import Settings
from reservations.db import Database
from reservations.desk import Changes, Desk
from reservations.events.approval import PermissionGranted
from reservations.events.attendance import StrikeDecided
from reservations.models import Booking, DayMask, Declaration, Part, Party, Unit
from reservations.models.base import table_of
from reservations.queries import trail as trail_query
from reservations.queries.declaring import REASON_MAX
from reservations.queries.masks import next_version
from reservations.rules.letters import kind_of_cancellation
from reservations.rules.modes import Mode
from reservations.rules.period import HALF_DAY_BITS, HALF_DAY_SLOTS
from reservations.sheets import SheetName
from sync import tables
from sync.document import Document, Entry, Slip
from sync.ledger import SqlStore
from sync.sheet import MOVES

log = structlog.get_logger("tonari.projection")

_BOOKING = table_of(Booking)
_MASK = table_of(DayMask)
_CLAIMS = select(tables.claim.c.claim).where(tables.claim.c.sheet == bindparam("sheet"))
_HOLDER = select(tables.chain.c.holder).where(tables.chain.c.chain == bindparam("sheet"))
# A paper form that came back confirms as any other line does.
_CONFIRMING = ("confirm", "form")
_STATES = (
    events.BookingConfirmed.name,
    events.BookingConfirmedInstead.name,
    events.BookingChanged.name,
)
# Slips that ask for a place: people's, and the town's own.
_WISHES = ("book", asking.CLOSE)


def open_desk(database: Database, settings: Settings) -> Desk:
    """This machine's desk, with our own tables kept in step with its ledger."""
    desk = Desk(database, settings)
    desk.project = lambda session, changes: apply(session, desk, changes)
    return desk


def apply(session: Session, desk: Desk, changes: Changes) -> None:
    """Do what these changes of the ledger mean. Idempotent for what is here already."""
    for line in changes.gone:
        if isinstance(line, Entry):
            _undo(session, desk, line)
        elif isinstance(line, Slip):
            party_feed.undo(session, line)
    for line in changes.applied:
        if isinstance(line, Entry):
            _apply_entry(session, desk, line)
        elif isinstance(line, Slip) and line.kind in party_feed.KINDS:
            party_feed.take(session, desk, line)
        elif isinstance(line, Slip) and line.kind in money_feed.KINDS:
            money_feed.take(session, line)
            _tell_of_reduction(session, desk, line)
        elif isinstance(line, Slip) and line.kind == approval_feed.DECIDE:
            approval_feed.take(session, line)
        elif isinstance(line, Slip) and line.kind == settlement_feed.KIND:
            settlement_feed.take(session, desk, line)
        elif isinstance(line, Slip) and line.kind in attendance_feed.KINDS:
            attendance_feed.take(session, line)
        elif isinstance(line, Slip) and line.kind == trail_query.KIND:
            trail.take(session, line)
        elif isinstance(line, Slip) and line.author != desk.key.id:
            _apply_slip(session, desk, line)
    _learn_catalogue(session, desk, changes.applied)
    touched = {line.chain for line in (*changes.gone, *changes.applied)}
    for name in filter(None, map(sheets.parsed, sorted(touched))):
        _renew_masks(session, desk, name)
    for chain, through in changes.told.items():
        _tell(session, desk, chain, through)


# Bookings


def _apply_entry(session: Session, desk: Desk, entry: Entry) -> None:
    if entry.kind == "pad":
        form_texts.know_pack(session, entry.data)
    is_told = entry.author != desk.key.id or not desk.has_witness
    if money_feed.is_refund(entry):
        money_feed.answered(session, entry, is_told=is_told)
        return
    if attendance_feed.is_strike(entry):
        attendance_feed.answered(session, entry, is_told=is_told)
        _write_letter(session, desk, str(entry.data.get("booking")), entry)
        return
    booking_id = entry.data.get("booking")
    if not isinstance(booking_id, str) or entry.kind in MOVES:
        return
    if approval_feed.is_decision(entry):
        approval_feed.answered(session, entry, is_told=is_told)
    name = entry.data.get("event")
    if entry.kind in _CONFIRMING and not _is_readable(session, entry.data):
        log.error("a line that this program cannot show", line=entry.id)
        return
    if entry.kind in _CONFIRMING and name in _STATES:
        _confirm(session, booking_id, entry, is_told=is_told)
    elif entry.kind == "cancel" and name == events.BookingCancelled.name:
        _cancel(session, booking_id, entry)
    elif entry.kind == "refuse" and not approval_feed.is_decision(entry):
        _refuse(session, booking_id, entry)
    _write_letter(session, desk, booking_id, entry)


def _confirm(session: Session, booking_id: str, entry: Entry, *, is_told: bool) -> None:
    """The booking is what this line says, unless a later one about it is known already."""
    values = sheets.row_of(booking_id, entry.data)
    _give_up(session, entry)
    before = _known(session, booking_id)
    is_answered = before is not None and before.status != "tentative"
    if is_answered and before.revision >= values["revision"]:
        _note_instead(session, booking_id, values.get("instead_of"))
        return
    know_party(session, values["party_id"], values["made_at"])
    values |= {"status": "confirmed", "is_told": is_told, "answer_by": None}
    _put(session, values, is_known=before is not None)


def _note_instead(session: Session, booking_id: str, instead_of: str | None) -> None:
    """What only the first line about a booking says, also where a later one came before it."""
    if instead_of is not None:
        change = update(_BOOKING).where(_BOOKING.c.id == booking_id)
        session.connection().execute(change.values(instead_of=instead_of))


def _given_up(entry: Entry) -> tuple[str, int]:
    """The booking, and its last revision, whose place on the same sheet the line takes over."""
    old, revision = sheets.owner_of(entry.frees)
    return (old, revision) if old and old == entry.data.get("instead_of") else ("", -1)


def _give_up(session: Session, entry: Entry) -> None:
    """A change within a sheet that somebody else asked its holder for: one line frees the old
    place and takes the new one."""
    old, revision = _given_up(entry)
    if not old:
        return
    change = (
        update(_BOOKING)
        .where(_BOOKING.c.id == old, _BOOKING.c.revision <= revision)
        .values(
            status="cancelled",
            cancelled_at=sheets.instant_of(entry.at),
            cancel_due_yen=0,
            revision=revision + 1,
            answer_by=None,
        )
    )
    session.connection().execute(change)


def _cancel(session: Session, booking_id: str, entry: Entry) -> None:
    change = (
        update(_BOOKING)
        .where(_BOOKING.c.id == booking_id, _BOOKING.c.revision < entry.data["revision"])
        .values(
            status="cancelled",
            cancelled_at=datetime.fromisoformat(entry.data["cancelled_at"]),
            cancel_due_yen=entry.data["due_yen"],
            revision=entry.data["revision"],
            answer_by=None,
        )
    )
    session.connection().execute(change)


def _refuse(session: Session, booking_id: str, entry: Entry) -> None:
    """The holder said no: to a booking, or to a wish to cancel one."""
    asked, code = entry.data.get("asked"), entry.data.get("code")
    before = _known(session, booking_id)
    if before is None or asked == "reach":
        return
    change = update(_BOOKING).where(_BOOKING.c.id == booking_id)
    if asked == "cancel":
        if code == answering.TOO_LATE and before.status == "confirmed":
            # The wish to give up a change came after it was done: the new place stands.
            session.connection().execute(change.values(cancelled_at=None, cancel_due_yen=None))
        return
    if before.status != "tentative":
        return
    if code == answering.GIVEN_UP:
        at = datetime.fromisoformat(entry.data["cancelled_at"])
        values = {"status": "cancelled", "cancelled_at": at, "cancel_due_yen": 0}
        session.connection().execute(change.values(**values, answer_by=None))
        return
    session.connection().execute(change.values(status="refused", answer_by=None))


def _apply_slip(session: Session, desk: Desk, slip: Slip) -> None:
    """Somebody else's wish: shown on the board as 仮受付, occupying nothing (S4)."""
    if slip.kind == "declare":
        _declare(session, slip)
    elif slip.kind in ("present", "away"):
        catalogue_feed.note(session, f"node/{slip.data.get('node')}", slip.kind, slip.at)
    elif slip.kind == "form":
        form_texts.know_form(session, slip.data, sheets.instant_of(slip.at))
    elif slip.kind == "form decided":
        form_texts.know_decision(session, slip.data)
    booking_id = slip.data.get("booking")
    if slip.kind not in _WISHES or not isinstance(booking_id, str):
        return
    if _known(session, booking_id) is None and _is_readable(session, slip.data):
        values = sheets.row_of(booking_id, slip.data)
        know_party(session, values["party_id"], values["made_at"])
        answer_by = slip.data.get("answer_by")
        values["answer_by"] = answer_by and datetime.fromisoformat(answer_by)
        _put(session, values | {"status": "tentative", "is_told": True}, is_known=False)
        answer = SqlStore(session, desk.directory).answer_to(slip)
        if answer is not None:
            # The answer came before the question.
            _apply_entry(session, desk, answer)


def _learn_catalogue(session: Session, desk: Desk, lines: Sequence[Document]) -> None:
    """What is lent, from the hub; and what was written of it before it was known here."""
    slips = [
        line
        for line in lines
        if isinstance(line, Slip)
        and line.kind == catalogue_feed.KIND
        and line.author != desk.key.id
    ]
    today = clock.local_day(clock.now())
    for facility_id in sorted(catalogue_feed.take(session, desk, slips, today)):
        is_its = tables.chain.c.chain.like(f"%-%/{facility_id}/%")
        slips_of = tables.slip.c.sheet.like(f"%-%/{facility_id}/%")
        written = session.scalars(select(tables.chain.c.chain).where(is_its)).all()
        asked = session.scalars(select(tables.slip.c.sheet).where(slips_of)).all()
        for name in filter(None, map(sheets.parsed, sorted({*written, *asked}))):
            again(session, desk, name)
    if any(str(slip.data.get("name")).startswith("town/") for slip in slips):
        # Parties may live in a town that has only now become known.
        party_feed.again(session, desk)


def _declare(session: Session, slip: Slip) -> None:
    """Another desk's declaration. The person who made it is known there."""
    mode, its_id = slip.data.get("mode"), slip.data.get("declaration")
    table = table_of(Declaration)
    if not isinstance(its_id, str) or mode not in {each.value for each in Mode}:
        return
    known = session.connection().scalar(select(table.c.id).where(table.c.id == its_id))
    if known is None:
        row = {"id": its_id, "at": sheets.instant_of(slip.at), "mode": mode}
        row |= {"actor": "", "node": str(slip.data.get("node", ""))}
        row |= {"reason": str(slip.data.get("reason", ""))[:REASON_MAX]}
        session.connection().execute(insert(table), row)


def _undo(session: Session, desk: Desk, entry: Entry) -> None:
    """A line stands no more. The booking goes back to what the lines that are left say of it."""
    if money_feed.is_refund(entry):
        money_feed.undo(session, entry)
        return
    if attendance_feed.is_strike(entry):
        attendance_feed.undo(session, entry)
        if answer := _answer(entry):
            letters.take_back(session, str(entry.data.get("booking")), *answer)
        return
    booking_id = entry.data.get("booking")
    if not isinstance(booking_id, str) or _known(session, booking_id) is None:
        return
    if approval_feed.is_decision(entry):
        approval_feed.undo(session, entry)
    if answer := _answer(entry):
        letters.take_back(session, booking_id, *answer)
    change = update(_BOOKING).where(_BOOKING.c.id == booking_id)
    if entry.kind in _CONFIRMING and entry.data.get("event") in _STATES:
        # Nobody was told yet; whoever asked hears 仮受付 until the sheet's holder has answered.
        session.connection().execute(change.values(status="tentative", is_told=True))
        _take_again(session, entry)
    elif entry.kind == "cancel" and entry.data.get("event") == events.BookingCancelled.name:
        values = {"status": "confirmed", "cancelled_at": None, "cancel_due_yen": None}
        values["revision"] = entry.data["revision"] - 1
        session.connection().execute(change.values(**values))
    elif entry.kind == "refuse" and entry.data.get("asked") in _WISHES:
        session.connection().execute(change.values(status="tentative"))


def _take_again(session: Session, entry: Entry) -> None:
    """The old place that a line took over stands again, as the line itself stands no more."""
    old, revision = _given_up(entry)
    if not old:
        return
    change = update(_BOOKING).where(_BOOKING.c.id == old, _BOOKING.c.revision == revision + 1)
    values = {"status": "confirmed", "cancelled_at": None, "cancel_due_yen": None}
    session.connection().execute(change.values(**values, revision=revision))


def _tell(session: Session, desk: Desk, chain: str, through: int) -> None:
    """Lines up to here are on two media: what they confirm may be told (S2)."""
    name = sheets.parsed(chain)
    if name is None:
        return
    later = SqlStore(session, desk.directory).lines(chain, after=through)
    money_feed.tell(session, name, later)
    approval_feed.tell(session, name, later)
    attendance_feed.tell(session, name, later)
    told = (
        update(_BOOKING)
        .where(_BOOKING.c.facility_id == name.facility_id, _BOOKING.c.date == name.date)
        .where(_BOOKING.c.is_told.is_(False))
        .where(_BOOKING.c.id.not_in([str(line.data.get("booking")) for line in later]))
        .values(is_told=True)
    )
    session.connection().execute(told)


def _known(session: Session, booking_id: str) -> Any:
    c = _BOOKING.c
    query = select(c.id, c.node_no, c.status, c.revision, c.party_id, c.instead_of)
    return session.connection().execute(query.where(c.id == booking_id)).one_or_none()


def _put(session: Session, values: dict[str, Any], *, is_known: bool) -> None:
    if is_known:
        change = update(_BOOKING).where(_BOOKING.c.id == values["id"]).values(**values)
        session.connection().execute(change)
    else:
        session.connection().execute(insert(_BOOKING), values)


def again(session: Session, desk: Desk, name: SheetName) -> None:
    """Do a sheet's lines once more, after the catalogue has learnt what they speak of."""
    store = SqlStore(session, desk.directory)
    for line in store.lines(name.text):
        if isinstance(line, Entry):
            _apply_entry(session, desk, line)
    for slip in store.slips(name.text):
        if slip.kind in money_feed.KINDS:
            money_feed.take(session, slip)
        elif slip.kind == approval_feed.DECIDE:
            approval_feed.take(session, slip)
        elif slip.kind in attendance_feed.KINDS:
            attendance_feed.take(session, slip)
        else:
            _apply_slip(session, desk, slip)
    _renew_masks(session, desk, name)


def _is_readable(session: Session, data: Mapping[str, Any]) -> bool:
    """Whether a booking can be made of these words here: whole, and of a unit that is known."""
    if data.get("event") == events.BookingReaches.name:
        return True
    try:
        values = sheets.row_of("", data)
    except (KeyError, TypeError, ValueError):
        return False
    unit = select(Unit.id).where(Unit.id == values["unit_id"])
    return session.connection().scalar(unit) is not None


def know_party(session: Session, party_id: str | None, at: datetime) -> None:
    """A party that registered at another node is known here by its id, until its papers come."""
    party = table_of(Party)
    if party_id is None:
        return
    known = session.connection().scalar(select(party.c.id).where(party.c.id == party_id))
    if known is None:
        row = {"id": party_id, "kind": "person", "name": "", "created_at": at}
        session.connection().execute(insert(party), row)


# Letters


def _write_letter(session: Session, desk: Desk, booking_id: str, entry: Entry) -> None:
    """Whoever asked here hears from here what became of it: no other desk knows the person.

    Which letters there are follows from the lines alone, not from what was known before them.
    """
    answer = _answer(entry)
    before = _known(session, booking_id) if answer else None
    if answer is None or before is None or before.party_id is None:
        return
    if before.node_no == desk.settings.node_no:
        kind, turn = answer
        at, body = sheets.instant_of(entry.at), sheets.event_body(entry.data)
        letters.write(session, booking_id, before.party_id, kind, turn, body=body, at=at)


def _tell_of_reduction(session: Session, desk: Desk, slip: Slip) -> None:
    """Decided at another desk, about a wish."""
    booking_id, reduction = slip.data.get("booking"), slip.data.get("reduction")
    is_whole = isinstance(booking_id, str) and isinstance(reduction, str)
    if slip.kind == money_feed.REDUCTION and is_whole and slip.data.get("request"):
        at, body = sheets.instant_of(slip.at), sheets.event_body(slip.data)
        letters.tell_of_reduction(session, str(booking_id), body, at, desk.settings.node_no)


def _answer(entry: Entry) -> tuple[str, str] | None:
    """What kind of answer a line is to a person, and which one; None where it tells nothing new."""
    data = entry.data
    match entry.kind:
        case "confirm" if data.get("event") in _STATES:
            # A booking that was made at its holder's desk settles itself; an answer a slip as well.
            is_answer = len(entry.settles) > 1
            return ("confirmed", str(data["revision"])) if is_answer else None
        case "record" if data.get("event") == PermissionGranted.name:
            return "granted", str(data["revision"])
        case "refuse" if data.get("asked") == "book" and data.get("code") != answering.GIVEN_UP:
            return "refused", "book"
        case "refuse" if data.get("asked") == "cancel" and data.get("code") == answering.TOO_LATE:
            return "refused", "cancel"
        case "cancel" if data.get("event") == events.BookingCancelled.name:
            kind = kind_of_cancellation(str(data.get("reason")), is_denial="decision" in data)
            return (kind, str(data["revision"])) if kind else None
        case "record" if data.get("event") == StrikeDecided.name:
            return "struck", str(data.get("strike"))
    return None


# Masks


def _renew_masks(session: Session, desk: Desk, name: SheetName) -> None:
    """What the sheet's claims occupy, and whether it is held here."""
    connection = session.connection()
    holder = connection.scalar(_HOLDER, {"sheet": name.text})
    is_held = holder == desk.key.id if holder is not None else desk.is_home
    bits = sheets.bits_of(connection.scalars(_CLAIMS, {"sheet": name.text}))
    parts = select(Part.id).where(Part.facility_id == name.facility_id).order_by(Part.id)
    version = connection.scalar(select(next_version(connection.dialect.name)))
    for part_id in connection.scalars(parts).all():
        occupied = bits.get(part_id, 0)
        row = (_MASK.c.date == name.date) & (_MASK.c.part_id == part_id)
        connection.execute(
            update(_MASK)
            .where(row)
            .values(
                am=occupied & HALF_DAY_BITS,
                pm=occupied >> HALF_DAY_SLOTS,
                is_held=is_held,
                version=version,
            )
        )
