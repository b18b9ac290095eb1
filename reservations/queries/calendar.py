"""What a board shows: a unit's or a facility's frames on a day or a week, each with its status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.clock import HOLIDAYS, LOCAL, local
from reservations.db import run
from reservations.models import Booking
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.queries.parties import ANYBODY, Viewer
from reservations.rules.availability import (
    DayFacts,
    Kind,
    Lending,
    Occupied,
    Status,
    day_status,
    runs,
    status,
)
from reservations.rules.eligibility import bookable_from
from reservations.rules.fees import Fee
from reservations.rules.period import SLOTS_PER_DAY, Period, day_bit
from reservations.rules.town import TownRules

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class Cell:
    """One frame (or free piece) of one unit on one day, with everything a screen says of it.

    opens_on   the day on which it can be booked, where the status is not_open and lies ahead
    """

    unit: LentUnit
    date: Day
    label: str
    period: Period
    status: Status
    fee: Fee | None
    opens_on: Day | None = None


@dataclass(frozen=True, slots=True)
class UnitDay:
    """One unit on one day."""

    unit: LentUnit
    date: Day
    is_holiday: bool
    status: Status
    cells: tuple[Cell, ...]


_OCCUPIED = (
    select(Booking.unit_id, Booking.date, Booking.start_slot, Booking.end_slot, Booking.kind)
    .where(
        Booking.facility_id == bindparam("facility_id"),
        Booking.date.between(bindparam("first"), bindparam("last")),
        Booking.status == "confirmed",
        Booking.kind != Kind.USE.value,
    )
    .order_by(Booking.date, Booking.start_slot)
)


def days(
    session: Session,
    memory: Memory,
    place: Place,
    units: Sequence[LentUnit],
    first: date,
    *,
    count: int,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> list[list[UnitDay]]:
    """`count` days from `first` for each of the units of one facility: one statement.

    returns  a list a unit, in the order given, of its days in order
    """
    kinds = _kinds(session, memory, place, first, count=count)
    return [
        [
            unit_day(memory, unit, first + timedelta(days=offset), kinds, now=now, viewer=viewer)
            for offset in range(count)
        ]
        for unit in units
    ]


def _kinds(
    session: Session, memory: Memory, place: Place, first: date, *, count: int
) -> dict[tuple[int, date], list[Occupied]]:
    """What is no ordinary use, by part and day; one that runs past midnight is on both days."""
    kinds: dict[tuple[int, date], list[Occupied]] = defaultdict(list)
    yesterday = first - timedelta(days=1)
    last = first + timedelta(days=count - 1)
    values = {"facility_id": place.id, "first": yesterday, "last": last}
    for row in run(session, _OCCUPIED, values):
        kind = Kind(row.kind)
        held = [(row.date, Occupied(Period(row.start_slot, row.end_slot), kind))]
        if row.end_slot > SLOTS_PER_DAY:
            rest = Period(0, row.end_slot - SLOTS_PER_DAY)
            held.append((row.date + timedelta(days=1), Occupied(rest, kind)))
        for part_id in memory.catalogue.units[row.unit_id].parts:
            for day, occupied in held:
                kinds[part_id, day].append(occupied)
    return kinds


def unit_day(
    memory: Memory,
    unit: LentUnit,
    day: date,
    kinds: Mapping[tuple[int, date], Sequence[Occupied]],
    *,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> UnitDay:
    """One unit on one day; no statement.

    kinds   part and day to what is no ordinary use there
    """
    is_holiday = day in HOLIDAYS
    bit = day_bit(day, is_holiday=is_holiday)
    opened = memory.masks.open_bits(unit.parts, day, days=2)
    free = memory.masks.free_bits(unit.parts, day, days=2)
    occupied = tuple(each for part_id in unit.parts for each in kinds.get((part_id, day), ()))
    facts = DayFacts(opened, opened & ~free, occupied)
    residency = viewer.residency(unit.town.code)
    rules = unit.town.rules_on(local(now).date())
    opens = bookable_from(day, residency=residency, rules=rules)
    cells = []
    for label, period in _pieces(unit.lending_on(day, bit), facts):
        found = _status(unit, facts, period, day, opens, rules, now=now)
        fee = unit.fee(day, period, bit, residency, rules) if found is Status.FREE else None
        if found is Status.FREE and fee is None:
            found = Status.NOT_OPEN
        ahead = opens if found is Status.NOT_OPEN and opens > local(now).date() else None
        cells.append(Cell(unit, day, label, period, found, fee, ahead))
    return UnitDay(unit, day, is_holiday, day_status(c.status for c in cells), tuple(cells))


def _status(
    unit: LentUnit,
    facts: DayFacts,
    period: Period,
    day: date,
    opens: date,
    rules: TownRules,
    *,
    now: datetime,
) -> Status:
    """The frame's status for this viewer; a time that has begun is past booking."""
    closes = period.starts_at(day, LOCAL) - timedelta(minutes=rules.closes_minutes)
    is_over = closes <= now or not unit.is_bookable
    today = local(now).date()
    return status(facts, period, bookable_from=None if is_over else opens, today=today)


def _pieces(lending: Lending, facts: DayFacts) -> list[tuple[str, Period]]:
    """The frames of the day; without frames, hour by hour over what is open."""
    if lending.frames:
        return [(frame.label, frame.period) for frame in lending.frames]
    step = lending.step_slots
    found = []
    for start, end in runs(facts.open_bits & ((1 << SLOTS_PER_DAY) - 1)):
        first = start + -start % step
        for begin in range(first, end - step + 1, step):
            period = Period(begin, begin + step)
            found.append((str(period), period))
    return found
