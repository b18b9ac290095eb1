"""What is measured: steady requests in alternating slices, and the medians of the slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

import orjson

from tests.bench import load
from tests.bench.load import Result
from tests.bench.region import DAYS, EAST, NORTH, SOUTH, WEST, Region, token
from tests.bench.servers import Served

WARM_UP_SECONDS = 1.5

Requests = Callable[[Served], Iterator[bytes]]


@dataclass
class Side:
    """One application's slices of one measurement."""

    rates: list[float] = field(default_factory=list)
    p50s: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0

    def add(self, result: Result, cpu_seconds: float) -> None:
        self.rates.append(result.per_second)
        self.p50s.append(result.percentile_ms(50))
        self.p99s.append(result.percentile_ms(99))
        self.cpus.append(1000 * cpu_seconds / max(1, result.count))
        self.statuses += result.statuses
        self.broken += result.broken

    def summary(self) -> dict[str, Any]:
        return {
            "per_second": round(median(self.rates), 1),
            "p50_ms": round(median(self.p50s), 2),
            "p99_ms": round(median(self.p99s), 2),
            "cpu_ms": round(median(self.cpus), 3),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "broken": self.broken,
        }


@dataclass(frozen=True)
class Effort:
    """How long to look."""

    slices: int
    seconds: float
    rounds: int


def compare(
    tonari: Served, floor: Served, requests: Requests, *, clients: int, effort: Effort
) -> dict[str, Any]:
    """Ask both in turn; the ratio is that of the medians."""
    sides = {served.name: Side() for served in (tonari, floor)}
    streams = {served.name: requests(served) for served in (tonari, floor)}
    for served in (tonari, floor):
        # Each process loads its catalogue and its days once; that is not what is measured.
        load.steady(served.port, streams[served.name], clients=clients, seconds=WARM_UP_SECONDS)
    for turn in range(effort.slices):
        order = (tonari, floor) if turn % 2 == 0 else (floor, tonari)
        for served in order:
            before = served.cpu_seconds()
            result = load.steady(
                served.port, streams[served.name], clients=clients, seconds=effort.seconds
            )
            sides[served.name].add(result, served.cpu_seconds() - before)
    ours, theirs = sides["tonari"].summary(), sides["floor"].summary()
    ratio = ours["per_second"] / theirs["per_second"] if theirs["per_second"] else 0.0
    return {"tonari": ours, "floor": theirs, "ratio": round(ratio, 3)}


def availability(region: Region) -> Requests:
    """Badminton this evening near me: another point, another day each time."""

    def requests(served: Served) -> Iterator[bytes]:
        random = Random(3)
        while True:
            yield load.request("GET", _search(served, region, random, 1, 50))

    return requests


def nearest(region: Region) -> Requests:
    """The ten nearest over a fortnight."""

    def requests(served: Served) -> Iterator[bytes]:
        random = Random(4)
        while True:
            yield load.request("GET", _search(served, region, random, 14, 10))

    return requests


def _search(served: Served, region: Region, random: Random, days: int, limit: int) -> str:
    day = region.day(random.randrange(1, DAYS - days + 1))
    near = f"{random.uniform(SOUTH, NORTH):.4f},{random.uniform(WEST, EAST):.4f}"
    prefix = "/api/v1" if served.name == "tonari" else ""
    more = f"&days={days}" if days > 1 else ""
    asked = f"date={day}&start=18:00&end=20:00&purpose=badminton&near={near}&limit={limit}{more}"
    return f"{prefix}/availability?{asked}"


def same_answers(tonari: Served, floor: Served, region: Region) -> None:
    """Both answer a search alike, or the comparison means nothing."""
    for days, limit, requests in ((1, 50, availability(region)), (14, 10, nearest(region))):
        for ours, theirs in zip(_sample(tonari, requests), _sample(floor, requests), strict=True):
            assert len(ours) == len(theirs) == limit, (days, len(ours), len(theirs))
            for one, other in zip(ours, theirs, strict=True):
                assert one == other, (one, other)


def _sample(served: Served, requests: Requests) -> list[Any]:
    stream = requests(served)
    found = []
    for _ in range(20):
        status, body = load.one(served.port, next(stream))
        assert status == 200, body
        found.append(orjson.loads(body)["units"])
    return found


def creation(region: Region) -> Requests:
    """Bookings that can all be had. Each measurement goes on where the last one stopped."""
    streams: dict[str, Iterator[bytes]] = {}

    def requests(served: Served) -> Iterator[bytes]:
        if served.url not in streams:
            streams[served.url] = _bookings(served, region)
        return streams[served.url]

    return requests


def _bookings(served: Served, region: Region) -> Iterator[bytes]:
    for party, body in region.wishes():
        yield booking(served, party, body)


def booking(served: Served, party: int, body: dict[str, Any]) -> bytes:
    """One booking as a request to this application."""
    if served.name == "tonari":
        return load.request(
            "POST", "/api/v1/bookings", body=orjson.dumps(body), bearer=token(party)
        )
    return load.request(
        "POST", "/bookings", body=orjson.dumps(body | {"party_id": f"party-{party}"})
    )


def pages(tonari: Served, paths: list[str], effort: Effort) -> dict[str, Any]:
    """Processor time and size of a page for somebody who is signed in."""
    found = {}
    cookie = f"tonari_session=web-{token(1)}"
    for path in paths:
        sent = load.request("GET", path, cookie=cookie)
        status, body = load.one(tonari.port, sent)
        if status != 200:
            continue
        before = tonari.cpu_seconds()
        result = load.steady(tonari.port, _again(sent), clients=2, seconds=effort.seconds)
        cpu = tonari.cpu_seconds() - before
        found[path] = {
            "cpu_ms": round(1000 * cpu / max(1, result.count), 2),
            "p50_ms": round(result.percentile_ms(50), 2),
            "kilobytes": round(len(body) / 1000, 1),
        }
    return found


def _again(sent: bytes) -> Iterator[bytes]:
    while True:
        yield sent
