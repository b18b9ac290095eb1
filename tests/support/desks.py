"""Two desks of one region on this machine: each its own folder, database and key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from reservations import desk as desks
from reservations import projection
from reservations.actions import answering, moving
from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.desk import Desk
from reservations.models import FacilityNode
from reservations.sheets import SheetName
from sync.carriers.local import Link
from sync.witness import FileWitness
from tests.support.lending import a_wish, the_booking
from tests.town import Region, a_region, a_resident, an_empty_database, context


@dataclass
class Office:
    """One desk with its database, as one process of it."""

    desk: Desk
    database: Database
    region: Region
    session: Session
    number: int

    def books(self, unit_id: int, who: str = "", **other: Any) -> str:
        """Somebody books at this desk: the resident of the region, or whoever is named."""
        wish = a_wish(unit_id, who or self.region.resident, **other)
        return book(self.session, wish, self.context())

    def cancels(self, booking_id: str, **other: Any) -> None:
        cancel(self.session, CancelRequest(booking_id), self.context(**other))

    def context(self, **other: Any) -> Context:
        return context(node=self.desk.name, node_no=self.number, **other)

    def status(self, booking_id: str) -> str:
        return the_booking(self.session, booking_id).status


@dataclass
class Offices:
    """A hub and a gym that is served by a node of its own, with a line between them."""

    hub: Office
    gym: Office
    link: Link

    def sheet(self, day: date) -> SheetName:
        return SheetName("172014", self.hub.region.here.facility_id, day)

    def give(self, day: date, *, at: int = 1) -> None:
        """The hub hands the gym its sheet of that day, and the line carries it there."""
        moved = moving.hand_over(self.hub.desk, {self.sheet(day): "gym"}, at=at)
        assert moved.given == (self.sheet(day),), moved.kept
        self.link.sync()

    def meet(self, *, at: int = 2) -> None:
        """The line is there: carry, answer, carry, until nothing is left to say."""
        for _ in range(4):
            for office in (self.hub, self.gym):
                answering.tend(office.desk, at=at)
            self.link.sync()
        for office in (self.hub, self.gym):
            office.session.rollback()
            office.session.expire_all()


def an_office(folder: Path, name: str, number: int, url: str, *, witness: str = "") -> Office:
    witnesses = {witness: str(folder / "witness")} if witness else {}
    settings = Settings(
        data_dir=folder, node_name=name, node_no=number, witness=witness, witnesses=witnesses
    )
    database = an_empty_database(url)
    if witness:
        FileWitness.create(folder / "witness")
    desk = projection.open_desk(database, settings)
    region = a_region(database)
    with database.session() as session, write_transaction(session):
        for each in ("rival", "third"):
            a_resident(session, each, home="172014")
        session.add(FacilityNode(facility_id=region.here.facility_id, node="gym"))
    return Office(desk, database, region, database.session(), number)


def two_offices(
    folder: Path, hub_url: str, gym_url: str, *, has_witness: bool = False, hub_witness: str = ""
) -> Offices:
    """The gym starts with the hub's introduction and a key of its own, and holds nothing."""
    hub = an_office(folder / "hub", "hub", 1, hub_url, witness=hub_witness)
    if hub_witness:
        hub.desk.node.start()
    witness = "gym-witness" if has_witness else ""
    gym = one_more(hub, folder, "gym", 2, gym_url, witness=witness)
    return Offices(hub, gym, Link(hub.desk.node, gym.desk.node))


def one_more(
    hub: Office, folder: Path, name: str, number: int, url: str, *, witness: str = ""
) -> Office:
    """A node that the hub admits and introduces; its key is its own."""
    home = folder / name / "node"
    home.mkdir(parents=True)
    key = desks.new_key(home / "key")
    with hub.desk.transaction() as store:
        desks.admit(hub.desk, store.session, name, key.public, witness=witness)
    desks.join(home, name, desks.introduce(hub.desk))
    made = an_office(folder / name, name, number, url, witness=witness)
    made.desk.node.start()
    return made
