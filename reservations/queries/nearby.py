"""Searching free units over a whole region, and what to offer when a unit is full.

Places are looked at from the nearest outwards, and the search stops as soon as nothing farther
away could still come before what is already found: its work does not grow with the region.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.clock import HOLIDAYS, LOCAL, local
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.parties import ANYBODY, Viewer
from reservations.rules import nearby
from reservations.rules.availability import Lending, lent_period, runs
from reservations.rules.eligibility import bookable_from
from reservations.rules.fees import Fee
from reservations.rules.nearby import Candidate, Offer, Wish
from reservations.rules.period import (
    SLOT_MINUTES,
    SLOTS_PER_DAY,
    WHOLE_DAY_BITS,
    Period,
    day_bit,
)

# A field is called `date`; inside its class the type needs another name.
Day = date

# How far another start may lie from the wished one to be worth an offer, in minutes: from the
# afternoon (13:00) to the evening (18:00), the longest way between two frames that follow.
SHIFT_MINUTES_MAX = 300
_WHOLE_DAY = Period(0, SLOTS_PER_DAY)


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. `period` is widened to what each place lends.

    near     the point that distances are measured from; None: in order of unit id
    towns    only these municipalities; empty: the whole region
    days     this many days from `date` on are looked at; a unit is found on its first free one
    """

    date: Day
    period: Period
    purpose: str = ""
    headcount: int | None = None
    near: tuple[float, float] | None = None
    towns: frozenset[str] = frozenset()
    limit: int = 50
    days: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that can be had: what would be lent, for how much, from when on."""

    unit: LentUnit
    date: Day
    period: Period
    fee: Fee
    distance_m: int | None
    bookable_from: Day


@dataclass(frozen=True, slots=True)
class Alternative:
    """An offer in place of something that is full."""

    unit: LentUnit
    date: Day
    offer: Offer
    bookable_from: Day

    @property
    def period(self) -> Period:
        return Period(self.offer.candidate.start, self.offer.candidate.end)


def search(memory: Memory, wish: Search, *, now: datetime, viewer: Viewer = ANYBODY) -> list[Found]:
    """The free units for a wish, nearest first; at most `wish.limit`.

    Only what this viewer may book now is listed: free, open, with a price, inside the window.
    The caller has refreshed the masks.
    """
    found: list[Found] = []
    days = [
        OneDay(
            memory, wish.date + timedelta(days=offset), now=now, viewer=viewer, wished=wish.period
        )
        for offset in range(wish.days)
    ]
    for metres, unit in outwards(memory, wish.near):
        if not unit.is_bookable or not suits(unit, wish):
            continue
        for day in days:
            each = day.found(unit, metres)
            if each is not None:
                found.append(each)
                break
        if len(found) >= wish.limit:
            break
    return found


def suits(unit: LentUnit, wish: Search) -> bool:
    """Whether the unit is what is looked for, whenever it may be free."""
    if wish.towns and unit.town.code not in wish.towns:
        return False
    if wish.purpose and wish.purpose not in unit.purposes:
        return False
    return not (wish.headcount and unit.capacity is not None and unit.capacity < wish.headcount)


class OneDay:
    """One day, as one viewer may book it now. What is the same for many units is worked out once:
    the periods that frames like theirs lend for the wish or around it, and the terms of their town.
    """

    def __init__(
        self,
        memory: Memory,
        day: date,
        *,
        now: datetime,
        viewer: Viewer,
        wished: Period = _WHOLE_DAY,
    ) -> None:
        self._memory = memory
        self._date = day
        self._bit = day_bit(day, is_holiday=day in HOLIDAYS)
        self._free = memory.masks.day(day).free
        self._wished = wished
        self._now = now
        self._viewer = viewer
        # Units with the same table share one Lending, so its identity stands for both.
        self._lent: dict[int, tuple[Period, int] | None] = {}
        self._around: dict[int, list[tuple[Period, int]]] = {}
        self._terms: dict[tuple[int, str, int, int], tuple[Fee, date] | None] = {}

    def found(self, unit: LentUnit, metres: int | None) -> Found | None:
        """The unit as found on this day, or None when it cannot be had."""
        lending = unit.lending_on(self._date, self._bit)
        table = id(lending)
        try:
            lent = self._lent[table]
        except KeyError:
            period = lent_period(lending, self._wished)
            lent = self._lent[table] = None if period is None else (period, period.bits)
        if lent is None or not self._is_free(unit, *lent):
            return None
        return self._offered(unit, table, lent[0], metres)

    def times(self, unit: LentUnit, metres: int) -> Iterator[Found]:
        """The free times of the unit around the wished one, that can be had."""
        lending = unit.lending_on(self._date, self._bit)
        table = id(lending)
        try:
            around = self._around[table]
        except KeyError:
            around = [(period, period.bits) for period in _periods(lending, self._wished)]
            self._around[table] = around
        for period, bits in around:
            if self._is_free(unit, period, bits):
                found = self._offered(unit, table, period, metres)
                if found is not None:
                    yield found

    def frames(self, unit: LentUnit, metres: int | None) -> tuple[Found, ...]:
        """The free frames of the day, or free pieces of the shortest length where there are none;
        those that can be had."""
        free = self._memory.masks.free_bits(unit.parts, self._date, days=2)
        if not unit.is_bookable or not free & WHOLE_DAY_BITS:
            return ()
        lending = unit.lending_on(self._date, self._bit)
        offered = (
            self._offered(unit, id(lending), period, metres)
            for period in _pieces(lending, free)
            if free & period.bits == period.bits
        )
        return tuple(found for found in offered if found is not None)

    def lends(self, unit: LentUnit, period: Period) -> bool:
        """Whether this viewer may book it now, were it free."""
        lending = unit.lending_on(self._date, self._bit)
        return unit.is_bookable and self._offered(unit, id(lending), period, None) is not None

    def _offered(
        self, unit: LentUnit, table: int, period: Period, metres: int | None
    ) -> Found | None:
        """A free time with its terms."""
        asked = (table, unit.place.town.code, period.start, period.end)
        try:
            terms = self._terms[asked]
        except KeyError:
            terms = self._terms[asked] = self._terms_of(unit, period)
        return (
            None if terms is None else Found(unit, self._date, period, terms[0], metres, terms[1])
        )

    def _terms_of(self, unit: LentUnit, period: Period) -> tuple[Fee, date] | None:
        """The price, and since when it can be booked; None when this viewer may not yet, or no
        longer, book this time."""
        residency = self._viewer.residency(unit.town.code)
        today = local(self._now).date()
        rules = unit.town.rules_on(today)
        opens = bookable_from(self._date, residency=residency, rules=rules)
        closes = period.starts_at(self._date, LOCAL) - timedelta(minutes=rules.closes_minutes)
        if opens > today or closes <= self._now:
            return None
        fee = unit.fee(self._date, period, self._bit, residency, rules)
        return None if fee is None else (fee, opens)

    def _is_free(self, unit: LentUnit, period: Period, bits: int) -> bool:
        if period.end > SLOTS_PER_DAY:
            return is_free(self._memory, unit, self._date, period)
        free = self._free
        for part_id in unit.parts:
            if free.get(part_id, 0) & bits != bits:
                return False
        return bool(unit.parts)


def is_free(memory: Memory, unit: LentUnit, day: date, period: Period) -> bool:
    """Whether every part of the unit is open and not occupied for the whole period."""
    days = 2 if period.end > SLOTS_PER_DAY else 1
    bits = period.bits
    return memory.masks.free_bits(unit.parts, day, days=days) & bits == bits


def alternatives(
    memory: Memory,
    unit: LentUnit,
    day: date,
    period: Period,
    *,
    now: datetime,
    viewer: Viewer = ANYBODY,
    purpose: str = "",
    headcount: int | None = None,
    near: tuple[float, float] | None = None,
    limit: int = 5,
    is_held: Callable[[int, date], bool] | None = None,
) -> list[Alternative]:
    """What to take instead of `unit`: another time here, the same time elsewhere, across towns.

    near     where the person is; None: distances count from the full place
    is_held  facility and day: only where this answers yes; None: everywhere
    returns  at most `limit`, ranked by rules/nearby.py; never the wished period of the unit itself
    """
    origin = near or _point(unit)
    bit = day_bit(day, is_holiday=day in HOLIDAYS)
    rules = unit.town.rules_on(local(now).date())
    fee = unit.fee(day, period, bit, viewer.residency(unit.town.code), rules)
    wish = Wish(fee.total_yen if fee else None, headcount, unit.is_part)
    around = OneDay(memory, day, now=now, viewer=viewer, wished=period)
    best: list[Ranked] = []
    for metres, other in _around(memory, unit, origin):
        if len(best) >= limit and nearby.cost_floor(metres) > best[limit - 1][0][0]:
            break
        if not _serves(other, unit, purpose, headcount):
            continue
        if is_held is not None and not is_held(other.place.id, day):
            continue
        offers = sorted(
            (
                _ranked(each, period, wish)
                for each in around.times(other, metres)
                if other.id != unit.id or each.period != period
            ),
            key=_key,
        )
        # One time of every unit, the best; of the full unit itself also the second best.
        for ranked in offers[: 2 if other.id == unit.id else 1]:
            insort(best, ranked, key=_key)
        del best[limit:]
    return [alternative for _, alternative in best]


Key = tuple[float, int, int]
Ranked = tuple[Key, Alternative]


def _ranked(found: Found, wished: Period, wish: Wish) -> Ranked:
    offer = nearby.offer(_candidate(found, wished), wish)
    return nearby.order(offer), Alternative(found.unit, found.date, offer, found.bookable_from)


def _key(ranked: Ranked) -> Key:
    return ranked[0]


def _serves(other: LentUnit, unit: LentUnit, purpose: str, headcount: int | None) -> bool:
    """Whether `other` could stand in for `unit`."""
    if not other.is_bookable:
        return False
    if headcount and other.capacity is not None and other.capacity < headcount:
        return False
    if purpose:
        return purpose in other.purposes
    return other.kind == unit.kind


def _periods(lending: Lending, wished: Period) -> Iterator[Period]:
    """What could be lent near the wished time: the time itself, and frames or starts around it."""
    exact = lent_period(lending, wished)
    if exact is not None:
        yield exact
    length = wished.end - wished.start
    reach = SHIFT_MINUTES_MAX // SLOT_MINUTES
    if lending.frames:
        for frame in lending.frames:
            if frame.period != exact and abs(frame.period.start - wished.start) <= reach:
                yield frame.period
        return
    step = lending.step_slots
    for shift in range(step, reach + 1, step):
        for start in (wished.start - shift, wished.start + shift):
            if 0 <= start < SLOTS_PER_DAY and start + length <= 2 * SLOTS_PER_DAY:
                moved = lent_period(lending, Period(start, start + length))
                if moved is not None and moved != exact:
                    yield moved


def _pieces(lending: Lending, free: int) -> list[Period]:
    """The frames, or pieces of the shortest length within what is free."""
    if lending.frames:
        return [frame.period for frame in lending.frames]
    step = lending.step_slots
    return [
        Period(start, start + step)
        for first, last in runs(free & WHOLE_DAY_BITS)
        for start in range(first + -first % step, last - step + 1, step)
    ]


def _candidate(found: Found, wished: Period) -> Candidate:
    return Candidate(
        found.unit.id,
        found.period.start,
        found.period.end,
        found.distance_m or 0,
        (found.period.start - wished.start) * SLOT_MINUTES,
        found.fee.total_yen,
        is_free=True,
        capacity=found.unit.capacity,
        is_part=found.unit.is_part,
    )


def _point(unit: LentUnit) -> tuple[float, float] | None:
    """Where the unit is; where that is not known, its town's point stands for it."""
    for each in (unit.place, unit.town):
        if each.lat is not None and each.lng is not None:
            return each.lat, each.lng
    return None


def outwards(
    memory: Memory, near: tuple[float, float] | None
) -> Iterator[tuple[int | None, LentUnit]]:
    """Every unit with its distance, nearest first; then those of places without a point.

    Without `near` all are given in order of place, with no distance.
    """
    known = memory.catalogue
    if near is None:
        for unit in known.units.values():
            yield None, unit
        return
    for metres, place_id in memory.lending.nearest(*near):
        for unit in known.units_of_place.get(place_id, ()):
            yield metres, unit
    for unit in known.units.values():
        if unit.place.lat is None or unit.place.lng is None:
            yield None, unit


def _around(
    memory: Memory, unit: LentUnit, origin: tuple[float, float] | None
) -> Iterator[tuple[int, LentUnit]]:
    """The units with a known distance, nearest first; the full unit's own place is always there.

    A place without a point cannot be called near or far, and is no alternative. The full one's
    own is: whoever asked for it knows the way, and it counts as no way at all.
    """
    if unit.place.lat is None or unit.place.lng is None:
        for sibling in memory.catalogue.units_of_place[unit.place.id]:
            yield 0, sibling
    if origin is not None:
        for metres, place_id in memory.lending.nearest(*origin):
            for other in memory.catalogue.units_of_place.get(place_id, ()):
                yield metres, other
