"""The floor: what Flask and SQLAlchemy Core cost at least for the same rows, and nothing else.

No sign-in, no validation, no rules, no events; but the same promises: one conditional update of
the day masks, the booking's row, and a commit that survives a power cut. Reading has the masks in
memory as Tonari has, brought up to date by one statement a request, and the same answers.

    python -m tests.bench.floor DATABASE_URL PORT
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy import bindparam, func, insert, select, update
from uuid6 import uuid7

from reservations.clock import local
from reservations.db import AUTOCOMMIT, WRITE, Database
from reservations.models import (
    Booking,
    DayMask,
    Facility,
    FramePrice,
    Municipality,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.models.base import table_of
from reservations.models.bookings import SERIAL
from reservations.queries.masks import next_version
from reservations.rules.nearby import distance_m
from reservations.rules.period import Period, by_day, clock_text, period_of
from reservations.server import BACKLOG

WORKERS, THREADS = 2, 6
MASKS = table_of(DayMask)


class Rows:
    """The catalogue and the free bits of every part and day, in plain dicts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lock = threading.Lock()
        self.version = 0
        self.free: dict[date, dict[int, int]] = defaultdict(dict)
        self.connection = database.engine.connect().execution_options(**{AUTOCOMMIT: True})
        c = MASKS.c
        self.changed = select(c.date, c.part_id, c.am, c.pm, c.open_am, c.open_pm, c.version).where(
            c.version > bindparam("version")
        )
        for row in self.connection.execute(self.changed, {"version": -1}):
            self.store(row)
        self.places, self.units = self.catalogue()

    def store(self, row: Any) -> None:
        day, part, am, pm, open_am, open_pm, version = row
        self.free[day][part] = (open_am | open_pm << 48) & ~(am | pm << 48)
        self.version = max(self.version, version)

    def refresh(self) -> None:
        with self.lock:
            for row in self.connection.execute(self.changed, {"version": self.version}):
                self.store(row)

    def catalogue(self) -> tuple[list[Any], dict[int, Any]]:
        def rows(statement: Any) -> Any:
            return self.connection.execute(statement)

        towns = {row.code: row for row in rows(select(table_of(Municipality)))}
        parts, purposes, frames, fees = (defaultdict(list) for _ in range(4))
        for row in rows(select(table_of(UnitPart))):
            parts[row.unit_id].append(row.part_id)
        for row in rows(select(table_of(UnitPurpose))):
            purposes[row.unit_id].append(row.purpose_code)
        for row in rows(select(table_of(UnitFrame))):
            frames[row.unit_id].append((row.start_slot, row.end_slot))
        for row in rows(select(table_of(FramePrice))):
            fees[row.unit_id].append((row.start_slot, row.end_slot, row.fee_yen, row.per_minutes))
        units: dict[int, Any] = {}
        of_place = defaultdict(list)
        places = {row.id: row for row in rows(select(table_of(Facility)))}
        for row in rows(select(table_of(Unit)).order_by(Unit.position)):
            place = places[row.facility_id]
            town = towns[place.municipality_code]
            said = {
                "unit_id": row.id,
                "unit": row.name,
                "unit_en": row.name_en,
                "facility_id": place.id,
                "facility": place.name,
                "facility_en": place.name_en,
                "town": town.name,
                "town_en": town.name_en,
                "town_code": town.code,
                "lat": place.lat,
                "lng": place.lng,
                "kind": row.kind,
                "capacity": row.capacity,
            }
            fixed = (place.id, place.municipality_code)
            units[row.id] = (
                said, parts[row.id], set(purposes[row.id]), frames[row.id], fees[row.id], fixed
            )  # fmt: skip
            of_place[place.id].append(units[row.id])
        return [(p.lat, p.lng, p.id, of_place[p.id]) for p in places.values()], units


def create(url: str) -> Flask:
    """The floor's application."""
    app = Flask("floor")
    database = Database(url, threads=THREADS)
    rows = Rows(database)
    dialect = database.engine.dialect.name
    c = MASKS.c
    am: Any = bindparam("am_")
    pm: Any = bindparam("pm_")
    claim = (
        update(MASKS)
        .where(
            c.date == bindparam("day"),
            c.part_id.in_(bindparam("parts", expanding=True)),
            c.am.bitwise_and(am) == 0,
            c.pm.bitwise_and(pm) == 0,
            c.open_am.bitwise_and(am) == am,
            c.open_pm.bitwise_and(pm) == pm,
        )
        .values(am=c.am.bitwise_or(am), pm=c.pm.bitwise_or(pm), version=next_version(dialect))
    )
    table = table_of(Booking)
    serial: Any = SERIAL.next_value()
    if dialect == "sqlite":
        serial = select(func.coalesce(func.max(table.c.serial), 0) + 1).scalar_subquery()
    book = insert(table).values(serial=serial).returning(table.c.serial)

    @app.post("/bookings")
    def bookings() -> Response:
        wish = orjson.loads(request.get_data())
        period = period_of(wish["start"], wish["end"])
        assert period is not None
        _, parts, _, _, fees, (place_id, town_code) = rows.units[wish["unit_id"]]
        day = date.fromisoformat(wish["date"])
        values = _booking(wish, day, period, place_id, town_code, _fee(fees, period))
        with database.writers_lock(), database.engine.connect() as connection:
            connection = connection.execution_options(**{WRITE: True})
            for offset, morning, afternoon in by_day(period):
                claimed = connection.execute(
                    claim,
                    {
                        "day": day + timedelta(days=offset),
                        "parts": parts,
                        "am_": morning,
                        "pm_": afternoon,
                    },
                ).rowcount
                if claimed != len(parts):
                    return Response(b'{"code":"taken"}', 409, content_type="application/json")
            values["serial"] = connection.execute(book, values).scalar_one()
            connection.commit()
        return Response(orjson.dumps(values), 201, content_type="application/json")

    @app.get("/availability")
    def availability() -> Response:
        rows.refresh()
        found = _search(rows, request.args)
        body = {"as_of": local(datetime.now(UTC)), "node": "floor", "units": found}
        return Response(orjson.dumps(body), content_type="application/json")

    return app


def _booking(
    wish: Any, day: date, period: Period, place_id: int, town_code: str, fee_yen: int
) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "node_no": 1,
        "unit_id": wish["unit_id"],
        "facility_id": place_id,
        "municipality_code": town_code,
        "party_id": wish["party_id"],
        "date": day,
        "start_slot": period.start,
        "end_slot": period.end,
        "fee_yen": fee_yen,
        "made_at": datetime.now(UTC),
    }


def _fee(fees: Any, period: Period) -> int:
    for start, end, fee_yen, per_minutes in fees:
        if per_minutes:
            return int(fee_yen * period.minutes // per_minutes)
        if (start, end) == (period.start, period.end):
            return int(fee_yen)
    raise AssertionError(period)


def _search(rows: Rows, asked: Any) -> list[Any]:
    """The free units, nearest first; a unit once, with its first free day."""
    wished = period_of(asked["start"], asked["end"])
    assert wished is not None
    first = date.fromisoformat(asked["date"])
    days = [first + timedelta(days=offset) for offset in range(int(asked.get("days", 1)))]
    lat, lng = map(float, asked["near"].split(","))
    limit = int(asked.get("limit", 50))
    order = sorted((distance_m(lat, lng, p[0], p[1]), p[2], p[3]) for p in rows.places)
    found = []
    for metres, _, units in order:
        for said, parts, purposes, frames, fees, _ in units:
            if asked["purpose"] not in purposes:
                continue
            for start, end in frames:
                if start <= wished.start and wished.end <= end:
                    break
            else:
                continue
            bits = (1 << end) - (1 << start)
            for day in days:
                free = rows.free[day]
                if all(free.get(part, 0) & bits == bits for part in parts):
                    fee_yen = _fee(fees, Period(start, end))
                    found.append(
                        said
                        | {
                            "distance_m": metres,
                            "status": "free",
                            "date": day,
                            "start": clock_text(start),
                            "end": clock_text(end),
                            "fee_yen": fee_yen,
                            "bookable_from": day - timedelta(days=60),
                        }
                    )
                    break
            if len(found) == limit:
                return found
    return found


def main() -> None:
    url, port = sys.argv[1], int(sys.argv[2])
    granian = Granian(
        "floor",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        websockets=False,
        log_enabled=False,
    )
    granian.serve(target_loader=partial(_load, url), wrap_loader=False)


def _load(url: str) -> Flask:
    return create(url)


if __name__ == "__main__":
    main()
