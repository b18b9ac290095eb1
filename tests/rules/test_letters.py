"""Which answers are told by a letter, and when a mail that did not go is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reservations.rules.letters import (
    BEFORE_USE,
    PAUSES,
    is_overtaken,
    kind_of_cancellation,
    next_try,
)

NOW = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
FAR = NOW + timedelta(days=7)


def test_what_a_person_did_is_no_news_to_that_person():
    assert kind_of_cancellation("own") == ""
    assert kind_of_cancellation("closure") == "cancelled"
    assert kind_of_cancellation("displaced") == "displaced"
    assert kind_of_cancellation("own", is_denial=True) == "denied"


@pytest.mark.parametrize(
    ("kind", "asked", "status", "is_given_up", "is_needless"),
    [
        ("confirmed", "book", "confirmed", False, False),
        ("confirmed", "book", "cancelled", False, True),
        ("confirmed", "book", "confirmed", True, True),
        ("refused", "book", "refused", False, False),
        ("refused", "book", "confirmed", False, True),
        ("refused", "cancel", "confirmed", True, False),
        ("refused", "cancel", "cancelled", False, True),
        ("cancelled", "", "cancelled", False, False),
        ("displaced", "", "confirmed", False, True),
        ("granted", "", "confirmed", False, False),
        ("granted", "", "confirmed", True, True),
        ("granted", "", "cancelled", False, True),
        ("denied", "", "cancelled", False, False),
    ],
)
def test_a_letter_that_something_else_has_overtaken_is_needless(
    kind, asked, status, is_given_up, is_needless
):
    assert is_overtaken(kind, asked, status, is_given_up=is_given_up) == is_needless


def test_pauses_grow_and_then_it_is_a_clerks():
    tries = range(1, len(PAUSES) + 2)

    found = [next_try(each, now=NOW, starts_at=FAR) for each in tries]

    assert found == [*(NOW + timedelta(minutes=pause) for pause in PAUSES), None]
    assert list(PAUSES) == sorted(PAUSES)


def test_a_letter_that_would_come_too_late_for_the_use_is_a_clerks():
    soon = NOW + BEFORE_USE + timedelta(minutes=PAUSES[0])

    assert next_try(1, now=NOW, starts_at=soon) == NOW + timedelta(minutes=PAUSES[0])
    assert next_try(1, now=NOW, starts_at=soon - timedelta(minutes=1)) is None


def test_a_use_that_has_begun_hurries_nobody():
    assert next_try(1, now=NOW, starts_at=NOW) == NOW + timedelta(minutes=PAUSES[0])
