"""紙運用セット: what a facility has in the ledger, turned into a pack of paper for its desk.

All of it is for the staff. Names stand on boards and grids as on any staff edition; telephones do
not: whoever needs one finds it in the day's timetable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from printables import japanese
from printables.application_form import ApplicationForm
from printables.fallback import (
    Contact,
    ContactList,
    FormRegister,
    GridRow,
    LaterInput,
    LedgerSheet,
    MasterGrid,
    NearbyList,
    NearbyRow,
    NumberRange,
    PackCover,
    PriceList,
    PriceRow,
    ReceiptPage,
)
from printables.forms import Town, merged
from printables.forms import town as of_forms
from printables.money import CashBook, DaySheet
from printables.pack import Pack, blanks
from printables.qr import FormCode, form_code, form_number
from printables.shelter_card import ShelterCard
from printables.shelter_desk import Roster, ShelterReport, SupplyLedger, SupplyRequest
from printables.timetable import BoardRow, Slot, Timetable
from printables.timetable import Use as BoardUse
from printables.verify import FORM_NUMBERS
from reservations.clock import HOLIDAYS, local
from reservations.documents.paper import clock_span, forms_of
from reservations.documents.timetables import KINDS, WORDS, columns
from reservations.queries.calendar import UnitDay
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.nearby import Alternative
from reservations.queries.timetable import Use
from reservations.rules import papers
from reservations.rules.availability import Kind, Status
from reservations.rules.period import Period, day_bit
from reservations.rules.town import Residency

# A pack is drawn in memory, and a book of more pages falls apart: a larger house has volumes.
ROOMS_A_VOLUME = 60
LINES_A_SHEET = 20
BOOKS, SHELTER_SHEETS = 2, 3
PRICE_COLUMNS_MAX = 5
# What is written on a grid where nobody may write: the others are left to the pen.
_FREE = {Status.FREE, Status.NOT_OPEN, Status.TAKEN, Status.PARTLY_FREE}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a pack was given: half-open ranges, each number once in a node's life."""

    node: str
    node_no: int
    lease: int
    pad: str
    forms: range
    grids: range
    cards: range
    receipts: range


@dataclass(frozen=True, slots=True)
class SheetState:
    """How far a sheet of the ledger was read when the pack was made."""

    date: date
    name: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Full:
    """A time at which a room is taken, and what is free near by, the nearest first."""

    unit: LentUnit
    date: date
    period: Period
    instead: Sequence[Alternative]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a pack is made from.

    days     30 days of each unit, in the order of the units
    covered  the sheets on which the pack may write once it is opened
    mac      the key of this pack's numbered forms
    full     the first times at which a room is taken; `full_more` counts those beyond them
    """

    place: Place
    at: datetime
    days: Sequence[Sequence[UnitDay]]
    uses: Sequence[Use]
    covered: Sequence[SheetState]
    numbers: Numbers
    mac: bytes
    fingerprint: str
    support: tuple[str, str] = ("", "")
    full: Sequence[Full] = ()
    full_more: int = 0


def volumes(contents: Contents) -> list[Pack]:
    """The pack, in as many volumes as its rooms need.

    Whatever is written on is in the first: master grids of all rooms, numbered forms, receipts.
    The others have the boards and prices of further rooms.
    """
    shares = [
        contents.days[first : first + ROOMS_A_VOLUME]
        for first in range(0, len(contents.days), ROOMS_A_VOLUME)
    ]
    common: dict[str, Any] = {"issued_at": local(contents.at), "node": contents.numbers.node}
    packs = [pack(contents, shares[0] if shares else (), count=len(shares))]
    for number, share in enumerate(shares[1:], 2):
        prices = tuple(_prices(contents, share, common))
        cover = _cover(contents, share, prices, number=number, count=len(shares))
        boards = tuple(_board(contents, unit_days) for unit_days in share)
        packs.append(Pack(cover=cover, boards=boards, prices=prices))
    return packs


def pack(contents: Contents, share: Sequence[Sequence[UnitDay]], *, count: int) -> Pack:
    """The records of every part, in no other order than the pack's own form says.

    share   the rooms of the first volume, of `count`
    """
    here, place, numbers = local(contents.at), contents.place, contents.numbers
    common: dict[str, Any] = {"issued_at": here, "node": numbers.node}
    ranges = _ranges(numbers)
    desk: dict[str, Any] = {**common, "facility": place.name, "pad": numbers.pad, "ranges": ranges}
    sheets = range(0, len(numbers.forms), LINES_A_SHEET)
    prices = tuple(_prices(contents, share, common))
    return Pack(
        cover=_cover(contents, share, prices, number=1, count=count),
        grids=_grids(contents, common),
        ledgers=tuple(
            LedgerSheet(
                **common,
                facility=place.name,
                ledger_number=f"{numbers.pad}-L{page:02d}",
                first=first + 1,
                count=LINES_A_SHEET,
            )
            for page, first in enumerate(sheets, 1)
        ),
        boards=tuple(_board(contents, unit_days) for unit_days in share),
        nearby=(_nearby(contents, common),),
        forms=blanks(
            ApplicationForm(**common),
            numbers.node,
            numbers.forms,
            _corner(contents, "application_form"),
        ),
        receipts=tuple(
            ReceiptPage(
                **common,
                facility=place.name,
                upper=receipt_number(numbers.node, first),
                lower=receipt_number(numbers.node, first + 1),
                book_number=f"綴り　{numbers.pad}",
            )
            for first in numbers.receipts[::2]
        ),
        cash_books=(CashBook(**common, desk=place.name, period="　"),) * BOOKS,
        day_sheets=(DaySheet(**common, desk=place.name, day=here.date()),),
        registers=(FormRegister(**desk),),
        prices=prices,
        shelter_cards=blanks(
            ShelterCard(**common, shelter=place.name),
            numbers.node,
            numbers.cards,
            _corner(contents, "shelter_card"),
        ),
        rosters=(Roster(**common, shelter=place.name, as_of=here),) * SHELTER_SHEETS,
        shelter_reports=(ShelterReport(**common, shelter=place.name),) * SHELTER_SHEETS,
        supply_requests=(SupplyRequest(**common, shelter=place.name),) * SHELTER_SHEETS,
        supply_ledgers=(SupplyLedger(**common, shelter=place.name),) * SHELTER_SHEETS,
        contacts=(_contacts(contents, common),),
        later_inputs=(LaterInput(**desk),),
    )


def pack_forms(contents: Contents) -> Town:
    """The forms of the facility's town."""
    rules = contents.place.town.rules_on(local(contents.at).date())
    mark = {"marking": papers.marking(rules)}
    own = forms_of(contents.place, rules)
    return of_forms(
        merged(own, {"forms": dict.fromkeys(("application_form", "receipt_page"), mark)})
    )


def receipt_number(node: str, serial: int) -> str:
    return f"{node}-P{serial:06d}"


def _ranges(numbers: Numbers) -> tuple[NumberRange, ...]:
    def of(form: str, serials: range, number: Callable[[str, int], str]) -> NumberRange:
        first, last = (number(numbers.node, serial) for serial in (serials[0], serials[-1]))
        return NumberRange(form, first, last, len(serials))

    kinds = (
        ("使用許可申請書", numbers.forms, form_number),
        ("原簿", numbers.grids, form_number),
        ("避難者カード", numbers.cards, form_number),
        ("領収書", numbers.receipts, receipt_number),
    )
    return tuple(of(form, serials, number) for form, serials, number in kinds if serials)


def _corner(contents: Contents, paper: str) -> Callable[[int], str]:
    numbers = contents.numbers

    def code(serial: int) -> str:
        named = FormCode(FORM_NUMBERS[paper], numbers.node_no, numbers.lease, serial)
        return form_code(named, contents.mac)

    return code


def _cover(
    contents: Contents,
    share: Sequence[Sequence[UnitDay]],
    prices: Sequence[PriceList],
    *,
    number: int,
    count: int,
) -> PackCover:
    days, numbers = [sheet.date for sheet in contents.covered], contents.numbers
    covers = "この拠点が持つ台帳はありません。原簿は入っていません。"
    if days:
        covers = f"{japanese.wareki_weekday(days[0])}から{japanese.short_day(days[-1])}まで"
    first = (number - 1) * ROOMS_A_VOLUME + 1
    rooms = f"{first}から{first + len(share) - 1}（全部で{len(contents.days)}室）"
    return PackCover(
        issued_at=local(contents.at),
        node=numbers.node,
        facility=contents.place.name,
        pad=numbers.pad,
        ranges=_ranges(numbers) if number == 1 else (),
        as_of=local(contents.at),
        sequence=f"台帳{len(days)}葉、計{sum(sheet.number for sheet in contents.covered)}行まで",
        covers=covers,
        fingerprint=contents.fingerprint,
        volume=f"全{count}冊の第{number}冊" if count > 1 else "",
        rooms=rooms if count > 1 else "",
        absent=tuple(_absent(contents, share, prices, number=number)),
    )


def _absent(
    contents: Contents,
    share: Sequence[Sequence[UnitDay]],
    prices: Sequence[PriceList],
    *,
    number: int,
) -> Iterator[str]:
    """What somebody would look for in this volume and not find."""
    days, rest = [sheet.date for sheet in contents.covered], len(contents.days) - len(share)
    if number > 1:
        yield "原簿、受付台帳、番号のある用紙、領収書、避難所の用紙は、第1冊にあります。"
    if rest:
        yield (
            f"室場別予定表と料金表は、{len(share)}室分だけです。"
            f"ほかの{rest}室の予定表と料金表は、別の冊にあります。"
        )
    if number == 1 and days:
        yield (
            f"原簿は、{japanese.short_day(days[0])}から{japanese.short_day(days[-1])}までの日だけ"
            "です。そのあとの日は、予定表を見るだけにし、貸す約束はしません。"
        )
    elif number == 1:
        yield "原簿はありません。貸す約束はできません。申請書を受け取り、返事を待ってもらいます。"
    yield "使う人の電話番号はありません。職員用の利用日程表を、別に印刷してください。"
    listed = {row.label for each in prices for row in each.rows}
    missing = sum(unit_days[0].unit.name not in listed for unit_days in share)
    if missing:
        yield f"料金が決まっていない{missing}室は、料金表にありません。"


def _nearby(contents: Contents, common: dict[str, Any]) -> NearbyList:
    """満室のとき: the taken times of the coming days, each with the nearest free elsewhere."""
    rows = tuple(
        NearbyRow(
            each.unit.name,
            f"{japanese.short_day(each.date)}\n{clock_span(each.period)}",
            *(_offer_text(found) for found in each.instead[:2]),
        )
        for each in contents.full
    )
    note = "" if rows else "作った時点で、満室の時間はありませんでした。"
    if contents.full_more:
        more = f"このほかに、満室の時間が{contents.full_more}コマあります。"
        note = f"{more}上の施設に電話で聞いてください。"
    return NearbyList(
        **common,
        facility=contents.place.name,
        as_of=local(contents.at),
        rows=rows,
        note=note,
    )


def _offer_text(found: Alternative) -> str:
    offer, place = found.offer.candidate, found.unit.place
    fee = "" if offer.fee_yen is None else japanese.yen(offer.fee_yen)
    phone = f"電話 {place.phone}" if place.phone else "電話は分かりません"
    about = (clock_span(Period(offer.start, offer.end)), fee, phone)
    where = f"{place.name}　{found.unit.name}　{offer.distance_m / 1000:.1f}km"
    return f"{where}\n{'　'.join(filter(None, about))}"


# Boards and grids


def _board(contents: Contents, days: Sequence[UnitDay]) -> Timetable:
    """室場別予定表: one unit, its days as rows."""
    unit, here = days[0].unit, local(contents.at)
    uses = [use for use in contents.uses if not set(use.unit.parts).isdisjoint(unit.parts)]
    heads = columns(days, uses)
    rows = tuple(
        BoardRow(
            japanese.short_day(day.date),
            tuple(_slot(day, uses, period) for _, period in heads),
        )
        for day in days
    )
    first, last = days[0].date, days[-1].date
    return Timetable(
        issued_at=here,
        facility=contents.place.name,
        period=f"{unit.name}　{japanese.wareki_weekday(first)}から{japanese.short_day(last)}まで",
        as_of=f"{japanese.short_day(here.date())}{japanese.clock(here)}現在",
        corner_label="日",
        heads=tuple(head for head, _ in heads),
        rows=rows,
        audience="staff",
        node=contents.numbers.node,
    )


def _slot(day: UnitDay, uses: Sequence[Use], period: Period) -> Slot:
    held = _held(day, uses, period)
    if held:
        return Slot(tuple(BoardUse(clock_span(use.period), _name(use, day.unit)) for use in held))
    return Slot(word=_word(day, period))


def _held(day: UnitDay, uses: Sequence[Use], period: Period) -> list[Use]:
    parts = set(day.unit.parts)
    return [
        use
        for use in uses
        if use.date == day.date
        and use.period.overlaps(period)
        and not parts.isdisjoint(use.unit.parts)
    ]


def _name(use: Use, beside: LentUnit) -> str:
    name = (use.called or "予約あり") if use.kind is Kind.USE else KINDS[use.kind]
    return name if use.unit.id == beside.id else f"{name}（{use.unit.name}）"


def _word(day: UnitDay, period: Period) -> str:
    found = {cell.status for cell in day.cells if cell.period.overlaps(period)}
    if not found:
        return WORDS[Status.CLOSED]
    return next(word for status, word in WORDS.items() if status in found)


def _grids(contents: Contents, common: dict[str, Any]) -> tuple[MasterGrid, ...]:
    """原簿, one a sheet of the ledger: what is taken is printed, what is free is for the pen."""
    by_day = {day.date: index for index, day in enumerate(contents.days[0])}
    numbers = contents.numbers
    shown = smallest([days[0].unit for days in contents.days])
    grids = []
    for sheet in contents.covered:
        days = [contents.days[index][by_day[sheet.date]] for index in shown]
        uses = [use for use in contents.uses if use.date == sheet.date]
        heads = columns(days, uses)
        rows = tuple(
            GridRow(day.unit.name, tuple(_entry(day, uses, period) for _, period in heads))
            for day in days
        )
        grids.append(
            MasterGrid(
                **common,
                facility=contents.place.name,
                day=sheet.date,
                as_of=local(contents.at),
                sheet=sheet.name,
                entry_number=sheet.number,
                entry_hash=sheet.hash[:8],
                pad=numbers.pad,
                heads=tuple(head for head, _ in heads),
                rows=rows,
            )
        )
    corner = _corner(contents, "master_grid")
    return tuple(
        replace(grid, form_number=form_number(numbers.node, serial), corner=corner(serial))
        for grid, serial in zip(grids, numbers.grids, strict=True)
    )


def smallest(units: Sequence[LentUnit]) -> list[int]:
    """Which units stand on a grid: for every part the smallest that it is lent in."""
    order = sorted(range(len(units)), key=lambda index: (len(units[index].parts), index))
    covered: set[int] = set()
    chosen = []
    for index in order:
        if not covered.issuperset(units[index].parts):
            chosen.append(index)
            covered.update(units[index].parts)
    return sorted(chosen)


def _entry(day: UnitDay, uses: Sequence[Use], period: Period) -> str:
    held = _held(day, uses, period)
    if not held:
        found = {cell.status for cell in day.cells if cell.period.overlaps(period)}
        return "" if found & _FREE else f"／　{_word(day, period)}"
    return "\n".join(
        f"{clock_span(use.period)}　{_name(use, day.unit)}　{use.number}" for use in held
    )


# Prices and people


def _prices(
    contents: Contents, share: Sequence[Sequence[UnitDay]], common: dict[str, Any]
) -> list[PriceList]:
    """料金表 of a weekday for residents; the surcharge for others is a sentence."""
    if not share:
        return []
    day = next((each.date for each in share[0] if each.date.weekday() < 5), share[0][0].date)
    bit = day_bit(day, is_holiday=day in HOLIDAYS)
    rules = contents.place.town.rules_on(local(contents.at).date())
    table: dict[str, dict[str, int]] = {}
    heads: list[str] = []
    for unit_days in share:
        unit = unit_days[0].unit
        lent = unit.lending_on(day, bit)
        pieces = [(f"{each.label}\n{clock_span(each.period)}", each.period) for each in lent.frames]
        if not pieces:
            start = 40
            pieces = [(f"{lent.step_slots * 15}分", Period(start, start + lent.step_slots))]
        for head, period in pieces:
            fee = unit.fee(day, period, bit, Residency.RESIDENT, rules)
            if fee is None or (head not in heads and len(heads) == PRICE_COLUMNS_MAX):
                continue
            heads += [head] if head not in heads else []
            table.setdefault(unit.name, {})[head] = fee.total_yen
    if not heads:
        return []
    rows = tuple(PriceRow(name, tuple(map(yen.get, heads))) for name, yen in table.items())
    note = "平日の市内料金です。土曜日・日曜日・休日と、市外の方の料金は、ちがうことがあります。"
    return [
        PriceList(
            **common,
            facility=contents.place.name,
            valid_from=unit_days[0].unit.tariff_on(day).valid_from,
            heads=tuple(heads),
            rows=rows,
            note=note,
        )
    ]


def _contacts(contents: Contents, common: dict[str, Any]) -> ContactList:
    place = contents.place
    known = [
        Contact("この施設", place.name, place.phone),
        Contact("市区町村", place.town.name, place.town.phone),
    ]
    phone, hours = contents.support
    if phone:
        known.append(Contact("システムの問合せ", "", phone, hours=hours))
    return ContactList(**common, facility=place.name, contacts=tuple(known))
