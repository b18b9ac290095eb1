"""Who may do what: modes, the windows of residents and outsiders, and a party's limits."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking, CatalogueVersion, PartyResidency, TownRulesVersion
from reservations.queries.audit import masks_agree
from tests.support.lending import a_period, a_wish, booked, refusal, the_booking
from tests.town import SATURDAY, TODAY, Region, context

MORNING = a_period("09:00-12:00")


def limit_to(session: Session, active_max: int) -> None:
    with write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"active_max": active_max}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


def test_a_resident_books_earlier_than_somebody_from_outside(session: Session, region: Region):
    day = TODAY + timedelta(days=35)

    there = refusal(
        book, session, a_wish(region.next_door.whole, region.resident, date=day), context()
    )
    booked(session, region.here.whole, region.resident, date=day)

    assert there == Refusal(RefusalCode.NOT_YET_OPEN, opens_on=day - timedelta(days=30))


def test_somebody_from_outside_pays_the_outsiders_fee(session: Session, region: Region):
    booking_id = booked(session, region.next_door.whole, region.resident)

    assert the_booking(session, booking_id).fee_yen == 2700


@pytest.mark.parametrize(("residency", "fee_yen"), [("works", 1800), ("studies", 1800)])
def test_who_works_or_studies_in_the_town_counts_as_local(
    session: Session, region: Region, residency: str, fee_yen: int
):
    with write_transaction(session):
        session.add(
            PartyResidency(
                party_id=region.resident, municipality_code="172120", residency=residency
            )
        )

    booking_id = booked(session, region.next_door.whole, region.resident)

    assert the_booking(session, booking_id).fee_yen == fee_yen


def test_a_residency_that_has_run_out_counts_no_more(session: Session, region: Region):
    with write_transaction(session):
        session.execute(update(PartyResidency).values(valid_until=TODAY - timedelta(days=1)))

    booking_id = booked(session, region.here.whole, region.resident)

    assert the_booking(session, booking_id).fee_yen == 2700


def test_a_party_holds_no_more_than_the_towns_limit(session: Session, region: Region):
    limit_to(session, 2)
    for days in (0, 1):
        booked(session, region.here.whole, region.resident, date=SATURDAY + timedelta(days=days))
    wish = a_wish(region.here.whole, region.resident, date=SATURDAY + timedelta(days=2))

    assert refusal(book, session, wish, context()) == Refusal(
        RefusalCode.LIMIT_REACHED, used=2, limit=2
    )


def test_the_limit_of_one_town_is_not_that_of_another(session: Session, region: Region):
    limit_to(session, 1)
    booked(session, region.here.whole, region.resident)

    booking_id = booked(session, region.next_door.whole, region.resident, period=MORNING)

    assert the_booking(session, booking_id).municipality_code == "172120"


def test_a_booking_that_was_given_back_or_used_does_not_count(session: Session, region: Region):
    limit_to(session, 1)
    first = booked(session, region.here.whole, region.resident)
    cancel(session, CancelRequest(first), context())
    booked(session, region.here.whole, region.resident)
    with write_transaction(session):
        session.execute(
            update(Booking).where(Booking.status == "confirmed").values(date=date(2026, 6, 1))
        )

    second = booked(session, region.here.halves[0], region.resident, period=MORNING)

    assert the_booking(session, second).status == "confirmed"


@pytest.mark.parametrize("actors", [1, 10])
def test_ten_requests_at_once_do_not_pass_the_limit(
    database: Database, region: Region, actors: int
):
    with database.session() as session:
        limit_to(session, 3)
    answers: Counter[str] = Counter()
    lined_up = threading.Barrier(10)

    def send(number: int) -> None:
        wish = a_wish(region.here.whole, region.resident, date=SATURDAY + timedelta(days=number))
        with database.session() as session:
            lined_up.wait(20)
            try:
                book(session, wish, context(f"account-{number % actors}"))
                answers["booked"] += 1
            except Refusal as refused:
                answers[repr(refused)] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {"booked": 3, "Refusal(limit_reached, used=3, limit=3)": 7}
    with database.session() as session:
        assert session.execute(select(func.count()).select_from(Booking)).scalar_one() == 3
        assert masks_agree(session) == []


def test_one_party_is_in_one_place_though_it_asks_for_ten_at_once(
    database: Database, region: Region
):
    answers: Counter[str] = Counter()
    units = [region.here.halves[0], region.next_door.halves[0]] * 5
    lined_up = threading.Barrier(10)

    def send(number: int) -> None:
        with database.session() as session:
            lined_up.wait(20)
            try:
                book(session, a_wish(units[number], region.resident), context(f"actor-{number}"))
                answers["booked"] += 1
            except Refusal as refused:
                answers[repr(refused)] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {"booked": 1, "Refusal(own_overlap)": 9}
