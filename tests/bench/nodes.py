"""Nodes over mailboxes: catching up, healing after a cut, lag through a town, and idling.

Real SQL stores, real witnesses and CouchDB-compatible servers on loopback; CouchDB itself where
TONARI_TEST_COUCHDB_URL names one. `./run bench --nodes` prints it and writes it as JSON;
`./run bench --nodes lag` measures one of STEPS alone.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sync.carriers.courier import Courier
from tests.bench.lag import lag
from tests.support import peer
from tests.support.peer import Couch
from tests.support.proxy import a_line
from tests.sync.couch.towns import Towns, follow, heads, post, write, write_many

Figures = dict[str, float]
BARS = {
    "catching up, documents/s": (333, "at least"),
    "healing 500 + 500 after a cut, s": (1.5, "at most"),
    "lag facility to hub, ms, median": (25, "at most"),
    "lag facility to hub, ms, longest": (60, "at most"),
    "62 towns idle, % of a core": (7, "at most"),
}


STEPS = ("lag", "catching-up", "healing", "idling")


def measure(folder: Path, *, only: Collection[str] = (), is_quick: bool = False) -> Figures:
    """All figures; about a minute, a quarter of it when quick.

    only   some of STEPS
    """
    few = 4 if is_quick else 1
    found: Figures = {}
    with _servers() as couches:
        # The lag comes first: its nodes are forked from this process while it has no threads.
        steps: dict[str, Callable[[Towns], Figures]] = {
            "lag": lambda towns: lag(towns, count=100 // few),
            "catching-up": lambda towns: catching_up(towns, count=4_000 // few),
            "healing": lambda towns: healing(towns, couches["hub"]),
            "idling": lambda towns: idling(towns, seconds=20 / few),
        }
        assert tuple(steps) == STEPS
        for number, name in enumerate(each for each in STEPS if not only or each in only):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                towns = Towns(Path(place), couches, f"bench-{number}")
                towns.prepare("hub", "hub", "town", "gym")
                try:
                    found |= steps[name](towns)
                finally:
                    towns.close()
    return found


def catching_up(towns: Towns, *, count: int) -> Figures:
    """A backlog is posted by one node and applied by another, each alone."""
    hub, gym = towns.region.hub, towns.desk("gym")
    write_many(hub, count)
    started, began = time.perf_counter(), time.process_time()
    post(towns.carrier(hub))
    posted, half = time.perf_counter(), time.process_time()
    follow(towns.carrier(gym))
    applied, done = time.perf_counter(), time.process_time()
    assert heads(gym) == heads(hub)
    # By the node's own seconds of a processor too, which a busy machine does not change as much.
    return {
        "posting, documents/s": round(count / (posted - started)),
        "posting, documents/CPU-s": round(count / (half - began)),
        "catching up, documents/s": round(count / (applied - posted)),
        "catching up, documents/CPU-s": round(count / (done - half)),
    }


def healing(towns: Towns, couch: Couch) -> Figures:
    """500 documents on either side of a cut, from the moment when the line is back."""
    hub, gym = towns.region.hub, towns.desk("gym")
    with a_line(couch.port) as line:
        at_hub = Courier(hub.node, [towns.carrier(hub)])
        towns.lines["hub"] = line.url
        at_gym = Courier(gym.node, [towns.carrier(gym)])
        with _at_work(at_hub, at_gym):
            write(hub, "first")
            at_hub.wake()
            _until(lambda: heads(gym) == heads(hub))
            line.cut()
            for desk, courier in ((hub, at_hub), (gym, at_gym)):
                write_many(desk, 500)
                courier.wake()
            _until(lambda: at_gym.carriers[0].error != "")
            # Not shorter than the first few retries, so that this is what any long cut costs.
            threading.Event().wait(4)
            line.mend()
            seconds = _until(lambda: heads(gym) == heads(hub))
    return {"healing 500 + 500 after a cut, s": round(seconds, 2)}


def idling(towns: Towns, *, seconds: float, count: int = 62) -> Figures:
    """One process that follows the mailboxes of a whole region in which nothing happens."""
    hub = towns.region.hub
    carriers = [towns.carrier(hub) for _ in range(count)]
    with _at_work(Courier(hub.node, carriers)):
        _until(lambda: all(carrier.contact is not None for carrier in carriers))
        threading.Event().wait(5)
        before = time.process_time()
        threading.Event().wait(seconds)
        share = (time.process_time() - before) / seconds
    return {"62 towns idle, % of a core": round(share * 100, 1)}


def show(found: Figures) -> list[str]:
    """Print every figure beside its bar; returns those that miss it."""
    missed = []
    for name, value in found.items():
        bar, side = BARS.get(name, (0.0, ""))
        is_missed = value < bar if side == "at least" else bool(side) and value > bar
        missed += [name] if is_missed else []
        print(f"{name:<36} {value:>10,}  {f'{side} {bar}' if side else ''}")
    return missed


@contextmanager
def _servers() -> Iterator[dict[str, Couch]]:
    roles = ("hub", "town", "gym")
    if real := peer.real_couch():
        yield dict.fromkeys(roles, real)
        return
    peer.install()
    with ExitStack() as stack:
        yield {role: stack.enter_context(peer.running_peer()) for role in roles}


@contextmanager
def _at_work(*couriers: Courier) -> Iterator[None]:
    with ExitStack() as stack:
        for courier in couriers:
            courier.start()
            stack.callback(courier.stop)
        yield


def _until(ready: Callable[[], bool], *, seconds: float = 60) -> float:
    started, pause = time.perf_counter(), threading.Event()
    while not ready():
        assert time.perf_counter() - started < seconds, "it did not happen"
        pause.wait(0.01)
    return time.perf_counter() - started
