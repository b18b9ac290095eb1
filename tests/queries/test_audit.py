"""The two sums find what is wrong, and nothing where nothing is."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from reservations.db import write_transaction
from reservations.models import Booking, DayMask
from reservations.queries.audit import Discrepancy, MaskAudit, masks, masks_agree
from tests.support.lending import EVENING, a_period, booked
from tests.town import SATURDAY, TODAY, Region, a_gym, open_for

MORNING = a_period("09:00-12:00")


def test_nothing_is_wrong_with_masks_that_only_bookings_have_touched(
    session: Session, region: Region
):
    booked(session, region.here.whole, region.resident)
    booked(session, region.here.halves[0], region.resident, period=MORNING)

    assert masks_agree(session) == []
    assert masks(session, since=TODAY) == MaskAudit(bookings=2, masks=2, differences=())


def test_a_bit_without_a_booking_is_found(session: Session, region: Region):
    with write_transaction(session):
        session.execute(
            update(DayMask).where(DayMask.part_id == 1, DayMask.date == SATURDAY).values(am=8)
        )

    assert masks_agree(session) == [Discrepancy("mask", SATURDAY, 1, 8)]


def test_a_booking_without_its_bits_is_found(session: Session, region: Region):
    booked(session, region.here.halves[0], region.resident)
    with write_transaction(session):
        session.execute(update(DayMask).values(pm=0))

    assert masks_agree(session) == [Discrepancy("mask", SATURDAY, 1, EVENING.bits)]


def test_two_bookings_of_one_time_are_found(session: Session, region: Region):
    booked(session, region.here.halves[0], region.resident)
    second = booked(session, region.here.halves[0], region.resident, period=MORNING)
    with write_transaction(session):
        session.execute(
            update(Booking).where(Booking.id == second).values(start_slot=72, end_slot=84)
        )

    assert masks_agree(session) == [
        Discrepancy("mask", SATURDAY, 1, MORNING.bits),
        Discrepancy("overlap", SATURDAY, 1, EVENING.bits),
    ]


def test_a_booking_past_midnight_is_compared_on_both_days(session: Session, region: Region):
    with write_transaction(session):
        gym = a_gym(
            session,
            "172014",
            "夜の館",
            (36.56, 136.65),
            parts=1,
            hours=("18:00", "02:00"),
            frames=(("深夜", "22:00", "02:00", 3000),),
        )
        open_for(session, TODAY, 40)
    booked(session, gym.whole, region.resident, period=a_period("22:00-02:00"))
    sunday = SATURDAY + timedelta(days=1)

    assert masks(session, since=SATURDAY) == MaskAudit(bookings=1, masks=2, differences=())
    assert masks(session, since=sunday) == MaskAudit(bookings=1, masks=1, differences=())
    with write_transaction(session):
        session.execute(
            text("UPDATE day_mask SET am = 0 WHERE date = :day"), {"day": date(2026, 6, 14)}
        )
    assert [(each.kind, each.date, each.bits) for each in masks_agree(session)] == [
        ("mask", sunday, 255)
    ]
