"""取消と還付: real refund clauses (REQUIREMENTS 3.6), the free undo, and what always holds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.rules.refunds import Cancellation, cancellation, free_until
from reservations.rules.town import RefundStep, TownRules
from tests.support.properties import some_rules

JAPAN = timezone(timedelta(hours=9))
STARTS = datetime(2026, 10, 31, 18, 0, tzinfo=JAPAN)
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=JAPAN)


def a_town_that_gives_back(*steps: tuple[int, int]) -> TownRules:
    """(days before, percent) as the clause lists them; months are counted as 30 days."""
    return some_rules(refund_steps=tuple(RefundStep(*step) for step in steps))


TAKAYAMA_HALL = a_town_that_gives_back((180, 100), (90, 50), (30, 20))
TAKAYAMA_ROOM = a_town_that_gives_back((30, 100), (7, 50))
MIMA_OWN_REASON = a_town_that_gives_back((3, 30))
NERIMA_ROOM = a_town_that_gives_back((7, 100))
NERIMA_HALL = a_town_that_gives_back((180, 80), (60, 50))
NAHA_LARGE_HALL = a_town_that_gives_back((30, 50))


@pytest.mark.parametrize(
    ("rules", "days_before", "percent"),
    [
        (TAKAYAMA_HALL, 180, 100),
        (TAKAYAMA_HALL, 179, 50),
        (TAKAYAMA_HALL, 90, 50),
        (TAKAYAMA_HALL, 30, 20),
        (TAKAYAMA_HALL, 29, 0),
        (TAKAYAMA_ROOM, 7, 50),
        (TAKAYAMA_ROOM, 6, 0),
        (MIMA_OWN_REASON, 3, 30),
        (MIMA_OWN_REASON, 2, 0),
        (NERIMA_ROOM, 7, 100),
        (NERIMA_ROOM, 6, 0),
        (NERIMA_HALL, 200, 80),
        (NERIMA_HALL, 60, 50),
        (NERIMA_HALL, 59, 0),
        (NAHA_LARGE_HALL, 30, 50),
        (NAHA_LARGE_HALL, 29, 0),
    ],
)
def test_a_real_clause_gives_back_its_share(rules: TownRules, days_before: int, percent: int):
    now = STARTS - timedelta(days=days_before)

    settled = cancellation(10_000, made_at=LONG_AGO, starts_at=STARTS, now=now, rules=rules)

    assert settled == Cancellation(10_000 - 100 * percent, 100 * percent, is_undo=False)


def test_a_day_counts_as_a_calendar_day_at_the_facility():
    last_minute = datetime(2026, 10, 24, 23, 59, tzinfo=JAPAN)
    first_minute = datetime(2026, 10, 25, 0, 0, tzinfo=JAPAN)

    def due(now: datetime) -> int:
        return cancellation(
            5000, made_at=LONG_AGO, starts_at=STARTS, now=now, rules=NERIMA_ROOM
        ).due_yen

    assert (due(last_minute), due(first_minute)) == (0, 5000)


@pytest.mark.parametrize(
    ("seconds", "due_yen"), [(0, 0), (29 * 60 + 59, 0), (30 * 60, 0), (30 * 60 + 1, 5000)]
)
def test_a_slip_of_the_finger_is_free_for_thirty_minutes(seconds: int, due_yen: int):
    made_at = STARTS - timedelta(hours=20)

    settled = cancellation(
        5000,
        made_at=made_at,
        starts_at=STARTS,
        now=made_at + timedelta(seconds=seconds),
        rules=NERIMA_ROOM,
    )

    assert settled == Cancellation(due_yen, 5000 - due_yen, is_undo=not due_yen)


def test_half_a_yen_stays_with_the_town():
    settled = cancellation(
        1445,
        made_at=LONG_AGO,
        starts_at=STARTS,
        now=STARTS - timedelta(days=8),
        rules=TAKAYAMA_ROOM,
    )

    assert settled == Cancellation(723, 722, is_undo=False)


steps = st.lists(st.builds(RefundStep, st.integers(0, 200), st.integers(0, 100)), max_size=4).map(
    tuple
)
instants = st.datetimes(
    datetime(2026, 1, 1), datetime(2026, 10, 31, 17, 59), timezones=st.just(JAPAN)
)


@given(st.integers(0, 300_000), steps, instants, instants)
def test_what_is_owed_and_what_comes_back_are_the_fee(
    fee_yen: int, refund_steps: tuple[RefundStep, ...], made_at: datetime, now: datetime
):
    rules = some_rules(refund_steps=refund_steps)

    settled = cancellation(fee_yen, made_at=made_at, starts_at=STARTS, now=now, rules=rules)

    assert settled.due_yen + settled.refund_yen == fee_yen
    assert settled.due_yen >= 0 and settled.refund_yen >= 0


@given(st.integers(0, 300_000), steps, instants, st.integers(0, 300 * 24 * 60))
def test_waiting_longer_never_brings_more_back(
    fee_yen: int, refund_steps: tuple[RefundStep, ...], now: datetime, minutes: int
):
    rules = some_rules(refund_steps=refund_steps)

    def back(at: datetime) -> int:
        return cancellation(
            fee_yen, made_at=LONG_AGO, starts_at=STARTS, now=at, rules=rules
        ).refund_yen

    assert back(now) >= back(now + timedelta(minutes=minutes))


@given(steps, instants, instants)
def test_cancelling_before_the_promised_instant_is_free(
    refund_steps: tuple[RefundStep, ...], made_at: datetime, now: datetime
):
    rules = some_rules(refund_steps=refund_steps)
    promised = free_until(made_at=made_at, starts_at=STARTS, rules=rules)
    settled = cancellation(5000, made_at=made_at, starts_at=STARTS, now=now, rules=rules)

    assert promised <= STARTS
    assert now >= promised or now < made_at or settled.due_yen == 0


@given(steps, instants)
def test_after_the_promised_instant_cancelling_costs_something(
    refund_steps: tuple[RefundStep, ...], made_at: datetime
):
    rules = some_rules(refund_steps=refund_steps)
    promised = free_until(made_at=made_at, starts_at=STARTS, rules=rules)
    later = promised + timedelta(microseconds=1)

    if later < STARTS:
        settled = cancellation(5000, made_at=made_at, starts_at=STARTS, now=later, rules=rules)
        assert settled.due_yen > 0


def test_the_promise_ends_at_the_midnight_after_the_last_free_day():
    promised = free_until(made_at=LONG_AGO, starts_at=STARTS, rules=NERIMA_ROOM)

    assert promised == datetime(2026, 10, 25, 0, 0, tzinfo=JAPAN)


def test_a_booking_for_tonight_is_free_to_undo_but_not_beyond_its_start():
    made_at = STARTS - timedelta(minutes=10)

    assert free_until(made_at=made_at, starts_at=STARTS, rules=NERIMA_ROOM) == STARTS
