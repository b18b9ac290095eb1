"""The rush: many clients, few places, one moment. Who wins is counted in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from random import Random
from statistics import median
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.db import Database
from reservations.models import Booking, UnitPart
from reservations.queries import audit
from reservations.rules.period import Period, period_of
from tests.bench import load
from tests.bench.measures import booking
from tests.bench.region import FRAMES, HOURS, RUSH_PARTIES, Region, wish
from tests.bench.servers import Served

SLOTS = 50
WON, LOST = 201, 409
Wishes = list[dict[str, Any]]


def random_rivals(region: Region, number: int, clients: int) -> Wishes:
    """Whole gyms: everybody wants one of fifty frames."""
    random = Random(number)
    day = region.day(number + 1)
    slots = [(region.unit(gym, 0), period) for gym in region.rush_gyms(0) for _, period in FRAMES][
        :SLOTS
    ]
    return [wish(unit, day, period) for unit, period in random.choices(slots, k=clients)]


def adjacent_rivals(region: Region, number: int, clients: int) -> Wishes:
    """Rooms by the hour: everybody wants two hours that begin on some hour, so rivals overlap."""
    random = Random(100 + number)
    day = region.day(number + 1)
    slots = [
        (region.unit(gym, 4), Period(hour, hour + 8))
        for gym in list(region.rush_gyms(1))[:5]
        for hour in HOURS[:-1]
    ][:SLOTS]
    return [wish(unit, day, period) for unit, period in random.choices(slots, k=clients)]


def whole_against_halves(region: Region, number: int, clients: int) -> Wishes:
    """The whole gym for some, one of its halves for others."""
    random = Random(200 + number)
    day = region.day(number + 1)
    slots = [(gym, period) for gym in region.rush_gyms(2) for _, period in FRAMES][:SLOTS]
    return [
        wish(region.unit(gym, random.randrange(3)), day, period)
        for gym, period in random.choices(slots, k=clients)
    ]


def crowd(region: Region, number: int, clients: int) -> Wishes:
    """Ten times as many."""
    random = Random(300 + number)
    day = region.day(number + 1)
    slots = [(region.unit(gym, 0), period) for gym in region.rush_gyms(3) for _, period in FRAMES][
        :SLOTS
    ]
    return [wish(unit, day, period) for unit, period in random.choices(slots, k=clients)]


# Nobody who rushes has another booking at that time.
PARTIES_OF: dict[Callable[[Region, int, int], Wishes], int] = {
    random_rivals: RUSH_PARTIES,
    adjacent_rivals: RUSH_PARTIES + 200,
    whole_against_halves: RUSH_PARTIES + 400,
    crowd: RUSH_PARTIES + 600,
}


def rounds(
    tonari: Served,
    floor: Served,
    region: Region,
    wishes: Callable[[Region, int, int], Wishes],
    *,
    clients: int,
    count: int,
) -> dict[str, Any]:
    """`count` rounds on each, in turn; seconds from the first request to the last answer."""
    first_party = PARTIES_OF[wishes]
    seconds: dict[str, list[float]] = {"tonari": [], "floor": []}
    totals = {"double": 0, "unsold": 0, "errors": 0, "winners": 0}
    for number in range(count):
        asked = wishes(region, number, clients)
        for served in (tonari, floor) if number % 2 == 0 else (floor, tonari):
            requests = [
                booking(served, party, body) for party, body in enumerate(asked, first_party)
            ]
            result, answers = load.at_once(served.port, requests)
            seconds[served.name].append(result.seconds)
            if served is tonari:
                for name, value in _verdict(served, asked, answers).items():
                    totals[name] += value
    ours, theirs = median(seconds["tonari"]), median(seconds["floor"])
    return {
        "tonari": {"seconds": round(ours, 3), "worst_seconds": round(max(seconds["tonari"]), 3)},
        "floor": {"seconds": round(theirs, 3)},
        "times_floor": round(ours / theirs, 2),
        "clients": clients,
        "rounds": count,
        **totals,
    }


def _verdict(served: Served, asked: Wishes, answers: list[tuple[int, bytes]]) -> dict[str, int]:
    """Count winners in the database; a loser must have lost to somebody."""
    statuses = [status for status, _ in answers]
    database = Database(served.url, threads=1)
    with database.session() as session:
        held: dict[int, list[Period]] = defaultdict(list)
        day = asked[0]["date"]
        parts = _parts(session)
        rows = session.execute(
            select(Booking.unit_id, Booking.start_slot, Booking.end_slot, Booking.date).where(
                Booking.status == "confirmed"
            )
        )
        units = {body["unit_id"] for body in asked}
        wanted = {part for unit in units for part in parts[unit]}
        winners = 0
        for row in rows:
            if row.date.isoformat() == day and wanted.intersection(parts[row.unit_id]):
                winners += 1
                for part in parts[row.unit_id]:
                    held[part].append(Period(row.start_slot, row.end_slot))
        found = audit.masks(session, since=date.fromisoformat(day))
    database.dispose()
    unsold = 0
    for body, status in zip(asked, statuses, strict=True):
        period = period_of(body["start"], body["end"])
        assert period is not None
        rivals = [each for part in parts[body["unit_id"]] for each in held[part]]
        unsold += status == LOST and not any(period.overlaps(each) for each in rivals)
    return {
        # A promise that is not in the database is as bad as one that is there twice.
        "double": len(found.differences) + max(0, statuses.count(WON) - winners),
        "unsold": unsold,
        "errors": sum(
            status != WON and not (status == LOST and orjson.loads(body)["code"] == "taken")
            for status, body in answers
        ),
        "winners": winners,
    }


def _parts(session: Session) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(select(UnitPart.unit_id, UnitPart.part_id)):
        found[row.unit_id].append(row.part_id)
    return found
