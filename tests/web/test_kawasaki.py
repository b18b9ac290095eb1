"""445,000 failed sign-ins in 24 hours, as a city had in 2020: nobody who lives there is locked out.

The attacker knows 1,300 logins and tries passwords from 300 networks. People of the town sign in
all day: most on the browser that they always use, some on a new one, some of these in a network
from which the attacker tries as well (a school, a telephone company). Time is virtual; what counts
failures is the real thing.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from reservations.web.throttle import Throttle
from tests.town import NOW

FAILURES = 445_000
NETWORKS, LOGINS = 300, 1_300
PEOPLE = 4_000
DAY = 24 * 3600
# Whoever is told to wait tries again so often, when told, and then asks for a link by mail.
TRIES = 3
# A check of a password takes a core so long; several times what was measured.
CHECK_SECONDS = 0.1


@dataclass
class Told:
    """What became of the day. `checks` are passwords that were looked at, by the minute."""

    by: Counter[str] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=list)
    checks: Counter[int] = field(default_factory=Counter)
    attacks: int = 0


@pytest.fixture(scope="module")
def day() -> Told:
    return a_day(Throttle(), Random(2020))


def a_day(throttle: Throttle, random: Random) -> Told:
    told = Told()
    # (second, turn, what): turns keep the order of things that happen at once.
    events: list[tuple[float, int, tuple[str, ...]]] = []
    for number in range(FAILURES):
        attack = (
            "attack",
            f"login-{random.randrange(LOGINS)}",
            f"net-{random.randrange(NETWORKS)}",
        )
        events.append((DAY * number / FAILURES, number, attack))
    for person in range(PEOPLE):
        login = f"login-{person}"
        device = login if random.random() < 0.8 else ""
        shared = random.random() < 0.2
        where = f"net-{random.randrange(NETWORKS)}" if shared else f"home-{person}"
        asked = ("person", login, where, device, "0", "0")
        events.append((random.uniform(0, DAY), FAILURES + person, asked))
    heapq.heapify(events)
    turn = len(events)
    while events:
        second, _, what = heapq.heappop(events)
        at = NOW + timedelta(seconds=second)
        if what[0] == "attack":
            _attack(throttle, told, what[1], what[2], at, second)
            continue
        again = _person(throttle, told, what, at, second)
        if again is not None:
            turn += 1
            heapq.heappush(events, (again[0], turn, again[1]))
    return told


def _attack(
    throttle: Throttle, told: Told, login: str, net: str, at: datetime, second: float
) -> None:
    told.attacks += 1
    if not throttle.wait_seconds(login, net, None, at):
        throttle.failed(login, net, None, at)
        told.checks[int(second // 60)] += 1


def _person(
    throttle: Throttle, told: Told, what: tuple[str, ...], at: datetime, second: float
) -> tuple[float, tuple[str, ...]] | None:
    """When they try again, and as whom; None when they are done."""
    _, login, net, device, tries, waited = what
    wait = throttle.wait_seconds(login, net, device or None, at)
    kind = (
        "own browser" if device else ("shared network" if net.startswith("net") else "new browser")
    )
    if not wait:
        throttle.succeeded(login, net, device or None)
        told.checks[int(second // 60)] += 1
        told.by[f"{kind}: in"] += 1
        told.waits.append(int(waited))
        return None
    if int(tries) + 1 < TRIES:
        rest = (login, net, device, str(int(tries) + 1), str(int(waited) + wait))
        return second + wait, ("person", *rest)
    # auth.count_wish: asking for a link has counts that no wrong password touches.
    if throttle.wait_seconds(f"link {login}", f"links {net}", None, at):
        told.by[f"{kind}: locked out"] += 1
    else:
        throttle.failed(f"link {login}", f"links {net}", None, at)
        told.by[f"{kind}: by link"] += 1
    return None


def test_the_attack_was_as_large_as_the_real_one(day):
    assert day.attacks == FAILURES
    assert sum(day.by.values()) == PEOPLE


def test_nobody_is_locked_out(day):
    assert {what: count for what, count in day.by.items() if "locked out" in what} == {}


def test_whoever_uses_their_own_browser_or_their_own_network_notices_nothing(day):
    assert {what for what in day.by if "by link" in what} <= {"shared network: by link"}
    assert day.by["own browser: in"] > PEOPLE / 2
    assert day.by["new browser: in"] > PEOPLE / 10


def test_nineteen_of_twenty_wait_for_nothing(day):
    waits = sorted(day.waits)

    assert waits[int(len(waits) * 0.95)] == 0


def test_checking_the_attackers_passwords_leaves_the_machine_free(day):
    """In the busiest minute, and with checks that take a tenth of a second, a core is left with a
    quarter of its time: whoever comes then waits for a check or two, not for a second."""
    assert max(day.checks.values()) * CHECK_SECONDS < 60 * 0.75
