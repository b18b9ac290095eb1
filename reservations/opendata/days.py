"""Sets of weekdays as towns write them: 月火水, 月〜金, 平日, 土・日・祝日, 第2・第4火曜.

Only lists of days are read here. Whether the days are open or closed is said by the column and the
words around them; hours.py and closures.py decide, and this module refuses every word it does not
know, so that 月曜休館 can never come out as Monday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reservations.opendata.cells import folded

WEEKDAYS = "月火水木金土日"
EVERY_DAY = frozenset(range(7))
WORKING_DAYS = frozenset(range(5))

_TOKEN = re.compile(
    r"(?P<all>年中無休|無休|通年|毎日|全日|全曜日|365日)"
    r"|(?P<working>平日)"
    r"|(?P<holiday>国民の祝日|国民の休日|祝祭日|祝・祭日|祝日|祭日|祝|振替休日)"
    r"|(?P<nth>(?:毎月)?第?[1-5](?:(?:[・,、]|と)?第?[1-5])*(?:週)?(?:の)?(?P<nth_days>[月火水木金土日]+(?:曜日|曜)?))"
    r"|(?P<first>[月火水木金土日])(?:曜日|曜)?(?:~|-|から)(?P<last>[月火水木金土日])(?:曜日|曜)?(?:まで)?"
    r"|(?P<day>[月火水木金土日])(?:曜日|曜)?"
    r"|(?P<skip>毎週|曜日|[・,、;/と+&.\s]|及び|および|並びに|ならびに)"
)
# 第1・3火・日曜: every Sunday, or the first and third? One of the readings opens a closed day.
_AMBIGUOUS = re.compile(r"[1-5]週?の?[月火水木金土日]+(?:曜日|曜)?・[月火水木金土日]")


@dataclass(frozen=True)
class DaySet:
    """Weekdays (0 is Monday), the numbered ones among them, and whether holidays are named.

    nth       (weekday, n) pairs: only the n-th such weekday of a month; never also in `weekdays`
    holidays  True where 祝日 is in the list; `working` where the list said 平日
    """

    weekdays: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    holidays: bool = False
    working: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.weekdays or self.nth or self.holidays)


def read_days(text: str) -> DaySet | None:
    """A list of days; None as soon as one word is not a day or a separator.

    text   any width; must hold nothing but days (no 休, no times, no dates)
    """
    rest = re.sub(r"[()「」]", "", folded(text)).strip()
    if _AMBIGUOUS.search(rest):
        return None
    weekdays: set[int] = set()
    nth: set[tuple[int, int]] = set()
    holidays = working = False
    position = 0
    while position < len(rest):
        found = _TOKEN.match(rest, position)
        if found is None:
            return None
        position = found.end()
        match found.lastgroup:
            case "all":
                weekdays, holidays = set(EVERY_DAY), True
            case "working":
                weekdays, working = weekdays | WORKING_DAYS, True
            case "holiday":
                holidays = True
            case "nth":
                nth |= _numbered(found["nth"], found["nth_days"])
            case "last":
                weekdays |= _range(found["first"], found["last"])
            case "day":
                weekdays.add(WEEKDAYS.index(found["day"]))
            case _:
                pass
    return _settled(frozenset(weekdays), frozenset(nth), holidays, working)


def day_names(weekdays: frozenset[int]) -> str:
    """月火水: the weekdays in order, as `read_days` reads them back."""
    return "".join(WEEKDAYS[day] for day in sorted(weekdays))


def _settled(
    weekdays: frozenset[int], nth: frozenset[tuple[int, int]], holidays: bool, working: bool
) -> DaySet | None:
    found = DaySet(
        weekdays, frozenset((d, n) for d, n in nth if d not in weekdays), holidays, working
    )
    return None if found.is_empty else found


def _numbered(whole: str, days: str) -> set[tuple[int, int]]:
    numbers = [int(digit) for digit in re.findall(r"\d", whole[: len(whole) - len(days)])]
    named = [WEEKDAYS.index(day) for day in re.findall(r"([月火水木金土日])(?:曜日|曜)?", days)]
    return {(day, number) for day in named for number in numbers}


def _range(first: str, last: str) -> set[int]:
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    return {(start + step) % 7 for step in range((end - start) % 7 + 1)}
