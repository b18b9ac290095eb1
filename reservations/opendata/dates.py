"""Dates without a year: ranges of days and months, as closed days and seasons are written.

12/29〜1/3, 8月14日〜16日, 12月〜2月, 2/末. A range may run over the new year; the 29th of February
is a date.
"""

from __future__ import annotations

import calendar
import re

MonthDay = tuple[int, int]

DATE = r"(?:(\d{1,2})(?:/|月)(\d{1,2})日?)"
RANGE = re.compile(
    r"(\d{1,2})(?:/|月)(\d{1,2}|末)日?(?:正午)?(?:~|-|から|より)(?:翌年)?(?:(\d{1,2})(?:/|月))?(\d{1,2}|末)日?(?:まで)?(?:の(?:期間|間))?"
)
MONTHS = re.compile(r"(\d{1,2})月?(?:~|-|から)(?:翌年)?(\d{1,2})月(?:まで)?")


def read_dates(text: str) -> tuple[MonthDay, MonthDay] | None:
    """The first and the last day of a range, of months or of one date; None if it is none."""
    if (found := RANGE.fullmatch(text)) is not None:
        first = _month_day(found[1], found[2])
        last = _month_day(found[3] or found[1], found[4])
    elif (found := MONTHS.fullmatch(text)) is not None:
        first, last = _month_day(found[1], "1"), _month_day(found[2], "末")
    elif (found := re.fullmatch(DATE, text)) is not None:
        first = last = _month_day(found[1], found[2])
    else:
        return None
    return None if first is None or last is None else (first, last)


def _month_day(month_text: str, day_text: str) -> MonthDay | None:
    """(month, day); 末 is the month's last day, of February the 29th."""
    month = int(month_text)
    if not 1 <= month <= 12:
        return None
    longest = calendar.monthrange(2024, month)[1]
    day = longest if day_text == "末" else int(day_text)
    return (month, day) if 1 <= day <= longest else None


def length_days(first: MonthDay, last: MonthDay) -> int:
    """Days from `first` to `last`, over the new year if need be; months count thirty."""
    return ((last[0] - first[0]) * 30 + last[1] - first[1]) % 360 + 1


def next_day(day: MonthDay) -> MonthDay:
    """The day after, over the new year if need be."""
    month, number = day
    if number < calendar.monthrange(2024, month)[1]:
        return month, number + 1
    return month % 12 + 1, 1


def day_before(day: MonthDay) -> MonthDay:
    """The day before, over the new year if need be."""
    month, number = day
    if number > 1:
        return month, number - 1
    before = (month - 2) % 12 + 1
    return before, calendar.monthrange(2024, before)[1]
