"""予約 as people read them, and the numbers that are printed and read out."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, cancel
from reservations.queries import bookings, memory
from reservations.queries.bookings import check_digit, number_text
from tests.support import properties  # noqa: F401 - loads the profile
from tests.support.lending import EVENING, a_period, booked
from tests.town import NOW, SATURDAY, TODAY, Region, context


def test_a_booking_is_read_with_its_unit_and_its_number(session: Session, region: Region):
    booking_id = booked(
        session, region.here.whole, region.resident, purpose="badminton", headcount=8
    )

    found = bookings.one(session, memory.current(session), booking_id)

    assert found is not None
    assert (found.number, found.unit.id, found.status) == (
        number_text(1, 1),
        region.here.whole,
        "confirmed",
    )
    assert (found.date, found.period, found.fee_yen) == (SATURDAY, EVENING, 1800)
    assert (found.purpose, found.headcount, found.rating) == ("badminton", 8, None)
    assert found.ends_at - found.starts_at == timedelta(hours=3)


def test_an_unknown_booking_is_none(session: Session, region: Region):
    assert bookings.one(session, memory.current(session), "no-such-id") is None


def test_the_bookings_of_a_party_come_soonest_first_and_only_its_own(
    session: Session, region: Region
):
    later = booked(session, region.here.whole, region.resident)
    sooner = booked(session, region.here.whole, region.resident, period=a_period("09:00-12:00"))
    cancel(session, CancelRequest(later), context(now=NOW))
    known = memory.current(session)

    found = bookings.of_party(session, known, region.resident, since=TODAY)

    assert [(each.id, each.status) for each in found] == [
        (sooner, "confirmed"),
        (later, "cancelled"),
    ]
    assert bookings.of_party(session, known, "party-other", since=TODAY) == []
    assert bookings.of_party(session, known, region.resident, since=TODAY, page=1) == []


numbers = st.integers(1, 99).flatmap(lambda node: st.tuples(st.just(node), st.integers(1, 999_999)))


def digits_of(text: str) -> str:
    return text.replace("-", "")


def is_valid(digits: str) -> bool:
    return check_digit(digits[:-1]) == int(digits[-1])


@given(numbers, st.data())
def test_a_number_with_one_wrong_digit_is_found_out(number: tuple[int, int], data: st.DataObject):
    digits = digits_of(number_text(*number))
    at = data.draw(st.integers(0, len(digits) - 1))
    wrong = data.draw(st.sampled_from([each for each in "0123456789" if each != digits[at]]))

    assert is_valid(digits)
    assert not is_valid(digits[:at] + wrong + digits[at + 1 :])


@given(numbers, st.data())
def test_two_neighbours_swapped_are_found_out_but_for_nought_and_nine(
    number: tuple[int, int], data: st.DataObject
):
    digits = digits_of(number_text(*number))
    at = data.draw(st.integers(0, len(digits) - 2))
    pair = digits[at : at + 2]
    swapped = digits[:at] + pair[::-1] + digits[at + 2 :]

    assert is_valid(swapped) == (pair[0] == pair[1] or set(pair) == {"0", "9"})
