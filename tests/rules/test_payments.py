"""When a provider is asked again, and when nobody asks any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reservations.rules import payments

NOW = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)


def minutes(instant: datetime) -> int:
    return int((instant - NOW).total_seconds() // 60)


@pytest.mark.parametrize(("tries", "wait"), [(1, 1), (3, 2), (9, 120), (10, 240), (500, 240)])
def test_questions_come_less_and_less_often_and_never_end(tries, wait):
    assert minutes(payments.next_question(tries, now=NOW)) == wait


@pytest.mark.parametrize(("tries", "wait"), [(1, 1), (2, 5), (6, 360), (500, 360)])
def test_a_refund_is_asked_for_until_there_is_an_answer(tries, wait):
    assert minutes(payments.next_refund(tries, now=NOW)) == wait


@pytest.mark.parametrize(
    ("age", "is_known", "lapsed"),
    [
        (timedelta(minutes=59), False, False),
        (timedelta(minutes=61), False, True),
        (timedelta(days=2), True, False),
        (timedelta(days=3, minutes=1), True, True),
    ],
)
def test_a_page_left_open_lapses_after_three_days_and_one_never_begun_after_an_hour(
    age, is_known, lapsed
):
    assert payments.has_lapsed(NOW - age, now=NOW, is_known=is_known) is lapsed
