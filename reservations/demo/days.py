"""A day of bookings: full evenings and weekends, quiet mornings, and what the town does itself.

Everything follows from the seed and the date, so that a day is the same whenever it is made. What
is already occupied is left alone: a day can be filled around the bookings of real visitors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from reservations.clock import HOLIDAYS
from reservations.queries.catalogue import LentUnit
from reservations.rules.availability import Kind, runs
from reservations.rules.period import WHOLE_DAY_BITS, Period, day_bit

SATURDAY = 5
# How many days are filled, from today on.
DAYS = 60
STORY_PERIOD = Period(72, 84)

# How likely a frame is taken, by the hour at which it starts: weekdays, then weekends and holidays.
_WEEKDAY = ((0, 12, 0.14), (12, 17, 0.24), (17, 24, 0.74))
_FREE_DAY = ((0, 12, 0.58), (12, 17, 0.66), (17, 24, 0.46))
# People book what is near: the calendar thins out with the days ahead.
_AHEAD = ((7, 1.0), (14, 0.92), (30, 0.7), (45, 0.45), (DAYS, 0.25))
# Where there are halves, the whole floor is booked only so often.
WHOLE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility with its units, the largest first, and how much it is wanted.

    role   full or free for the two places of the Saturday's story, else empty
    """

    id: int
    units: tuple[LentUnit, ...]
    demand: float
    role: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """One booking that was thought of."""

    unit: LentUnit
    date: date
    period: Period
    kind: Kind
    purpose: str
    headcount: int | None
    note: str = ""


def fill(
    facilities: Sequence[Facility],
    day: date,
    free: dict[int, int],
    *,
    today: date,
    seed: int,
    filled_on: date | None = None,
) -> Iterator[Made]:
    """The bookings of one day, in order of facility; `free` loses the bits that they take.

    free        part id to the quarter-hours that are open and not yet taken
    filled_on   the day on which this one was filled last; then only what has come since
    """
    share = _share(day, today) - (_share(day, filled_on) if filled_on else 0.0)
    if share <= 0:
        return
    random = Random(f"{seed}:{day.isoformat()}:{filled_on}")
    is_holiday = day in HOLIDAYS
    bit = day_bit(day, is_holiday=is_holiday)
    chances = _chances(day, is_holiday=is_holiday)
    ahead = (day - today).days
    for facility in facilities:
        if filled_on is None:
            yield from _official(facility, day, free, random)
        if facility.role and day.weekday() == SATURDAY:
            yield from _story(facility, day, bit, free, random)
        opens = facility.units[0].town.rules_on(today).opens_days_before
        if ahead <= opens:
            likely = [chance * facility.demand * share for chance in chances]
            yield from _ordinary(facility, day, bit, free, likely, random)


def _share(day: date, today: date) -> float:
    """How much of a day's bookings are made by `today`; 0 beyond the demonstration's days."""
    ahead = (day - today).days
    return next((share for days, share in _AHEAD if ahead <= days), 0.0)


def _chances(day: date, *, is_holiday: bool) -> list[float]:
    """For each hour of the day."""
    bands = _FREE_DAY if is_holiday or day.weekday() >= SATURDAY else _WEEKDAY
    return [next(chance for first, last, chance in bands if hour < last) for hour in range(24)]


def _ordinary(
    facility: Facility,
    day: date,
    bit: int,
    free: dict[int, int],
    likely: Sequence[float],
    random: Random,
) -> Iterator[Made]:
    for unit in facility.units:
        lending = unit.lending_on(day, bit)
        share = 1.0
        if len(unit.parts) > 1:
            share = WHOLE_SHARE
        if lending.frames:
            for frame in lending.frames:
                if random.random() < likely[frame.period.start // 4] * share:
                    yield from _take(unit, day, frame.period, free, random)
            continue
        slot = 0
        while slot < 92:
            slot += lending.step_slots
            if random.random() < likely[slot // 4 % 24] * share * 0.55:
                length = lending.step_slots * random.choice((1, 2, 2, 3))
                yield from _take(unit, day, Period(slot, slot + length), free, random)
                slot += length


def _story(
    facility: Facility, day: date, bit: int, free: dict[int, int], random: Random
) -> Iterator[Made]:
    """The famous gym fills up; in the next town's the evening is held free."""
    if facility.role == "free":
        kept = ~STORY_PERIOD.bits
        for unit in facility.units:
            for part_id in unit.parts:
                free[part_id] = free.get(part_id, 0) & kept
        return
    # The smallest pieces last, so that nothing of the floor is left.
    for unit in facility.units:
        is_smallest = len(unit.parts) == 1
        for frame in unit.lending_on(day, bit).frames:
            if frame.period.overlaps(STORY_PERIOD) and is_smallest:
                yield from _take(unit, day, frame.period, free, random)


def _take(
    unit: LentUnit, day: date, period: Period, free: dict[int, int], random: Random
) -> Iterator[Made]:
    bits = period.bits
    if any(free.get(part_id, 0) & bits != bits for part_id in unit.parts):
        return
    for part_id in unit.parts:
        free[part_id] &= ~bits
    purposes = sorted(unit.purposes)
    purpose = random.choice(purposes) if purposes else ""
    headcount = random.randint(2, max(2, min(unit.capacity or 30, 40)))
    yield Made(unit, day, period, Kind.USE, purpose, headcount)


def _official(
    facility: Facility, day: date, free: dict[int, int], random: Random
) -> Iterator[Made]:
    """The town's own uses, upkeep, and a closure now and then: over all that is open that day."""
    whole = facility.units[0]
    chance = random.random()
    if facility.role and day.weekday() == SATURDAY:
        return
    if day.weekday() >= SATURDAY and chance < 0.03:
        kind, note = Kind.OFFICIAL, "市町の大会・行事"
    elif day.weekday() < SATURDAY and chance < 0.008:
        kind, note = Kind.MAINTENANCE, "設備の点検"
    elif chance > 0.998:
        kind, note = Kind.CLOSURE, "床の補修"
    elif chance > 0.995 and whole.kind in ("gym", "hall"):
        kind, note = Kind.PUBLIC, "個人開放"
    else:
        return
    common = WHOLE_DAY_BITS
    for part_id in whole.parts:
        common &= free.get(part_id, 0)
    for start, end in runs(common)[:1]:
        period = Period(start, end)
        for part_id in whole.parts:
            free[part_id] &= ~period.bits
        yield Made(whole, day, period, kind, "", None, note)
