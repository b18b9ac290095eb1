"""Filling a database: towns and their rules, real facilities, invented units, and 60 days of use.

The same region, day and seed give the same rows. A database that was filled on an earlier day is
topped up: the days that have come since, and the bookings that people have made meanwhile.
"""

from __future__ import annotations

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows
from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.clock import HOLIDAYS, LOCAL, local_day
from reservations.db import Database, write_transaction
from reservations.demo import people, places, prepared, rows
from reservations.demo.days import DAYS, SATURDAY, Facility, Made, fill
from reservations.demo.regions import REGIONS, RULES_FROM, Region, town_rules
from reservations.models import (
    Booking,
    DayMask,
    Municipality,
    Party,
    TownRulesVersion,
    Unit,
    schema,
)
from reservations.models import Facility as FacilityRow
from reservations.models.base import table_of
from reservations.queries import catalogue as catalogue_query
from reservations.queries.catalogue import Catalogue, LentUnit
from reservations.rules.approval import Wanted, decide_by
from reservations.rules.availability import Kind
from reservations.rules.period import HALF_DAY_SLOTS, day_bit, instant

HORIZON_DAYS = 92
# A group keeps below the tightest limit of the towns.
BOOKINGS_PER_GROUP = 6
BOOKED_AHEAD_DAYS_MAX = 40
# How late an answer of the demonstration can be.
LATE_DAYS_MAX = timedelta(days=2)
# How much a facility is wanted, between these, by what it mainly lends; 1.0 is usual.
DEMAND = {"gym": (0.6, 1.2), "court": (0.6, 1.1), "field": (0.4, 0.9), "hall": (0.5, 0.9)}


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands in the database after seeding.

    done      made, topped up, nothing
    seconds   what it took
    """

    region: str
    done: str
    towns: int
    facilities: int
    units: int
    bookings: int
    seconds: float


class OtherContents(Exception):  # noqa: N818  an answer for the person at the keyboard
    """The database holds something that a demonstration must not touch."""


def seed(
    database: Database, *, region: str, today: date, seed: int = 1, horizon_days: int = HORIZON_DAYS
) -> Seeded:
    """Fill the database for this day, or bring what is there up to it.

    raises   OtherContents when it holds another region or anything that is not a demonstration
    """
    started = time.monotonic()
    chosen = REGIONS[region]
    # Nothing made here is garbage before the end: looking for it would cost a quarter of the time.
    gc.disable()
    try:
        done = _seed(database, chosen, today=today, seed=seed, horizon_days=horizon_days)
    finally:
        gc.enable()
    return _counted(database, chosen, done, started)


def _seed(database: Database, chosen: Region, *, today: date, seed: int, horizon_days: int) -> str:
    schema.ensure(database)
    with database.session() as session:
        filled = _filled_until(session, chosen)
    until = today + timedelta(days=DAYS)
    if filled is not None and filled >= until:
        return "nothing"
    with database.session() as session, write_transaction(session):
        if filled is None:
            _make_region(session, chosen, today=today, seed=seed)
        # Masks were made then as far ahead as now.
        first = today if filled is None else filled + timedelta(days=horizon_days - DAYS)
        days = (today + timedelta(days=horizon_days) - first).days
        if days > 0:
            write_masks(session, HorizonRequest(first, days))
        _fill_days(session, chosen, filled, today=today, seed=seed)
    return "made" if filled is None else "topped up"


def _filled_until(session: Session, region: Region) -> date | None:
    """The last day that was filled; None when the database is empty."""
    towns = session.scalars(select(Municipality.code)).all()
    if not towns:
        return None
    if session.get(Party, people.RESIDENT) is None:
        raise OtherContents("自治体のデータが入っています")
    if {code[:2] for code in towns} != {region.prefecture_code}:
        raise OtherContents("別の地域のデモが入っています")
    return session.scalar(
        select(func.max(Booking.date)).where(Booking.party_id.like(people.GROUP_PREFIX + "%"))
    )


def check_is_demo(database: Database) -> None:
    """raises   OtherContents when the database is anything but a demonstration"""
    with database.session() as session:
        is_empty = session.scalar(select(func.count()).select_from(Municipality)) == 0
        if not is_empty and session.get(Party, people.RESIDENT) is None:
            raise OtherContents("自治体のデータが入っています")


def _make_region(session: Session, region: Region, *, today: date, seed: int) -> None:
    now = _midnight(today)
    prepared.load(session, region.name, now=now)
    places.add_purposes(session)
    if region.name == "tokyo":
        places.add_shelter_facilities(session, region, seed=seed)
    places.confirm_hours(session, region, now=now)
    towns = session.scalars(select(Municipality.code).order_by(Municipality.code)).all()
    rules = [
        {
            "municipality_code": code,
            "valid_from": RULES_FROM,
            "body": town_rules(position, code, region.story),
        }
        for position, code in enumerate(towns)
    ]
    insert_rows(session, TownRulesVersion, rules)
    places.add_units(session, region, seed=seed)
    people.add_accounts(session, region.story, now=now, today=today)
    raise_catalogue_version(session)


def _fill_days(
    session: Session, region: Region, filled: date | None, *, today: date, seed: int
) -> None:
    """Bookings for the days that are new, and what has been added to the others since."""
    catalogue = catalogue_query.load(session)
    facilities = _facilities(catalogue, region, seed)
    filled_on = filled - timedelta(days=DAYS) if filled is not None else None
    free = _free(session, today)
    made: list[Made] = []
    for offset in range(DAYS + 1):
        day = today + timedelta(days=offset)
        earlier = filled_on if filled is not None and day <= filled else None
        made += fill(facilities, day, free[day], today=today, seed=seed, filled_on=earlier)
    groups = _groups(session, made, filled, today=today)
    bookings = _rows(made, groups, today=today, seed=seed)
    if filled is None:
        own = _residents_own(facilities, region, free, today=today)
        bookings += [row for row in own if row is not None]
    rows.number(session, bookings)
    insert_rows(session, Booking, bookings)
    rows.occupy(session, catalogue, bookings)


def _facilities(catalogue: Catalogue, region: Region, seed: int) -> list[Facility]:
    """Every facility with units, the largest unit first; the story's places are marked."""
    story = region.story
    roles = dict.fromkeys(story.full, "full") | {story.free: "free"}
    found = []
    for place_id, units in catalogue.units_of_place.items():
        place = units[0].place
        lent = tuple(
            sorted((u for u in units if u.is_bookable), key=lambda u: (-len(u.parts), u.id))
        )
        if lent:
            low, high = DEMAND.get(lent[0].kind, (0.3, 0.9))
            demand = Random(f"{seed}:demand:{place.town.code}:{place.name}").uniform(low, high)
            is_gym = place.town.code == story.town and lent[0].kind == "gym"
            role = roles.get((place.town.code, place.name), "full" if is_gym else "")
            found.append(Facility(place_id, lent, demand * region.demand, role))
    return found


def _free(session: Session, today: date) -> dict[date, dict[int, int]]:
    """For each day, each part's quarter-hours that are open and not taken."""
    found: dict[date, dict[int, int]] = defaultdict(dict)
    c = table_of(DayMask).c
    statement = select(c.date, c.part_id, c.am, c.pm, c.open_am, c.open_pm).where(
        c.date.between(today, today + timedelta(days=DAYS))
    )
    for day, part_id, am, pm, open_am, open_pm in session.execute(statement):
        found[day][part_id] = (open_am & ~am) | (open_pm & ~pm) << HALF_DAY_SLOTS
    return found


def _groups(
    session: Session, made: Iterable[Made], filled: date | None, *, today: date
) -> dict[str, int]:
    """How many groups each town has; they are made with the region."""
    if filled is None:
        uses = Counter(each.unit.town.code for each in made if each.kind is Kind.USE)
        counts = {code: count // BOOKINGS_PER_GROUP + 3 for code, count in sorted(uses.items())}
        people.add_groups(session, counts, now=_midnight(today), today=today)
        return counts
    groups = table_of(Party)
    counted = session.execute(
        select(groups.c.home_code, func.count())
        .where(groups.c.id.like(people.GROUP_PREFIX + "%"))
        .group_by(groups.c.home_code)
    )
    return {code: count for code, count in counted if code is not None}


def _rows(
    made: Iterable[Made], groups: dict[str, int], *, today: date, seed: int
) -> list[dict[str, Any]]:
    """The bookings as rows, with the prices and conditions that the real rules give."""
    random = Random(f"{seed}:rows:{today}")
    midnight = _midnight(today)
    turn: dict[str, int] = {code: random.randrange(count) for code, count in groups.items()}
    found = []
    for each in made:
        code = each.unit.town.code
        rules = each.unit.town.rules_on(today)
        opened = instant(each.date - timedelta(days=rules.opens_days_before), 0, LOCAL)
        earliest = max(opened, midnight - timedelta(days=BOOKED_AHEAD_DAYS_MAX))
        seconds = max(1, int((midnight - earliest).total_seconds()))
        made_at = midnight - timedelta(seconds=random.randrange(seconds))
        party_id = None
        if each.kind is Kind.USE and code in turn:
            turn[code] = (turn[code] + 1) % groups[code]
            party_id = people.group_id(code, turn[code])
        row = rows.booking_row(each, party_id, made_at, random)
        if row is not None:
            found.append(row | {"decide_by": _decide_by(each, made_at, today)})
    return found


def _decide_by(made: Made, made_at: datetime, today: date) -> date | None:
    """審査: what was to be answered until lately still waits; what is older is as if it had been
    made before the town looked at anything."""
    if made.kind is not Kind.USE:
        return None
    unit = made.unit
    found = decide_by(
        unit.town.rules_on(today).approval,
        Wanted(unit.place.id, unit.id, unit.kind, made.purpose, made.headcount),
        today=local_day(made_at),
        use_day=made.date,
        is_holiday=HOLIDAYS.__contains__,
    )
    return found if found is not None and found >= today - LATE_DAYS_MAX else None


def _residents_own(
    facilities: Sequence[Facility],
    region: Region,
    free: dict[date, dict[int, int]],
    *,
    today: date,
) -> list[dict[str, Any] | None]:
    """Two coming bookings of the demonstration's resident: a weekday evening, a music studio."""
    random = Random(f"own:{today}")
    made_at = _midnight(today) - timedelta(days=2, hours=3)
    found: list[dict[str, Any] | None] = []
    taken: set[date] = set()
    for kind, purpose in (("gym", "badminton"), ("room", "meeting")):
        wanted = (
            (day, unit)
            for day in (today + timedelta(days=n) for n in range(9, 40))
            if day.weekday() < SATURDAY
            for facility in facilities
            for unit in facility.units
            if unit.town.code == region.story.town
            and unit.kind == kind
            and purpose in unit.purposes
        )
        for day, unit in wanted:
            # Nobody is at two places on one evening.
            made = None if day in taken else _evening(unit, day, free[day], purpose)
            if made is not None:
                taken.add(day)
                found.append(rows.booking_row(made, people.RESIDENT, made_at, random))
                break
    return found


def _evening(unit: LentUnit, day: date, free: dict[int, int], purpose: str) -> Made | None:
    """The unit's free frame of that evening, which is then taken, or None."""
    bit = day_bit(day, is_holiday=day in HOLIDAYS)
    for frame in unit.lending_on(day, bit).frames:
        bits = frame.period.bits
        if frame.period.start >= 68 and all(
            free.get(part, 0) & bits == bits for part in unit.parts
        ):
            for part_id in unit.parts:
                free[part_id] &= ~bits
            return Made(unit, day, frame.period, Kind.USE, purpose, 8)
    return None


def _counted(database: Database, region: Region, done: str, started: float) -> Seeded:
    with database.session() as session:
        towns, facilities, units, bookings = (
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Municipality, FacilityRow, Unit, Booking)
        )
    seconds = time.monotonic() - started
    return Seeded(region.name, done, towns, facilities, units, bookings, seconds)


def _midnight(day: date) -> datetime:
    """Everything seeded was made before this day began: the same at whatever hour it is run."""
    return instant(day, 0, LOCAL)
