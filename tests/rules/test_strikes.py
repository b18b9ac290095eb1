"""無断不使用と利用停止: what three towns' rules say (REQUIREMENTS 3.6), and what always holds."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.errors import Refusal, RefusalCode
from reservations.rules.eligibility import Standing, refusals
from reservations.rules.period import Period
from reservations.rules.strikes import Ban, Strike, ban_on, bans, half_points, rules_of
from reservations.rules.town import Residency, StrikeKind, StrikeRules
from tests.support.properties import dates, some_rules
from tests.town import NOW, TODAY

NO_SHOW, TOLD, LATE = StrikeKind.NO_SHOW, StrikeKind.TOLD, StrikeKind.LATE_CANCEL

# No-show 1, late 0.5; at 2 no lending for 6 months; rain excuses a late cancellation only.
KANAZAWA: dict[str, Any] = {
    "half_points": {"no_show": 2, "late_cancel": 1},
    "limit_half_points": 4,
    "ban_months": 6,
    "excuses": {"late_cancel": ["rain"]},
}
# Told on the day 1, not told 2; with 6 no lending for 3 months from the next month on.
WEATHER = ["heat", "typhoon", "infection", "rain", "smog"]
KAWAGUCHI: dict[str, Any] = {
    "half_points": {"told": 2, "no_show": 4},
    "limit_half_points": 12,
    "ban_months": 3,
    "begins": "next_month",
    "excuses": {"told": WEATHER, "no_show": WEATHER},
}
# Three within a month: 2 months; counted anew each month; also without card, and unpaid.
FUJIMINO: dict[str, Any] = {
    "half_points": {"no_show": 2, "no_card": 2, "unpaid": 2},
    "limit_half_points": 6,
    "counted": "month",
    "ban_months": 2,
}
TOWNS = {"金沢市": KANAZAWA, "川口市": KAWAGUCHI, "ふじみ野市": FUJIMINO}


def a_strike(day: date, kind: StrikeKind = NO_SHOW, excuse: str = "") -> Strike:
    """Decided on the day after the use."""
    return Strike(day, day + timedelta(days=1), kind, excuse)


def on(month: int, *days: int, kind: StrikeKind = NO_SHOW) -> list[Strike]:
    return [a_strike(date(2026, month, day), kind) for day in days]


@pytest.mark.parametrize(
    ("town", "strikes", "expected"),
    [
        ("金沢市", on(4, 3), []),
        ("金沢市", on(4, 3) + on(9, 20), [Ban(date(2026, 9, 21), date(2027, 3, 20))]),
        ("金沢市", on(4, 1, 2, 3, kind=LATE), []),
        (
            "金沢市",
            on(4, 1, 2, 3, 4, kind=LATE),
            [Ban(date(2026, 4, 5), date(2026, 10, 4))],
        ),
        ("川口市", on(4, 3, 10), []),
        ("川口市", on(4, 3, 10) + on(5, 8, kind=TOLD), []),
        (
            "川口市",
            on(4, 3, 10) + on(5, 8, 9, kind=TOLD),
            [Ban(date(2026, 6, 1), date(2026, 8, 31))],
        ),
        ("ふじみ野市", on(4, 3, 10) + on(5, 8), []),
        ("ふじみ野市", on(4, 3, 10, 29), [Ban(date(2026, 4, 30), date(2026, 6, 29))]),
        (
            "ふじみ野市",
            on(4, 3) + on(4, 10, kind=StrikeKind.NO_CARD) + on(4, 11, kind=StrikeKind.UNPAID),
            [Ban(date(2026, 4, 12), date(2026, 6, 11))],
        ),
        # It counts neither a word on the day nor a late cancellation.
        ("ふじみ野市", on(4, 3, 4, 5, kind=TOLD), []),
    ],
)
def test_a_town_bans_as_its_rules_say(town: str, strikes: list[Strike], expected: list[Ban]):
    assert bans(strikes, rules_of(TOWNS[town])) == expected


def test_rain_excuses_a_late_cancellation_in_kanazawa_and_no_absence():
    rules = rules_of(KANAZAWA)
    day = date(2026, 6, 1)

    assert half_points([a_strike(day, LATE, "rain")], rules) == 0
    assert half_points([a_strike(day, NO_SHOW, "rain")], rules) == 2


def test_weather_excuses_everything_in_kawaguchi():
    rules = rules_of(KAWAGUCHI)
    wet = [a_strike(date(2026, 6, day), NO_SHOW, "typhoon") for day in (1, 2, 3)]

    assert bans(wet, rules) == []


def test_the_strikes_of_a_ban_are_used_up_by_it():
    rules = rules_of(KANAZAWA)

    assert len(bans(on(4, 1, 2, 3), rules)) == 1
    # Booked before the ban, not used during it: the next one begins after it.
    assert bans(on(4, 1, 2, 3, 4), rules) == [
        Ban(date(2026, 4, 3), date(2026, 10, 2)),
        Ban(date(2026, 10, 3), date(2027, 4, 2)),
    ]


def test_a_month_without_that_day_ends_with_its_last():
    rules = rules_of({**FUJIMINO, "ban_months": 1, "limit_half_points": 2})

    assert bans([a_strike(date(2027, 1, 30))], rules) == [Ban(date(2027, 1, 31), date(2027, 2, 28))]


def test_a_ban_may_be_counted_in_days():
    rules = rules_of({"half_points": {"late_cancel": 2}, "limit_half_points": 2, "ban_days": 30})

    assert bans(on(4, 1, kind=LATE), rules) == [Ban(date(2026, 4, 2), date(2026, 5, 1))]


def test_without_rules_nothing_follows():
    assert bans(on(4, *range(1, 28)), StrikeRules()) == []


@given(
    st.lists(st.builds(a_strike, dates, st.sampled_from(StrikeKind))),
    st.sampled_from(sorted(TOWNS)),
    st.integers(),
)
def test_the_order_in_which_strikes_are_heard_of_changes_nothing(strikes, town, seed):
    rules = rules_of(TOWNS[town])
    shuffled = list(strikes)
    Random(seed).shuffle(shuffled)

    found = bans(strikes, rules)

    assert bans(shuffled, rules) == found
    assert all(ban.first <= ban.last for ban in found)
    assert all(not a.first <= b.first <= a.last for a in found for b in found if a != b)


@pytest.mark.parametrize("days", [0, 60])
def test_nobody_books_during_a_ban_nor_for_a_day_of_it(days: int):
    rules = some_rules(strikes=rules_of(KANAZAWA))
    ban = Ban(TODAY - timedelta(days=1), date(2026, 12, 4))
    struck = tuple(a_strike(TODAY - timedelta(days=each)) for each in (3, 2))
    day = TODAY + timedelta(days=days)

    told = refusals(
        day,
        starts_at=Period(72, 84).starts_at(day, UTC),
        now=NOW,
        standing=Standing(Residency.RESIDENT, strikes=struck),
        rules=rules,
    )

    assert ban_on(struck, rules.strikes, [day]) == ban
    assert Refusal(RefusalCode.PARTY_SUSPENDED, until=ban.last) in told


def test_a_ban_from_next_month_on_refuses_its_days_already_now():
    rules = some_rules(strikes=rules_of(KAWAGUCHI))
    struck = tuple(a_strike(TODAY - timedelta(days=each)) for each in (4, 3, 2))

    def codes(day: date) -> list[RefusalCode]:
        starts_at = Period(72, 84).starts_at(day, UTC)
        standing = Standing(Residency.RESIDENT, strikes=struck)
        return [
            each.code
            for each in refusals(day, starts_at=starts_at, now=NOW, standing=standing, rules=rules)
        ]

    assert codes(TODAY + timedelta(days=1)) == []
    assert codes(date(2026, 7, 1)) == [RefusalCode.PARTY_SUSPENDED]
