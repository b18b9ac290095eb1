"""Statuses, and why a wish cannot be lent."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.errors import Refusal, RefusalCode, strongest
from reservations.rules.availability import (
    STATUS_OF_KIND,
    DayFacts,
    Kind,
    Lending,
    Occupied,
    Status,
    day_status,
    hours_refusals,
    lent_period,
    open_text,
    refusals,
    runs,
    status,
)
from reservations.rules.period import Frame, Period, period_of
from tests.support.properties import days_of_frames, periods

TODAY = date(2026, 6, 6)
OPEN = Period(36, 84).bits  # 09:00-21:00
FRAMES = (
    Frame("午前", Period(36, 48)),
    Frame("午後", Period(52, 68)),
    Frame("夜間", Period(72, 84)),
)
BY_FRAME = Lending(FRAMES)
BY_HOUR = Lending((), step_slots=4)


def a_period(text: str) -> Period:
    found = period_of(*text.split("-"))
    assert found is not None
    return found


MORNING = a_period("09:00-12:00")


def a_status(open_bits: int, busy: int, *kinds: Kind, opens: date | None = TODAY) -> Status:
    occupied = tuple(Occupied(MORNING, kind) for kind in kinds)
    return status(DayFacts(open_bits, busy, occupied), MORNING, bookable_from=opens, today=TODAY)


def test_open_and_unoccupied_is_free():
    assert a_status(OPEN, 0) is Status.FREE


@pytest.mark.parametrize("kind", list(Kind))
def test_what_occupies_a_time_names_its_status(kind: Kind):
    assert a_status(OPEN, MORNING.bits, kind) is STATUS_OF_KIND[kind]


def test_an_emergency_is_said_before_everything_else():
    assert a_status(OPEN, MORNING.bits, *Kind) is Status.EMERGENCY


def test_one_taken_quarter_hour_takes_the_frame():
    assert a_status(OPEN, 1 << 47) is Status.TAKEN


def test_a_repair_is_said_before_booking_not_yet_open():
    assert a_status(OPEN, MORNING.bits, Kind.MAINTENANCE, opens=None) is Status.MAINTENANCE


def test_a_frame_that_is_open_only_in_part_is_closed():
    assert a_status(OPEN & ~(1 << 36), 0) is Status.CLOSED


def test_a_free_time_before_booking_opens_is_not_open():
    assert a_status(OPEN, 0, opens=date(2026, 6, 7)) is Status.NOT_OPEN
    assert a_status(OPEN, 0, opens=None) is Status.NOT_OPEN


@given(st.lists(st.sampled_from(Status), max_size=6))
def test_a_day_is_free_only_when_all_of_it_is(statuses: list[Status]):
    found = day_status(statuses)
    kinds = set(statuses)
    is_partly = kinds == {Status.PARTLY_FREE} or (Status.FREE in kinds and len(kinds) > 1)

    assert (found is Status.FREE) == (kinds == {Status.FREE})
    assert (found is Status.PARTLY_FREE) == is_partly


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.CLOSED),
        ([Status.TAKEN, Status.CLOSED], Status.TAKEN),
        ([Status.TAKEN, Status.EMERGENCY], Status.EMERGENCY),
        ([Status.MAINTENANCE, Status.CLOSED], Status.MAINTENANCE),
        ([Status.NOT_OPEN, Status.CLOSED], Status.NOT_OPEN),
    ],
)
def test_a_mixed_day_says_what_matters_most(statuses: list[Status], expected: Status):
    assert day_status(statuses) is expected


@given(days_of_frames(), periods(last=96))
def test_what_is_lent_for_a_wish_is_lent_again_when_asked_for(
    frames: tuple[Frame, ...], wish: Period
):
    lent = lent_period(Lending(frames), wish)

    if lent is not None:
        assert lent.contains(wish)
        assert lent_period(Lending(frames), lent) == lent


@given(periods(), st.sampled_from([1, 2, 4, 6, 8, 10, 12]))
def test_without_frames_a_wish_is_widened_to_the_step(wish: Period, step: int):
    lent = lent_period(Lending((), step_slots=step), wish)

    if lent is None:
        assert wish.end + -wish.end % step > 192
    else:
        assert lent.start % step == lent.end % step == 0
        assert lent.contains(wish)
        assert lent.minutes < wish.minutes + 2 * step * 15


def refused(lending: Lending, wish: str, *, open_bits: int = OPEN, busy: int = 0) -> list[Refusal]:
    return refusals(lending, DayFacts(open_bits, busy), a_period(wish))


def test_a_whole_frame_that_is_free_is_lent():
    assert refused(BY_FRAME, "09:00-12:00") == []
    assert refused(BY_FRAME, "09:00-17:00") == []
    assert refused(BY_HOUR, "10:00-12:00") == []


def test_half_a_frame_is_refused_with_the_frames_and_what_would_be_lent():
    frames = (("午前", "09:00-12:00"), ("午後", "13:00-17:00"), ("夜間", "18:00-21:00"))

    assert refused(BY_FRAME, "10:00-12:00") == [
        Refusal(RefusalCode.NOT_A_FRAME, frames=frames, nearest="09:00-12:00")
    ]
    assert refused(BY_FRAME, "12:15-12:45") == [
        Refusal(RefusalCode.NOT_A_FRAME, frames=frames, nearest=None)
    ]


def test_half_an_hour_is_refused_where_hours_are_lent():
    assert refused(BY_HOUR, "10:30-12:00") == [
        Refusal(RefusalCode.NOT_A_FRAME, frames=(), nearest="10:00-12:00")
    ]


def test_a_closed_day_is_refused_as_closed_and_not_as_outside_hours():
    assert refused(BY_HOUR, "10:00-12:00", open_bits=0) == [Refusal(RefusalCode.CLOSED_DAY)]


def test_a_day_on_which_only_the_night_after_is_open_is_closed():
    assert hours_refusals(1 << 96, a_period("23:00-25:00")) == [Refusal(RefusalCode.CLOSED_DAY)]


def test_a_time_outside_the_hours_is_refused_with_the_hours():
    assert refused(BY_HOUR, "08:00-10:00") == [
        Refusal(RefusalCode.OUTSIDE_HOURS, open="09:00-21:00")
    ]


def test_a_booking_that_is_too_long_is_refused_with_the_longest():
    lending = Lending((), step_slots=4, max_slots=8)

    assert refused(lending, "10:00-13:00") == [Refusal(RefusalCode.TOO_LONG, hours_max=2.0)]


def test_every_reason_is_given_and_the_first_in_precedence_wins():
    lending = Lending((), step_slots=4, max_slots=8)
    found = refused(lending, "07:30-12:00", busy=OPEN)
    codes = [each.code for each in found]

    answer = strongest(list(reversed(found)))

    assert codes == [
        RefusalCode.NOT_A_FRAME,
        RefusalCode.OUTSIDE_HOURS,
        RefusalCode.TOO_LONG,
        RefusalCode.TAKEN,
    ]
    assert answer == Refusal(RefusalCode.OUTSIDE_HOURS, open="09:00-21:00")
    assert [each.code for each in answer.others] == [
        RefusalCode.NOT_A_FRAME,
        RefusalCode.TOO_LONG,
        RefusalCode.TAKEN,
    ]


@given(st.integers(0, (1 << 192) - 1))
def test_runs_are_the_bits_and_never_touch(bits: int):
    found = runs(bits)

    assert sum((1 << end) - (1 << start) for start, end in found) == bits
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


def test_hours_are_written_as_their_runs():
    bits = a_period("09:00-12:00").bits | a_period("22:00-26:00").bits

    assert open_text(bits) == "09:00-12:00 22:00-26:00"
