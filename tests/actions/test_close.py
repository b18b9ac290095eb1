"""休館・保守: a closure occupies like a booking and belongs to nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, ClosureRequest, book, cancel, close
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Event
from reservations.queries import calendar
from reservations.queries.audit import masks_agree
from reservations.rules.availability import Kind, Status
from reservations.rules.modes import Mode
from tests.support.lending import (
    EVENING,
    a_period,
    a_wish,
    booked,
    everything,
    free_units,
    refreshed,
    refusal,
    the_booking,
)
from tests.town import NOW, SATURDAY, Region, context

STAFF = "account-staff"
WHOLE_DAY = a_period("09:00-21:00")


def a_closure(unit_id: int, kind: Kind = Kind.MAINTENANCE, *, time: str = "18:00-21:00"):
    return ClosureRequest(unit_id, SATURDAY, a_period(time), kind, note="床の張替え")


def test_a_closed_hall_is_free_nowhere_and_has_no_party(session: Session, region: Region):
    closure_id = close(session, a_closure(region.here.whole), context(STAFF))

    row = the_booking(session, closure_id)
    assert (row.kind, row.party_id, row.fee_yen, row.note) == ("maintenance", None, 0, "床の張替え")
    assert free_units(session) == [region.next_door.whole, *region.next_door.halves]
    assert masks_agree(session) == []


def test_a_closure_writes_its_audit_line_and_its_event(session: Session, region: Region):
    closure_id = close(session, a_closure(region.here.whole), context(STAFF))

    line = session.execute(select(AuditLine.actor, AuditLine.action, AuditLine.subject)).one()
    event = session.execute(select(Event.name, Event.subject, Event.body["kind"])).one()
    assert tuple(line) == (STAFF, "close", closure_id)
    assert tuple(event) == ("booking.confirmed", closure_id, "maintenance")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.MAINTENANCE, Status.MAINTENANCE),
        (Kind.OFFICIAL, Status.MAINTENANCE),
        (Kind.CLOSURE, Status.CLOSED),
        (Kind.PUBLIC, Status.PUBLIC),
        (Kind.EMERGENCY, Status.EMERGENCY),
    ],
)
def test_the_board_says_what_a_place_is_closed_for(
    session: Session, region: Region, kind: Kind, status: Status
):
    close(session, a_closure(region.here.halves[0], kind), context(STAFF))

    known = refreshed(session)
    place = known.catalogue.places[region.here.facility_id]
    units = known.catalogue.units_of_place[place.id]
    board = calendar.days(session, known, place, units, SATURDAY, count=1, now=NOW)
    assert [unit[0].cells[2].status for unit in board] == [status, status, Status.FREE]


def test_nobody_books_what_is_closed(session: Session, region: Region):
    close(session, a_closure(region.here.halves[1]), context(STAFF))

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.TAKEN)


def test_a_place_that_somebody_holds_is_not_closed_under_him(session: Session, region: Region):
    booked(session, region.here.halves[0], region.resident)
    before = everything(session)

    answer = refusal(
        close, session, a_closure(region.here.whole, time="09:00-21:00"), context(STAFF)
    )

    assert answer == Refusal(RefusalCode.TAKEN)
    assert everything(session) == before


def test_a_closure_outside_the_hours_is_refused_as_that(session: Session, region: Region):
    answer = refusal(
        close, session, a_closure(region.here.whole, time="08:00-10:00"), context(STAFF)
    )

    assert answer == Refusal(RefusalCode.OUTSIDE_HOURS, open="09:00-21:00")


def test_a_closure_on_a_day_without_masks_is_refused_as_closed(session: Session, region: Region):
    far = ClosureRequest(region.here.whole, SATURDAY + timedelta(days=300), EVENING, Kind.CLOSURE)

    assert refusal(close, session, far, context(STAFF)) == Refusal(RefusalCode.CLOSED_DAY)


def test_an_unknown_unit_is_not_closed(session: Session, region: Region):
    answer = refusal(close, session, a_closure(999_999), context(STAFF))

    assert answer == Refusal(RefusalCode.UNIT_UNKNOWN)


def test_a_place_is_closed_and_opened_again_in_a_disaster(session: Session, region: Region):
    disaster = context(STAFF, mode=Mode.DISASTER)
    before = free_units(session)

    closure_id = close(session, a_closure(region.here.whole, Kind.EMERGENCY), disaster)
    during = free_units(session)
    cancel(session, CancelRequest(closure_id), disaster)

    assert region.here.whole not in during
    assert free_units(session) == before
