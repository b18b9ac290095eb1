"""The invented region of tests/town.py on a database of its own for each test.

It is built once a test process and engine, and copied for each test: a file for SQLite, a template
for PostgreSQL. `pytest_plugins` would load it everywhere; the folders that use it import the
fixtures in their conftest.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from reservations.actions.bookings import BookingRequest, book
from reservations.db import Database, write_transaction
from reservations.errors import Refusal
from reservations.models import Base, Booking
from reservations.queries import memory, nearby
from reservations.queries.memory import Memory
from reservations.queries.nearby import Search
from reservations.rules.period import Period, period_of
from tests.support.postgres import Cluster
from tests.town import (
    HERE,
    NOW,
    SATURDAY,
    TODAY,
    Region,
    a_gym,
    a_region,
    an_empty_database,
    context,
    open_for,
)

NUMBERS = count()


def build(url: str) -> Region:
    """The schema and the region in an empty database."""
    database = an_empty_database(url)
    try:
        return a_region(database)
    finally:
        database.dispose()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Region]:
    """A SQLite file with the region, to be copied; the ids are the same on both engines."""
    path = tmp_path_factory.mktemp("region") / "region.db"
    region = build(f"sqlite:///{path}")
    return path, region


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> str:
    # Each folder that imports the fixture has one of its own.
    name = f"region_{next(NUMBERS)}"
    postgres_cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    build(postgres_cluster.url(name))
    return name


@pytest.fixture
def region(built: tuple[Path, Region]) -> Region:
    """The ids of what is lent, and of the resident."""
    return built[1]


@pytest.fixture
def sqlite_region_url(built: tuple[Path, Region], tmp_path: Path) -> str:
    path = tmp_path / "tonari.db"
    shutil.copyfile(built[0], path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_region_url(postgres_cluster: Cluster, postgres_template: str) -> Iterator[str]:
    with postgres_cluster.fresh_database(template=postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """URL of a database with the region; the test runs once on each engine."""
    name = "sqlite_region_url" if request.param == "sqlite" else "postgres_region_url"
    found: str = request.getfixturevalue(name)
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """One process's database; see `url`."""
    opened = Database(url, threads=10, is_durable=False)
    yield opened
    opened.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session() as opened:
        yield opened


def a_period(text: str) -> Period:
    """`a_period("18:00-21:00")`."""
    found = period_of(*text.split("-"))
    assert found is not None
    return found


EVENING = a_period("18:00-21:00")


def a_wish(unit_id: int, party_id: str, **other: object) -> BookingRequest:
    """This unit on Saturday evening, unless the test says otherwise."""
    fields = {"date": SATURDAY, "period": EVENING} | other
    return BookingRequest(unit_id=unit_id, party_id=party_id, **fields)  # type: ignore[arg-type]


def booked(session: Session, unit_id: int, party_id: str, **other: object) -> str:
    """Book as the resident; returns the booking's id."""
    return book(session, a_wish(unit_id, party_id, **other), context())


def refusal(work: object, *arguments: object) -> Refusal:
    """The refusal with which an action answers; anything else is a failure."""
    assert callable(work)
    with pytest.raises(Refusal) as caught:
        work(*arguments)
    return caught.value


def a_night_club(session: Session) -> int:
    """A hall without frames that is open day and night, at 500 yen an hour."""
    with write_transaction(session):
        gym = a_gym(
            session,
            "172014",
            "夜の館",
            (36.56, 136.65),
            parts=1,
            frames=(),
            hours=("00:00", "24:00"),
        )
        session.execute(
            text(
                "INSERT INTO frame_price"
                " (unit_id, valid_from, label, start_slot, end_slot, days, fee_yen, per_minutes)"
                " VALUES (:unit, '2026-04-01', '時間', 0, 192, 255, 500, 60)"
            ),
            {"unit": gym.whole},
        )
        open_for(session, TODAY, 40)
    return gym.whole


def the_booking(session: Session, booking_id: str) -> Booking:
    """The row as it is committed."""
    session.rollback()
    session.expire_all()
    found = session.get(Booking, booking_id)
    assert found is not None
    return found


def row_counts(session: Session) -> dict[str, int]:
    """How many rows every table has."""
    session.rollback()
    counts = {
        name: session.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in Base.metadata.tables.items()
    }
    session.rollback()
    return counts


def everything(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, to compare before and after."""
    session.rollback()
    found = {
        name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
        for name, table in Base.metadata.tables.items()
    }
    session.rollback()
    return found


def refreshed(session: Session) -> Memory:
    """This process's memory after its look at what has changed."""
    known = memory.current(session)
    known.masks.refresh()
    session.rollback()
    return known


def free_units(session: Session, period: Period = EVENING, **other: object) -> list[int]:
    """The units that a search shows to anybody, in order of id."""
    fields = {"date": SATURDAY, "near": HERE} | other
    wish = Search(period=period, **fields)  # type: ignore[arg-type]
    return sorted(found.unit.id for found in nearby.search(refreshed(session), wish, now=NOW))
