"""Freshness: what was booked is absent from the next answer of every process."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.bench import load
from tests.bench.measures import booking
from tests.bench.region import EVENING, PARTIES, Region, wish
from tests.bench.servers import Served

# The kernel deals connections out to the processes; with sixteen, none is missed.
CONNECTIONS = 16


def freshness(tonari: Served, region: Region, *, times: int) -> dict[str, Any]:
    """Book, then ask on every connection; count the answers that still show it as free."""
    connections = [
        http.client.HTTPConnection("127.0.0.1", tonari.port, timeout=30) for _ in range(CONNECTIONS)
    ]
    stale = asked = 0
    gyms = region.rush_gyms(1)
    for number in range(times):
        day, gym = region.day(1 + number % 20), gyms[5 + number // 20]
        unit_id = region.unit(gym, 0)
        query = urlencode(
            {"date": day, "start": "18:00", "end": "21:00", "towns": "170010", "limit": 200}
        )
        before = [unit_id in _units(each, query) for each in connections[:2]]
        body = wish(unit_id, day, EVENING)
        status, _ = load.one(tonari.port, booking(tonari, PARTIES - 1 - number, body))
        assert (status, before) == (201, [True, True]), (status, before)
        for each in connections:
            asked += 1
            stale += unit_id in _units(each, query)
    for each in connections:
        each.close()
    return {"bookings": times, "answers": asked, "stale": stale}


def _units(connection: http.client.HTTPConnection, query: str) -> set[int]:
    connection.request("GET", f"/api/v1/availability?{query}")
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return {unit["unit_id"] for unit in orjson.loads(body)["units"]}
