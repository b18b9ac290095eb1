"""開館時間と休館日: closing rules of real towns against the real calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.clock import HOLIDAYS
from reservations.rules.opening import Closing, Hours, OpeningTimes, is_closed, open_bits
from reservations.rules.period import EVERY_DAY, HOLIDAY, WEEKDAYS, WEEKEND, Period, period_of
from tests.support.properties import dates, days_from, periods

MONDAY, TUESDAY, SUNDAY = 0, 1, 6


def some_hours(text: str, days: int = EVERY_DAY) -> Hours:
    period = period_of(*text.split("-"))
    assert period is not None
    return Hours(days, period)


def closed_days(first: date, count: int, *closings: Closing) -> list[date]:
    times = OpeningTimes((some_hours("09:00-21:00"),), closings)
    return [day for day in days_from(first, count) if is_closed(times, day, HOLIDAYS)]


def test_a_town_closes_on_every_monday():
    assert closed_days(date(2026, 6, 1), 30, Closing(weekday=MONDAY)) == [
        date(2026, 6, day) for day in (1, 8, 15, 22, 29)
    ]


def test_a_town_closes_on_the_second_and_fourth_tuesday():
    assert closed_days(date(2026, 6, 1), 61, Closing(weekday=TUESDAY, nth=(2, 4))) == [
        date(2026, 6, 9),
        date(2026, 6, 23),
        date(2026, 7, 14),
        date(2026, 7, 28),
    ]


def test_a_fifth_weekday_exists_only_in_some_months():
    assert closed_days(date(2026, 6, 1), 61, Closing(weekday=MONDAY, nth=(5,))) == [
        date(2026, 6, 29)
    ]


def test_a_monday_that_is_a_holiday_moves_to_tuesday():
    # 海の日 is Monday, 20 July 2026.
    closed = closed_days(date(2026, 7, 13), 14, Closing(weekday=MONDAY, moves=True))

    assert closed == [date(2026, 7, 13), date(2026, 7, 21)]


def test_a_monday_before_more_holidays_moves_behind_all_of_them():
    # 2026: みどりの日 Monday 4 May, こどもの日 5 May, substitute holiday 6 May.
    closed = closed_days(date(2026, 5, 1), 10, Closing(weekday=MONDAY, moves=True))

    assert closed == [date(2026, 5, 7)]


def test_a_third_monday_that_moves_is_still_the_third():
    # 敬老の日 is the third Monday, 21 September 2026, and 22 and 23 are holidays too.
    closed = closed_days(date(2026, 9, 1), 30, Closing(weekday=MONDAY, nth=(3,), moves=True))

    assert closed == [date(2026, 9, 24)]


def test_a_monday_that_does_not_move_is_closed_though_it_is_a_holiday():
    assert date(2026, 7, 20) in closed_days(date(2026, 7, 20), 1, Closing(weekday=MONDAY))


def test_the_new_year_closing_runs_over_the_end_of_the_year():
    closing = Closing(month_days=((12, 29), (1, 3)))

    assert closed_days(date(2026, 12, 25), 14, closing) == days_from(date(2026, 12, 29), 6)


def test_a_closing_within_one_year_takes_both_its_ends():
    closing = Closing(month_days=((8, 13), (8, 15)))

    assert closed_days(date(2026, 8, 1), 31, closing) == days_from(date(2026, 8, 13), 3)


def test_a_town_closes_on_national_holidays():
    closing = Closing(on_holidays=True)

    assert closed_days(date(2026, 9, 14), 14, closing) == days_from(date(2026, 9, 21), 3)


def test_every_field_that_is_set_must_match():
    # Mondays in January only.
    closing = Closing(weekday=MONDAY, month_days=((1, 1), (1, 31)))

    assert closed_days(date(2027, 1, 25), 14, closing) == [date(2027, 1, 25)]


@given(dates, st.integers(0, 6))
def test_a_moving_closing_closes_as_often_as_it_moves(first: date, weekday: int):
    closed = closed_days(first, 70, Closing(weekday=weekday, moves=True))
    plain = closed_days(first, 70, Closing(weekday=weekday))

    assert not any(day in HOLIDAYS for day in closed)
    assert abs(len(closed) - len(plain)) <= 1
    assert {day for day in plain if day not in HOLIDAYS} <= set(closed)


def test_hours_differ_between_weekdays_and_holidays():
    times = OpeningTimes(
        (some_hours("09:00-21:00", WEEKDAYS), some_hours("09:00-17:00", WEEKEND | HOLIDAY))
    )

    assert open_bits(times, date(2026, 7, 17), HOLIDAYS) == Period(36, 84).bits
    assert open_bits(times, date(2026, 7, 20), HOLIDAYS) == Period(36, 68).bits


def test_a_lunch_break_is_two_hours_of_opening():
    times = OpeningTimes((some_hours("09:00-12:00"), some_hours("13:00-17:00")))

    bits = open_bits(times, date(2026, 6, 10), HOLIDAYS)

    assert bits == Period(36, 48).bits | Period(52, 68).bits


def test_hours_past_midnight_open_the_first_hours_of_the_day_after():
    friday_night = OpeningTimes((some_hours("18:00-02:00", 16),))

    assert open_bits(friday_night, date(2026, 6, 12), HOLIDAYS) == Period(72, 96).bits
    assert open_bits(friday_night, date(2026, 6, 13), HOLIDAYS) == Period(0, 8).bits
    assert open_bits(friday_night, date(2026, 6, 14), HOLIDAYS) == 0


def test_the_night_before_a_closed_day_lasts_until_it_ends():
    times = OpeningTimes((some_hours("18:00-02:00"),), (Closing(weekday=SUNDAY),))

    assert open_bits(times, date(2026, 6, 14), HOLIDAYS) == Period(0, 8).bits
    assert open_bits(times, date(2026, 6, 15), HOLIDAYS) == Period(72, 96).bits


@given(dates, st.lists(st.builds(Hours, st.integers(0, 255), periods()), max_size=4))
def test_a_day_has_the_bits_of_its_own_hours_and_of_last_nights(day: date, hours: list[Hours]):
    times = OpeningTimes(tuple(hours))
    two_days = open_bits(times, day, HOLIDAYS) | (
        open_bits(times, day + timedelta(days=1), HOLIDAYS) << 96
    )

    assert 0 <= open_bits(times, day, HOLIDAYS) < 1 << 96
    for each in hours:
        bit = HOLIDAY if day in HOLIDAYS else 1 << day.weekday()
        if each.days & bit:
            assert two_days & each.period.bits == each.period.bits


@pytest.mark.parametrize("weekday", range(7))
def test_a_closing_without_hours_lends_nothing(weekday: int):
    times = OpeningTimes((), (Closing(weekday=weekday),))

    assert open_bits(times, date(2026, 6, 10), HOLIDAYS) == 0
