"""予約: what booking writes, what it refuses, and what a second click does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import ClosureRequest, book, close
from reservations.actions.horizon import HorizonRequest, extend_horizon
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import (
    AuditLine,
    CatalogueVersion,
    Event,
    OpeningVersion,
    TownRulesVersion,
    Unit,
)
from reservations.queries.audit import masks_agree
from reservations.rules.availability import Kind
from reservations.rules.modes import Mode
from tests.support.lending import (
    a_night_club,
    a_period,
    a_wish,
    booked,
    everything,
    free_units,
    refusal,
    row_counts,
    the_booking,
)
from tests.town import NOW, SATURDAY, TODAY, Region, a_gym, a_resident, context, open_for

FRAME_TEXTS = (("午前", "09:00-12:00"), ("午後", "13:00-17:00"), ("夜間", "18:00-21:00"))


def change_catalogue(session: Session, *statements: object) -> None:
    """Change rows as staff do, and raise the catalogue's version."""
    with write_transaction(session):
        for statement in statements:
            session.execute(statement)  # type: ignore[call-overload]
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


def test_a_booking_keeps_what_was_agreed(session: Session, region: Region):
    booking = the_booking(
        session,
        booked(session, region.here.whole, region.resident, purpose="badminton", headcount=12),
    )

    assert (booking.unit_id, booking.facility_id) == (region.here.whole, region.here.facility_id)
    assert (booking.date, booking.start_slot, booking.end_slot) == (SATURDAY, 72, 84)
    assert (booking.party_id, booking.purpose_code, booking.headcount) == (
        region.resident,
        "badminton",
        12,
    )
    assert (booking.fee_yen, booking.tariff_from) == (1800, date(2026, 4, 1))
    assert (booking.status, booking.kind, booking.revision) == ("confirmed", "use", 0)
    assert booking.made_at == NOW
    # A week before 13 June is today: everything comes back until the end of today.
    assert booking.free_cancel_until == NOW.replace(hour=15)


def test_a_booking_writes_its_audit_line_and_its_event(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)

    line = session.execute(select(AuditLine.actor, AuditLine.action, AuditLine.subject)).one()
    event = session.execute(select(Event.name, Event.version, Event.subject, Event.body)).one()
    assert tuple(line) == ("account-resident", "book", booking_id)
    assert tuple(event) == (
        "booking.confirmed",
        1,
        booking_id,
        {
            "town": "172014",
            "facility_id": region.here.facility_id,
            "date": "2026-06-13",
            "revision": 0,
            "unit_id": region.here.whole,
            "parts": [1, 2],
            "kind": "use",
            "start_slot": 72,
            "end_slot": 84,
            "party_id": region.resident,
            "purpose": "",
            "headcount": None,
            "fee_yen": 1800,
            "node_no": 1,
            "serial": 1,
            "made_at": "2026-06-06T03:00:00+00:00",
            "tariff_from": "2026-04-01",
            "town_rules_id": 1,
            "free_cancel_until": "2026-06-06T15:00:00+00:00",
            "note": "",
            "stays": False,
        },
    )


def test_numbers_count_up(session: Session, region: Region):
    serials = [
        the_booking(
            session, booked(session, region.here.whole, region.resident, period=a_period(time))
        ).serial
        for _, time in FRAME_TEXTS
    ]

    assert serials == [1, 2, 3]


def test_a_booked_hall_takes_its_halves_with_it(session: Session, region: Region):
    booked(session, region.here.whole, region.resident)

    assert free_units(session) == [region.next_door.whole, *region.next_door.halves]


def test_a_booked_half_takes_the_hall_and_leaves_the_other_half(session: Session, region: Region):
    left, right = region.here.halves

    booked(session, left, region.resident)

    next_door = [region.next_door.whole, *region.next_door.halves]
    assert free_units(session) == [right, *next_door]


def test_an_overnight_booking_claims_both_days(session: Session, region: Region):
    unit = a_night_club(session)

    booked(session, unit, region.resident, period=a_period("22:00-02:00"))

    assert masks_agree(session) == []
    assert unit not in free_units(session, a_period("23:00-24:00"))
    assert unit not in free_units(
        session, a_period("01:00-02:00"), date=SATURDAY + timedelta(days=1)
    )
    assert unit in free_units(session, a_period("02:00-03:00"), date=SATURDAY + timedelta(days=1))


def test_the_night_is_refused_when_only_its_second_day_is_taken(session: Session, region: Region):
    unit = a_night_club(session)
    sunday = SATURDAY + timedelta(days=1)
    close(session, ClosureRequest(unit, sunday, a_period("01:00-02:00"), Kind.CLOSURE), context())
    before = everything(session)

    answer = refusal(
        book,
        session,
        a_wish(unit, region.resident, period=a_period("22:00-02:00")),
        context(),
    )

    assert answer == Refusal(RefusalCode.TAKEN)
    assert everything(session) == before


# What is asked for, and the exact answer. Every code that `book` has is here or below.
REFUSED: dict[str, tuple[dict[str, Any], Refusal]] = {
    "an unknown unit": (
        {"unit_id": 999_999},
        Refusal(RefusalCode.UNIT_UNKNOWN),
    ),
    "a purpose that the unit is not for": (
        {"purpose": "choir"},
        Refusal(RefusalCode.PURPOSE_NOT_ALLOWED, purpose="choir"),
    ),
    "more people than fit": (
        {"headcount": 101},
        Refusal(RefusalCode.OVER_CAPACITY, capacity=100),
    ),
    "a time that has begun": (
        {"date": TODAY, "period": a_period("09:00-12:00")},
        Refusal(RefusalCode.PAST),
    ),
    "a day that has not opened": (
        {"date": date(2026, 8, 6)},
        Refusal(RefusalCode.NOT_YET_OPEN, opens_on=date(2026, 6, 7)),
    ),
    "a day beyond the masks": (
        {"date": date(2026, 7, 30)},
        Refusal(RefusalCode.CLOSED_DAY),
    ),
    "half a frame": (
        {"period": a_period("18:00-20:00")},
        Refusal(RefusalCode.NOT_A_FRAME, frames=FRAME_TEXTS, nearest="18:00-21:00"),
    ),
    "a time outside the hours": (
        {"period": a_period("07:00-08:00")},
        Refusal(RefusalCode.OUTSIDE_HOURS, open="09:00-21:00"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_booking_is_refused_with_the_reason_and_writes_nothing(
    session: Session, region: Region, name: str
):
    asked, expected = REFUSED[name]
    fields: dict[str, Any] = {"unit_id": region.here.whole, "party_id": region.resident} | asked
    before = row_counts(session)

    answer = refusal(book, session, a_wish(**fields), context())

    assert answer == expected
    assert row_counts(session) == before


def test_booking_is_refused_in_a_disaster(session: Session, region: Region):
    wish = a_wish(region.here.whole, region.resident)

    answer = refusal(book, session, wish, context(mode=Mode.DISASTER))

    assert answer == Refusal(RefusalCode.MODE, mode="disaster")


def test_booking_is_refused_when_hours_are_not_confirmed(session: Session, region: Region):
    change_catalogue(session, update(OpeningVersion).values(is_confirmed=False))

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.UNIT_UNCONFIRMED, phone="")


def test_booking_is_refused_when_the_unit_is_not_lent(session: Session, region: Region):
    change_catalogue(session, update(Unit).values(is_bookable=False))

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.UNIT_UNCONFIRMED, phone="")


def test_booking_is_refused_after_the_towns_closing_time(session: Session, region: Region):
    change_catalogue(session, update(TownRulesVersion).values(body={"closes_minutes": 24 * 60}))
    wish = a_wish(region.here.whole, region.resident, date=TODAY)

    assert refusal(book, session, wish, context()) == Refusal(RefusalCode.TOO_LATE, minutes=24 * 60)


def test_booking_is_refused_when_it_is_longer_than_the_unit_is_lent(
    session: Session, region: Region
):
    change_catalogue(session, update(Unit).values(max_slots=8))

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.TOO_LONG, hours_max=2.0)


def test_booking_is_refused_when_the_table_has_no_price(session: Session, region: Region):
    change_catalogue(session, text("DELETE FROM frame_price"))

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.NO_PRICE)


def test_booking_is_refused_when_one_part_is_taken(session: Session, region: Region):
    booked(session, region.here.halves[0], region.resident)
    with write_transaction(session):
        a_resident(session, "neighbour", home="172014")
    before = everything(session)

    answer = refusal(book, session, a_wish(region.here.whole, "party-neighbour"), context())

    assert answer == Refusal(RefusalCode.TAKEN)
    assert everything(session) == before


def test_nobody_books_two_places_at_one_time(session: Session, region: Region):
    booked(session, region.here.whole, region.resident)

    answer = refusal(book, session, a_wish(region.next_door.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.OWN_OVERLAP)


def test_the_strongest_reason_wins_and_the_others_come_with_it(session: Session, region: Region):
    booked(session, region.next_door.whole, region.resident)
    wish = a_wish(region.here.whole, region.resident, headcount=500, purpose="choir")

    answer = refusal(book, session, wish, context())

    assert answer == Refusal(RefusalCode.PURPOSE_NOT_ALLOWED, purpose="choir")
    assert answer.others == (
        Refusal(RefusalCode.OVER_CAPACITY, capacity=100),
        Refusal(RefusalCode.OWN_OVERLAP),
    )


def test_a_day_that_another_process_has_just_opened_can_be_booked(
    database: Database, session: Session, region: Region, url: str
):
    day = date(2026, 7, 30)
    wish = a_wish(region.here.whole, region.resident, date=day)
    assert refusal(book, session, wish, context()) == Refusal(RefusalCode.CLOSED_DAY)
    other = Database(url, threads=1, is_durable=False)
    with other.session() as elsewhere:
        extend_horizon(elsewhere, HorizonRequest(TODAY, 60), context("system"))
    other.dispose()

    booking_id = book(session, wish, context())

    assert the_booking(session, booking_id).date == day


def test_a_unit_that_another_process_has_just_added_can_be_booked(
    session: Session, region: Region, url: str
):
    booked(session, region.here.whole, region.resident)
    other = Database(url, threads=1, is_durable=False)
    with other.session() as elsewhere, write_transaction(elsewhere):
        gym = a_gym(elsewhere, "172120", "新しい館", (36.58, 136.67))
        open_for(elsewhere, TODAY, 40)
    other.dispose()

    period = a_period("09:00-12:00")
    booking_id = booked(session, gym.whole, region.resident, period=period)

    assert the_booking(session, booking_id).unit_id == gym.whole


def test_a_place_that_another_process_has_just_closed_is_refused_as_closed(
    session: Session, region: Region, url: str
):
    free_units(session)
    other = Database(url, threads=1, is_durable=False)
    with other.session() as elsewhere, write_transaction(elsewhere):
        elsewhere.execute(text("UPDATE day_mask SET open_am = 0, open_pm = 0"))
    other.dispose()

    answer = refusal(book, session, a_wish(region.here.whole, region.resident), context())

    assert answer == Refusal(RefusalCode.CLOSED_DAY)
