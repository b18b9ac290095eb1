"""The boards of a facility or unit as plain strings: a day, a week, every cell with its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from reservations.queries import around
from reservations.queries.calendar import Cell, UnitDay
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.availability import Status
from reservations.rules.parts import touch
from reservations.rules.period import clock_text
from reservations.web import language
from reservations.web.language import gettext
from reservations.web.resident.addresses import Addresses
from reservations.web.resident.cards import spoken
from reservations.web.services import now, today
from reservations.web.statuses import PAST, sign
from reservations.web.templating import name_of

# What can still be had elsewhere at that time: these cells lead to the next town's offers.
ELSEWHERE = frozenset({Status.TAKEN, Status.CLOSED, Status.MAINTENANCE, Status.PUBLIC})


@dataclass(frozen=True, slots=True)
class BoardCell:
    """One time or day. `address` is "" where nothing can be done about it.

    head   the time or the day; word and more are what a sighted reader sees below it
    spoken the whole name: unit, day, time, status, price or date
    """

    head: str
    name: str
    mark: str
    word: str
    more: str
    spoken: Markup
    address: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """The cells of one unit on one day, or of one unit in a week."""

    title: Markup
    address: str
    cells: tuple[BoardCell, ...]


@dataclass(frozen=True, slots=True)
class BoardGroup:
    """Units that share a floor: whether the whole or a piece is booked, the rest feels it."""

    is_shared: bool
    rows: tuple[BoardRow, ...]


def groups_of(units: tuple[LentUnit, ...]) -> list[list[LentUnit]]:
    """Units in the order given, those that touch one another (rules/parts.py) together."""
    groups: list[list[LentUnit]] = []
    for unit in units:
        joined = [g for g in groups if any(touch(unit.parts, other.parts) for other in g)]
        for group in joined[1:]:
            joined[0].extend(group)
            groups.remove(group)
        if joined:
            joined[0].append(unit)
        else:
            groups.append([unit])
    return groups


def by_day(memory: Memory, days: dict[int, UnitDay], addresses: Addresses) -> list[BoardGroup]:
    """One day: a row a unit, a cell a frame."""
    units = tuple(day.unit for day in days.values())
    return [
        BoardGroup(
            len(group) > 1,
            tuple(_day_row(memory, days[unit.id], _title(unit), addresses) for unit in group),
        )
        for group in groups_of(units)
    ]


def week_of_unit(memory: Memory, days: list[UnitDay], addresses: Addresses) -> list[BoardGroup]:
    """One unit: a row a day, a cell a frame."""
    rows = tuple(
        _day_row(memory, day, Markup("{}").format(language.near_day_text(day.date, today())),
                 addresses)
        for day in days
    )  # fmt: skip
    return [BoardGroup(is_shared=False, rows=rows)]


def week_of_units(
    memory: Memory, weeks: list[list[UnitDay]], addresses: Addresses
) -> list[BoardGroup]:
    """Many units: a row a unit, a cell a day that leads to the frames of that day."""
    by_unit = {week[0].unit.id: week for week in weeks}
    return [
        BoardGroup(
            len(group) > 1,
            tuple(_week_row(memory, by_unit[unit.id], addresses) for unit in group),
        )
        for group in groups_of(tuple(week[0].unit for week in weeks))
    ]


def _week_row(memory: Memory, week: list[UnitDay], addresses: Addresses) -> BoardRow:
    unit, first = week[0].unit, week[0].date
    title = _title(unit)
    return BoardRow(
        title,
        addresses.unit(unit.id, view="week", date=first.isoformat()),
        tuple(_whole_day(memory, day, title, addresses) for day in week),
    )


def _title(unit: LentUnit) -> Markup:
    return name_of(unit.name, unit.name_en)


def _day_row(memory: Memory, day: UnitDay, title: Markup, addresses: Addresses) -> BoardRow:
    cells = tuple(_frame(memory, cell, addresses) for cell in day.cells)
    return BoardRow(
        title,
        addresses.unit(day.unit.id, date=day.date.isoformat()),
        cells or (_whole_day(memory, day, _title(day.unit), addresses, is_link=False),),
    )


def _frame(memory: Memory, cell: Cell, addresses: Addresses) -> BoardCell:
    unit, day, period = cell.unit, cell.date, cell.period
    is_past = around.is_over(day, period, now())
    has_ended = is_past or (cell.status is Status.NOT_OPEN and cell.opens_on is None)
    shown = sign(PAST if has_ended else cell.status)
    more = ""
    address = ""
    if has_ended:
        more = "" if is_past else gettext("窓口へ")
    elif cell.status is Status.FREE:
        assert cell.fee is not None
        more = language.yen(cell.fee.total_yen)
        address = addresses.check(unit, day, period)
    else:
        more = _opens(memory, unit, day, cell.status, cell.opens_on)
    if not has_ended and cell.status in ELSEWHERE:
        times = {"start": clock_text(period.start), "end": clock_text(period.end)}
        address = addresses.unit(unit.id, date=day.isoformat(), **times) + "#next"
    name = spoken(unit, day, period, shown.name, more)
    if address and cell.status in ELSEWHERE:
        name += escape(gettext("。この時間のほかの空きを見る"))
    time = language.time_text(period)
    return BoardCell(time, shown.name, shown.mark, shown.word, more, name, address)


def _whole_day(
    memory: Memory, day: UnitDay, title: Markup, addresses: Addresses, *, is_link: bool = True
) -> BoardCell:
    """A day in one cell; its frames stand on the page behind it."""
    is_past = bool(day.cells) and all(around.is_over(day.date, c.period, now()) for c in day.cells)
    shown = sign(PAST if is_past else day.status)
    opens_on = min((cell.opens_on for cell in day.cells if cell.opens_on), default=None)
    free = sum(cell.status is Status.FREE for cell in day.cells)
    if free:
        more = gettext("%(free)s／%(all)sコマ", free=free, all=len(day.cells))
    else:
        more = "" if is_past else _opens(memory, day.unit, day.date, day.status, opens_on)
    head = language.short_day_text(day.date)
    parts = [part for part in (title, head, shown.word, more) if part]
    address = addresses.unit(day.unit.id, date=day.date.isoformat()) if is_link else ""
    return BoardCell(
        head,
        shown.name,
        shown.mark,
        shown.word,
        more,
        Markup(language.comma()).join(parts),
        address,
        language.day_tone(day.date),
    )


def _opens(memory: Memory, unit: LentUnit, day: date, status: Status, opens_on: date | None) -> str:
    """The date that a closed cell owes its reader."""
    if status is Status.NOT_OPEN and opens_on is not None:
        return gettext("%(day)sから受付", day=language.short_day_text(opens_on))
    if status is Status.CLOSED:
        opens = around.next_open_day(memory, unit, day)
        if opens is not None:
            return gettext("次は%(day)s", day=language.short_day_text(opens))
    return ""
