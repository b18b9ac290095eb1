"""位置の確認: the point is certain, and what waited only for it is settled."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations.actions.positions import PositionRequest, confirm_position
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Event, Facility, ImportFile, ImportRecord
from reservations.queries import memory
from tests import town


@pytest.fixture
def place(database_url):
    """A database with a region, and the id of a facility whose position was only proposed."""
    database = town.an_empty_database(database_url)
    region = town.a_region(database)
    with database.session() as session, write_transaction(session):
        facility = session.get_one(Facility, region.here.facility_id)
        facility.coordinate_status = "proposed"
        session.add(
            ImportFile(
                id="f",
                kind="facilities",
                name="-",
                sha256="-",
                encoding="-",
                at=town.NOW,
                totals={},
            )
        )
        for number, codes in enumerate(
            (["position_proposed_from_town"], ["coordinates_missing", "hours_not_understood"])
        ):
            session.add(
                ImportRecord(
                    file_id="f", record_no=number, status="proposed",
                    reasons=[{"code": code, "sentence": code} for code in codes],
                    cells={}, target_kind="facility", target_id=facility.id,
                )
            )  # fmt: skip
    yield database, region.here.facility_id
    database.dispose()


def settled(database: Database) -> list[bool]:
    with database.session() as session:
        rows = session.execute(
            select(ImportRecord.settled_at).order_by(ImportRecord.record_no)
        ).all()
    return [row.settled_at is not None for row in rows]


def test_a_confirmed_position_is_certain_and_seen_at_once(place):
    database, facility_id = place
    with database.session() as session:
        before = memory.current(session)
        confirm_position(
            session, PositionRequest(facility_id, 36.5, 136.5), town.context("account-staff")
        )
        after = memory.current(session).catalogue.places[facility_id]

    assert before.catalogue.places[facility_id].coordinate_status == "proposed"
    assert (after.lat, after.lng, after.coordinate_status) == (36.5, 136.5, "ok")


def test_only_what_waited_for_nothing_else_is_settled(place):
    database, facility_id = place
    with database.session() as session:
        confirm_position(session, PositionRequest(facility_id, 36.5, 136.5), town.context())

    assert settled(database) == [True, False]


def test_an_unknown_facility_is_refused_and_nothing_is_written(place):
    database, _ = place
    with database.session() as session, pytest.raises(Refusal) as caught:
        confirm_position(session, PositionRequest(999_999, 36.5, 136.5), town.context())

    assert caught.value == Refusal(RefusalCode.NOT_FOUND)
    assert settled(database) == [False, False]
    with database.session() as session:
        assert session.scalars(select(Event)).all() == []
