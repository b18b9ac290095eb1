"""The units that a search does not list, with the reason: taken, closed, not yet open.

What occupies a unit is not asked for here, so a time held by a repair is `taken` too; a unit's own
board (calendar.py) tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.clock import HOLIDAYS, LOCAL, local
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.nearby import Search, outwards, suits
from reservations.queries.parties import ANYBODY, Viewer
from reservations.rules.availability import DayFacts, Status, lent_period, status
from reservations.rules.eligibility import bookable_from
from reservations.rules.period import Period, day_bit

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit that cannot be had on the wished day, and why."""

    unit: LentUnit
    date: Day
    period: Period
    status: Status
    fee_yen: int | None
    distance_m: int | None
    bookable_from: Day


def not_free(
    memory: Memory, wish: Search, *, now: datetime, viewer: Viewer = ANYBODY
) -> list[Seen]:
    """The units that suit the wish and are not free on `wish.date`, nearest first.

    At most `wish.limit`. The caller has refreshed the masks.
    """
    bit = day_bit(wish.date, is_holiday=wish.date in HOLIDAYS)
    found: list[Seen] = []
    for metres, unit in outwards(memory, wish.near):
        if not suits(unit, wish):
            continue
        seen = _seen(memory, unit, wish, bit, metres, now=now, viewer=viewer)
        if seen.status is not Status.FREE:
            found.append(seen)
            if len(found) >= wish.limit:
                break
    return found


def _seen(
    memory: Memory,
    unit: LentUnit,
    wish: Search,
    bit: int,
    metres: int | None,
    *,
    now: datetime,
    viewer: Viewer,
) -> Seen:
    period = lent_period(unit.lending_on(wish.date, bit), wish.period)
    residency = viewer.residency(unit.town.code)
    today = local(now).date()
    rules = unit.town.rules_on(today)
    opens = bookable_from(wish.date, residency=residency, rules=rules)
    if period is None:
        return Seen(unit, wish.date, wish.period, Status.CLOSED, None, metres, opens)
    days = 2 if period.end > 96 else 1
    opened = memory.masks.open_bits(unit.parts, wish.date, days=days)
    free = memory.masks.free_bits(unit.parts, wish.date, days=days)
    closes = period.starts_at(wish.date, LOCAL) - timedelta(minutes=rules.closes_minutes)
    fee = unit.fee(wish.date, period, bit, residency, rules)
    can_be_booked = unit.is_bookable and closes > now and fee is not None
    found = status(
        DayFacts(opened, opened & ~free),
        period,
        bookable_from=opens if can_be_booked else None,
        today=today,
    )
    return Seen(unit, wish.date, period, found, fee.total_yen if fee else None, metres, opens)
