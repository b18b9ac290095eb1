"""Who may book, from which day on, and how many."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.errors import Refusal, RefusalCode
from reservations.rules.eligibility import Standing, bookable_from, refusals
from reservations.rules.town import Residency, TownRules
from tests.support.properties import some_rules

JAPAN = timezone(timedelta(hours=9))
SATURDAY = date(2026, 6, 13)
STARTS = datetime(2026, 6, 13, 18, 0, tzinfo=JAPAN)
RESIDENT = Standing(Residency.RESIDENT)
OUTSIDER = Standing(Residency.OUTSIDE)
RULES = some_rules(opens_days_before=60, outside_days_before=30, closes_minutes=60, active_max=4)


def refused(
    now: datetime, standing: Standing = RESIDENT, rules: TownRules = RULES
) -> list[Refusal]:
    return refusals(SATURDAY, starts_at=STARTS, now=now, standing=standing, rules=rules)


def midnight(days_before: int) -> datetime:
    return datetime(2026, 6, 13, 0, 0, tzinfo=JAPAN) - timedelta(days=days_before)


def test_a_resident_may_book_from_the_midnight_on_which_booking_opens():
    just_before = midnight(60) - timedelta(seconds=1)

    assert refused(midnight(60)) == []
    assert refused(just_before) == [Refusal(RefusalCode.NOT_YET_OPEN, opens_on=date(2026, 4, 14))]


def test_people_from_outside_wait_longer():
    assert refused(midnight(31), OUTSIDER) == [
        Refusal(RefusalCode.NOT_YET_OPEN, opens_on=date(2026, 5, 14))
    ]
    assert refused(midnight(30), OUTSIDER) == []


@pytest.mark.parametrize("residency", [Residency.WORKS, Residency.STUDIES])
def test_people_who_work_or_study_in_the_town_book_when_residents_do(residency: Residency):
    assert refused(midnight(60), Standing(residency)) == []


@pytest.mark.parametrize(
    ("minutes_before", "expected"),
    [
        (61, []),
        (60, [Refusal(RefusalCode.TOO_LATE, minutes=60)]),
        (1, [Refusal(RefusalCode.TOO_LATE, minutes=60)]),
        (0, [Refusal(RefusalCode.PAST)]),
        (-1, [Refusal(RefusalCode.PAST)]),
    ],
)
def test_booking_ends_some_time_before_the_start(minutes_before: int, expected: list[Refusal]):
    assert refused(STARTS - timedelta(minutes=minutes_before)) == expected


def test_a_town_may_take_bookings_until_the_start():
    rules = some_rules(closes_minutes=0)

    assert refused(STARTS - timedelta(seconds=1), rules=rules) == []


def test_the_day_is_the_facilitys_and_not_that_of_the_servers_clock():
    utc = datetime(2026, 4, 13, 15, 0, tzinfo=timezone(timedelta(0)))

    assert refused(utc) == []
    assert refused(utc - timedelta(seconds=1)) != []


def test_a_party_that_holds_as_many_as_it_may_is_refused_with_both_numbers():
    assert refused(midnight(3), Standing(Residency.RESIDENT, 3)) == []
    assert refused(midnight(3), Standing(Residency.RESIDENT, 4)) == [
        Refusal(RefusalCode.LIMIT_REACHED, used=4, limit=4)
    ]


def test_a_town_without_a_limit_lets_everybody_book():
    rules = some_rules(active_max=None)

    assert refused(midnight(3), Standing(Residency.RESIDENT, 400), rules) == []


def test_nobody_is_in_two_places_at_once():
    standing = Standing(Residency.RESIDENT, 4, has_overlap=True)

    assert refused(midnight(3), standing) == [
        Refusal(RefusalCode.LIMIT_REACHED, used=4, limit=4),
        Refusal(RefusalCode.OWN_OVERLAP),
    ]


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 400),
    st.integers(0, 400),
    st.sampled_from(Residency),
)
def test_a_longer_window_never_opens_later(day: date, days: int, more: int, residency: Residency):
    shorter = some_rules(opens_days_before=days, outside_days_before=days)
    longer = some_rules(opens_days_before=days + more, outside_days_before=days + more)

    assert bookable_from(day, residency=residency, rules=longer) <= bookable_from(
        day, residency=residency, rules=shorter
    )


@given(st.datetimes(datetime(2026, 4, 1), datetime(2026, 6, 13, 17), timezones=st.just(JAPAN)))
def test_once_a_day_is_open_it_stays_open_until_it_is_too_late(now: datetime):
    later = now + timedelta(hours=1)

    if refused(now) == [] and later < STARTS - timedelta(minutes=60):
        assert refused(later) == []
