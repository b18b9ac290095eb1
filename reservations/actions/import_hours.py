"""Hours as towns write them, turned into the stored form of an opening version.

Nothing is opened that the town's words do not open: what our closing rules cannot say stays
unconfirmed, and then nobody may book until a clerk has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reservations.opendata import ClosedKind, ClosedRule, Hours, HoursState, OnHoliday, Span
from reservations.rules.period import HOLIDAY, SLOT_MINUTES, SLOTS_PER_DAY

FRIDAY = 4


@dataclass(frozen=True, slots=True)
class StoredHours:
    """`hours` and `closings` as models/facilities.py:OpeningVersion keeps them."""

    hours: list[list[int]]
    closings: list[dict[str, Any]]
    is_confirmed: bool


def stored_hours(hours: Hours) -> StoredHours | None:
    """The opening version that a reading stands for; None where the town says nothing.

    A place out of use is confirmed and never open. Times are narrowed to whole quarter-hours.
    """
    if hours.state is HoursState.UNSTATED:
        return None
    if hours.state is HoursState.SUSPENDED:
        return StoredHours([], [], is_confirmed=True)
    closings: list[dict[str, Any]] = []
    is_confirmed = hours.state is HoursState.OPEN and hours.is_bookable
    # Closed on a weekday but open when it is a holiday: the weekday's bit is left out, 128 stays.
    only_holidays: set[int] = set()
    for rule in hours.closed:
        if rule.kind is ClosedKind.WEEKDAY and rule.on_holiday is OnHoliday.OPEN:
            only_holidays.add(rule.weekday or 0)
            continue
        found = _closings(rule)
        if found is None:
            is_confirmed = False
        else:
            closings += found
    named = {rule.weekday for rule in hours.closed if rule.kind is ClosedKind.WEEKDAY}
    closings += [{"weekday": day} for day in range(7) if not hours.weekly[day] and day not in named]
    return StoredHours(_weekly(hours, only_holidays), closings, is_confirmed)


def _weekly(hours: Hours, only_holidays: set[int]) -> list[list[int]]:
    """[days, start, end] for each span, days with the same span together."""
    days: dict[tuple[int, int], int] = {}
    for weekday, spans in enumerate(hours.weekly):
        for slots in filter(None, map(_slots, spans)):
            days.setdefault(slots, 0)
            if weekday not in only_holidays:
                days[slots] |= 1 << weekday
    spans = hours.holiday if hours.holiday is not None else _common(hours)
    for slots in filter(None, map(_slots, spans)):
        days[slots] = days.get(slots, 0) | HOLIDAY
    return [[bits, start, end] for (start, end), bits in sorted(days.items()) if bits]


def _common(hours: Hours) -> tuple[Span, ...]:
    """On holidays, where nothing else is said: the time that all open days have in common."""
    open_days = [spans for spans in hours.weekly if spans]
    if not open_days or any(len(spans) != 1 for spans in open_days):
        return open_days[0] if open_days and len(set(open_days)) == 1 else ()
    start = max(spans[0].start for spans in open_days)
    end = min(spans[0].end for spans in open_days)
    return (Span(start, end),) if start < end else ()


def _slots(span: Span) -> tuple[int, int] | None:
    start, end = -(-span.start // SLOT_MINUTES), span.end // SLOT_MINUTES
    if start >= SLOTS_PER_DAY or end <= start:
        return None
    return start, min(end, 2 * SLOTS_PER_DAY)


def _closings(rule: ClosedRule) -> list[dict[str, Any]] | None:
    """The rule as closings; None where they cannot say it."""
    match rule.kind:
        case ClosedKind.HOLIDAY:
            return [{"on_holidays": True}]
        case ClosedKind.DAY_AFTER_HOLIDAY:
            return [{"on_holidays": True, "days_after": 1}]
        case ClosedKind.DATES if rule.first is not None and rule.last is not None:
            return [{"month_days": [list(rule.first), list(rule.last)]}]
        case ClosedKind.DAY_OF_MONTH if rule.day is not None:
            days = [[month, rule.day] for month in range(1, 13)]
            return [{"month_days": [day, day]} for day in days]
        case ClosedKind.WEEKDAY | ClosedKind.NTH_WEEKDAY:
            return _weekday(rule)
    return None


def _weekday(rule: ClosedRule) -> list[dict[str, Any]] | None:
    closing: dict[str, Any] = {"weekday": rule.weekday}
    if rule.nth is not None:
        closing["nth"] = [rule.nth]
    if rule.on_holiday in (OnHoliday.NEXT_DAY, OnHoliday.NEXT_WORKING_DAY):
        is_before_weekend = rule.weekday is not None and rule.weekday >= FRIDAY
        if rule.days_after or (rule.on_holiday is OnHoliday.NEXT_WORKING_DAY and is_before_weekend):
            return None
        closing["moves"] = True
    elif rule.on_holiday is OnHoliday.OPEN:
        return None
    if rule.days_after:
        closing["days_after"] = rule.days_after
    return [closing]
