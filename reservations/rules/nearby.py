"""となり: how alternatives are ranked when a unit is full.

One published cost in minutes, so that a town can explain every line to a resident:

    cost = travel there, one way (straight line turned into minutes, and said to be so)
         + half a minute for every minute that the start is shifted
         + one minute for every 20 yen that it is dearer than the place that was wanted
         + a room that is too large: one minute for every ten people more than needed, at most 15
         + 15 minutes for a part of a floor, where a whole one was wanted, not so many people

A place that is cheaper earns nothing, so that price never pulls anybody across the prefecture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

EARTH_RADIUS_M = 6_371_000

# Straight-line speed by car or bus on local roads, detours included, and the time to get going.
METRES_PER_MINUTE = 400
START_MINUTES = 3
SHIFT_WEIGHT = 0.5
YEN_PER_MINUTE = 20
PEOPLE_PER_MINUTE = 10
SIZE_MINUTES_MAX = 15
PART_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that could be offered instead.

    start, end       quarter-hours of the period that would be lent
    shift_minutes    how far its start lies from the wished one, signed
    fee_yen          for the person who asks; None when it has no price
    capacity         people; None when it is not known
    is_part          of a floor that is lent as a whole too: a half, a third
    """

    unit_id: int
    start: int
    end: int
    distance_m: int
    shift_minutes: int
    fee_yen: int | None
    is_free: bool
    capacity: int | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What was wanted and could not be had; for None nothing is known."""

    fee_yen: int | None = None
    headcount: int | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate with its cost and the values that its reason is worded from."""

    candidate: Candidate
    cost_minutes: float
    travel_minutes: int
    fee_difference_yen: int | None


def rank(candidates: Iterable[Candidate], wish: Wish, *, limit: int) -> list[Offer]:
    """The best `limit` offers, cheapest cost first; ties go to the smaller unit id, then the
    earlier start, so that every node lists the same.

    What is not free, has no price or is too small for the headcount is never offered.
    """
    fitting = (offer(each, wish) for each in candidates if _fits(each, wish))
    return nsmallest(limit, fitting, key=order)


def order(found: Offer) -> tuple[float, int, int]:
    """The sorting key of an offer."""
    return found.cost_minutes, found.candidate.unit_id, found.candidate.start


def offer(candidate: Candidate, wish: Wish) -> Offer:
    """The candidate with its published cost."""
    dearer = 0
    difference = None
    if candidate.fee_yen is not None and wish.fee_yen is not None:
        difference = candidate.fee_yen - wish.fee_yen
        dearer = max(0, difference)
    cost = (
        candidate.distance_m / METRES_PER_MINUTE
        + (START_MINUTES if candidate.distance_m else 0)
        + abs(candidate.shift_minutes) * SHIFT_WEIGHT
        + dearer / YEN_PER_MINUTE
        + _size_minutes(candidate, wish)
    )
    return Offer(candidate, cost, travel_minutes(candidate.distance_m), difference)


def travel_minutes(distance_m: int) -> int:
    """About how long the way takes, one way, from the straight line."""
    return math.ceil(distance_m / METRES_PER_MINUTE + START_MINUTES) if distance_m else 0


def cost_floor(distance_m: int) -> float:
    """No candidate at this distance or farther can cost less: where a search may stop."""
    return distance_m / METRES_PER_MINUTE + (START_MINUTES if distance_m else 0)


def distance_m(lat: float, lng: float, other_lat: float, other_lng: float) -> int:
    """Straight line between two points in metres (spherical earth)."""
    mean = math.radians((lat + other_lat) / 2)
    east = math.radians(other_lng - lng) * math.cos(mean)
    north = math.radians(other_lat - lat)
    return round(EARTH_RADIUS_M * math.hypot(east, north))


def _size_minutes(candidate: Candidate, wish: Wish) -> float:
    if wish.headcount is None and candidate.is_part and not wish.is_part:
        return PART_MINUTES
    if candidate.capacity is None or wish.headcount is None:
        return 0.0
    spare = max(0, candidate.capacity - wish.headcount)
    return min(SIZE_MINUTES_MAX, spare / PEOPLE_PER_MINUTE)


def _fits(candidate: Candidate, wish: Wish) -> bool:
    if not candidate.is_free or candidate.fee_yen is None:
        return False
    if candidate.capacity is None or wish.headcount is None:
        return True
    return candidate.capacity >= wish.headcount
