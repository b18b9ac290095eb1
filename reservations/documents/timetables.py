"""利用日程表: what a facility is used for on a day or in a week, for its door or for its desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from printables import japanese
from printables.forms import merged
from printables.timetable import BoardRow, Slot, Timetable
from printables.timetable import Use as BoardUse
from reservations.clock import local
from reservations.documents.paper import Document, clock_span, forms_of
from reservations.queries.calendar import UnitDay
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.timetable import Use
from reservations.rules import papers
from reservations.rules.availability import Kind, Status
from reservations.rules.period import Period

TIMETABLE = "timetable"
FRAMES_ON_BOARD_MAX = 4
PARTS_OF_DAY = (
    ("午前　12:00まで", Period(0, 48)),
    ("午後　12:00〜18:00", Period(48, 72)),
    ("夜間　18:00から", Period(72, 192)),
)
WHOLE_DAY = Period(0, 192)
KINDS = {
    Kind.OFFICIAL: "行政使用",
    Kind.MAINTENANCE: "保守点検",
    Kind.CLOSURE: "休館",
    Kind.PUBLIC: "一般開放",
    Kind.EMERGENCY: "災害対応",
}
# The first that applies. What nobody has booked and nobody may book now is not said to be free.
WORDS = {
    Status.FREE: "空き",
    Status.TAKEN: "予約あり",
    Status.EMERGENCY: "災害対応",
    Status.MAINTENANCE: "点検・行事",
    Status.PUBLIC: "一般開放",
    Status.LOTTERY_OPEN: "抽選受付中",
    Status.LOTTERY: "抽選待ち",
    Status.NOT_OPEN: "予約なし",
    Status.CLOSED: "休館",
}


@dataclass(frozen=True, slots=True)
class Board:
    """For whom and as of when a timetable is made.

    is_staff   職員用 has names, telephones and boxes for the key; 掲示用 says only that it is taken
    """

    at: datetime
    is_staff: bool
    node: str = ""


def day_timetable(
    place: Place, days: Sequence[UnitDay], uses: Sequence[Use], board: Board
) -> Document:
    """利用日程表 of one day: rooms by the frames of the day, or by its three parts.

    days   the same day of each unit (queries/calendar.py)
    """
    shown = columns(days, uses)
    rows = tuple(
        BoardRow(day.unit.name, tuple(_slot(day, uses, board, period) for _, period in shown))
        for day in days
    )
    return _timetable(
        place,
        board,
        period=japanese.wareki_weekday(days[0].date),
        heads=tuple(head for head, _ in shown),
        rows=rows,
        has_keys=board.is_staff,
    )


def week_timetable(
    place: Place, weeks: Sequence[Sequence[UnitDay]], uses: Sequence[Use], board: Board
) -> Document:
    """利用日程表 of several days: rooms by days.

    weeks   the same days of each unit (queries/calendar.py)
    """
    days = [day.date for day in weeks[0]]
    rows = tuple(
        BoardRow(week[0].unit.name, tuple(_slot(day, uses, board) for day in week))
        for week in weeks
    )
    return _timetable(
        place,
        board,
        period=f"{japanese.wareki_weekday(days[0])}から{japanese.short_day(days[-1])}まで",
        heads=tuple(japanese.short_day(day) for day in days),
        rows=rows,
    )


def _timetable(place: Place, board: Board, **more: Any) -> Document:
    here = local(board.at)
    rules = place.town.rules_on(here.date())
    record = Timetable(
        issued_at=here,
        facility=place.name,
        as_of=f"{japanese.short_day(here.date())}{japanese.clock(here)}現在",
        corner_label="室場",
        audience="staff" if board.is_staff else "public",
        node=board.node,
        **more,
    )
    of_town = forms_of(place, rules)
    if mark := papers.marking(rules):
        # The place of the marking is taken: it says for whom the board is.
        title = f"{{facility_name}}　利用日程表（{mark}）"
        of_town = merged(of_town, {"forms": {TIMETABLE: {"title": title}}})
    return Document(TIMETABLE, record, of_town)


def columns(days: Sequence[UnitDay], uses: Sequence[Use]) -> list[tuple[str, Period]]:
    """Heads and periods: the frames of the day, if all rooms share a few and nothing lies beside
    them; else its parts."""
    labels = {cell.period: cell.label for day in days for cell in day.cells}
    periods = sorted(labels)
    is_plain = 0 < len(periods) <= FRAMES_ON_BOARD_MAX and all(
        one.end <= other.start for one, other in pairwise(periods)
    )
    if is_plain and all(any(p.overlaps(use.period) for p in periods) for use in uses):
        return [(_head(labels[period], period), period) for period in periods]
    return list(PARTS_OF_DAY)


def _head(label: str, period: Period) -> str:
    times = clock_span(period)
    return times if label == str(period) else f"{label}　{times}"


def _slot(day: UnitDay, uses: Sequence[Use], board: Board, within: Period = WHOLE_DAY) -> Slot:
    """What a unit is used for in a part of a day, or a word for why it is not."""
    parts = set(day.unit.parts)
    held = [
        use
        for use in uses
        if use.date == day.date
        and use.period.overlaps(within)
        and not parts.isdisjoint(use.unit.parts)
    ]
    own = [_use(use, board) for use in held if use.unit.id == day.unit.id]
    others = _by_period(day.unit, held)
    if own:
        return Slot((*own, *(BoardUse(times, words) for times, words in others)))
    if others:
        # A narrow column has the time on a line of its own.
        between = "\n" if within is WHOLE_DAY else "　"
        return Slot(word="\n".join(f"{times}{between}{words}" for times, words in others))
    found = {cell.status for cell in day.cells if cell.period.overlaps(within)}
    if not found:
        return Slot(word=WORDS[Status.CLOSED])
    return Slot(word=next(word for status, word in WORDS.items() if status in found))


def _by_period(unit: LentUnit, held: Sequence[Use]) -> list[tuple[str, str]]:
    """When and by which other units a unit's floor is held; their own rows say by whom."""
    names: dict[Period, list[str]] = {}
    for use in held:
        if use.unit.id != unit.id:
            names.setdefault(use.period, []).append(_short(use.unit.name, beside=unit.name))
    return [(clock_span(each), f"{'・'.join(sorted(names[each]))}で予約") for each in sorted(names)]


def _short(name: str, *, beside: str) -> str:
    """アリーナ A面 beside アリーナ 全面 is A面."""
    first, space, rest = name.partition(" ")
    return rest if space and beside.startswith(first + space) else name


def _use(use: Use, board: Board) -> BoardUse:
    """One use as this board may show it. A public one is made without what it must not show."""
    times = clock_span(use.period)
    if use.kind is not Kind.USE:
        return BoardUse(times, KINDS[use.kind], purpose=use.note if board.is_staff else "")
    if not board.is_staff:
        return BoardUse(times, "予約あり")
    lines = (
        f"{use.number}　{japanese.yen(use.fee_yen)}",
        f"電話 {use.phone}" if use.phone else "",
    )
    people = f"{use.headcount}人" if use.headcount else ""
    return BoardUse(times, use.called, use.purpose, people, tuple(filter(None, lines)))
