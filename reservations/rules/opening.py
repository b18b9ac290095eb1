"""開館時間と休館日: which quarter-hours of a day a facility may lend at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from reservations.rules.period import WHOLE_DAY_BITS, Period, day_bit


class Holidays(Protocol):
    """Which days are 国民の祝日 (the town's data or a calendar library)."""

    def __contains__(self, day: date, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Hours:
    """Open during `period` on the days whose bit is set (period.py: 128 is a holiday)."""

    days: int
    period: Period


@dataclass(frozen=True, slots=True)
class Closing:
    """休館日の定め: every field that is set must match for the day to be closed.

    weekday        0 Monday to 6 Sunday
    nth            with `weekday`: only these weeks of the month (1 to 5, -1 is the last)
    month_days     from (month, day) to (month, day), inclusive, may run over the new year
    on_holidays    closed on national holidays
    moves          a closed day that is a holiday is open; the next day that is none is closed
    """

    weekday: int | None = None
    nth: tuple[int, ...] = ()
    month_days: tuple[tuple[int, int], tuple[int, int]] | None = None
    on_holidays: bool = False
    moves: bool = False
    days_after: int = 0


@dataclass(frozen=True, slots=True)
class OpeningTimes:
    """One version of a facility's times. `is_confirmed` False: nobody may book there yet."""

    hours: tuple[Hours, ...]
    closings: tuple[Closing, ...] = ()
    is_confirmed: bool = True


def open_bits(times: OpeningTimes, day: date, holidays: Holidays) -> int:
    """The quarter-hours of `day` on which the facility may lend: 96 bits, 0 on a closed day.

    Hours that run past midnight open the first hours of the following day too.
    """
    bits = 0
    for offset in (0, 1):
        opened = day - timedelta(days=offset)
        if is_closed(times, opened, holidays):
            continue
        bit = day_bit(opened, is_holiday=opened in holidays)
        for hours in times.hours:
            if hours.days & bit:
                bits |= (hours.period.bits >> (96 * offset)) & WHOLE_DAY_BITS
    return bits


def is_closed(times: OpeningTimes, day: date, holidays: Holidays) -> bool:
    """Whether `day` is a 休館日 of its own right (it may also simply have no hours)."""
    return any(_matches(closing, day, holidays) for closing in times.closings)


def _matches(closing: Closing, day: date, holidays: Holidays) -> bool:
    if closing.days_after:
        return _matches_plain(closing, day - timedelta(days=closing.days_after), holidays)
    if closing.moves:
        return _matches_moving(closing, day, holidays)
    return _matches_plain(closing, day, holidays)


def _matches_plain(closing: Closing, day: date, holidays: Holidays) -> bool:
    if closing.weekday is not None:
        if day.weekday() != closing.weekday:
            return False
        if closing.nth and not _is_nth(closing.nth, day):
            return False
    if closing.month_days is not None and not _within(closing.month_days, (day.month, day.day)):
        return False
    return not closing.on_holidays or day in holidays


def _is_nth(nth: tuple[int, ...], day: date) -> bool:
    is_last = (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 in nth or (is_last and -1 in nth)


def _matches_moving(closing: Closing, day: date, holidays: Holidays) -> bool:
    """A closed weekday on a holiday moves to the next day that is no holiday."""
    if day in holidays:
        return False
    shifted = day
    while True:
        if _matches_plain(closing, shifted, holidays):
            return True
        shifted -= timedelta(days=1)
        if shifted not in holidays:
            return False


def _within(span: tuple[tuple[int, int], tuple[int, int]], month_day: tuple[int, int]) -> bool:
    first, last = span
    if first <= last:
        return first <= month_day <= last
    return month_day >= first or month_day <= last
