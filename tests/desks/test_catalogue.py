"""What is lent is the same at every desk, under the same ids, and bookings find their units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, update

from reservations import catalogue_feed, projection
from reservations import desk as desks
from reservations.actions import answering, publishing
from reservations.actions.horizon import raise_catalogue_version
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import DayMask, Facility, FramePrice, Unit
from reservations.models.base import Base, table_of
from reservations.queries import memory
from reservations.queries.audit import masks_agree
from sync.carriers.local import Link
from tests.support.desks import Office, Offices, an_office
from tests.support.lending import a_period, the_booking
from tests.town import SATURDAY, Region, an_empty_database

TABLES = ["municipality", "town_rules", "purpose", "facility", "opening", "part", "unit"]
TABLES += ["unit_part", "unit_purpose", "unit_frame", "frame_price", "facility_node"]


@pytest.fixture
def spring() -> Iterator[None]:
    """The projection makes masks from today on."""
    with time_machine.travel(datetime(2026, 6, 6, 3, 0, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def empty(tmp_path: Path, spring: None, database_url: str) -> Iterator[Offices]:
    """A hub that lends, and a gym that knows nothing yet."""
    hub = an_office(tmp_path / "hub", "hub", 1, database_url)
    home = tmp_path / "gym" / "node"
    home.mkdir(parents=True)
    key = desks.new_key(home / "key")
    with hub.desk.transaction() as store:
        desks.admit(hub.desk, store.session, "gym", key.public)
    desks.join(home, "gym", desks.introduce(hub.desk))
    settings = Settings(data_dir=tmp_path / "gym", node_name="gym", node_no=2, horizon_days=40)
    database = an_empty_database(f"sqlite:///{tmp_path}/gym.sqlite3")
    desk = projection.open_desk(database, settings)
    desk.node.start()
    gym = Office(desk, database, Region(hub.region.here, hub.region.next_door, "", ""),
                 database.session(), 2)  # fmt: skip
    yield Offices(hub, gym, Link(hub.desk.node, desk.node))
    for office in (hub, gym):
        office.session.close()
        office.database.dispose()


def rows(office: Office, name: str) -> list[tuple[object, ...]]:
    table = Base.metadata.tables[name]
    office.session.rollback()
    query = select(table).order_by(*table.primary_key)
    return [tuple(row) for row in office.session.execute(query)]


def test_a_node_that_knew_nothing_has_the_same_rows(empty: Offices):
    with write_transaction(empty.hub.session):
        empty.hub.session.execute(update(Unit).values(area_m2=0.1 + 0.2))
        empty.hub.session.execute(update(Facility).values(access={"walk_km": 1.5, "bus": None}))
    said = publishing.publish(empty.hub.desk, at=1)
    empty.link.sync()

    assert said == 5
    for name in TABLES:
        assert rows(empty.gym, name) == rows(empty.hub, name), name
    assert memory.newest(empty.gym.database).catalogue.units
    held = empty.gym.session.scalars(select(DayMask.is_held).distinct()).all()
    assert held == [False]


def test_nothing_is_said_twice_and_a_new_price_is_said(empty: Offices):
    desk = empty.hub.desk
    published = publishing.keep_published(desk, 0, at=1)
    again = publishing.publish(desk, at=2)
    with write_transaction(empty.hub.session):
        empty.hub.session.execute(update(FramePrice).values(fee_yen=FramePrice.fee_yen + 10))
        raise_catalogue_version(empty.hub.session)
    later = publishing.keep_published(desk, published, at=3)
    empty.link.sync()

    assert (again, later > published) == (0, True)
    assert rows(empty.gym, "frame_price") == rows(empty.hub, "frame_price")


def test_bookings_that_came_before_their_units_are_shown_when_those_come(empty: Offices):
    hub, gym = empty.hub, empty.gym
    made = hub.books(hub.region.here.whole)
    empty.give(SATURDAY)
    asked = hub.books(hub.region.here.halves[0], "party-third", period=a_period("13:00-17:00"))
    empty.meet()
    before = gym.session.scalars(select(table_of(DayMask).c.date)).all()

    publishing.publish(hub.desk, at=9)
    empty.meet()

    assert before == []
    assert the_booking(gym.session, made).status == "confirmed"
    assert the_booking(gym.session, asked).status == "confirmed"
    assert masks_agree(gym.session) == masks_agree(hub.session) == []
    where = DayMask.date == SATURDAY, DayMask.is_held
    assert len(gym.session.scalars(select(DayMask.part_id).where(*where)).all()) == 2


def test_only_the_hub_says_what_is_lent(offices: Offices):
    gym = offices.gym
    with gym.desk.transaction() as store:
        data = {"name": "purposes", "columns": {"purpose": ["code"]}, "rows": {"purpose": [["x"]]}}
        gym.desk.node.post(
            store, catalogue_feed.SHEET, catalogue_feed.KIND, at=1, data={**data, "revision": 9}
        )
    gym.desk.settle()
    offices.meet()

    assert [row[0] for row in rows(offices.hub, "purpose")] == ["badminton"]


def test_a_large_facility_travels_in_pieces_below_the_limit(offices: Offices):
    hub = offices.hub
    with write_transaction(hub.session):
        hub.session.add_all(
            Unit(facility_id=hub.region.here.facility_id, name=f"室{number}", note="長" * 900)
            for number in range(60)
        )
    with hub.database.session() as session:
        names = [piece.name for piece in catalogue_feed.pieces(session)]

    assert len([name for name in names if name.startswith("facility/1/")]) > 1
    assert publishing.publish(hub.desk, at=5) == len(names)


def test_a_suspended_desk_takes_wishes_and_promises_nothing(offices: Offices):
    offices.give(SATURDAY)
    gym = offices.gym
    gym.desk.suspend("unread")

    waiting = gym.books(gym.region.here.whole)
    answering.tend(gym.desk, at=3)
    before = gym.status(waiting)
    gym.desk.resume()
    answering.tend(gym.desk, at=4)
    gym.session.expire_all()

    assert (before, gym.status(waiting)) == ("tentative", "confirmed")
