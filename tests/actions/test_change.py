"""変更: the old place is given up only when the new one is won."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import (
    CancelRequest,
    ChangeRequest,
    ClosureRequest,
    cancel,
    change,
    close,
)
from reservations.clock import LOCAL
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, CatalogueVersion, Event, TownRulesVersion
from reservations.queries.audit import masks_agree
from reservations.rules.availability import Kind
from reservations.rules.modes import Mode
from reservations.rules.period import Period
from tests.support.lending import (
    EVENING,
    a_period,
    booked,
    everything,
    free_units,
    refusal,
    the_booking,
)
from tests.town import NOW, SATURDAY, Region, context

MORNING = a_period("09:00-12:00")


def a_change(
    booking_id: str, unit_id: int, *, day: date = SATURDAY, period: Period = EVENING
) -> ChangeRequest:
    return ChangeRequest(booking_id, unit_id, day, period)


@pytest.fixture
def booking_id(session: Session, region: Region) -> str:
    """The resident's hall on Saturday evening."""
    return booked(session, region.here.whole, region.resident, headcount=20)


def test_a_booking_moves_next_door_and_frees_its_old_place(
    session: Session, region: Region, booking_id: str
):
    change(session, a_change(booking_id, region.next_door.whole), context())

    booking = the_booking(session, booking_id)
    assert (booking.unit_id, booking.municipality_code) == (region.next_door.whole, "172120")
    assert booking.fee_yen == 2700  # a resident of the other town pays half as much again
    assert (booking.revision, booking.serial, booking.headcount) == (1, 1, 20)
    assert free_units(session) == [region.here.whole, *region.here.halves]
    assert masks_agree(session) == []


def test_a_change_writes_its_audit_line_and_its_event(
    session: Session, region: Region, booking_id: str
):
    change(session, a_change(booking_id, region.here.whole, period=MORNING), context())

    lines = session.execute(
        select(AuditLine.action, AuditLine.subject).order_by(AuditLine.seq)
    ).all()
    event = session.execute(select(Event.name, Event.body).order_by(Event.seq.desc())).first()
    assert [tuple(line) for line in lines] == [("book", booking_id), ("change", booking_id)]
    assert event is not None
    assert tuple(event) == (
        "booking.changed",
        {
            "from_town": "172014",
            "from_facility_id": region.here.facility_id,
            "from_date": "2026-06-13",
            "from_start_slot": 72,
            "from_end_slot": 84,
            "town": "172014",
            "unit_id": region.here.whole,
            "parts": [1, 2],
            "kind": "use",
            "facility_id": region.here.facility_id,
            "date": "2026-06-13",
            "start_slot": 36,
            "end_slot": 48,
            "party_id": region.resident,
            "purpose": "",
            "headcount": 20,
            "fee_yen": 1200,
            "node_no": 1,
            "serial": 1,
            "made_at": "2026-06-06T03:00:00+00:00",
            "tariff_from": "2026-04-01",
            "town_rules_id": 1,
            "free_cancel_until": "2026-06-06T15:00:00+00:00",
            "note": "",
            "stays": True,
            "revision": 1,
        },
    )


def test_a_hall_can_be_changed_into_one_of_its_own_halves(
    session: Session, region: Region, booking_id: str
):
    left, right = region.here.halves

    change(session, a_change(booking_id, left), context())

    assert right in free_units(session) and left not in free_units(session)
    assert masks_agree(session) == []


def test_the_old_place_is_kept_when_the_new_one_is_taken(
    session: Session, region: Region, booking_id: str
):
    closed = ClosureRequest(region.next_door.halves[0], SATURDAY, EVENING, Kind.MAINTENANCE)
    close(session, closed, context("staff"))
    before = everything(session)

    answer = refusal(change, session, a_change(booking_id, region.next_door.whole), context())

    assert answer == Refusal(RefusalCode.TAKEN)
    assert everything(session) == before


def test_the_old_place_is_kept_when_the_rules_refuse_the_new_one(
    session: Session, region: Region, booking_id: str
):
    before = everything(session)
    wish = a_change(booking_id, region.here.whole, day=date(2026, 8, 6))

    answer = refusal(change, session, wish, context())

    assert answer == Refusal(RefusalCode.NOT_YET_OPEN, opens_on=date(2026, 6, 7))
    assert everything(session) == before


def test_a_change_may_overlap_the_booking_itself_but_no_other_of_the_party(
    session: Session, region: Region, booking_id: str
):
    booked(session, region.next_door.whole, region.resident, period=MORNING)

    change(session, a_change(booking_id, region.here.halves[0]), context())
    answer = refusal(
        change, session, a_change(booking_id, region.here.whole, period=MORNING), context()
    )

    assert answer == Refusal(RefusalCode.OWN_OVERLAP)


def test_the_free_minutes_are_counted_from_the_booking_and_not_from_the_change(
    session: Session, region: Region, booking_id: str
):
    tomorrow = date(2026, 6, 7)
    later = context(now=NOW + timedelta(minutes=20))

    change(session, a_change(booking_id, region.here.whole, day=tomorrow), later)

    assert the_booking(session, booking_id).free_cancel_until == NOW + timedelta(minutes=30)


def test_a_full_limit_does_not_stop_a_change_in_the_same_town(
    session: Session, region: Region, booking_id: str
):
    limit_to(session, "172014", 1)

    change(session, a_change(booking_id, region.here.whole, period=MORNING), context())

    assert the_booking(session, booking_id).start_slot == MORNING.start


def test_a_full_limit_stops_a_change_into_that_town(
    session: Session, region: Region, booking_id: str
):
    limit_to(session, "172120", 1)
    booked(session, region.next_door.whole, region.resident, period=MORNING)

    answer = refusal(change, session, a_change(booking_id, region.next_door.whole), context())

    assert answer == Refusal(RefusalCode.LIMIT_REACHED, used=1, limit=1)


def limit_to(session: Session, code: str, active_max: int) -> None:
    with write_transaction(session):
        session.execute(
            update(TownRulesVersion)
            .where(TownRulesVersion.municipality_code == code)
            .values(body={"active_max": active_max})
        )
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


def test_an_unknown_booking_is_not_found(session: Session, region: Region):
    answer = refusal(change, session, a_change("no-such-id", region.here.whole), context())

    assert answer == Refusal(RefusalCode.NOT_FOUND)


def test_a_cancelled_booking_is_not_changed(session: Session, region: Region, booking_id: str):
    cancel(session, CancelRequest(booking_id), context())

    answer = refusal(change, session, a_change(booking_id, region.here.whole), context())

    assert answer == Refusal(RefusalCode.NOT_ACTIVE)


def test_a_booking_that_has_begun_is_not_changed(session: Session, region: Region, booking_id: str):
    at_start = context(now=EVENING.starts_at(SATURDAY, LOCAL))

    answer = refusal(change, session, a_change(booking_id, region.here.whole), at_start)

    assert answer == Refusal(RefusalCode.ALREADY_STARTED)


def test_nobody_changes_a_booking_in_a_disaster(session: Session, region: Region, booking_id: str):
    wish = a_change(booking_id, region.next_door.whole)

    answer = refusal(change, session, wish, context(mode=Mode.DISASTER))

    assert answer == Refusal(RefusalCode.MODE, mode="disaster")
