"""Times of day as towns write them, for all days or day by day.

9:00, ９時, 午後5時半, PM5:30, 24:00, 日没, 24時間, and lists such as 平日19:00土日祝17:00. Seasons
are not read (4月〜9月18:00): a time that holds for a part of the year is for a clerk to enter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reservations.opendata.cells import folded
from reservations.opendata.days import EVERY_DAY, DaySet, read_days

DAY_MINUTES = 1_440
MINUTES_MAX = 30 * 60  # 翌6時 written as 30:00 is the latest that is used

# Bright all the year from Hokkaido's south to Kyushu: sunrise is never later than the first,
# sunset never earlier than the second (国立天文台 暦計算室, Kanazawa and Tokyo, with a margin).
DAYLIGHT = (7 * 60 + 15, 16 * 60 + 15)

_CLOCK = (
    r"(?P<half>午前|午後|am|pm|a\.m\.|p\.m\.)?(?:翌日?)?(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{2})(?::\d{2})?|時(?:(?P<kanji_minute>\d{1,2})分?|(?P<half_past>半))?)"
    r"(?P<half_after>am|pm)?"
)
CLOCK = re.compile(_CLOCK, re.I)
_SUNRISE = "日の出|日出"
_SUNSET = "日没|日の入り?|日入り?|日暮れ"
_WHOLE_DAY = re.compile(
    r"(?:365日[、・,]?)?(?:24時間|終日|常時)(?:営業|対応|利用可能?|開放|開館|開園|OK)?", re.I
)
_TOKEN = re.compile(
    rf"(?P<time>{_CLOCK})|(?P<sun>{_SUNRISE}|{_SUNSET})"
    r"|(?P<days>平日|毎日|全日|祝祭日|国民の祝日|祝日|祝|[月火水木金土日]曜日?|[月火水木金土日])"
    r"|(?P<join>[・,、/]|~|-)|(?P<open>\()|(?P<close>\))|(?P<skip>は|の|:|まで|から|頃|ごろ|のみ|;)",
    re.I,
)


@dataclass(frozen=True)
class DayTimes:
    """One time for every weekday (0 is Monday) and one for holidays; None where nothing is said.

    minutes   of the day, 0 to 1800
    sun       whether sunrise or sunset stands behind it (replaced by DAYLIGHT)
    whole     whether the text says 24 hours
    """

    weekdays: tuple[int | None, ...]
    holiday: int | None = None
    sun: bool = False
    whole: bool = False


def read_times(raw: str, *, is_end: bool) -> DayTimes | None:
    """The times in one cell of 開始時間 or 終了時間; None where a single word is not understood.

    is_end   0:00 and 23:59 then mean the end of the day
    """
    text = re.sub(r"\s+", "", folded(raw)).replace("正午", "12:00")
    if _WHOLE_DAY.fullmatch(text):
        return DayTimes((DAY_MINUTES if is_end else 0,) * 7, whole=True)
    if (spread := _from_spreadsheet(text)) is not None:
        return DayTimes((_end(spread) if is_end else spread,) * 7)
    groups = _groups(text)
    if groups is None:
        return None
    by_day: dict[int, int] = {}
    holiday: int | None = None
    sun = False
    # The time without days comes first, whatever its place: 17:00(土は12:00).
    for days, minutes, is_sun in sorted(groups, key=lambda group: group[0] is not None):
        value = _end(minutes) if is_end else minutes
        sun |= is_sun
        named = EVERY_DAY if days is None else days.weekdays
        by_day |= dict.fromkeys(named, value)
        if days is not None and days.holidays:
            holiday = value
    return DayTimes(tuple(by_day.get(day) for day in range(7)), holiday, sun)


def clock_minutes(found: re.Match[str]) -> int | None:
    """Minutes of a CLOCK match; None for 25時 in the afternoon, 61 minutes and the like."""
    hour = int(found["hour"])
    minute = 30 if found["half_past"] else int(found["minute"] or found["kanji_minute"] or 0)
    half = (found["half"] or found["half_after"] or "").replace(".", "").lower()
    if half and hour > 12:
        return None
    if half in ("午後", "pm"):
        hour = hour % 12 + 12
    elif half in ("午前", "am") and hour == 12 and half == "am":
        hour = 0
    minutes = hour * 60 + minute
    return minutes if minute < 60 and minutes <= MINUTES_MAX else None


def written(minutes: int) -> str:
    """9:00; the end of the day is 24:00 and what follows it goes on counting."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _end(minutes: int) -> int:
    return DAY_MINUTES if minutes in (0, DAY_MINUTES - 1) else minutes


def _from_spreadsheet(text: str) -> int | None:
    """What is left of a time when a spreadsheet saved it: 0.375, 0900, its own day zero."""
    if re.fullmatch(r"1900/1/1|1900-01-01", text):
        return DAY_MINUTES
    if re.fullmatch(r"0?\.\d+", text):
        minutes = float(text) * DAY_MINUTES
        return round(minutes) if abs(minutes - round(minutes)) < 0.02 else None
    if re.fullmatch(r"[01]\d[0-5]\d|2[0-4][0-5]\d", text):
        return int(text[:2]) * 60 + int(text[2:])
    return None


def _groups(text: str) -> list[tuple[DaySet | None, int, bool]] | None:
    """(days, minutes, is sun) in the order of the text; None if anything else stands there."""
    groups: list[tuple[DaySet | None, int, bool]] = []
    days = ""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            return None
        position = found.end()
        if found["time"] or found["sun"]:
            minutes = clock_minutes(found) if found["time"] else _sun(found["sun"])
            named = read_days(days) if days.strip("・,、/~-") else None
            if minutes is None or (days.strip("・,、/~-") and named is None):
                return None
            groups.append((named, minutes, bool(found["sun"])))
            days = ""
        elif found["days"] or found["join"]:
            days += found[0]
    unnamed = [group for group in groups if group[0] is None]
    left_over = days.strip("・,、/~-")
    return None if not groups or len(unnamed) > 1 or left_over else groups


def _sun(word: str) -> int:
    return DAYLIGHT[0] if re.fullmatch(_SUNRISE, word) else DAYLIGHT[1]
