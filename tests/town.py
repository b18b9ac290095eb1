"""One invented region for the tests: two neighbouring towns, a gym with two halves in each.

Builders add rows to a session and return the ids; what a test needs stands in the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.actions.step import Context
from reservations.db import Database, write_transaction
from reservations.models import (
    Account,
    Base,
    Facility,
    FramePrice,
    Municipality,
    OpeningVersion,
    Part,
    Party,
    PartyResidency,
    Purpose,
    RoleGrant,
    TownRulesVersion,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.rules.period import period_of
from reservations.rules.rights import GIVEN

# A Saturday noon in Japan; tests never ask the real clock.
NOW = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
TODAY = date(2026, 6, 6)
SATURDAY = date(2026, 6, 13)

EVENING = ("夜間", "18:00", "21:00", 1800)
FRAMES = (("午前", "09:00", "12:00", 1200), ("午後", "13:00", "17:00", 1600), EVENING)

HERE = (36.5600, 136.6500)
NEXT_DOOR = (36.5750, 136.6600)
FAR = (37.3900, 136.9000)


@dataclass(frozen=True)
class Gym:
    """The ids of a gym that was built."""

    facility_id: int
    whole: int
    halves: tuple[int, ...]


@dataclass(frozen=True)
class Region:
    """Two towns with a gym each, and a resident of the first."""

    here: Gym
    next_door: Gym
    resident: str
    account: str


def context(actor: str = "account-resident", *, now: datetime = NOW, **other: Any) -> Context:
    """Who does it: a signed-in resident at NOW unless the test says otherwise."""
    return Context(actor=actor, now=now, **other)


def an_empty_database(url: str) -> Database:
    """The schema and nothing in it."""
    database = Database(url, threads=4, is_durable=False)
    Base.metadata.drop_all(database.engine)
    Base.metadata.create_all(database.engine)
    return database


def a_region(database: Database, *, days: int = 40) -> Region:
    """Two towns, a gym with two halves in each, one resident, masks for `days` days from TODAY."""
    with database.session() as session, write_transaction(session):
        a_town(session, "172014", "となり市", HERE)
        a_town(session, "172120", "かなた町", NEXT_DOOR)
        a_purpose(session, "badminton", "バドミントン", "Badminton")
        here = a_gym(session, "172014", "となり体育館", HERE)
        there = a_gym(session, "172120", "かなた体育館", NEXT_DOOR)
        resident = a_resident(session, "resident", home="172014")
        open_for(session, TODAY, days)
    return Region(here, there, resident, "account-resident")


def a_town(session: Session, code: str, name: str, point: tuple[float, float], **rules: Any) -> str:
    session.add(
        Municipality(
            code=code,
            prefecture="石川県",
            name=name,
            name_en="Town " + code,
            lat=point[0],
            lng=point[1],
        )
    )
    session.flush()
    session.add(TownRulesVersion(municipality_code=code, valid_from=date(2026, 4, 1), body=rules))
    return code


def a_purpose(session: Session, code: str, name: str, name_en: str) -> None:
    session.add(Purpose(code=code, name=name, name_en=name_en))
    session.flush()


def a_gym(
    session: Session,
    code: str,
    name: str,
    point: tuple[float, float],
    *,
    parts: int = 2,
    frames: Sequence[tuple[str, str, str, int]] = FRAMES,
    hours: tuple[str, str] = ("09:00", "21:00"),
    closings: Iterable[dict[str, Any]] = (),
    capacity: int | None = 100,
    purposes: Sequence[str] = ("badminton",),
    is_confirmed: bool = True,
) -> Gym:
    """A gym open every day with a whole hall and its parts; half prices for the parts."""
    facility = Facility(
        municipality_code=code, name=name, lat=point[0], lng=point[1], coordinate_status="ok"
    )
    session.add(facility)
    session.flush()
    period = period_of(*hours)
    assert period is not None
    session.add(
        OpeningVersion(
            facility_id=facility.id,
            valid_from=date(2026, 1, 1),
            hours=[[255, period.start, period.end]],
            closings=list(closings),
            is_confirmed=is_confirmed,
        )
    )
    pieces = [Part(facility_id=facility.id, name=f"{number + 1}面") for number in range(parts)]
    session.add_all(pieces)
    session.flush()
    ids = [piece.id for piece in pieces]
    whole = a_unit(session, facility.id, "全面", ids, frames, capacity, purposes)
    halves = []
    if parts > 1:
        cheaper = [(label, start, end, yen // parts) for label, start, end, yen in frames]
        small = capacity // parts if capacity else None
        for number, part_id in enumerate(ids):
            name_of_part = f"{number + 1}/{parts}面"
            halves.append(
                a_unit(session, facility.id, name_of_part, [part_id], cheaper, small, purposes)
            )
    return Gym(facility.id, whole, tuple(halves))


def a_unit(
    session: Session,
    facility_id: int,
    name: str,
    part_ids: Sequence[int],
    frames: Sequence[tuple[str, str, str, int]] = FRAMES,
    capacity: int | None = None,
    purposes: Sequence[str] = (),
    *,
    kind: str = "gym",
) -> int:
    """A unit of these parts with a row in the table for each frame."""
    unit = Unit(facility_id=facility_id, name=name, kind=kind, capacity=capacity)
    session.add(unit)
    session.flush()
    session.add_all(UnitPart(unit_id=unit.id, part_id=part_id) for part_id in part_ids)
    session.add_all(UnitPurpose(unit_id=unit.id, purpose_code=code) for code in purposes)
    for label, start, end, fee_yen in frames:
        period = period_of(start, end)
        assert period is not None
        columns = {
            "unit_id": unit.id,
            "valid_from": date(2026, 4, 1),
            "label": label,
            "start_slot": period.start,
            "end_slot": period.end,
        }
        session.add(UnitFrame(**columns))
        session.add(FramePrice(**columns, fee_yen=fee_yen))
    session.flush()
    return unit.id


def a_resident(session: Session, name: str, *, home: str | None) -> str:
    """An invented person with an account `account-<name>`, at home in one town."""
    session.add(Party(id=f"party-{name}", name=name, kana=name, home_code=home, created_at=NOW))
    session.flush()
    if home is not None:
        session.add(
            PartyResidency(
                party_id=f"party-{name}",
                municipality_code=home,
                residency="resident",
                valid_until=TODAY + timedelta(days=365),
            )
        )
    session.add(
        Account(
            id=f"account-{name}",
            party_id=f"party-{name}",
            login=f"{name}@example.jp",
            password_hash="-",
            created_at=NOW,
        )
    )
    session.flush()
    return f"party-{name}"


def every_role(session: Session, account_id: str) -> None:
    """A member of staff who holds every role in every town of the region."""
    session.flush()
    session.add_all(
        RoleGrant(
            id=f"{account_id}/{role.value}/{code}",
            account_id=account_id,
            role=role.value,
            town=code,
            since=TODAY,
            given_by="system",
            given_at=NOW,
        )
        for role in GIVEN
        for code in session.scalars(select(Municipality.code)).all()
    )
    session.flush()


def open_for(session: Session, first: date, days: int) -> None:
    """Day masks from `first` on, and a new catalogue version."""
    session.flush()
    write_masks(session, HorizonRequest(first, days))
    raise_catalogue_version(session)
