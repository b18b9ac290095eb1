"""The region that is measured: as many rooms as wanted, some evenings taken, a person a unit.

A facility lends a gym (whole, and two halves) and two rooms (by frames, and by the hour). Evenings
are partly taken; mornings and afternoons are left for the bookings that are measured. The last
facilities lie in a town of their own and are left for the rush.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.clock import local_day
from reservations.db import Database, write_transaction
from reservations.models import (
    Account,
    Base,
    Booking,
    DayMask,
    Facility,
    FramePrice,
    Municipality,
    OpeningVersion,
    Part,
    Party,
    Purpose,
    SignInSession,
    TownRulesVersion,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
    schema,
)
from reservations.models.base import table_of
from reservations.rules.period import Period, by_day
from reservations.web.auth import token_hash

DAYS = 30
# Those from here on only rush; the others book for themselves, one a unit.
RUSH_PARTIES = 1_000
PARTIES = RUSH_PARTIES + 2_600
RUSH_FACILITIES = 68
UNITS_PER_FACILITY = 5
PARTS_PER_FACILITY = 4
TOWNS = 10
MORNING, AFTERNOON, EVENING = Period(36, 48), Period(52, 68), Period(72, 84)
FRAMES = (("午前", MORNING), ("午後", AFTERNOON), ("夜間", EVENING))
HOURS = range(36, 84, 4)
# Name, parts (of the facility's four), capacity, purposes, price of a frame; the last is hourly.
UNITS = (
    ("全面", (0, 1), 100, ("badminton", "basketball"), 1800),
    ("A面", (0,), 50, ("badminton",), 900),
    ("B面", (1,), 50, ("badminton",), 900),
    ("会議室1", (2,), 20, ("meeting",), 600),
    ("会議室2", (3,), 12, ("meeting",), 300),
)
EVENINGS_TAKEN = 0.5
# Ishikawa's plain and peninsula, roughly.
SOUTH, NORTH, WEST, EAST = 36.1, 37.5, 136.3, 137.2


@dataclass(frozen=True)
class Region:
    """What the measurements need to know of the rows. Ids are counted from 1, in order."""

    rooms: int
    first: date

    @property
    def facilities(self) -> int:
        return self.rooms // UNITS_PER_FACILITY

    def day(self, offset: int) -> date:
        return self.first + timedelta(days=offset)

    def unit(self, facility: int, kind: int) -> int:
        """The id of a facility's unit; `kind` as in UNITS."""
        return (facility - 1) * UNITS_PER_FACILITY + kind + 1

    def rush_gyms(self, block: int) -> range:
        """Seventeen facilities that nothing else touches; four blocks."""
        first = self.facilities + 1 + block * 17
        return range(first, first + 17)

    def wishes(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(party number, body) of bookings that can all be had: nobody overlaps with anybody."""
        by_frame, by_hour = [], []
        for facility in range(1, min(self.facilities, RUSH_PARTIES // 4) + 1):
            first = (facility - 1) * 4
            by_frame += [(first + kind, self.unit(facility, kind)) for kind in (1, 2, 3)]
            by_hour.append((first, self.unit(facility, 4)))
        hours = [Period(start, start + 4) for start in HOURS]
        for offset in range(1, DAYS):
            for units, periods in ((by_frame, (MORNING, AFTERNOON)), (by_hour, hours)):
                for period in periods:
                    for party, unit_id in units:
                        yield party, wish(unit_id, self.day(offset), period)


def wish(unit_id: int, day: date, period: Period) -> dict[str, Any]:
    """The body of a booking."""
    start, end = str(period).split("-")
    return {"unit_id": unit_id, "date": day.isoformat(), "start": start, "end": end}


def token(party: int) -> str:
    return f"bench-{party}"


def build(url: str, rooms: int) -> Region:
    """Fill an empty database. The same number of rooms gives the same rows."""
    made = Region(rooms, local_day(datetime.now(UTC)))
    database = Database(url, is_durable=False)
    schema.ensure(database)
    with database.session() as session, write_transaction(session):
        towns = list(_towns())
        _insert(session, Municipality, towns)
        _insert(
            session,
            TownRulesVersion,
            (
                {
                    "municipality_code": town["code"],
                    "valid_from": date(2020, 4, 1),
                    "body": {"active_max": None, "outside_days_before": 60},
                }
                for town in towns
            ),
        )
        for code in ("badminton", "basketball", "meeting"):
            _insert(session, Purpose, [{"code": code, "name": code, "name_en": code}])
        _facilities(session, made)
        _units(session, made)
        _people(session)
        session.flush()
        write_masks(session, HorizonRequest(made.first, DAYS))
        _taken(session, made)
        raise_catalogue_version(session)
    database.dispose()
    return made


def _insert(session: Any, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    session.execute(insert(table_of(model)), list(rows))


def _towns() -> Iterator[dict[str, Any]]:
    for number in range(TOWNS + 1):
        yield {
            "code": f"17{number:04}",
            "prefecture": "石川県",
            "name": f"第{number}市",
            "name_en": f"Town {number}",
            "lat": SOUTH + (NORTH - SOUTH) * number / TOWNS,
            "lng": (WEST + EAST) / 2,
        }


def _facilities(session: Any, region: Region) -> None:
    random = Random(1)
    count = region.facilities + RUSH_FACILITIES
    rows = []
    for number in range(1, count + 1):
        town = random.randrange(TOWNS) if number <= region.facilities else TOWNS
        rows.append(
            {
                "id": number,
                "municipality_code": f"17{town:04}",
                "name": f"第{number}体育館",
                "address": f"石川県第{town}市{number}番地",
                "lat": round(random.uniform(SOUTH, NORTH), 5),
                "lng": round(random.uniform(WEST, EAST), 5),
                "coordinate_status": "ok",
            }
        )
    _insert(session, Facility, rows)
    _insert(
        session,
        OpeningVersion,
        (
            {
                "facility_id": number,
                "valid_from": date(2020, 4, 1),
                "hours": [[255, 36, 84]],
                "closings": [],
            }
            for number in range(1, count + 1)
        ),
    )
    _insert(
        session,
        Part,
        (
            {"id": number * PARTS_PER_FACILITY + part + 1, "facility_id": number + 1, "name": "面"}
            for number in range(count)
            for part in range(PARTS_PER_FACILITY)
        ),
    )


def _units(session: Any, region: Region) -> None:
    rows: dict[type[Base], list[dict[str, Any]]] = {
        Unit: [],
        UnitPart: [],
        UnitPurpose: [],
        UnitFrame: [],
        FramePrice: [],
    }
    for facility in range(1, region.facilities + RUSH_FACILITIES + 1):
        for kind, (name, parts, capacity, purposes, fee_yen) in enumerate(UNITS):
            unit_id = region.unit(facility, kind)
            rows[Unit].append(
                {
                    "id": unit_id,
                    "facility_id": facility,
                    "name": name,
                    "kind": "gym" if kind < 3 else "room",
                    "capacity": capacity,
                    "position": kind,
                }
            )
            first = (facility - 1) * PARTS_PER_FACILITY + 1
            rows[UnitPart] += [{"unit_id": unit_id, "part_id": first + part} for part in parts]
            rows[UnitPurpose] += [{"unit_id": unit_id, "purpose_code": code} for code in purposes]
            priced: dict[str, Any] = {"unit_id": unit_id, "valid_from": date(2020, 4, 1)}
            if kind == 4:
                hourly = {"label": "1時間", "start_slot": 36, "end_slot": 84, "per_minutes": 60}
                rows[FramePrice].append({**priced, **hourly, "fee_yen": fee_yen})
                continue
            for label, period in FRAMES:
                frame = {"label": label, "start_slot": period.start, "end_slot": period.end}
                rows[UnitFrame].append({**priced, **frame})
                rows[FramePrice].append(
                    {**priced, **frame, "fee_yen": fee_yen, "per_minutes": None}
                )
    for model, values in rows.items():
        _insert(session, model, values)


def _people(session: Any) -> None:
    now = datetime.now(UTC)
    _insert(
        session,
        Party,
        ({"id": f"party-{n}", "name": f"利用者{n}", "created_at": now} for n in range(PARTIES)),
    )
    _insert(
        session,
        Account,
        (
            {
                "id": f"account-{n}",
                "party_id": f"party-{n}",
                "login": f"{n}@example.jp",
                "password_hash": "-",
                "created_at": now,
            }
            for n in range(PARTIES)
        ),
    )
    _insert(
        session,
        SignInSession,
        (
            {
                "token_hash": token_hash(token(n) if kind == "api" else f"web-{token(n)}"),
                "account_id": f"account-{n}",
                "kind": kind,
                "created_at": now,
                "expires_at": now + timedelta(days=30),
            }
            for n in range(PARTIES)
            for kind in ("api", "web")
        ),
    )


def _taken(session: Any, region: Region) -> None:
    """Half of the gyms' evenings are taken whole: bookings, and the bits that they hold."""
    random = Random(2)
    masks = table_of(DayMask)
    bookings: list[dict[str, Any]] = []
    _, _, pm = by_day(EVENING)[0]
    for offset in range(1, DAYS):
        facilities = [
            number for number in range(1, region.facilities + 1) if random.random() < EVENINGS_TAKEN
        ]
        for number in facilities:
            bookings.append(_evening(region, number, offset, len(bookings) + 1))
        parts = [
            (number - 1) * PARTS_PER_FACILITY + part + 1 for number in facilities for part in (0, 1)
        ]
        session.execute(
            masks.update()
            .where(masks.c.date == region.day(offset), masks.c.part_id.in_(parts))
            .values(pm=pm)
        )
    _insert(session, Booking, bookings)


def _evening(region: Region, facility: int, offset: int, serial: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": f"taken-{serial}",
        "node_no": 9,
        "serial": serial,
        "unit_id": region.unit(facility, 0),
        "facility_id": facility,
        "municipality_code": "170000",
        "party_id": "party-0",
        "date": region.day(offset),
        "start_slot": EVENING.start,
        "end_slot": EVENING.end,
        "made_at": now,
    }
