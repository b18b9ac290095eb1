"""Slowing guessers down: by login and network, never for a browser that has signed in before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.web.throttle import FREE_TRIES, NETWORK_FREE_TRIES, WAIT_SECONDS_MAX, Throttle
from tests.town import NOW


@pytest.fixture
def throttle() -> Throttle:
    return Throttle()


def fail(throttle, times, *, login="a", network="n", device=None) -> None:
    for _ in range(times):
        throttle.failed(login, network, device, NOW)


def test_the_first_tries_are_free(throttle):
    fail(throttle, FREE_TRIES - 1)

    assert throttle.wait_seconds("a", "n", None, NOW) == 0


def test_each_further_failure_doubles_the_wait(throttle):
    waits = []
    for _ in range(FREE_TRIES + 3):
        fail(throttle, 1)
        waits.append(throttle.wait_seconds("a", "n", None, NOW))

    assert waits == [0, 0, 0, 0, 1, 2, 4, 8]


@given(st.integers(0, 400))
def test_nobody_waits_longer_than_the_maximum(times):
    throttle = Throttle()
    fail(throttle, times)

    assert throttle.wait_seconds("a", "n", None, NOW) <= WAIT_SECONDS_MAX


def test_another_login_of_the_same_network_is_free_until_the_network_tries_many(throttle):
    fail(throttle, FREE_TRIES + 2, login="victim")
    assert throttle.wait_seconds("other", "n", None, NOW) == 0

    for number in range(NETWORK_FREE_TRIES):
        fail(throttle, 1, login=str(number))

    assert throttle.wait_seconds("other", "n", None, NOW) > 0
    assert throttle.wait_seconds("other", "elsewhere", None, NOW) == 0


def test_a_known_browser_is_untouched_by_what_strangers_fail(throttle):
    fail(throttle, 300, login="owner")
    assert throttle.wait_seconds("owner", "n", None, NOW) > 0

    assert throttle.wait_seconds("owner", "n", "device", NOW) == 0


def test_a_known_browser_has_its_own_count(throttle):
    fail(throttle, FREE_TRIES, device="device")

    assert throttle.wait_seconds("a", "n", "device", NOW) > 0
    assert throttle.wait_seconds("a", "n", None, NOW) == 0


def test_the_right_password_clears_the_count(throttle):
    fail(throttle, FREE_TRIES)
    throttle.succeeded("a", "n", None)

    assert throttle.wait_seconds("a", "n", None, NOW) == 0


def test_failures_are_forgotten_after_a_quarter_of_an_hour(throttle):
    fail(throttle, 100)

    assert throttle.wait_seconds("a", "n", None, NOW + timedelta(minutes=16)) == 0
