"""利用時間: periods, their bits, frames and the run of frames that a wish touches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.rules.period import (
    EVERY_DAY,
    HALF_DAY_SLOTS,
    HOLIDAY,
    WEEKDAYS,
    WEEKEND,
    Frame,
    Period,
    by_day,
    clock_text,
    covering,
    day_bit,
    frames_on,
    overlapping,
    period_of,
    slot_of,
    span,
)
from tests.support.properties import dates, days_of_frames, periods

JAPAN = timezone(timedelta(hours=9))


def a_period(text: str) -> Period:
    found = period_of(*text.split("-"))
    assert found is not None
    return found


@given(periods())
def test_halves_of_days_put_together_are_the_period(period: Period):
    bits = 0
    for offset, am, pm in by_day(period):
        bits |= (am | pm << HALF_DAY_SLOTS) << (96 * offset)

    assert bits == period.bits
    assert bits.bit_count() * 15 == period.minutes


@given(periods())
def test_each_half_day_fits_a_signed_column_of_64_bits(period: Period):
    rows = by_day(period)

    assert all(0 <= half < 1 << 48 for _, am, pm in rows for half in (am, pm))
    assert [offset for offset, _, _ in rows] == ([0, 1] if period.end > 96 else [0])


@given(periods(), periods())
def test_two_periods_overlap_when_they_share_a_bit(one: Period, other: Period):
    assert one.overlaps(other) == bool(one.bits & other.bits)
    assert one.contains(other) == (one.bits | other.bits == one.bits)


@given(st.integers(0, 192))
def test_the_text_of_a_time_is_read_back_as_the_same_time(slot: int):
    assert slot_of(clock_text(slot)) == slot


@given(st.text(max_size=6))
def test_any_text_is_a_time_on_the_grid_or_none(text: str):
    slot = slot_of(text)

    assert slot is None or 0 <= slot <= 192


@pytest.mark.parametrize(
    "text", ["", "9", "9:0", "09:10", "24:60", "-1:00", "٠٩:٠٠", "09:00:00", "48:15"]
)
def test_what_is_no_quarter_hour_is_no_time(text: str):
    assert slot_of(text) is None


def test_a_period_that_ends_before_it_starts_runs_into_the_next_day():
    assert period_of("22:00", "02:00") == Period(88, 104)
    assert period_of("22:00", "26:00") == Period(88, 104)
    assert period_of("18:00", "00:00") == Period(72, 96)


def test_a_period_without_length_is_none():
    assert period_of("09:00", "09:00") is None


def test_a_period_cannot_start_on_the_next_day():
    assert period_of("24:00", "25:00") is None


@given(dates, periods())
def test_the_instants_of_a_period_are_as_far_apart_as_it_is_long(day: date, period: Period):
    apart = period.ends_at(day, JAPAN) - period.starts_at(day, JAPAN)

    assert apart == timedelta(minutes=period.minutes)


def test_a_period_begins_at_the_clock_of_the_facility():
    starts = a_period("09:00-12:00").starts_at(date(2026, 6, 13), JAPAN)

    assert starts == datetime(2026, 6, 13, 0, 0, tzinfo=UTC)


def test_a_holiday_counts_as_a_holiday_and_not_as_its_weekday():
    assert day_bit(date(2026, 7, 20), is_holiday=False) == 1
    assert day_bit(date(2026, 7, 20), is_holiday=True) == HOLIDAY


@given(days_of_frames(), st.integers(0, 95))
def test_a_single_quarter_hour_touches_the_frame_that_it_lies_in(
    frames: tuple[Frame, ...], slot: int
):
    wish = Period(slot, slot + 1)

    assert covering(frames, wish) == tuple(f for f in frames if f.period.contains(wish))


@given(days_of_frames(), periods(last=96))
def test_the_frames_that_a_wish_touches_are_lent_whole_and_nothing_more(
    frames: tuple[Frame, ...], wish: Period
):
    touched = tuple(frame for frame in frames if frame.period.overlaps(wish))
    lent = span(touched) if touched else None

    found = covering(frames, wish)

    assert found == (touched if lent and lent.contains(wish) else ())
    if lent and found:
        assert covering(frames, lent) == found


def test_the_gap_between_two_touched_frames_belongs_to_the_booking():
    morning = Frame("午前", a_period("09:00-12:00"))
    afternoon = Frame("午後", a_period("13:00-17:00"))

    assert covering((morning, afternoon), a_period("11:00-14:00")) == (morning, afternoon)
    assert covering((morning, afternoon), a_period("12:00-13:00")) == ()
    assert covering((morning, afternoon), a_period("08:00-10:00")) == ()


def test_the_frames_of_a_weekday_are_not_those_of_a_holiday():
    weekday = Frame("平日", a_period("18:00-21:00"), WEEKDAYS)
    weekend = Frame("土日祝", a_period("09:00-12:00"), WEEKEND | HOLIDAY)

    assert frames_on((weekday, weekend), day_bit(date(2026, 7, 20), is_holiday=False)) == (weekday,)
    assert frames_on((weekday, weekend), day_bit(date(2026, 7, 20), is_holiday=True)) == (weekend,)


@given(days_of_frames())
def test_frames_of_one_day_that_follow_each_other_do_not_overlap(frames: tuple[Frame, ...]):
    assert overlapping(frames) is None


def test_the_overlapping_frames_that_minato_publishes_are_found():
    # 港区スポーツセンター アリーナ: fees/fee_frames_facts.csv, minatoku-sports.com
    published = ("09:00-11:00", "11:15-13:15", "13:00-15:30", "15:45-17:45", "18:00-20:00")
    frames = [Frame(str(number), a_period(text)) for number, text in enumerate(published, 1)]

    assert overlapping(frames) == (frames[1], frames[2])


def test_frames_of_different_days_do_not_overlap():
    weekday = Frame("平日", a_period("18:00-21:00"), WEEKDAYS)
    weekend = Frame("土日祝", a_period("17:00-20:00"), WEEKEND | HOLIDAY)

    assert overlapping([weekday, weekend]) is None


@pytest.mark.parametrize(
    ("night_days", "early_days", "is_overlap"),
    [
        (EVERY_DAY, EVERY_DAY, True),
        (1, 2, True),  # Monday night, Tuesday morning
        (1, 4, False),  # Monday night, Wednesday morning
        (64, 1, True),  # Sunday night, Monday morning
        (1, HOLIDAY, True),  # Tuesday may be a holiday
        (HOLIDAY, 16, True),  # a holiday may come before a Friday
        (1, 1, False),
    ],
)
def test_a_frame_past_midnight_overlaps_those_of_the_days_that_may_follow(
    night_days: int, early_days: int, is_overlap: bool
):
    night = Frame("深夜", a_period("22:00-02:00"), night_days)
    early = Frame("早朝", a_period("01:00-05:00"), early_days)

    assert overlapping([early, night]) == ((early, night) if is_overlap else None)


def test_a_frame_past_midnight_may_end_where_the_next_one_begins():
    night = Frame("深夜", a_period("22:00-01:00"))
    early = Frame("早朝", a_period("01:00-05:00"))

    assert overlapping([night, early]) is None
