"""Two `tonari serve`, each beside a CouchDB-compatible mailbox of its own, and a line between them.

The gym's machine joins by a stick, the line is cut, both sides are asked for one court, and the
line is mended: one has the court, the other hears no and where there is room. On the real clock.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from reservations import clock, mail
from reservations.actions.accounts import SignInRequest, sign_in
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import Letter, PartyResidency, schema
from reservations.queries.audit import masks_agree
from reservations.web.auth import token_hash
from tests.support.desks import an_office
from tests.support.mailboxes import prepared, way_to
from tests.support.peer import Couch, real_couch
from tests.support.proxy import Proxy, a_line
from tests.support.server import Server, running_server, tonari
from tests.town import Region, a_resident, open_for

pytestmark = pytest.mark.timeout(240)

TOWNS = ["172014", "172120"]
HORIZON = 40
NOTICED_SECONDS = 16.0
SETTLED_SECONDS = 15.0


@dataclass
class Place:
    """A machine: its folder, its tables, and, while it serves, its address."""

    folder: Path
    environment: dict[str, str]
    server: Server | None = None

    @property
    def database(self) -> Database:
        return Database(Settings(data_dir=self.folder).url, threads=1)

    def ask(self, path: str, body: Any = None, *, token: str = "", method: str = "") -> Any:
        """A request to the API; returns (status, parsed answer)."""
        assert self.server is not None
        request = urllib.request.Request(
            f"{self.server.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
            method=method or ("POST" if body is not None else "GET"),
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def books(self, unit: int, day: date) -> dict[str, Any]:
        body = {"unit_id": unit, "date": day.isoformat(), "start": "18:00", "end": "21:00"}
        status, made = self.ask("bookings", body, token="token")
        assert status == 201, made
        found: dict[str, Any] = made
        return found

    def status(self, made: dict[str, Any]) -> str:
        status, found = self.ask(f"bookings/{made['booking_id']}", token="token")
        assert status == 200, found
        return str(found["status"])

    def node(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("node")[1]
        return found


@dataclass
class Parts:
    """Both machines and what is between them."""

    hub: Place
    gym: Place
    line: Proxy
    region: Region
    day: date


def a_person(place: Place, name: str, now: datetime) -> None:
    """Somebody who may book here, with a token for the API."""
    database = place.database
    with database.session() as session:
        with write_transaction(session):
            if name != "resident":
                a_resident(session, name, home="172014")
            until = now.date() + timedelta(days=365)
            session.execute(update(PartyResidency).values(valid_until=until))
        asked = SignInRequest(
            f"account-{name}", token_hash("token"), now + timedelta(days=1), kind="api"
        )
        sign_in(session, asked, Context(f"account-{name}", now))
    database.dispose()


def a_hub(folder: Path, today: date) -> Region:
    office = an_office(folder, "hub", 1, f"sqlite:///{folder / 'tonari.sqlite3'}")
    with write_transaction(office.session):
        open_for(office.session, today, HORIZON)
    schema.ensure(office.database)
    office.session.close()
    office.database.dispose()
    return office.region


@pytest.fixture
def parts(tmp_path: Path, couches: dict[str, Couch]) -> Iterator[Parts]:
    if real_couch():
        pytest.skip("both sides would share one server's databases")
    now = clock.now()
    today = clock.local_day(now)
    scopes = mail.scopes(TOWNS, today, HORIZON)
    with ExitStack() as stack:
        for name in ("hub", "gym"):
            stack.enter_context(prepared(couches[name], scopes, ["hub", "gym"]))
        line = stack.enter_context(a_line(couches["hub"].port))
        hub, gym = (
            Place(tmp_path / name, settings(tmp_path / name, name, couches, line))
            for name in ("hub", "gym")
        )
        region = a_hub(hub.folder, today)
        join(hub, gym, tmp_path, region)
        a_person(hub, "resident", now)
        a_person(gym, "walker", now)
        for place in (hub, gym):
            place.server = stack.enter_context(
                running_server(place.folder, settings=place.environment, seconds=40)
            )
        yield Parts(hub, gym, line, region, today + timedelta(days=1))


def settings(folder: Path, name: str, couches: dict[str, Couch], line: Proxy) -> dict[str, str]:
    ways = way_to(folder, "mailbox", couches[name].url, name)
    if name != "hub":
        ways |= way_to(folder, "upstream", line.url, name)
    chosen = {f"TONARI_{key.upper()}": value for key, value in ways.items()}
    return chosen | {"TONARI_HORIZON_DAYS": str(HORIZON), "TONARI_WORKERS": "1"}


def join(hub: Place, gym: Place, folder: Path, region: Region) -> None:
    """By a stick, with the commands that a clerk types."""
    stick = str(folder / "stick")
    words = ("node", "admit", "gym", "--facility", str(region.here.facility_id), "--out", stick)
    admitted = tonari(*words, "--json", data_dir=hub.folder)
    assert admitted.returncode == 0, admitted.stderr
    code = json.loads(admitted.stdout)["code"]
    begun = tonari("node", "init", stick, "--code", code, data_dir=gym.folder)
    assert begun.returncode == 0, begun.stderr


def until(ready: Callable[[], bool], *, seconds: float) -> float:
    """Wait for the thing itself; returns how long it took."""
    started, pause = time.monotonic(), threading.Event()
    while not ready():
        assert time.monotonic() - started < seconds, "it did not happen"
        pause.wait(0.05)
    return time.monotonic() - started


def letters(place: Place) -> list[tuple[str, str]]:
    database = place.database
    with database.session() as session:
        found = [(row.party_id, row.kind) for row in session.scalars(select(Letter))]
        assert masks_agree(session) == []
    database.dispose()
    return found


def test_one_court_two_people_and_a_cut_line(parts: Parts, capsys: pytest.CaptureFixture[str]):
    hub, gym, court = parts.hub, parts.gym, parts.region.here.whole
    arrived = until(lambda: gym.node()["holds"]["sheets"] == "some", seconds=30)
    before = hub.books(parts.region.here.halves[0], parts.day + timedelta(days=1))
    answered = until(lambda: hub.status(before) == "confirmed", seconds=10)

    parts.line.cut()
    there, here = gym.books(court, parts.day), hub.books(court, parts.day)
    noticed = until(lambda: gym.node()["mode"] == "isolated", seconds=NOTICED_SECONDS)
    said = there["status"], here["status"], hub.status(here)
    parts.line.mend()
    settled = until(lambda: hub.status(here) == "refused", seconds=SETTLED_SECONDS)

    path = f"units/{court}/alternatives?date={parts.day}&start=18:00&end=21:00"
    instead = hub.ask(path, token="token")[1]["alternatives"]
    assert said == ("confirmed", "tentative", "tentative")
    assert here["answer_by"] and here["alternatives"]
    assert gym.status(there) == "confirmed"
    assert ("party-resident", "refused") in letters(hub)
    assert parts.region.next_door.whole in [each["unit_id"] for each in instead]
    until(lambda: gym.node()["mode"] == "normal", seconds=10)
    with capsys.disabled():
        print(
            f"\nheld {arrived:.1f} s, answered {answered:.2f} s, cut noticed {noticed:.1f} s,"
            f" settled {settled:.2f} s after the rejoin"
        )


def test_an_orderly_stop_hands_back_and_the_next_start_takes_again(parts: Parts):
    hub, gym = parts.hub, parts.gym
    until(lambda: gym.node()["holds"]["sheets"] == "some", seconds=30)
    assert gym.server is not None

    gym.server.process.terminate()
    gym.server.process.wait(20)
    until(lambda: hub.node()["holds"]["sheets"] == "all", seconds=15)
    alone = hub.books(parts.region.here.whole, parts.day)
    with running_server(gym.folder, settings=gym.environment, seconds=40) as again:
        gym.server = again
        until(lambda: gym.node()["holds"]["sheets"] == "some", seconds=30)

    assert alone["status"] == "confirmed"
