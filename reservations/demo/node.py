"""The gym's own node of the demonstration: a copy of the region on a machine of its own.

It serves one facility, whose near dates the hub hands to it. Both run on this computer, each with
its folder, database, key and port.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from reservations import desk as desks
from reservations import sheets
from reservations.actions import moving
from reservations.clock import HOLIDAYS, LOCAL, local_day, now
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.demo import seeding
from reservations.demo.regions import Region
from reservations.desk import Desk
from reservations.models import DayMask, FacilityNode
from reservations.models.base import table_of
from reservations.projection import open_desk
from reservations.queries import memory as memory_query
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.nearby import is_free
from reservations.rules.period import Period, day_bit

NAME, NUMBER = "gym", 2
# The seven days of 警戒モード: room enough for many pairs who want one court.
NEAR_DAYS = 7
# A frame that begins in this time is still a story; one that has begun is none.
LEAD = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Court:
    """What two people will want at the same moment."""

    unit: LentUnit
    date: date
    period: Period


def settings_of(settings: Settings) -> Settings:
    """The node's own settings beside the hub's."""
    folder = settings.data_dir / NAME
    changed = {"data_dir": folder, "database_url": "", "node_name": NAME, "node_no": NUMBER}
    return settings.model_copy(update=changed)


def prepare(settings: Settings, region: Region, seed: int) -> Settings:
    """Make the node where there is none, and hand it its near dates."""
    own = settings_of(settings)
    hub_database = Database(settings.url, threads=1)
    hub = open_desk(hub_database, settings)
    try:
        facility_id = _facility(hub_database, region)
        if not (own.data_dir / "node" / "desk.json").exists():
            _make(hub, own, region, seed, facility_id)
        at = sheets.milliseconds(now())
        moving.hand_over_near(hub, local_day(now()), at=at)
    finally:
        hub_database.dispose()
    return own


def _facility(database: Database, region: Region) -> int:
    """The gym of the story: the one that everybody wants."""
    with database.session() as session:
        places = memory_query.current(session).catalogue.places.values()
    town, name = region.story.full[0]
    return next(each.id for each in places if (each.town.code, each.name) == (town, name))


def _make(hub: Desk, own: Settings, region: Region, seed: int, facility_id: int) -> None:
    """Its folder with a key, its certificate, and the region as the hub has it now."""
    home = own.data_dir / "node"
    home.mkdir(parents=True, exist_ok=True)
    key = desks.new_key(home / "key")
    _copy(hub.database, own, region, seed)
    database = Database(own.url, threads=1, is_durable=False)
    with hub.transaction() as store:
        desks.admit(hub, store.session, NAME, key.public)
        _serve(store.session.connection(), facility_id)
    with database.session() as session, write_transaction(session):
        _serve(session.connection(), facility_id)
        session.execute(update(DayMask).values(is_held=False))
    database.dispose()
    desks.join(home, NAME, desks.introduce(hub))


def _serve(connection: Connection, facility_id: int) -> None:
    """Both desks know which facility the node serves."""
    table = table_of(FacilityNode)
    connection.execute(delete(table))
    row = {"facility_id": facility_id, "node": NAME, "days": NEAR_DAYS}
    connection.execute(insert(table), row)


def _copy(hub: Database, own: Settings, region: Region, seed: int) -> None:
    """The hub's database as it is; on another engine the same region from the same seed."""
    path = own.data_dir / "tonari.sqlite3"
    if hub.is_sqlite:
        with sqlite3.connect(str(hub.url.database)) as source, sqlite3.connect(path) as target:
            source.backup(target)
        source.close()
        target.close()
        return
    database = Database(own.url, threads=1, is_durable=False)
    today = local_day(now())
    seeding.seed(database, region=region.name, today=today, seed=seed)
    database.dispose()


def court(memory: Memory, facility_id: int) -> Court | None:
    """The next frame at the node's gym that nobody has yet."""
    here = now()
    today = local_day(here)
    for day in (today + timedelta(days=offset) for offset in range(NEAR_DAYS)):
        bit = day_bit(day, is_holiday=day in HOLIDAYS)
        for unit in memory.catalogue.units_of_place.get(facility_id, ()):
            for frame in unit.lending_on(day, bit).frames:
                is_ahead = frame.period.starts_at(day, LOCAL) > here + LEAD
                if unit.is_bookable and is_ahead and is_free(memory, unit, day, frame.period):
                    return Court(unit, day, frame.period)
    return None


def facility_of(database: Database) -> int | None:
    """The facility that the node serves."""
    with database.session() as session:
        return session.scalar(select(FacilityNode.facility_id))
