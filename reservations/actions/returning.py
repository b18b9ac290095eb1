"""紙の後日入力: a pack of paper as a holder of the ledger, and its forms coming back (S12, I10).

Opening lends the pack what is free on its sheets. Each form that comes back is a fact that any desk
may write down, in any order and as often as it likes. Lines are written by the holder of the sheets
in the order of the forms' numbers, and only as far as every number before is accounted for; so what
stands in the end depends on what the forms say, not on who typed which first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.actions import entering
from reservations.actions.deciding import names_of, post, settled, texts_standing
from reservations.actions.form_texts import (
    FATES,
    FormText,
    forms_of,
    keep,
)
from reservations.actions.rows import next_serial
from reservations.actions.step import Context, action
from reservations.clock import HOLIDAYS, local_day
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingConfirmed, FormEntered
from reservations.models import DayMask, PaperForm, PaperPack, Part
from reservations.models.base import table_of
from reservations.queries import packs
from reservations.queries.memory import Memory
from reservations.rules.availability import Kind
from reservations.rules.period import HALF_DAY_SLOTS, SLOTS_PER_DAY, Period, day_bit
from reservations.rules.town import Residency
from reservations.sheets import SheetName, booking_id_of, party_id_of
from sync import tables
from sync.ledger import SqlStore
from sync.node import Draft, NotWritten
from sync.sheet import Fault, form_key

# Why a form's line cannot book; anything else may be otherwise tomorrow, so the form waits.
_NO_PLACE = {Fault.TAKEN, Fault.INCOMPLETE, Fault.CLOSED}
_FORM = table_of(PaperForm)


# Opening


@dataclass(frozen=True, slots=True)
class Opened:
    """The dates on whose sheets the pack may write now, and those on which not, with why."""

    days: tuple[date, ...]
    kept: dict[date, str]


def open_pack(desk: Desk, pad: str, *, at: int, why: str = "") -> Opened:
    """Lend a pack what is free on its sheets. Again is no more than once.

    After a power cut without a node it is the master grids' seal, typed in later, before anything
    else is written on these sheets.

    raises   Refusal not_found
    """
    pack = _pack(desk, pad)
    days, kept = [], {}
    for name in sheets_of(desk, pack):
        try:
            with desk.transaction() as store:
                entering.lock(store.session, name)
                if desk.node.may_write(store.position(name.text)) is None:
                    entering.enter(store.session, desk, name)
                if not _has_pad(store, name, pad):
                    _lend(desk, store, name, pack, at=at, why=why)
                days.append(name.date)
        except NotWritten as fault:
            kept[name.date] = fault.fault.value
    desk.settle()
    return Opened(tuple(days), kept)


def _pack(desk: Desk, pad: str) -> PaperPack:
    with desk.database.session() as session:
        found = packs.one(session, pad)
        if found is None:
            raise Refusal(RefusalCode.NOT_FOUND)
        session.expunge(found)
        return found


def sheets_of(desk: Desk, pack: PaperPack) -> list[SheetName]:
    """The sheets that a pack was printed for."""
    with desk.database.session() as session:
        return names_of(session, pack)


def _has_pad(store: SqlStore, name: SheetName, pad: str) -> bool:
    return any(each.name == pad for each in store.position(name.text).pads)


def _lend(
    desk: Desk, store: SqlStore, name: SheetName, pack: PaperPack, *, at: int, why: str
) -> None:
    claims = tuple(_free(store.session, name))
    data = {
        "pad": pack.pad,
        "first": pack.first,
        "last": pack.last,
        "facility_id": pack.facility_id,
        "node_no": pack.node_no,
        "lease": pack.lease,
        "first_day": pack.first_day.isoformat(),
        "last_day": pack.last_day.isoformat(),
        "made_at": sheets.instant_text(pack.made_at),
        "why": why,
    }
    desk.node.write(store, name.text, Draft("pad", (), claims, data=data), at=at)


def _free(session: Session, name: SheetName) -> Iterator[str]:
    """What is open on this day and occupied by no line of the sheet."""
    taken = select(tables.claim.c.claim).where(tables.claim.c.sheet == name.text)
    occupied = sheets.bits_of(session.connection().scalars(taken))
    parts = select(Part.id).where(Part.facility_id == name.facility_id)
    rows = select(DayMask.part_id, DayMask.open_am, DayMask.open_pm).where(
        DayMask.date == name.date, DayMask.part_id.in_(parts)
    )
    for row in session.connection().execute(rows.order_by(DayMask.part_id)):
        free = (row.open_am | row.open_pm << HALF_DAY_SLOTS) & ~occupied.get(row.part_id, 0)
        for slot in range(SLOTS_PER_DAY):
            if free >> slot & 1:
                yield f"{row.part_id}.{slot}"


# Typing in


def enter(desk: Desk, session: Session, memory: Memory, text: FormText, context: Context) -> str:
    """Write down what a form says, and do what can be done by now.

    returns  same (it was there), conflict (its number says something else), or entered
    raises   Refusal not_found, malformed
    """
    pack = _pack(desk, text.pad)
    if not pack.first <= text.number <= pack.last or text.fate not in FATES:
        raise Refusal(RefusalCode.NOT_FOUND)
    if text.fate == "used":
        _check(memory, pack, text)
    known = {row.digest: row for row in forms_of(session, text.pad).get(text.number, ())}
    is_nameless = text.name and text.digest in known and not known[text.digest].name
    if text.digest not in known or is_nameless:
        enter_form(session, text, context)
    settle(desk, memory, text.pad, at=sheets.milliseconds(context.now))
    with desk.database.session() as anew:
        texts = texts_standing(desk, anew, pack)
    if len(texts[text.number]) > 1:
        return "conflict"
    return "same" if text.digest in known else "entered"


def _check(memory: Memory, pack: PaperPack, text: FormText) -> None:
    unit = memory.catalogue.units.get(text.unit_id)
    if unit is None or unit.place.id != pack.facility_id:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    if text.date is None or text.period is None or text.period.end > SLOTS_PER_DAY:
        raise Refusal(RefusalCode.MALFORMED)


@action("enter_form", subject=lambda text: text.key)
def enter_form(session: Session, text: FormText, context: Context, _key: str) -> FormEntered:
    """Keep a form's text and send it to the other desks, without the name."""
    desk: Desk = session.info["database"].desk
    keep(
        session,
        text.pad,
        text.number,
        text.fate,
        text.said(),
        context.now,
        context.actor,
        name=text.name,
        phone=text.phone,
    )
    data = {"pad": text.pad, "number": text.number, "fate": text.fate, "said": text.said()}
    post(session, desk, text.pad, "form", data, context)
    return FormEntered(
        subject=text.key, pad=text.pad, number=text.number, fate=text.fate, digest=text.digest
    )


# Settling: the holder's lines, in the order of the numbers


def settle(desk: Desk, memory: Memory, pad: str, *, at: int) -> int:
    """Write the lines of every form that is due here; returns how many were written.

    A number that is missing, or says two things, holds up those behind it.
    """
    pack = _pack(desk, pad)
    names = sheets_of(desk, pack)
    with desk.database.session() as session:
        forms = texts_standing(desk, session, pack)
        done = settled(session, names, pad)
    written = 0
    for number in range(pack.first, pack.last + 1):
        if form_key(pad, number) in done:
            continue
        if len(forms[number]) != 1:
            break
        if not _settle_one(desk, memory, names, forms[number][0], at=at):
            break
        written += 1
    if written:
        desk.settle()
    return written


def waiting(session: Session) -> list[str]:
    """The packs whose forms lack a line that could be written by now. One whose forms are all
    settled, as of every pack that was closed, is not among them."""
    found = []
    for pad in session.connection().scalars(select(_FORM.c.pad).distinct()).all():
        pack = packs.one(session, pad)
        if pack is None:
            continue
        done = settled(session, names_of(session, pack), pad)
        numbers = range(pack.first, pack.last + 1)
        first = next((each for each in numbers if form_key(pad, each) not in done), None)
        if first is not None and first in forms_of(session, pad):
            found.append(pad)
    return found


def settle_all(desk: Desk, memory: Memory, *, at: int) -> int:
    """Every pack with forms that wait: those that other desks typed in come to their holder."""
    with desk.database.session() as session:
        pads = waiting(session)
    return sum(settle(desk, memory, pad, at=at) for pad in pads)


def _settle_one(desk: Desk, memory: Memory, names: list[SheetName], form: Any, *, at: int) -> bool:
    """One form's line: the booking; or, where there is no place for it or nothing to book, that
    its number is accounted for. False where this desk holds none of the sheets."""
    if form.fate == "used" and form.said["unit_id"] not in memory.catalogue.units:
        return False
    own = [name for name in names if name.date.isoformat() == form.said.get("date")]
    for name in own:
        try:
            with desk.transaction() as store:
                entering.lock(store.session, name)
                draft = _booking_draft(desk, store.session, memory, name, form)
                desk.node.write(store, name.text, draft, at=at)
                return True
        except NotWritten as fault:
            if fault.fault not in _NO_PLACE:
                return False
    fate = "no place" if form.fate == "used" else form.fate
    data = {"pad": form.pad, "form": form.number, "fate": fate, "digest": form.digest}
    for name in names:
        try:
            with desk.transaction() as store:
                draft = Draft("form", (form_key(form.pad, form.number),), data=data)
                desk.node.write(store, name.text, draft, at=at)
                return True
        except NotWritten:
            continue
    return False


def _booking_draft(
    desk: Desk, session: Session, memory: Memory, name: SheetName, form: Any
) -> Draft:
    """The line that books what a form says, for whoever wrote it."""
    unit = memory.catalogue.units[form.said["unit_id"]]
    period = Period(form.said["start_slot"], form.said["end_slot"])
    rules = unit.town.rules_on(local_day(form.at))
    bit = day_bit(name.date, is_holiday=name.date in HOLIDAYS)
    fee = unit.fee(name.date, period, bit, Residency.RESIDENT, rules)
    booking_id = booking_id_of(form.pad, form.number)
    fact = BookingConfirmed(
        subject=booking_id,
        town=name.town,
        facility_id=name.facility_id,
        unit_id=unit.id,
        parts=unit.parts,
        kind=Kind.USE.value,
        date=name.date.isoformat(),
        start_slot=period.start,
        end_slot=period.end,
        party_id=party_id_of(form.pad, form.number),
        purpose="",
        headcount=form.said["headcount"],
        fee_yen=fee.total_yen if fee else 0,
        node_no=desk.settings.node_no,
        serial=next_serial(session, desk.settings.node_no),
        made_at=sheets.instant_text(form.at),
        tariff_from=unit.tariff_on(name.date).valid_from.isoformat(),
        town_rules_id=rules.version or None,
        free_cancel_until=None,
        note="",
        revision=0,
    )
    draft = sheets.draft_of(fact.name, fact.version, fact.subject, fact.body())
    settles = (*draft.settles, form_key(form.pad, form.number))
    data = {**draft.data, "pad": form.pad, "form": form.number, "digest": form.digest}
    return Draft("form", settles, draft.claims, data=data)


# Closing


@dataclass(frozen=True, slots=True)
class Account:
    """用紙受払簿: what became of a pack's forms. They balance when nothing is open or in conflict.

    conflicts  numbers under which different things were typed
    no_place   used forms whose time was not the pack's to give: somebody has to telephone
    """

    count: int
    fates: dict[str, int]
    missing: tuple[int, ...]
    conflicts: tuple[int, ...]
    waiting: tuple[int, ...]
    no_place: tuple[int, ...]
    open_days: tuple[date, ...]

    @property
    def is_balanced(self) -> bool:
        return not (self.missing or self.conflicts or self.waiting)


def account(desk: Desk, pad: str) -> Account:
    """How the forms of a pack stand here.

    raises   Refusal not_found
    """
    pack = _pack(desk, pad)
    names = sheets_of(desk, pack)
    numbers = range(pack.first, pack.last + 1)
    with desk.database.session() as session:
        forms = texts_standing(desk, session, pack)
        done = settled(session, names, pad)
        store = SqlStore(session, desk.directory)
        days = tuple(name.date for name in names if _has_pad(store, name, pad))
        booked = packs.bookings_known(session, [booking_id_of(pad, number) for number in numbers])
    one = {number: rows[0] for number, rows in forms.items() if len(rows) == 1}
    keys = {number: form_key(pad, number) for number in numbers}
    return Account(
        count=len(numbers),
        fates={fate: sum(row.fate == fate for row in one.values()) for fate in FATES},
        missing=tuple(number for number in numbers if not forms[number]),
        conflicts=tuple(number for number in numbers if len(forms[number]) > 1),
        waiting=tuple(number for number in one if keys[number] not in done),
        no_place=tuple(
            number
            for number, row in one.items()
            if row.fate == "used"
            and keys[number] in done
            and booking_id_of(pad, number) not in booked
        ),
        open_days=days,
    )


def close_pack(desk: Desk, pad: str, *, at: int) -> Account:
    """Give back what the pack was lent, once used, void, lost and blank are the whole block (S12).

    raises   Refusal not_found; not_active while it does not balance, with what is missing
    """
    found = account(desk, pad)
    if not found.is_balanced:
        raise Refusal(
            RefusalCode.NOT_ACTIVE,
            missing=found.missing,
            conflicts=found.conflicts,
            waiting=found.waiting,
        )
    pack = _pack(desk, pad)
    for name in sheets_of(desk, pack):
        with desk.transaction() as store:
            position = store.position(name.text)
            here = next((each for each in position.pads if each.name == pad), None)
            if here is None or desk.node.may_write(position) is not None:
                continue
            rest = sorted(set(here.forms) - store.settled(name.text, here.forms))
            if rest:
                data = {"pad": pad, "fate": "on another sheet"}
                desk.node.write(store, name.text, Draft("form", tuple(rest), data=data), at=at)
            back = Draft("pad back", frees=here.owner, data={"pad": pad})
            desk.node.write(store, name.text, back, at=at)
    desk.settle()
    return account(desk, pad)
