"""When a place is open: weekdays, times and closed days of one record, read together.

Four cells say it (利用可能曜日, 開始時間, 終了時間, 特記事項), and a town may write in any of them
what belongs in another. The one promise: a text about closing is never read as an opening. Whatever
is not understood leaves the hours unconfirmed, and an unconfirmed place cannot be booked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from reservations.opendata.cells import CellStatus, folded, text_of
from reservations.opendata.closures import (
    ClosedKind,
    ClosedRule,
    Notes,
    OnHoliday,
    TimesOverride,
    read_closed_list,
    read_notes,
)
from reservations.opendata.days import DaySet, day_names, read_days
from reservations.opendata.reasons import Reason, ReasonCode, reason
from reservations.opendata.times import DAY_MINUTES, DAYLIGHT, DayTimes, read_times, written

DAYS, START, END, NOTES = "利用可能曜日", "開始時間", "終了時間", "利用可能時間特記事項"

_CLOSING = re.compile("休|閉|不可|除|禁止|中止|停止|廃止|以外|なし|^無$|施錠")
_OUT_OF_USE = re.compile(
    "(?:休館|休業|休校|休止|休園|休所|閉館|閉鎖|閉校|停止|中止|工事|改修)中|利用不可|使用不可|利用休止|使用中止|閉鎖|廃止|閉校|閉館しました"
)
_ARRANGEMENT = re.compile(
    "随時|要予約|予約制|必要時|要相談|応相談|不定|問い?合わ?せ|開設日|申請があった"
)
_EXCEPT = re.compile(r"^(?P<before>.*?)\(?(?P<days>[^()]+?)(?:は|を)?除く\)?(?P<after>.*)$")


class HoursState(StrEnum):
    """Whether the hours can be relied upon.

    open        understood: the weekly hours and closed rules hold
    suspended   understood: out of use for now
    unstated    the town says nothing, or not enough, and nothing contradicts it
    unknown     something was not understood; a clerk must read it
    """

    OPEN = "open"
    SUSPENDED = "suspended"
    UNSTATED = "unstated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Span:
    """Half-open [start, end) in minutes of the day; an end after 1440 is the next day."""

    start: int
    end: int


NEVER: tuple[tuple[Span, ...], ...] = ((),) * 7


@dataclass(frozen=True)
class Hours:
    """When one place is open.

    weekdays   0 is Monday; days that may be open, before `closed` is applied
    weekly     spans of each weekday; () where the day is closed or its times are not stated
    holiday    spans on public holidays where they differ; None where they do not
    closed     every rule closes; it wins over weekly and holiday
    daylight   sunrise or sunset stands behind a time, narrowed to DAYLIGHT
    """

    state: HoursState = HoursState.UNSTATED
    weekdays: frozenset[int] = frozenset()
    weekly: tuple[tuple[Span, ...], ...] = NEVER
    holiday: tuple[Span, ...] | None = None
    closed: tuple[ClosedRule, ...] = ()
    daylight: bool = False

    @property
    def open_weekdays(self) -> frozenset[int]:
        """Weekdays on which it can be open at all: listed, and not closed every week."""
        every_week = {
            rule.weekday
            for rule in self.closed
            if rule.kind is ClosedKind.WEEKDAY and rule.on_holiday is OnHoliday.CLOSED
        }
        return frozenset(self.weekdays - every_week)

    @property
    def is_bookable(self) -> bool:
        """Whether anything may be lent before a clerk has confirmed these hours."""
        return self.state is HoursState.OPEN and any(self.weekly[day] for day in self.open_weekdays)


@dataclass(frozen=True)
class Remark:
    """What is to be said about one of the four cells."""

    column: str
    status: CellStatus
    reason: Reason


@dataclass(frozen=True)
class HoursReading:
    """Hours and what a clerk should know about how they were read.

    needs_clerk   something was not understood: the record is queued
    """

    hours: Hours
    remarks: tuple[Remark, ...] = ()

    @property
    def needs_clerk(self) -> bool:
        return any(remark.status is CellStatus.UNKNOWN for remark in self.remarks)


@dataclass(frozen=True)
class _Days:
    """The first cell: days, closed days found in it, and its remarks."""

    days: DaySet | None = None
    closed: tuple[ClosedRule, ...] = ()
    suspended: bool = False
    remarks: tuple[Remark, ...] = ()


def read_hours(days: str, start: str, end: str, notes: str = "") -> HoursReading:
    """The hours in the four cells of a record; never raises, whatever is in them.

    Empty cells are no fault: the state is then unstated. See Hours for what is returned.
    """
    listed = _read_days_cell(text_of(days))
    said = read_notes(text_of(notes)) if text_of(notes) else Notes()
    times, time_remarks = _read_time_cells(text_of(start), text_of(end))
    remarks = (*listed.remarks, *time_remarks, *_note_remarks(said))
    weekdays, closed = _combined(listed, said)
    if listed.suspended or said.suspended:
        return HoursReading(Hours(HoursState.SUSPENDED, closed=closed), remarks)
    spans, holiday, span_remarks = _spans(weekdays, times, said.overrides, start, end)
    remarks += span_remarks
    daylight = any(r.reason.code is ReasonCode.HOURS_NARROWED_TO_DAYLIGHT for r in remarks)
    state = HoursState.UNSTATED
    if any(remark.status is CellStatus.UNKNOWN for remark in remarks):
        state = HoursState.UNKNOWN
    elif any(spans) and listed.days is not None:
        state = HoursState.OPEN
    return HoursReading(Hours(state, weekdays, spans, holiday, closed, daylight), remarks)


def format_hours(hours: Hours) -> tuple[str, str, str, str]:
    """(days, start, end, notes) as the national format writes them; `read_hours` reads them back.

    Holds for states open and unstated with at most one span a day; anything else keeps to words
    that are read as suspended or not understood.
    """
    if hours.state is HoursState.SUSPENDED:
        return "利用休止中", "", "", ""
    days = day_names(hours.weekdays)
    start = _format_times(hours, lambda span: span.start, is_end=False)
    end = _format_times(hours, lambda span: span.end, is_end=True)
    return days, start, end, _format_closed(hours.closed)


def _read_days_cell(text: str) -> _Days:
    if not text:
        return _Days()
    packed = re.sub(r"\s+", "", folded(text)).strip("。.")
    if _OUT_OF_USE.search(packed) and not re.search(r"[月火水木金土]|\d", packed):
        out_of_use = Remark(DAYS, CellStatus.OK, reason(ReasonCode.SUSPENDED, raw=text))
        return _Days(suspended=True, remarks=(out_of_use,))
    if not _CLOSING.search(packed.replace("年中無休", "").replace("無休", "")):
        days = read_days(text)
        if days is not None:
            return _Days(days, _holidays_closed(days))
    if (found := _except(packed)) is not None or (found := _closed_list(text)) is not None:
        told = reason(ReasonCode.CLOSED_DAYS_IN_OPEN_COLUMN, raw=text)
        return replace(found, remarks=(*found.remarks, Remark(DAYS, CellStatus.REPAIRED, told)))
    code = ReasonCode.OPEN_BY_ARRANGEMENT if _ARRANGEMENT.search(packed) else None
    if code is not None and not re.search("[月火水木金土日]曜|休館|休業|定休", packed):
        return _Days(remarks=(Remark(DAYS, CellStatus.UNKNOWN, reason(code, raw=text)),))
    told = reason(ReasonCode.HOURS_NOT_UNDERSTOOD, column=DAYS, raw=text)
    return _Days(remarks=(Remark(DAYS, CellStatus.UNKNOWN, told),))


def _holidays_closed(days: DaySet) -> tuple[ClosedRule, ...]:
    """平日 leaves holidays out; 第2・4土 leaves the other Saturdays out."""
    rules = [ClosedRule(ClosedKind.HOLIDAY)] if days.working and not days.holidays else []
    for weekday in sorted({day for day, _ in days.nth}):
        open_on = {nth for day, nth in days.nth if day == weekday}
        rules += [
            ClosedRule(ClosedKind.NTH_WEEKDAY, weekday=weekday, nth=nth)
            for nth in range(1, 6)
            if nth not in open_on
        ]
    return tuple(rules)


def _except(packed: str) -> _Days | None:
    """毎日(祝日を除く), 月曜・祝日を除く毎日: the days named are closed, the others open."""
    found = _EXCEPT.match(packed)
    if found is None:
        return None
    others = (
        read_days(found["before"] + found["after"]) if found["before"] + found["after"] else None
    )
    closed = read_closed_list(found["days"])
    if closed is None or (others is None and (found["before"] or found["after"])):
        return None
    return _open_but(others, closed[0], closed[1])


def _closed_list(text: str) -> _Days | None:
    """水曜日・12月29日〜1月3日休み: everything in the cell is closed, the rest of the week open."""
    # In this cell a semicolon divides days (月;火;水), not sentences.
    said = read_notes(folded(text).replace(";", "、"))
    if said.not_understood or said.suspended or said.overrides or not said.closed:
        return None
    return _open_but(None, said.closed, said.reasons)


def _open_but(
    others: DaySet | None, closed: tuple[ClosedRule, ...], reasons: tuple[Reason, ...]
) -> _Days:
    shut = {rule.weekday for rule in closed if rule.kind is ClosedKind.WEEKDAY}
    base = others.weekdays if others is not None else frozenset(range(7))
    kept = _holidays_closed(others) if others is not None else ()
    remarks = tuple(Remark(DAYS, _note_status(told), told) for told in reasons)
    return _Days(DaySet(frozenset(base - shut)), (*kept, *closed), remarks=remarks)


def _note_status(told: Reason) -> CellStatus:
    assumed = told.code is ReasonCode.CLOSED_DAYS_ASSUMED
    return CellStatus.PROPOSED if assumed else CellStatus.UNKNOWN


def _note_remarks(said: Notes) -> tuple[Remark, ...]:
    remarks = [Remark(NOTES, _note_status(told), told) for told in said.reasons]
    if said.suspended:
        told = reason(ReasonCode.SUSPENDED, raw=said.suspended)
        remarks.append(Remark(NOTES, CellStatus.OK, told))
    for clause in said.not_understood:
        told = reason(ReasonCode.CLOSED_DAYS_NOT_UNDERSTOOD, text=clause)
        remarks.append(Remark(NOTES, CellStatus.UNKNOWN, told))
    return tuple(remarks)


def _read_time_cells(
    start: str, end: str
) -> tuple[tuple[DayTimes, DayTimes] | None, tuple[Remark, ...]]:
    """Both times, or None with the reason; one cell may hold both (9:00〜17:00)."""
    if start and not end and (both := re.fullmatch(r"([^~]+)~([^~]+)", folded(start))):
        start, end = both[1], both[2]
    if not start and not end:
        return None, ()
    remarks = []
    opens = read_times(start, is_end=False) if start else None
    closes = read_times(end, is_end=True) if end else None
    for column, raw, found in ((START, start, opens), (END, end, closes)):
        if raw and found is None:
            told = reason(ReasonCode.HOURS_NOT_UNDERSTOOD, column=column, raw=raw)
            remarks.append(Remark(column, CellStatus.UNKNOWN, told))
    if remarks:
        return None, tuple(remarks)
    if opens is not None and opens.whole and closes is None:
        closes = DayTimes((DAY_MINUTES,) * 7, whole=True)
    if opens is None or closes is None:
        column = END if closes is None else START
        told = reason(ReasonCode.HOURS_INCOMPLETE)
        return None, (Remark(column, CellStatus.UNKNOWN, told),)
    if opens.sun or closes.sun:
        bright = {"start": written(DAYLIGHT[0]), "end": written(DAYLIGHT[1])}
        told = reason(ReasonCode.HOURS_NARROWED_TO_DAYLIGHT, **bright)
        remarks.append(Remark(START if opens.sun else END, CellStatus.PROPOSED, told))
    return (opens, closes), tuple(remarks)


def _combined(listed: _Days, said: Notes) -> tuple[frozenset[int], tuple[ClosedRule, ...]]:
    """Weekdays and closed rules of both cells; what the remarks close, the list does not open."""
    closed = list(listed.closed)
    for rule in said.closed:
        if rule not in closed:
            closed.append(rule)
    days = listed.days
    weekdays = frozenset(range(7)) if days is None else days.weekdays | {d for d, _ in days.nth}
    shut = {
        rule.weekday
        for rule in closed
        if rule.kind is ClosedKind.WEEKDAY and rule.on_holiday is OnHoliday.CLOSED
    }
    if days is None and not said.closed:
        return frozenset(), tuple(closed)
    return frozenset(weekdays - shut), tuple(closed)


def _spans(
    weekdays: frozenset[int],
    times: tuple[DayTimes, DayTimes] | None,
    overrides: tuple[TimesOverride, ...],
    raw_start: str,
    raw_end: str,
) -> tuple[tuple[tuple[Span, ...], ...], tuple[Span, ...] | None, tuple[Remark, ...]]:
    """Spans of the week and of holidays; a remark instead where a pair makes no sense."""
    if times is None:
        return NEVER, None, ()
    opens, closes = list(times[0].weekdays), list(times[1].weekdays)
    holiday: list[int | None] = [times[0].holiday, times[1].holiday]
    for override in overrides:
        for day in override.days.weekdays:
            opens[day] = override.start if override.start is not None else opens[day]
            closes[day] = override.end if override.end is not None else closes[day]
        if override.days.holidays:
            holiday = [override.start, override.end]
    # Where no day is stated the times are kept for every day, but the state stays unstated.
    days = weekdays or frozenset(range(7))
    spans = [_span(opens[day], closes[day]) if day in days else None for day in range(7)]
    if any(spans[day] is None for day in days):
        told = reason(ReasonCode.HOURS_NOT_UNDERSTOOD, column="時間", raw=f"{raw_start}〜{raw_end}")
        return NEVER, None, (Remark(END, CellStatus.UNKNOWN, told),)
    on_holidays = None
    if holiday != [None, None]:
        start = holiday[0] if holiday[0] is not None else opens[6]
        end = holiday[1] if holiday[1] is not None else closes[6]
        found = _span(start, end)
        on_holidays = () if found is None else (found,)
    return tuple((span,) if span is not None else () for span in spans), on_holidays, ()


def _span(start: int | None, end: int | None) -> Span | None:
    """One day's span; an end before the start is the next morning only for a stay overnight."""
    if start is None or end is None or start >= DAY_MINUTES:
        return None
    if end > start:
        return Span(start, end)
    overnight = start >= DAY_MINUTES // 2 >= end
    return Span(start, end + DAY_MINUTES) if overnight else None


def _format_times(hours: Hours, of: object, *, is_end: bool) -> str:
    """One time for all days, or 月火9:00、水木10:00; an end on the next day as its clock."""
    assert callable(of)
    by_time: dict[int, set[int]] = {}
    for day, spans in enumerate(hours.weekly):
        for span in spans[:1]:
            by_time.setdefault(of(span), set()).add(day)
    holiday = of(hours.holiday[0]) if hours.holiday else None

    def clock(minutes: int) -> str:
        return written(minutes - DAY_MINUTES if is_end and minutes > DAY_MINUTES else minutes)

    if len(by_time) <= 1 and holiday is None:
        return "".join(clock(minutes) for minutes in by_time)
    parts = [
        day_names(frozenset(days)) + ("祝" if minutes == holiday else "") + clock(minutes)
        for minutes, days in sorted(by_time.items())
    ]
    if holiday is not None and holiday not in by_time:
        parts.append(f"祝{clock(holiday)}")
    return "、".join(parts)


_THEN = {
    OnHoliday.OPEN: "(祝日は開館)",
    OnHoliday.NEXT_DAY: "(祝日の場合は翌日)",
    OnHoliday.NEXT_WORKING_DAY: "(祝日の場合は翌平日)",
    OnHoliday.CLOSED: "",
}


def _format_closed(closed: tuple[ClosedRule, ...]) -> str:
    items = [_format_rule(rule) for rule in closed]
    return "休館日:" + "、".join(items) if items else ""


def _format_rule(rule: ClosedRule) -> str:
    named = day_names(frozenset({rule.weekday})) + "曜日" if rule.weekday is not None else ""
    after = "の翌日" if rule.days_after else ""
    match rule.kind:
        case ClosedKind.WEEKDAY:
            return f"毎週{named}{_THEN[rule.on_holiday]}"
        case ClosedKind.NTH_WEEKDAY:
            which = "最終" if rule.nth == -1 else f"第{rule.nth}"
            return f"毎月{which}{named}{after}{_THEN[rule.on_holiday]}"
        case ClosedKind.HOLIDAY:
            return "祝日"
        case ClosedKind.DAY_AFTER_HOLIDAY:
            return "祝日の翌日"
        case ClosedKind.DAY_OF_MONTH:
            return f"毎月{rule.day}日"
        case ClosedKind.DATES:
            assert rule.first is not None and rule.last is not None
            first, last = f"{rule.first[0]}/{rule.first[1]}", f"{rule.last[0]}/{rule.last[1]}"
            return first if first == last else f"{first}～{last}"
        case ClosedKind.IRREGULAR:
            return rule.text
