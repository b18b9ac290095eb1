"""The first screen and an empty search: free frames near a point, and why others are full.

Like nearby.py, places are looked at from the nearest outwards, and the work is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.clock import HOLIDAYS, LOCAL, local
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.queries.nearby import Found, OneDay, Search, is_free, outwards, suits
from reservations.queries.parties import ANYBODY, Viewer
from reservations.rules.availability import Status, lent_period
from reservations.rules.eligibility import bookable_from
from reservations.rules.period import Period, day_bit

# How many units of one town, and how far away, before the list is called complete.
UNITS_LOOKED_AT_MAX = 300
REACH_M = 40_000
# Points that people look from, with their lists.
POINTS_KEPT_MAX = 100


@dataclass(frozen=True, slots=True)
class FreeUnit:
    """One unit with its free frames on a day; none: it is full or closed that day."""

    unit: LentUnit
    frames: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class FreePlace:
    """One facility with its units on a day, in order of position."""

    place: Place
    distance_m: int | None
    units: tuple[FreeUnit, ...]

    @property
    def is_free(self) -> bool:
        return any(unit.frames for unit in self.units)


@dataclass(frozen=True, slots=True)
class Miss:
    """A unit that would serve, and why it cannot be had then.

    period    what would be lent
    opens_on  the day on which it can be booked, where that is the reason
    """

    unit: LentUnit
    period: Period
    distance_m: int | None
    status: Status
    opens_on: date | None = None


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A facility with its units that fit, before anybody asks when they are free."""

    place: Place
    distance_m: int | None
    units: tuple[LentUnit, ...]


def near_places(
    memory: Memory, near: tuple[float, float] | None, *, purpose: str = ""
) -> Sequence[NearPlace]:
    """The places around a point, nearest first, with the units for a purpose (empty: every one).

    The same list serves every day that is looked at, and everybody who looks from there while the
    catalogue stays the same: most people begin at the middle of their town.
    """
    asked = (near, purpose)
    found: Sequence[NearPlace] | None = memory.near.get(asked)
    if found is None:
        if len(memory.near) >= POINTS_KEPT_MAX:
            memory.near.clear()
        found = memory.near[asked] = tuple(_near_places(memory, near, purpose))
    return found


def _near_places(memory: Memory, near: tuple[float, float] | None, purpose: str) -> list[NearPlace]:
    found: list[NearPlace] = []
    counted: Counter[str] = Counter()
    units: dict[int, list[LentUnit]] = {}
    for metres, unit in outwards(memory, near):
        if (metres or 0) > REACH_M:
            break
        if not unit.is_bookable or (purpose and purpose not in unit.purposes):
            continue
        place = unit.place
        if place.id not in units:
            if counted[place.town.code] >= UNITS_LOOKED_AT_MAX:
                continue
            units[place.id] = []
            found.append(NearPlace(place, metres, ()))
        units[place.id].append(unit)
        counted[place.town.code] += 1
    return [NearPlace(each.place, each.distance_m, tuple(units[each.place.id])) for each in found]


def free_places(
    memory: Memory,
    day: date,
    places: Iterable[NearPlace],
    *,
    now: datetime,
    viewer: Viewer = ANYBODY,
    free_max: int = 4,
    full_max: int = 6,
) -> list[FreePlace]:
    """Those of `places` that are open on `day`, in order, until `free_max` have a free frame.

    full_max  at most so many full places among them; more are passed over
    """
    found: list[FreePlace] = []
    asked = OneDay(memory, day, now=now, viewer=viewer)
    free_count = full_count = 0
    for near in places:
        open_today = tuple(
            FreeUnit(unit, asked.frames(unit, near.distance_m))
            for unit in near.units
            if memory.masks.open_bits(unit.parts, day)
        )
        if not open_today:
            continue
        each = FreePlace(near.place, near.distance_m, open_today)
        if each.is_free:
            found.append(each)
            free_count += 1
            if free_count == free_max:
                break
        elif full_count < full_max:
            found.append(each)
            full_count += 1
    return found


def misses(
    memory: Memory,
    wish: Search,
    *,
    now: datetime,
    viewer: Viewer = ANYBODY,
    limit: int = 5,
) -> list[Miss]:
    """The nearest units that would serve a wish and cannot be had, each with its reason."""
    found: list[Miss] = []
    bit = day_bit(wish.date, is_holiday=wish.date in HOLIDAYS)
    asked = OneDay(memory, wish.date, now=now, viewer=viewer)
    for looked_at, (metres, unit) in enumerate(outwards(memory, wish.near)):
        if len(found) >= limit or looked_at >= UNITS_LOOKED_AT_MAX:
            break
        if not unit.is_bookable or not suits(unit, wish):
            continue
        period = lent_period(unit.lending_on(wish.date, bit), wish.period) or wish.period
        reason = _reason(memory, asked, unit, wish.date, period, now=now, viewer=viewer)
        if reason is not None:
            found.append(Miss(unit, period, metres, *reason))
    return found


def _reason(
    memory: Memory,
    asked: OneDay,
    unit: LentUnit,
    day: date,
    period: Period,
    *,
    now: datetime,
    viewer: Viewer,
) -> tuple[Status, date | None] | None:
    """Why this viewer cannot book it, or None when they can."""
    days = 2 if period.end > 96 else 1
    if memory.masks.open_bits(unit.parts, day, days=days) & period.bits != period.bits:
        return Status.CLOSED, None
    if not is_free(memory, unit, day, period):
        return Status.TAKEN, None
    today = local(now).date()
    rules = unit.town.rules_on(today)
    opens = bookable_from(day, residency=viewer.residency(unit.town.code), rules=rules)
    if opens > today:
        return Status.NOT_OPEN, opens
    if not asked.lends(unit, period):
        return Status.NOT_OPEN, None
    return None


def next_open_day(
    memory: Memory, unit: LentUnit, after: date, *, days_max: int = 21
) -> date | None:
    """The next day after `after` on which the unit is open at all, within `days_max` days."""
    for offset in range(1, days_max + 1):
        day = after + timedelta(days=offset)
        if memory.masks.open_bits(unit.parts, day):
            return day
    return None


def is_over(day: date, period: Period, now: datetime) -> bool:
    """Whether this time has begun already."""
    return period.starts_at(day, LOCAL) <= now
