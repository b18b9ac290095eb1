"""審査: which applications are looked at first, and by when the town answers."""

from __future__ import annotations

from datetime import date

import pytest

from reservations.errors import Refusal, RefusalCode
from reservations.rules import approval
from reservations.rules.approval import Approval, Wanted

HALL = Wanted(12, 35, "hall", "exhibition", 80)
# A Thursday; the Monday after is a holiday in the tests below.
THURSDAY = date(2026, 11, 19)
HOLIDAY = date(2026, 11, 23)


def decide_by(*cases: Approval, wanted: Wanted = HALL, use_day: date = date(2027, 3, 1)):
    return approval.decide_by(
        cases, wanted, today=THURSDAY, use_day=use_day, is_holiday=lambda day: day == HOLIDAY
    )


def test_a_town_without_cases_looks_at_nothing():
    assert decide_by() is None


@pytest.mark.parametrize(
    ("case", "fits"),
    [
        (Approval(), True),
        (Approval(purposes=frozenset({"exhibition"})), True),
        (Approval(purposes=frozenset({"badminton"})), False),
        (Approval(kinds=frozenset({"hall"}), facilities=frozenset({12})), True),
        (Approval(kinds=frozenset({"hall"}), facilities=frozenset({13})), False),
        (Approval(units=frozenset({35})), True),
        (Approval(headcount_above=79), True),
        (Approval(headcount_above=80), False),
    ],
)
def test_a_case_fits_where_all_that_it_names_fits(case: Approval, fits: bool):
    assert case.fits(HALL) is fits


def test_an_application_without_a_number_of_people_is_not_above_any():
    assert not Approval(headcount_above=0).fits(Wanted(12, 35, "hall", "", None))


def test_only_office_days_count_and_the_first_day_does_not():
    # Friday; then Saturday, Sunday and the holiday do not count; Tuesday.
    assert decide_by(Approval(standard_days=1)) == date(2026, 11, 20)
    assert decide_by(Approval(standard_days=2)) == date(2026, 11, 24)


def test_the_end_of_the_year_does_not_count():
    found = approval.decide_by(
        (Approval(standard_days=2),),
        HALL,
        today=date(2026, 12, 25),
        use_day=date(2027, 3, 1),
        is_holiday=lambda day: False,
    )

    assert found == date(2027, 1, 4)


def test_of_several_cases_that_fit_the_longest_time_counts():
    short, long = Approval(standard_days=1), Approval(units=frozenset({35}), standard_days=5)
    other = Approval(units=frozenset({36}), standard_days=20)

    assert decide_by(short, long, other) == date(2026, 11, 27)


def test_nobody_is_told_a_day_after_the_eve_of_the_use_or_before_today():
    assert decide_by(Approval(), use_day=date(2026, 11, 22)) == date(2026, 11, 21)
    assert decide_by(Approval(), use_day=THURSDAY) == THURSDAY


def test_it_is_late_from_the_day_after_on():
    assert not approval.is_late(THURSDAY, THURSDAY)
    assert approval.is_late(THURSDAY, date(2026, 11, 20))


def test_what_a_town_has_set_is_read():
    found = approval.read([{"purposes": ["exhibition"], "standard_days": 14}, {"facilities": [12]}])

    assert found == (
        Approval(purposes=frozenset({"exhibition"}), standard_days=14),
        Approval(facilities=frozenset({12})),
    )


@pytest.mark.parametrize(
    ("cases", "fault"),
    [
        ("hall", "approval: a list of cases is wanted"),
        ([7], "approval, case 1: no table"),
        ([{}, {"porpuses": []}], "approval, case 2: porpuses is unknown"),
        ([{"units": ["35"]}], "approval, case 1: units is no list of int"),
        ([{"headcount_above": True}], "approval, case 1: headcount_above is no number from 0 on"),
        ([{"standard_days": 0}], "approval, case 1: standard_days is not 1 to 90"),
    ],
)
def test_a_fault_in_a_towns_cases_is_named(cases: object, fault: str):
    with pytest.raises(ValueError, match=fault):
        approval.read(cases)


def test_a_refusal_says_why_and_a_permission_need_not_say_anything():
    approval.check_words("", "", is_granted=True)
    approval.check_words("管理に支障があるため。", "", is_granted=False)
    for reason, conditions, is_granted in (
        ("  ", "", False),
        ("長" * 301, "", False),
        ("", "長" * 301, True),
        ("", "\a", True),
    ):
        with pytest.raises(Refusal) as refused:
            approval.check_words(reason, conditions, is_granted=is_granted)
        assert refused.value.code is RefusalCode.GROUNDS_NEEDED
