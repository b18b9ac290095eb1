"""How many statements an answer costs, and that neither rows nor a larger region add any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from reservations.actions.bookings import (
    CancelRequest,
    ChangeRequest,
    book,
    cancel,
    change,
)
from reservations.db import Database, write_transaction
from reservations.models import (
    Facility,
    FramePrice,
    OpeningVersion,
    Part,
    Unit,
    UnitFrame,
    UnitPart,
)
from reservations.models.base import Base, table_of
from reservations.queries import bookings, calendar, memory, nearby, parties
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.nearby import Search
from tests.support.lending import EVENING, a_period, a_wish, booked, refreshed, refusal
from tests.support.reductions import with_list
from tests.town import (
    HERE,
    NOW,
    SATURDAY,
    TODAY,
    Region,
    a_purpose,
    a_resident,
    a_town,
    an_empty_database,
    context,
    open_for,
)

BOOKING_MAX = 5
SEARCH_MAX = 2


@pytest.fixture
def statements(database: Database, session: Session, region: Region) -> list[str]:
    """What the database is asked from now on; the process is warm, as after its first request."""
    for offset in range(9):
        refreshed(session).masks.day(SATURDAY + timedelta(days=offset))
    found: list[str] = []

    def note(_connection, _cursor, statement, *_others) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    return found


def test_a_booking_costs_five_statements(session: Session, region: Region, statements: list[str]):
    booked(session, region.here.whole, region.resident)

    assert len(statements) == BOOKING_MAX, statements


def test_where_a_town_registers_reductions_whoever_has_none_costs_no_more(
    session: Session, region: Region, statements: list[str]
):
    with_list(session)
    refreshed(session).masks.day(SATURDAY)
    statements.clear()

    booked(session, region.here.whole, region.resident)

    assert len(statements) <= BOOKING_MAX, statements


def test_a_refused_booking_costs_no_more(session: Session, region: Region, statements: list[str]):
    with write_transaction(session):
        a_resident(session, "neighbour", home="172014")
    booked(session, region.here.whole, region.resident)
    statements.clear()

    refusal(book, session, a_wish(region.here.whole, "party-neighbour"), context())

    assert len(statements) <= BOOKING_MAX, statements


def test_a_cancellation_costs_five_statements(
    session: Session, region: Region, statements: list[str]
):
    booking_id = booked(session, region.here.whole, region.resident)
    session.expunge_all()
    statements.clear()

    cancel(session, CancelRequest(booking_id), context())

    assert len(statements) == 5, statements


def test_a_change_costs_at_most_eight_statements(
    session: Session, region: Region, statements: list[str]
):
    booking_id = booked(session, region.here.whole, region.resident)
    session.expunge_all()
    statements.clear()

    change(
        session,
        ChangeRequest(booking_id, region.next_door.whole, SATURDAY, EVENING),
        context(),
    )

    assert len(statements) <= 8, statements


def test_a_search_over_a_week_costs_two_statements(
    session: Session, region: Region, statements: list[str]
):
    known = memory.current(session)
    known.masks.refresh()
    found = nearby.search(known, Search(SATURDAY, EVENING, near=HERE, days=7), now=NOW)

    assert len(found) == 6
    assert len(statements) == SEARCH_MAX, statements


def test_alternatives_cost_two_statements(session: Session, region: Region, statements: list[str]):
    known = memory.current(session)
    known.masks.refresh()
    unit = known.catalogue.units[region.here.whole]
    found = nearby.alternatives(known, unit, SATURDAY, EVENING, now=NOW)

    assert len(found) == 5
    assert len(statements) == SEARCH_MAX, statements


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_of_bookings_costs_one_statement_however_long_it_is(
    session: Session, region: Region, statements: list[str], rows: int
):
    for days in range(rows):
        booked(session, region.here.whole, region.resident, date=SATURDAY + timedelta(days=days))
    known = memory.held(session)
    statements.clear()

    found = bookings.of_party(session, known, region.resident, since=TODAY)

    assert len(found) == rows
    assert len(statements) == 1


@pytest.mark.parametrize("count", [1, 7])
def test_a_board_costs_one_statement_for_a_day_or_a_week(
    session: Session, region: Region, statements: list[str], count: int
):
    known = memory.held(session)
    place = known.catalogue.places[region.here.facility_id]
    units = known.catalogue.units_of_place[place.id]

    board = calendar.days(session, known, place, units, SATURDAY, count=count, now=NOW)

    assert [len(unit) for unit in board] == [count] * 3
    assert len(statements) == 1, statements


def test_who_somebody_is_costs_one_statement(
    session: Session, region: Region, statements: list[str]
):
    viewer = parties.viewer(session, region.resident, today=TODAY)

    assert viewer.home == HERE
    assert len(statements) == 1


class Counting(Mapping[int, tuple[LentUnit, ...]]):
    """The units of each place, and how often they were looked at."""

    def __init__(self, real: Mapping[int, tuple[LentUnit, ...]]) -> None:
        self.real = real
        self.touched: Counter[int] = Counter()

    def __getitem__(self, place_id: int) -> tuple[LentUnit, ...]:
        self.touched[place_id] += len(self.real[place_id])
        return self.real[place_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self.real)

    def __len__(self) -> int:
        return len(self.real)


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Memory]]:
    """Regions of 1,000 and of 5,000 units, equally dense."""
    made = {}
    databases = []
    for units, side in ((1000, 32), (5000, 71)):
        url = f"sqlite:///{tmp_path_factory.mktemp('large') / 'large.db'}"
        database = an_empty_database(url)
        databases.append(database)
        with database.session() as session, write_transaction(session):
            a_town(session, "172014", "となり市", HERE)
            a_purpose(session, "badminton", "バドミントン", "Badminton")
            many_gyms(session, units, side)
            open_for(session, SATURDAY, 1)
        with database.session() as session:
            made[units] = refreshed(session)
    yield made
    for database in databases:
        database.dispose()


def many_gyms(session: Session, count: int, side: int) -> None:
    """One gym of one part at every crossing of a street map; number, place, part and unit agree."""
    numbers = range(1, count + 1)
    frame = {
        "valid_from": date(2026, 4, 1),
        "label": "夜間",
        "start_slot": 72,
        "end_slot": 84,
        "days": 255,
    }
    tables: dict[type[Base], dict[str, Any]] = {
        Facility: {"municipality_code": "172014", "name": "館", "access": {}},
        OpeningVersion: {"valid_from": date(2026, 1, 1), "hours": [[255, 36, 84]], "closings": []},
        Part: {"name": "1面"},
        Unit: {"name": "全面", "kind": "gym", "capacity": 100},
        UnitPart: {},
        UnitFrame: frame,
        FramePrice: frame | {"fee_yen": 1800},
    }
    for model, columns in tables.items():
        names = set(table_of(model).columns.keys()) - set(columns)
        rows = []
        for number in numbers:
            own = {
                "id": number,
                "facility_id": number,
                "unit_id": number,
                "part_id": number,
                "lat": 36.0 + (number - 1) // side * 0.01,
                "lng": 136.0 + (number - 1) % side * 0.01,
            }
            rows.append({name: own[name] for name in names & set(own)} | columns)
        session.execute(insert(table_of(model)), rows)


MIDDLE = (36.16, 136.16)


def touched_by_search(known: Memory) -> int:
    counting = Counting(known.catalogue.units_of_place)
    watched = replace(known, catalogue=replace(known.catalogue, units_of_place=counting))
    found = nearby.search(watched, Search(SATURDAY, EVENING, near=MIDDLE, limit=50), now=NOW)
    assert len(found) == 50
    return counting.touched.total()


def touched_by_alternatives(known: Memory) -> int:
    counting = Counting(known.catalogue.units_of_place)
    watched = replace(known, catalogue=replace(known.catalogue, units_of_place=counting))
    unit = next(
        unit
        for unit in known.catalogue.units.values()
        if (round(unit.place.lat or 0, 2), round(unit.place.lng or 0, 2)) == MIDDLE
    )
    found = nearby.alternatives(watched, unit, SATURDAY, EVENING, now=NOW)
    assert len(found) == 5
    return counting.touched.total()


def test_a_search_looks_at_no_more_units_in_a_region_five_times_as_large(
    regions: dict[int, Memory],
):
    assert touched_by_search(regions[5000]) == touched_by_search(regions[1000]) == 50


def test_alternatives_look_at_no_more_units_in_a_region_five_times_as_large(
    regions: dict[int, Memory],
):
    few, many = (touched_by_alternatives(regions[units]) for units in (1000, 5000))

    assert few == many
    assert many < 40


def test_asking_for_every_thinkable_time_does_not_fill_the_memory(regions: dict[int, Memory]):
    unit = next(iter(regions[1000].catalogue.units.values()))
    rules = unit.town.rules_on(TODAY)
    residency = parties.ANYBODY.residency(unit.town.code)
    for start in range(96):
        for end in range(start + 1, 97):
            period = a_period("00:00-24:00")
            period = replace(period, start=start, end=end)
            unit.fee(SATURDAY, period, 1, residency, rules)

    assert len(unit._fees) <= 128
