"""What a town asks of a group's roster, and that nobody is named by the answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from reservations.errors import Refusal, RefusalCode
from reservations.rules.groups import Member, Roster, mark, refusals, roster_of
from reservations.rules.town import Residency, TownRules

SECRET = b"s" * 32


def members(first: int, last: int, *, local: int = 0) -> list[Member]:
    """Numbered people; the first `local` of them live in the town."""
    return [
        Member(
            f"隣野 {no}",
            "となりの",
            Residency.RESIDENT if no < first + local else Residency.OUTSIDE,
        )
        for no in range(first, last)
    ]


def refused(roster: Roster, *others: Roster, **rules: Any) -> list[Refusal]:
    marks = [each.marks for each in others]
    return refusals(roster, marks, rules=TownRules(1, date.min, **rules))


def test_a_town_without_rules_asks_nothing():
    assert refused(Roster(0, 0)) == []


def test_it_says_how_many_members_are_missing():
    roster = roster_of(members(0, 7), SECRET)

    assert refused(roster, members_min=10) == [
        Refusal(RefusalCode.ROSTER_TOO_SMALL, least=10, missing=3)
    ]
    assert refused(roster, members_min=7) == []


@pytest.mark.parametrize(("local", "missing"), [(5, 0), (4, 1), (0, 5)])
def test_it_says_how_many_local_members_are_missing(local: int, missing: int):
    found = refused(roster_of(members(0, 9, local=local), SECRET), local_percent_min=50)

    assert [each.params["missing"] for each in found] == ([missing] if missing else [])


def test_too_many_members_of_one_other_group_are_counted_and_not_named():
    roster = roster_of(members(0, 10), SECRET)
    near, far = roster_of(members(4, 20), SECRET), roster_of(members(8, 20), SECRET)

    (found,) = refused(roster, near, far, overlap_percent_max=50)

    assert found == Refusal(RefusalCode.ROSTER_OVERLAPS, percent=50, over=1)
    assert refused(roster, far, far, overlap_percent_max=50) == []


def test_a_roster_without_marks_cannot_be_compared_and_is_not_believed():
    (found,) = refused(roster_of(members(0, 3), None), overlap_percent_max=50)

    assert found.code is RefusalCode.ROSTER_UNCOMPARED


def test_the_same_person_has_the_same_mark_however_the_name_is_spaced():
    one = Member("髙野　はな", "たかの はな", Residency.RESIDENT)
    other = Member("髙野はな", "たかのはな", Residency.WORKS)

    assert mark(one, SECRET) == mark(other, SECRET) != mark(one, b"t" * 32)
    assert mark(one, SECRET) != mark(Member("高野はな", "たかのはな"), SECRET)
    assert len(mark(one, SECRET)) == 11
