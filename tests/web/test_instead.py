"""かわりの予約: who lost a place to a closure takes another one from the booking's own page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations.actions.bookings import ClosureRequest, close
from reservations.models import Booking
from reservations.rules.availability import Kind
from tests import town
from tests.support.lending import a_period
from tests.support.site import Site
from tests.town import SATURDAY


@pytest.fixture
def lost(site: Site) -> str:
    """The resident's booking of となり体育館, which is closed since."""
    booking_id = str(site.books(site.region.here.whole, name="resident", purpose="badminton"))
    day = a_period("09:00-21:00")
    seen = frozenset({f"{booking_id}:0"})
    request = ClosureRequest(
        site.region.here.whole, SATURDAY, day, Kind.MAINTENANCE, "床の張替え", seen
    )
    with site.database.session() as session:
        close(session, request, town.context("account-staff"))
    site.now += timedelta(minutes=10)
    return booking_id


def test_the_page_says_why_and_the_next_town_is_two_taps_away(site: Site, lost: str):
    person = site.signed_in().opens(f"/bookings/{lost}")

    assert "施設の都合で取り消されました" in person.text
    assert "施設の修繕・点検（床の張替え）のため。" in person.text
    assert "納めた料金は、全額お返しします" in person.text
    person.follows("かなた体育館 全面")
    assert "かわりに、ここを予約しますか" in person.text
    assert "2,700円" in person.text
    person.presses("ここを予約する")
    assert "予約できました" in person.text
    assert "取れなかった予約のかわりの予約です" in person.text


def test_a_second_tap_leads_to_the_first_ones_booking(site: Site, lost: str):
    person = site.signed_in().opens(f"/bookings/{lost}").follows("かなた体育館 全面")
    again = site.signed_in().opens(person.address)
    person.presses("ここを予約する")

    again.presses("ここを予約する")

    assert again.address == person.address
    with site.database.session() as session:
        assert len(session.scalars(select(Booking.id).where(Booking.instead_of == lost)).all()) == 1


def test_the_lost_one_leads_to_what_took_its_place_and_offers_nothing_more(site: Site, lost: str):
    person = site.signed_in().opens(f"/bookings/{lost}").follows("かなた体育館 全面")
    person.presses("ここを予約する")
    new = person.address

    person.opens(f"/bookings/{lost}")

    assert "この予約は、新しい予約に変わりました" in person.text
    assert "代わりに、いま予約できるところ" not in person.text
    assert person.follows("新しい予約を見る").address == new


def test_what_one_gave_back_oneself_has_no_place_instead(site: Site):
    booking_id = site.books(site.region.here.whole, name="resident")
    site.cancels(booking_id, "resident")
    there = f"unit={site.region.next_door.whole}&date={SATURDAY}&start=18:00&end=21:00"

    person = site.signed_in().opens(f"/bookings/{booking_id}")
    assert "代わりに、いま予約できるところ" not in person.text
    person.opens(f"/bookings/{booking_id}/instead?{there}")

    assert person.status == 404


def test_nobody_takes_a_place_for_somebody_else(site: Site, lost: str):
    there = f"unit={site.region.next_door.whole}&date={SATURDAY}&start=18:00&end=21:00"

    person = site.signed_in("neighbour").opens(f"/bookings/{lost}/instead?{there}")

    assert person.status == 404
