"""What a town believes of a party, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from reservations.errors import RefusalCode
from reservations.rules.registration import (
    Believed,
    last_day_of_year,
    refusals,
    until_at_most,
    until_by_default,
)
from reservations.rules.town import Residency, TownRules

JUNE = date(2026, 6, 6)
RULES = TownRules(1, date.min)
THREE_YEARS = TownRules(1, date.min, residency_years=3)


def codes(residency: Residency, until: date | None, seen: str = "") -> list[RefusalCode]:
    found = refusals(Believed(residency, seen, until), today=JUNE, rules=RULES)
    return [each.code for each in found]


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2027, 3, 31)),
        (date(2026, 12, 31), date(2027, 3, 31)),
        (date(2027, 1, 1), date(2027, 3, 31)),
    ],
)
def test_a_fiscal_year_ends_with_march(day: date, last: date):
    assert last_day_of_year(day) == last


def test_a_residency_holds_for_this_fiscal_year_or_as_many_as_the_town_says():
    assert until_by_default(JUNE, RULES) == date(2027, 3, 31)
    assert until_by_default(JUNE, THREE_YEARS) == date(2029, 3, 31)


def test_whoever_renews_early_gets_a_year_more_but_never_two():
    first = until_by_default(JUNE, RULES, date(2027, 3, 31))

    assert first == date(2028, 3, 31) == until_by_default(JUNE, RULES, first)
    assert first == until_at_most(JUNE, RULES)
    assert until_by_default(JUNE, RULES, date(2026, 9, 30)) == date(2027, 3, 31)


def test_a_local_party_needs_a_last_day_that_is_neither_over_nor_far():
    wrong = [RefusalCode.UNTIL_WRONG]

    assert codes(Residency.RESIDENT, JUNE) == []
    assert codes(Residency.WORKS, date(2028, 3, 31)) == []
    assert codes(Residency.RESIDENT, date(2026, 6, 5)) == wrong
    assert codes(Residency.RESIDENT, date(2028, 4, 1)) == wrong
    assert codes(Residency.STUDIES, None) == wrong
    assert codes(Residency.OUTSIDE, None) == []


def test_only_a_kind_of_document_can_be_kept():
    assert codes(Residency.RESIDENT, JUNE, "licence") == []
    assert codes(Residency.RESIDENT, JUNE, "12345678") == [RefusalCode.NOT_FOUND]
