"""A hub with a line to each of several desks; made once, and copied for each test or example."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reservations import desk as desks
from reservations import projection
from reservations.actions import answering, moving
from reservations.actions.bookings import ChangeRequest, change
from reservations.actions.step import Done
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import FacilityNode, Unit
from reservations.rules.period import Period
from reservations.sheets import SheetName, milliseconds
from sync.carriers.local import Link
from tests.support.desks import Office, an_office
from tests.support.lending import EVENING, a_night_club, the_booking
from tests.town import NOW, SATURDAY, Region

ROUNDS_MAX = 20
HUB = "hub"
NAMES = (HUB, "gym", "next")
TOWNS = {"here": "172014", "next_door": "172120", "night": "172014"}


@dataclass(frozen=True)
class Prepared:
    """The folder, and the ids of the region that is in each of its databases."""

    folder: Path
    region: Region


def prepare(folder: Path) -> Prepared:
    """The desks `hub`, `gym` and `next` with one region in each; the hub holds everything."""
    offices = {HUB: an_office(folder / HUB, HUB, 1, _url(folder / HUB))}
    hub = offices[HUB].desk
    for number, name in enumerate(NAMES[1:], 2):
        home = folder / name / "node"
        home.mkdir(parents=True)
        key = desks.new_key(home / "key")
        with hub.transaction() as store:
            desks.admit(hub, store.session, name, key.public)
        desks.join(home, name, desks.introduce(hub))
        offices[name] = an_office(folder / name, name, number, _url(folder / name))
    for office in offices.values():
        night = a_night_club(office.session)
        with write_transaction(office.session):
            unit = office.session.get_one(Unit, night)
            office.session.add(FacilityNode(facility_id=unit.facility_id, node="gym"))
            next_door = office.region.next_door.facility_id
            office.session.add(FacilityNode(facility_id=next_door, node="next"))
        office.session.close()
        office.database.dispose()
    return Prepared(folder, offices[HUB].region)


def _url(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder}/tonari.sqlite3"


class Desks:
    """The desks of a folder that was prepared; `now` is what their clocks show."""

    now = NOW

    def __init__(self, prepared: Prepared) -> None:
        self.offices = {
            name: _opened(prepared.folder / name, name, number, prepared.region)
            for number, name in enumerate(NAMES, 1)
        }
        self.hub, self.gym, self.next = (self.offices[name] for name in NAMES)
        self.lines = {
            name: Link(self.hub.desk.node, self.offices[name].desk.node) for name in NAMES[1:]
        }
        for line in self.lines.values():
            line.sync()
        for office in (self.gym, self.next):
            office.desk.node.start()

    @property
    def hall(self) -> int:
        """The unit that is lent by day and by night."""
        return self.hub.region.next_door.halves[-1] + 1

    def sheet(self, where: str, day: date = SATURDAY) -> SheetName:
        """The sheet of the gym `here` or `next_door`, or of the hall of the `night`."""
        region = self.hub.region
        facility = {
            "here": region.here.facility_id,
            "next_door": region.next_door.facility_id,
            "night": region.next_door.facility_id + 1,
        }[where]
        return SheetName(TOWNS[where], facility, day)

    def give(self, name: SheetName, to: str, *, by: str = HUB) -> None:
        """Hand one sheet over, and tell everybody."""
        moved = moving.hand_over(self.offices[by].desk, {name: to}, at=milliseconds(self.now))
        assert moved.given == (name,), moved.kept
        self.carry()

    def cut(self, *names: str) -> None:
        for name in names:
            self.lines[name].is_cut = True

    def mend(self, *names: str) -> None:
        for name in names:
            self.lines[name].is_cut = False

    def carry(self, *names: str) -> int:
        """Each line twice, so that what came by one goes on by the others; how much was carried."""
        wanted = names or tuple(self.lines)
        both = [self.lines[name].sync() for name in (*wanted, *wanted)]
        return sum(len(each.applied) for found in both for each in found or ())

    def tend(self, *names: str) -> int:
        """A round at these desks, or at all."""
        at = milliseconds(self.now)
        return sum(answering.tend(self.offices[name].desk, at=at) for name in names or NAMES)

    def heal(self, order: Sequence[str] = NAMES) -> None:
        """Every line is there: carry and answer until nothing is left to say."""
        self.mend(*self.lines)
        for _ in range(ROUNDS_MAX):
            done = self.tend(*order)
            done += self.carry(*(name for name in order if name != HUB))
            if not done:
                return
        raise AssertionError("it never ends")

    def changes(self, at_desk: str, booking_id: str, unit_id: int, **other: object) -> Done:
        """The resident changes a booking at this desk."""
        day, period = other.get("day", SATURDAY), other.get("period", EVENING)
        assert isinstance(day, date) and isinstance(period, Period)
        office = self.offices[at_desk]
        request = ChangeRequest(booking_id, unit_id, day, period)
        return change(office.session, request, office.context())

    def statuses(self, booking_id: str) -> list[str]:
        """Of one booking at the hub, the gym and next door."""
        return [the_booking(self.offices[name].session, booking_id).status for name in NAMES]

    def close(self) -> None:
        for office in self.offices.values():
            office.session.close()
            office.database.dispose()


def _opened(folder: Path, name: str, number: int, region: Region) -> Office:
    settings = Settings(data_dir=folder, node_name=name, node_no=number)
    database = Database(_url(folder), threads=4, is_durable=False)
    desk = projection.open_desk(database, settings)
    return Office(desk, database, region, database.session(), number)


@contextmanager
def copied(prepared: Prepared, folder: Path) -> Iterator[Desks]:
    """The prepared desks in a folder of their own."""
    shutil.copytree(prepared.folder, folder)
    made = Desks(Prepared(folder, prepared.region))
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)
