"""Lag through a town: from a slip on two media at a facility to its row at the hub.

Beside it the floor, what nobody who goes through two mailboxes can beat: the same servers, users
and length of documents, but bare calls on open connections, nothing verified and nothing stored.
Both are measured in turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import json
import os
import select
import sqlite3
import statistics
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from sync.carriers.couch import prepare
from sync.carriers.courier import Courier
from tests.support.peer import Couch
from tests.sync.couch.towns import PASSWORD, Towns, write
from tests.sync.desks import SCOPE, Desk

Figures = dict[str, float]
Told = Callable[[list[dict[str, Any]]], None]
IN_TURN = 10
# Between the turns the servers and the couriers come to rest.
REST_SECONDS = 0.5
FLOOR = "-floor"
SLIP_BYTES = 600


def lag(towns: Towns, *, count: int) -> Figures:
    """Both, in milliseconds, and how many times the floor's median Tonari's is."""
    tonari: list[float] = []
    floor: list[float] = []
    with _through_tonari(towns) as ours, _bare(towns) as bare:
        for _ in range(max(1, count // IN_TURN)):
            for once, found in ((ours, tonari), (bare, floor)):
                threading.Event().wait(REST_SECONDS)
                found += [once() * 1000 for _ in range(min(count, IN_TURN))]
    ours_ms, floor_ms = statistics.median(tonari), statistics.median(floor)
    return {
        "lag facility to hub, ms, median": round(ours_ms, 1),
        "lag facility to hub, ms, longest": round(max(tonari), 1),
        "the same by bare calls, ms, median": round(floor_ms, 1),
        "the same by bare calls, ms, longest": round(max(floor), 1),
        "lag by the floor": round(ours_ms / floor_ms, 2),
    }


@contextmanager
def _through_tonari(towns: Towns) -> Iterator[Callable[[], float]]:
    """Three nodes at work, hub and town in processes of their own; each call writes a slip at the
    gym and returns the seconds until the hub has applied it."""
    towns.prepare("town", "town", "gym")
    hub, town, gym = towns.region.hub, towns.desk("town"), towns.desk("gym")
    hearing, heard = os.pipe()
    written = 0
    with ExitStack() as stack:
        stack.enter_context(_apart(towns, hub, ["hub"], heard))
        stack.enter_context(_apart(towns, town, ["hub", "town"]))
        stack.enter_context(_kept_open(towns, gym))
        courier = Courier(gym.node, [towns.carrier(gym, "town")])
        courier.start()
        stack.callback(courier.stop)

        def once() -> float:
            nonlocal written
            write(gym, f"claim {written}")
            started = time.perf_counter()
            courier.wake()
            written += 1
            assert select.select([hearing], [], [], 30)[0], "it never arrived"
            assert os.read(hearing, 100) == b"."
            return time.perf_counter() - started

        once()
        yield once
        assert len(hub.lines(f"{SCOPE}/log/{gym.me.key}")) == written
    os.close(hearing)
    os.close(heard)


@contextmanager
def _apart(towns: Towns, desk: Desk, roles: list[str], heard: int | None = None) -> Iterator[None]:
    """A courier in a process of its own, as in life, until the block ends; forked before this one
    has any thread.

    heard   gets an octet for each page that was applied
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.close(writing)
            with _kept_open(towns, desk):
                courier = Courier(desk.node, [towns.carrier(desk, role) for role in roles])
                if heard is not None:
                    courier.carriers[0].heard = lambda: _tell(courier, heard)
                courier.start()
                os.read(reading, 1)  # ends when the other end is closed, also by a kill
                courier.stop()
        finally:
            os._exit(0)
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        os.waitpid(process, 0)


def _tell(courier: Courier, heard: int) -> None:
    os.write(heard, b".")
    courier.wake()


@contextmanager
def _kept_open(towns: Towns, desk: Desk) -> Iterator[None]:
    """As the application keeps its connections: each time that the last one to a database is
    closed, SQLite writes its log back and syncs twice."""
    with closing(sqlite3.connect(towns.folder / f"{desk.name}.db")) as connection:
        connection.execute("SELECT count(*) FROM sync_chain").fetchall()
        yield


@contextmanager
def _bare(towns: Towns) -> Iterator[Callable[[], float]]:
    """A put, a reader who waits at the town and puts it on, a reader who waits at the hub."""
    arrived, is_over = threading.Event(), threading.Event()
    database = towns.database + FLOOR
    hub, town = (Bare(towns, role, database) for role in ("hub", "town"))
    filling = "x" * SLIP_BYTES

    def pass_on(rows: list[dict[str, Any]]) -> None:
        hub.put([row["doc"] for row in rows])

    tell: list[Told] = [pass_on, lambda rows: arrived.set()]
    threads = [
        threading.Thread(target=each.follow, args=(told, is_over), daemon=True)
        for each, told in zip((town, hub), tell, strict=True)
    ]
    for thread in threads:
        thread.start()
    gym = Bare(towns, "town", database, is_new=False)

    def once() -> float:
        arrived.clear()
        name = sha256(str(time.perf_counter_ns()).encode()).hexdigest()
        started = time.perf_counter()
        gym.put([{"_id": f"slip:{name}", "_rev": f"1-{name[:32]}", "filling": filling}])
        assert arrived.wait(30)
        return time.perf_counter() - started

    try:
        once()
        yield once
    finally:
        is_over.set()
        for each in (hub, town, gym):
            each.close()
        for thread in threads:
            thread.join(15)


class Bare:
    """One mailbox by the standard library's own client, with an open connection a thread."""

    def __init__(self, towns: Towns, role: str, database: str, *, is_new: bool = True) -> None:
        server: Couch = towns.couches[role]
        user = "hub" if role == "hub" else "town"
        token = b64encode(f"{user}:{PASSWORD}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self.path = f"/{quote(f'{database}-{role}', safe='')}"
        if is_new:
            mailbox = prepare(server.admin, f"{database}-{role}", ["hub", "town", "gym"])
            towns.made.append((mailbox.server, mailbox.database))
        self.reader, self.writer = (
            HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(2)
        )

    def put(self, documents: list[dict[str, Any]]) -> None:
        self._call(self.writer, "_bulk_docs", {"new_edits": False, "docs": documents})

    def follow(self, told: Told, is_over: threading.Event) -> None:
        since: Any = 0
        while not is_over.is_set():
            wait = f"feed=longpoll&timeout=2000&include_docs=true&style=all_docs&since={since}"
            answer = self._call(self.reader, f"_changes?{wait}", {})
            since = answer["last_seq"]
            if answer["results"]:
                told(answer["results"])

    def _call(self, connection: HTTPConnection, what: str, body: dict[str, Any]) -> Any:
        path = f"{self.path}/{what}"
        connection.request("POST", path, json.dumps(body).encode(), self.headers)
        response = connection.getresponse()
        content = response.read()
        assert response.status in (200, 201), content
        return json.loads(content)

    def close(self) -> None:
        self.writer.close()
