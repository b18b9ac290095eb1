"""許可の審査: which bookings a town looks at before it permits the use, and by when it answers.

The place is held at once, as for everybody; what waits is the permission. Days are only shown and
listed: nothing is decided because one of them has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

from reservations.errors import Refusal, RefusalCode

# What a town may say in one case of its rules, and of which kind the values of a list are.
_LISTS: Mapping[str, type] = {"purposes": str, "kinds": str, "facilities": int, "units": int}
_NUMBERS = ("headcount_above", "standard_days")
STANDARD_DAYS_MAX = 90
# On a permit and on a notice these are read in full, by whoever has to follow them.
CONDITIONS_MAX = 300
REASON_MAX = 300
# 地方自治法244条2項: a town refuses the use of what it lends for a proper reason only. These are
# what model ordinances name; a town's own list takes their place (TownRules.refusal_reasons).
REASONS = (
    "公の秩序または善良の風俗を害するおそれがあるため。",
    "建物または設備を傷めるおそれがあるため。",
    "申請された人数または内容が、この室場の定員または設備に合わないため。",
    "施設の管理に支障があるため。",
)
# 12月29日から1月3日まで: 地方自治法4条の2.
_YEARS_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})
SATURDAY = 5


class Permission(Enum):
    """What stands beside a booking: whether its use is permitted."""

    NONE = "none"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Approval:
    """One case in which a town looks at an application first. All that it names must fit; what it
    leaves empty fits everything.

    purposes          codes
    kinds             of the unit (gym, hall, meeting …)
    facilities, units ids
    headcount_above   more people than this; an application without a number does not fit
    standard_days     標準処理期間: the town answers within so many of its office days
    """

    purposes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    facilities: frozenset[int] = frozenset()
    units: frozenset[int] = frozenset()
    headcount_above: int | None = None
    standard_days: int = 7

    def fits(self, wanted: Wanted) -> bool:
        most = self.headcount_above
        return (
            self.is_about(wanted.facility_id, wanted.unit_id, wanted.kind)
            and (not self.purposes or wanted.purpose in self.purposes)
            and (most is None or (wanted.headcount is not None and wanted.headcount > most))
        )

    def is_about(self, facility_id: int, unit_id: int, kind: str) -> bool:
        """Whether it fits there for some purpose and some number of people."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.facilities or facility_id in self.facilities)
            and (not self.units or unit_id in self.units)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for, as far as the rule looks at it."""

    facility_id: int
    unit_id: int
    kind: str
    purpose: str
    headcount: int | None


def read(cases: object) -> tuple[Approval, ...]:
    """A town's cases from its stored rules.

    raises   ValueError, which names the case and what is wrong with it
    """
    if not isinstance(cases, Sequence) or isinstance(cases, str):
        raise ValueError("approval: a list of cases is wanted")
    return tuple(_case(number, each) for number, each in enumerate(cases, 1))


def _case(number: int, case: object) -> Approval:
    if not isinstance(case, Mapping):
        raise ValueError(f"approval, case {number}: no table")
    if unknown := sorted(set(case) - {*_LISTS, *_NUMBERS}):
        raise ValueError(f"approval, case {number}: {unknown[0]} is unknown")
    said: dict[str, Any] = {}
    for name, kind in _LISTS.items():
        values = case.get(name, [])
        if not isinstance(values, list) or not all(type(each) is kind for each in values):
            raise ValueError(f"approval, case {number}: {name} is no list of {kind.__name__}")
        said[name] = frozenset(values)
    for name in _NUMBERS:
        value = case.get(name)
        if value is not None and (type(value) is not int or value < 0):
            raise ValueError(f"approval, case {number}: {name} is no number from 0 on")
        if value is not None:
            said[name] = value
    if not 0 < said.get("standard_days", 1) <= STANDARD_DAYS_MAX:
        raise ValueError(f"approval, case {number}: standard_days is not 1 to {STANDARD_DAYS_MAX}")
    return Approval(**said)


def decide_by(
    cases: Iterable[Approval],
    wanted: Wanted,
    *,
    today: date,
    use_day: date,
    is_holiday: Callable[[date], bool],
) -> date | None:
    """The day by which the town answers; None where the use needs no approval.

    The first day does not count (民法140条), nor do the days on which a town's office is closed. Of
    several cases that fit, the longest time counts. Nobody is told a day after the eve of the use,
    and none before today.
    """
    days = max((each.standard_days for each in cases if each.fits(wanted)), default=None)
    if days is None:
        return None
    day = today
    while days:
        day += timedelta(days=1)
        days -= is_office_day(day, is_holiday)
    return max(today, min(day, use_day - timedelta(days=1)))


def is_office_day(day: date, is_holiday: Callable[[date], bool]) -> bool:
    """Whether a town's office is open: 地方自治法4条の2."""
    is_closed = day.weekday() >= SATURDAY or (day.month, day.day) in _YEARS_END or is_holiday(day)
    return not is_closed


def is_late(decide_by: date, today: date) -> bool:
    """Whether the day that was told has passed."""
    return decide_by < today


def check_words(reason: str, conditions: str, *, is_granted: bool) -> None:
    """What a decision has to say.

    raises   Refusal grounds_needed where a refusal has no reason, or words are too long
    """
    reason, conditions = reason.strip(), conditions.strip()
    is_short = len(reason) <= REASON_MAX and len(conditions) <= CONDITIONS_MAX
    is_clean = (reason + conditions).replace("\n", "").isprintable()
    if not is_short or not is_clean or (not is_granted and not reason):
        raise Refusal(RefusalCode.GROUNDS_NEEDED, most=REASON_MAX)
