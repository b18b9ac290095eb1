"""Whole desks under seeded chance: the application, its API and its SQLite files, in one process.

    python -m tests.desks.campaign --schedules 60 --seed 1

`sync.simulate` plays the ledger's core by the thousand; this plays what stands around it. People
book, change and cancel over the API of two desks while sheets change hands, the line is cut,
documents arrive in pieces and twice, and a desk is started again. What people were told is
remembered outside; in the end all is mended and judged.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from reservations import desk as desks
from reservations import projection
from reservations.actions import answering, moving
from reservations.actions.accounts import SignInRequest, sign_in
from reservations.app import create_app
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.desk import Desk
from reservations.models import Booking, FacilityNode
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.queries.audit import masks_agree
from reservations.sheets import SheetName
from reservations.web.auth import token_hash
from sync import exchange
from sync.document import packed, read
from sync.witness import FileWitness
from tests import town
from tests.town import NOW, SATURDAY, TODAY, Region

NODES = {"hub": 1, "gym": 2}
PEOPLE = ("resident", "rival", "third", "fourth", "fifth")
DAYS = tuple(SATURDAY + timedelta(days=offset) for offset in range(3))
TIMES = (("09:00", "12:00"), ("13:00", "17:00"), ("18:00", "21:00"))
STEPS = 45
MEETINGS_MAX = 12
TRAVELS = (
    "id", "status", "unit_id", "date", "start_slot", "end_slot", "party_id", "fee_yen", "revision",
    "instead_of",
)  # fmt: skip
Place = tuple[int, str, str, str]


class VerdictError(AssertionError):
    """What must always hold did not."""


@dataclass
class Office:
    """One desk as a process would have it: its folder, its database, its web application."""

    name: str
    folder: Path
    witness: str
    database: Database = field(init=False)
    desk: Desk = field(init=False)
    client: FlaskClient = field(init=False)

    def start(self) -> None:
        """Open what the folder holds; whatever was only in memory before is gone."""
        witnesses = {self.witness: str(self.folder / "witness")} if self.witness else {}
        settings = Settings(
            data_dir=self.folder,
            node_name=self.name,
            node_no=NODES[self.name],
            witness=self.witness,
            witnesses=witnesses,
        )
        self.database = Database(f"sqlite:///{self.folder}/tonari.db", is_durable=False)
        self.desk = projection.open_desk(self.database, settings)
        self.desk.node.start()
        app = create_app(settings, now=lambda: NOW, database=self.database)
        self.client = app.test_client()

    def stop(self) -> None:
        self.database.dispose()

    def post(self, path: str, body: Any, who: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {who}"}
        return self.client.post(f"/api/v1/{path}", json=body, headers=headers)

    def rows(self) -> dict[str, tuple[Any, ...]]:
        """Every booking of people, as both desks must have it."""
        table = table_of(Booking)
        with self.database.session() as session:
            found = session.execute(select(*(table.c[name] for name in TRAVELS)))
            return {row.id: tuple(row) for row in found if row.party_id is not None}


@dataclass
class Told:
    """What people have heard: which places are theirs, and which wishes wait.

    changing     bookings whose owners wished for another place: theirs until that one is had, and
                 one of the two in the end
    given_back   those who wished to cancel: no longer a promise, whether freed yet or not
    """

    parts: dict[int, tuple[int, ...]]
    places: dict[str, Place] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    changing: dict[str, set[str]] = field(default_factory=dict)
    given_back: set[str] = field(default_factory=set)

    def promise(self, booking_id: str, place: Place) -> None:
        """Somebody was told: it is yours. Nobody else may have been told so (I2)."""
        if booking_id in self.given_back:
            return
        self.changing.pop(booking_id, None)
        self.places[booking_id] = place
        for other_id, other in self.places.items():
            if other_id != booking_id and self._meet(place, other):
                raise VerdictError(f"promised twice: {booking_id} {place} and {other_id} {other}")

    def _meet(self, one: Place, other: Place) -> bool:
        is_same_floor = bool(set(self.parts[one[0]]) & set(self.parts[other[0]]))
        return is_same_floor and one[1] == other[1] and one[2] < other[3] and other[2] < one[3]


class Schedule:
    """One run of chance."""

    def __init__(self, folder: Path, seed: int, *, has_witness: bool) -> None:
        self.random = random.Random(seed)
        self.region, self.offices = _copied(folder, has_witness=has_witness)
        self.told = Told(_parts(self.offices["hub"].database))
        self.is_cut = False
        self.at = 1
        self.counts: Counter[str] = Counter()

    def play(self) -> None:
        """Chance, then everything mended, then the verdict."""
        steps = {
            self.book: 12,
            self.change: 3,
            self.cancel: 3,
            self.look: 4,
            self.move: 4,
            self.carry: 8,
            self.tend: 6,
            self.cut: 2,
            self.restart: 1,
        }
        for step in self.random.choices(list(steps), list(steps.values()), k=STEPS):
            self.at += 1
            step()
            self.counts[step.__name__] += 1
        self.mend()
        self.judge()

    def close(self) -> None:
        for office in self.offices.values():
            office.stop()

    # What people do

    def book(self) -> None:
        who = self.random.choice(PEOPLE)
        place = self._place()
        answer = self._office().post("bookings", _body(place), who)
        self.counts[f"book {answer.status_code}"] += 1
        if answer.status_code == 201:
            found = answer.get_json()
            self.told.owners[found["booking_id"]] = who
            self._heard(found)

    def change(self) -> None:
        if not self.told.places:
            return
        booking_id = self.random.choice(list(self.told.places))
        answer = self._asked(booking_id, "change", _body(self._place()))
        if answer.status_code == 200:
            self._heard(answer.get_json())

    def cancel(self) -> None:
        told = self.told
        known = [each for each in told.owners if each in told.places or each in told.waiting]
        if not known:
            return
        booking_id = self.random.choice(known)
        answer = self._asked(booking_id, "cancel", {})
        if answer.status_code != 200:
            return
        was_had = told.places.pop(booking_id, None) is not None
        told.waiting.discard(booking_id)
        if was_had or not any(booking_id in news for news in told.changing.values()):
            told.given_back.add(booking_id)
        # Who gives up a change that waits keeps one of the two; who gives up what it became, none.
        if was_had:
            for old, news in list(told.changing.items()):
                if booking_id in news:
                    del told.changing[old]

    def look(self) -> None:
        """Somebody opens their booking: what stands there is told as well."""
        if not self.told.owners:
            return
        booking_id = self.random.choice(list(self.told.owners))
        who = self.told.owners[booking_id]
        answer = self._office().client.get(
            f"/api/v1/bookings/{booking_id}", headers={"Authorization": f"Bearer {who}"}
        )
        if answer.status_code == 200:
            self._heard(answer.get_json())

    def _asked(self, booking_id: str, what: str, body: Any) -> TestResponse:
        who = self.told.owners[booking_id]
        answer = self._office().post(f"bookings/{booking_id}/{what}", body, who)
        self.counts[f"{what} {answer.status_code}"] += 1
        return answer

    def _heard(self, found: dict[str, Any]) -> None:
        booking_id, status = found["booking_id"], found["status"]
        place = (found["unit_id"], found["date"], found["start"], found["end"])
        if status == "confirmed":
            self.told.waiting.discard(booking_id)
            if found["instead_of"]:
                self.told.places.pop(found["instead_of"], None)
            self.told.promise(booking_id, place)
        elif status == "changing":
            self.told.places.pop(booking_id, None)
            new = found["replaced_by"]
            self.told.owners[new] = self.told.owners[booking_id]
            self.told.changing.setdefault(booking_id, set()).add(new)
        elif status == "tentative":
            self.told.waiting.add(booking_id)
        elif status == "refused":
            self.told.waiting.discard(booking_id)
            if booking_id in self.told.places:
                raise VerdictError(f"promised and then refused: {booking_id}")

    # What desks and lines do

    def move(self) -> None:
        """A sheet goes to the other desk, if this one holds it."""
        giver, taker = self._pair()
        place = self.random.choice((self.region.here, self.region.next_door))
        town_code = "172014" if place is self.region.here else "172120"
        name = SheetName(town_code, place.facility_id, self.random.choice(DAYS))
        moved = moving.hand_over(giver.desk, {name: taker.name}, at=self.at)
        self.counts["moved"] += len(moved.given)

    def carry(self) -> None:
        """Some of what the other lacks arrives there; some of it twice, in any order."""
        if self.is_cut:
            return
        source, target = self._pair()
        lacking = self._lacking(source, target)
        some = [each for each in lacking if self.random.random() < 0.8]
        some += self.random.sample(some, k=min(2, len(some)))
        self.random.shuffle(some)
        if some:
            target.desk.node.receive([read(each) for each in some])

    def _lacking(self, source: Office, target: Office) -> list[bytes]:
        for certificate in source.desk.directory.certificates():
            target.desk.directory.add(certificate)
        with target.desk.node.transaction() as store:
            heads = store.heads()
            exchange.retry(store, target.desk.directory)
        with source.desk.node.transaction() as store:
            return [packed(each) for each in exchange.lacking(store, heads, scope=_everything)]

    def tend(self) -> None:
        answering.tend(self._office().desk, at=self.at, is_night=self.random.random() < 0.2)

    def cut(self) -> None:
        self.is_cut = not self.is_cut

    def restart(self) -> None:
        office = self._office()
        office.stop()
        office.start()

    # The end

    def mend(self) -> None:
        """The line is there and everybody does their work, until nothing more happens."""
        self.is_cut = False
        for _ in range(MEETINGS_MAX):
            self.at += 1
            done = sum(
                answering.tend(each.desk, at=self.at, is_night=True)
                for each in self.offices.values()
            )
            moved = 0
            for source, target in (("hub", "gym"), ("gym", "hub")):
                documents = self._lacking(self.offices[source], self.offices[target])
                moved += len(documents)
                if documents:
                    self.offices[target].desk.node.receive([read(each) for each in documents])
            if not done and not moved:
                return
        raise VerdictError("no rest: the desks go on talking")

    def judge(self) -> None:
        hub, gym = (self.offices[name] for name in NODES)
        rows = hub.rows()
        if rows != (others := gym.rows()):
            apart = {key for key in rows | others if rows.get(key) != others.get(key)}
            pairs = [(rows.get(key), others.get(key)) for key in sorted(apart)]
            raise VerdictError(f"not the same tables (I7): {pairs}")
        if waiting := [row for row in rows.values() if row[1] == "tentative"]:
            raise VerdictError(f"still unanswered (I13): {waiting}")
        had = {booking_id for booking_id, row in rows.items() if row[1] == "confirmed"}
        moved = {row[-1] for row in rows.values() if row[-1]}
        for booking_id, place in self.told.places.items():
            if booking_id not in had | moved:
                raise VerdictError(f"promised and lost (I4): {booking_id} {place}")
        for old, news in self.told.changing.items():
            if not had & {old, *news}:
                raise VerdictError(
                    f"changed, and neither is left: {[rows[each] for each in (old, *news)]}"
                )
        for booking_id in self.told.given_back:
            if rows[booking_id][1] not in ("cancelled", "refused"):
                raise VerdictError(f"given back and still held: {rows[booking_id]}")
        for office in (hub, gym):
            with office.database.session() as session:
                if found := masks_agree(session):
                    raise VerdictError(f"{office.name}: masks and bookings differ (I1): {found}")

    # Chance

    def _office(self) -> Office:
        return self.offices[self.random.choice(list(NODES))]

    def _pair(self) -> tuple[Office, Office]:
        one, other = self.random.sample(list(NODES), 2)
        return self.offices[one], self.offices[other]

    def _place(self) -> Place:
        gym = self.random.choice((self.region.here, self.region.here, self.region.next_door))
        unit = self.random.choice((gym.whole, *gym.halves))
        return (unit, self.random.choice(DAYS).isoformat(), *self.random.choice(TIMES))


def _everything(_chain: str) -> bool:
    return True


def _body(place: Place) -> dict[str, Any]:
    return dict(zip(("unit_id", "date", "start", "end"), place, strict=True))


def _parts(database: Database) -> dict[int, tuple[int, ...]]:
    with database.session() as session:
        units = memory.current(session).catalogue.units
        return {unit.id: tuple(unit.parts) for unit in units.values()}


_MADE: dict[bool, tuple[Region, Path]] = {}


def _copied(folder: Path, *, has_witness: bool) -> tuple[Region, dict[str, Office]]:
    """Two desks as they are on their first day; made once a process, then copied."""
    if has_witness not in _MADE:
        _MADE[has_witness] = _made(Path(tempfile.mkdtemp(prefix="desks-")), has_witness)
    region, made = _MADE[has_witness]
    offices = {}
    for name in NODES:
        shutil.copytree(made / name, folder / name)
        witness = "gym-witness" if has_witness and name == "gym" else ""
        offices[name] = Office(name, folder / name, witness)
        offices[name].start()
    return region, offices


def _made(folder: Path, has_witness: bool) -> tuple[Region, Path]:
    hub = Office("hub", folder / "hub", "")
    gym = Office("gym", folder / "gym", "gym-witness" if has_witness else "")
    region = _filled(hub)
    (gym.folder / "node").mkdir(parents=True)
    key = desks.new_key(gym.folder / "node" / "key")
    with hub.desk.transaction() as store:
        desks.admit(hub.desk, store.session, "gym", key.public, witness=gym.witness)
    desks.join(gym.folder / "node", "gym", desks.introduce(hub.desk))
    if has_witness:
        FileWitness.create(gym.folder / "witness")
    _filled(gym)
    for office in (hub, gym):
        office.stop()
    return region, folder


def _filled(office: Office) -> Region:
    """The region in the office's own database, with the desk there while it is filled."""
    office.folder.mkdir(parents=True, exist_ok=True)
    town.an_empty_database(f"sqlite:///{office.folder}/tonari.db").dispose()
    office.start()
    region = town.a_region(office.database, days=(DAYS[-1] - TODAY).days + 2)
    with office.database.session() as session, write_transaction(session):
        for each in PEOPLE[1:]:
            town.a_resident(session, each, home="172014")
        session.add(FacilityNode(facility_id=region.here.facility_id, node="gym"))
    for each in PEOPLE:
        account = f"account-{each}"
        asked = SignInRequest(account, token_hash(each), NOW + timedelta(days=30), kind="api")
        with office.database.session() as session:
            sign_in(session, asked, town.context(account))
    return region


def run(schedules: int, seed: int) -> dict[str, Any]:
    """Play that many; every odd one has a witness at the gym."""
    counts: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    before = time.process_time()
    for number in range(seed, seed + schedules):
        with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
            schedule = Schedule(Path(folder), number, has_witness=bool(number % 2))
            try:
                schedule.play()
            except VerdictError as why:
                bad.append({"seed": number, "why": str(why)})
            finally:
                schedule.close()
            counts += schedule.counts
    seconds = time.process_time() - before
    return {
        "schedules": schedules,
        "violations": len(bad),
        "bad": bad,
        "did": dict(sorted(counts.items())),
        "cpu_seconds": round(seconds, 1),
        "schedules_per_cpu_minute": round(schedules / seconds * 60),
    }


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.desks.campaign", description=__doc__)
    parser.add_argument("--schedules", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    result = run(arguments.schedules, arguments.seed)
    sys.stdout.write(json.dumps(result, indent=1, ensure_ascii=False, default=str) + "\n")
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
