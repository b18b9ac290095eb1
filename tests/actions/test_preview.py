"""What `book` would answer, before anybody books."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from reservations.actions.bookings import BookingRequest, preview
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings, memory
from reservations.rules.period import Period
from tests.support.lending import a_period, a_wish, booked, everything
from tests.town import SATURDAY, TODAY, Region, a_gym, a_resident, context, open_for


def test_a_free_place_is_shown_with_its_price_and_nothing_is_written(
    session: Session, region: Region
):
    before = everything(session)

    found = preview(session, a_wish(region.here.whole, region.resident), context())

    assert (found.fee and found.fee.total_yen, found.refusals) == (1800, ())
    assert everything(session) == before


def test_a_taken_place_is_shown_as_taken(session: Session, region: Region):
    booked(session, region.here.halves[0], region.resident)
    with write_transaction(session):
        a_resident(session, "neighbour", home="172014")

    found = preview(session, a_wish(region.here.whole, "party-neighbour"), context())

    assert found.refusals == (Refusal(RefusalCode.TAKEN),)


def test_a_closed_place_is_not_called_taken(session: Session, region: Region):
    wish = a_wish(region.here.whole, region.resident, period=a_period("07:00-08:00"))

    codes = [each.code for each in preview(session, wish, context()).refusals]

    assert codes == [RefusalCode.OUTSIDE_HOURS, RefusalCode.NOT_A_FRAME, RefusalCode.NO_PRICE]


def test_the_place_that_would_be_given_up_is_no_hindrance(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    own = bookings.one(session, memory.current(session), booking_id)
    wish = a_wish(region.here.halves[0], region.resident)

    without = preview(session, wish, context())
    giving_up = preview(session, wish, context(), giving_up=own)

    assert without.refusals == (Refusal(RefusalCode.OWN_OVERLAP), Refusal(RefusalCode.TAKEN))
    assert giving_up.refusals == ()


def test_a_night_that_would_be_given_up_is_no_hindrance_on_the_morning_after(
    session: Session, region: Region
):
    with write_transaction(session):
        gym = a_gym(
            session,
            "172014",
            "夜の館",
            (36.56, 136.65),
            parts=1,
            hours=("00:00", "24:00"),
            frames=(("未明", "00:00", "04:00", 500), ("深夜", "22:00", "02:00", 3000)),
        )
        open_for(session, TODAY, 40)
    night = a_period("22:00-02:00")

    def refusals(first: tuple[Period, int], then: tuple[Period, int]) -> list[RefusalCode]:
        booking_id = booked(
            session,
            gym.whole,
            region.resident,
            period=first[0],
            date=SATURDAY + timedelta(days=first[1]),
        )
        own = bookings.one(session, memory.current(session), booking_id)
        wish = BookingRequest(
            gym.whole, SATURDAY + timedelta(days=then[1]), then[0], region.resident
        )
        return [each.code for each in preview(session, wish, context(), giving_up=own).refusals]

    assert refusals((night, 0), (Period(0, 16), 1)) == []
    assert refusals((Period(0, 16), 9), (night, 8)) == []
