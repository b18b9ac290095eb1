"""取消: what is owed, what is freed, and the thirty minutes in which it is free."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.clock import LOCAL
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, CatalogueVersion, Event, TownRulesVersion
from reservations.queries.audit import masks_agree
from reservations.rules.modes import Mode
from tests.support.lending import (
    EVENING,
    a_period,
    a_wish,
    booked,
    everything,
    free_units,
    refusal,
    the_booking,
)
from tests.town import NOW, SATURDAY, TODAY, Region, a_gym, context, open_for

TOMORROW = TODAY + timedelta(days=1)


def test_a_cancelled_booking_frees_its_place_at_once(session: Session, region: Region):
    before = free_units(session)
    booking_id = booked(session, region.here.whole, region.resident)

    cancel(session, CancelRequest(booking_id), context())

    assert free_units(session) == before
    assert masks_agree(session) == []


def test_a_cancellation_writes_its_audit_line_and_its_event(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident, date=TOMORROW)

    cancel(session, CancelRequest(booking_id), context(now=NOW + timedelta(hours=1)))

    line = session.execute(
        select(AuditLine.actor, AuditLine.action).order_by(AuditLine.seq.desc())
    ).first()
    event = session.execute(select(Event.name, Event.body).order_by(Event.seq.desc())).first()
    assert line is not None and event is not None
    assert tuple(line) == ("account-resident", "cancel")
    assert tuple(event) == (
        "booking.cancelled",
        {
            "town": "172014",
            "facility_id": region.here.facility_id,
            "date": "2026-06-07",
            "revision": 1,
            "end_slot": 84,
            "reason": "own",
            "due_yen": 900,
            "cancelled_at": "2026-06-06T04:00:00+00:00",
        },
    )


@pytest.mark.parametrize(
    ("seconds", "due_yen"), [(29 * 60 + 59, 0), (30 * 60, 0), (30 * 60 + 1, 900)]
)
def test_a_slip_of_the_finger_costs_nothing_for_thirty_minutes(
    session: Session, region: Region, seconds: int, due_yen: int
):
    booking_id = booked(session, region.here.whole, region.resident, date=TOMORROW)
    now = NOW + timedelta(seconds=seconds)

    cancel(session, CancelRequest(booking_id), context(now=now))

    booking = the_booking(session, booking_id)
    assert (booking.status, booking.cancelled_at, booking.cancel_due_yen) == (
        "cancelled",
        now,
        due_yen,
    )


def test_what_is_owed_follows_the_rules_that_held_when_it_was_booked(
    session: Session, region: Region
):
    booking_id = booked(session, region.here.whole, region.resident, date=TOMORROW)
    with write_transaction(session):
        session.add(
            TownRulesVersion(
                municipality_code="172014", valid_from=TODAY, body={"refund_steps": []}
            )
        )
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))

    cancel(session, CancelRequest(booking_id), context(now=NOW + timedelta(hours=1)))

    assert the_booking(session, booking_id).cancel_due_yen == 900


def test_a_cancelled_night_frees_both_its_days(session: Session, region: Region):
    with write_transaction(session):
        gym = a_gym(
            session, "172014", "夜の館", (36.56, 136.65), parts=2, hours=("18:00", "02:00"),
            frames=(("深夜", "22:00", "02:00", 3000),),
        )  # fmt: skip
        open_for(session, TODAY, 40)
    night = a_period("22:00-02:00")
    before = free_units(session, night)
    booking_id = booked(session, gym.whole, region.resident, period=night)
    during = free_units(session, night)

    cancel(session, CancelRequest(booking_id), context())

    assert before == [gym.whole, *gym.halves] and during == []
    assert free_units(session, night) == before
    assert masks_agree(session) == []


def test_a_booking_can_be_given_back_in_a_disaster(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)

    cancel(session, CancelRequest(booking_id), context(mode=Mode.DISASTER))

    assert the_booking(session, booking_id).status == "cancelled"


def test_a_booking_in_a_unit_that_another_process_added_can_be_cancelled(
    session: Session, region: Region, url: str
):
    free_units(session)
    other = Database(url, threads=1, is_durable=False)
    with other.session() as elsewhere:
        with write_transaction(elsewhere):
            gym = a_gym(elsewhere, "172120", "新しい館", (36.58, 136.67))
            open_for(elsewhere, TODAY, 40)
        booking_id = book(elsewhere, a_wish(gym.whole, region.resident), context())
    other.dispose()

    cancel(session, CancelRequest(booking_id), context())

    assert the_booking(session, booking_id).status == "cancelled"


def test_an_unknown_booking_is_not_found(session: Session, region: Region):
    answer = refusal(cancel, session, CancelRequest("no-such-id"), context())

    assert answer == Refusal(RefusalCode.NOT_FOUND)


def test_a_booking_is_cancelled_once(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    cancel(session, CancelRequest(booking_id), context())
    before = everything(session)

    answer = refusal(cancel, session, CancelRequest(booking_id), context())

    assert answer == Refusal(RefusalCode.NOT_ACTIVE)
    assert everything(session) == before


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, True), (1, True)])
def test_a_booking_is_not_cancelled_once_it_has_begun(
    session: Session, region: Region, seconds: int, is_refused: bool
):
    booking_id = booked(session, region.here.whole, region.resident)
    begins = EVENING.starts_at(SATURDAY, LOCAL)
    late = context(now=begins + timedelta(seconds=seconds))

    if is_refused:
        answer = refusal(cancel, session, CancelRequest(booking_id), late)
        assert answer == Refusal(RefusalCode.ALREADY_STARTED)
    else:
        cancel(session, CancelRequest(booking_id), late)
        assert the_booking(session, booking_id).cancel_due_yen == 1800


def test_a_release_of_what_is_not_occupied_stops_the_program(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    with write_transaction(session):
        session.execute(text("UPDATE day_mask SET pm = 0"))
    before = everything(session)

    with pytest.raises(AssertionError, match="released what was not occupied"):
        cancel(session, CancelRequest(booking_id), context())

    assert everything(session) == before
    assert [(each.kind, each.date) for each in masks_agree(session)] == [
        ("mask", date(2026, 6, 13)),
        ("mask", date(2026, 6, 13)),
    ]
