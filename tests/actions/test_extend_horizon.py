"""Day masks are made as far as the horizon, and follow the opening times."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from reservations.actions.horizon import HorizonRequest, extend_horizon, write_masks
from reservations.db import Database, write_transaction
from reservations.models import AuditLine, DayMask, Event, OpeningVersion
from reservations.queries.audit import masks_agree
from tests.support.lending import a_period, booked, everything, free_units
from tests.town import SATURDAY, TODAY, Region, context

SYSTEM = context("system")
PARTS = 4


def masks(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(DayMask)).scalar_one()


def test_missing_days_are_made_and_the_others_stay(session: Session, region: Region):
    booked(session, region.here.whole, region.resident)
    before = masks(session)

    extend_horizon(session, HorizonRequest(TODAY, 50), SYSTEM)

    assert (before, masks(session)) == (40 * PARTS, 50 * PARTS)
    assert masks_agree(session) == []
    line = session.execute(select(AuditLine.action).order_by(AuditLine.seq.desc())).first()
    fact = session.execute(select(Event.name, Event.body).order_by(Event.seq.desc())).first()
    assert line is not None and fact is not None
    assert line.action == "extend_horizon"
    assert tuple(fact) == ("masks.extended", {"until": "2026-07-25", "rows": 10 * PARTS})


def test_extending_twice_changes_nothing(session: Session, region: Region):
    extend_horizon(session, HorizonRequest(TODAY, 50), SYSTEM)
    before = everything(session)["day_mask"]

    extend_horizon(session, HorizonRequest(TODAY, 50), SYSTEM)

    assert everything(session)["day_mask"] == before


def test_new_hours_change_what_is_open_and_leave_what_is_occupied(session: Session, region: Region):
    booked(session, region.here.whole, region.resident)
    with write_transaction(session):
        session.execute(update(OpeningVersion).values(hours=[[255, 36, 72]]))

    extend_horizon(session, HorizonRequest(TODAY, 40), SYSTEM)

    assert free_units(session) == []
    assert region.here.whole in free_units(session, a_period("09:00-12:00"))
    assert masks_agree(session) == []


def test_hours_that_nobody_has_confirmed_open_nothing(session: Session, region: Region):
    with write_transaction(session):
        session.execute(update(OpeningVersion).values(is_confirmed=False))

    extend_horizon(session, HorizonRequest(TODAY, 40), SYSTEM)

    assert free_units(session) == []


def test_a_later_version_of_the_hours_holds_from_its_day(session: Session, region: Region):
    with write_transaction(session):
        session.add(
            OpeningVersion(
                facility_id=region.here.facility_id,
                valid_from=SATURDAY,
                hours=[[255, 36, 72]],
                closings=[],
            )
        )

    extend_horizon(session, HorizonRequest(TODAY, 40), SYSTEM)

    assert region.here.whole in free_units(session, date=SATURDAY - timedelta(days=1))
    assert region.here.whole not in free_units(session, date=SATURDAY)


def test_only_the_facilities_asked_for_are_touched(session: Session, region: Region):
    facilities = frozenset({region.next_door.facility_id})

    with write_transaction(session):
        written = write_masks(session, HorizonRequest(date(2027, 1, 1), 3, facilities))

    assert written == 3 * 2


def test_a_year_of_masks_is_written_day_by_day(
    database: Database, session: Session, region: Region
):
    rows: list[int] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, parameters, _x, is_many: rows.append(
            len(parameters) if is_many else 1
        ),
    )

    extend_horizon(session, HorizonRequest(TODAY, 365), SYSTEM)

    assert max(rows) <= PARTS
    assert masks(session) == 365 * PARTS
