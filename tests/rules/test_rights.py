"""Who may do what: where a grant holds, until when, and what may be given on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reservations.rules.rights import (
    GIVEN,
    RIGHTS,
    Area,
    Grant,
    Place,
    Right,
    Role,
    may,
    may_give,
    may_somewhere,
    roles_with,
)

TODAY = date(2026, 6, 6)
DAY = timedelta(days=1)
GYM = Place("172014", 1, frozenset({7}))
HALL = Place("172014", 2)
NEXT_DOOR = Place("172120", 3, frozenset({7}))
TOWN = Place("172014")


def held(role: Role = Role.COUNTER, *, until: date | None = None, **area) -> tuple[Grant, ...]:
    return (Grant(role, Area(**area), TODAY, until),)


@pytest.mark.parametrize(
    ("area", "places"),
    [
        ({"town": "172014"}, {GYM, HALL, TOWN}),
        ({"facility_id": 1}, {GYM}),
        ({"group_id": 7}, {GYM, NEXT_DOOR}),
    ],
)
def test_a_grant_holds_in_its_town_its_group_or_its_facility_and_nowhere_else(area, places):
    everywhere = (GYM, HALL, NEXT_DOOR, TOWN)

    assert {at for at in everywhere if may(held(**area), Right.LOOK, at, TODAY)} == places


def test_a_grant_holds_from_its_first_day_to_the_end_of_its_last():
    days = [TODAY - DAY, TODAY, TODAY + DAY, TODAY + 2 * DAY]
    grants = held(facility_id=1, until=TODAY + DAY)

    assert [may(grants, Right.LOOK, GYM, day) for day in days] == [False, True, True, False]
    assert [may_somewhere(grants, Right.LOOK, day) for day in days] == [False, True, True, False]


def test_nobody_does_anything_without_a_grant():
    assert [right for right in Right if may((), right, GYM, TODAY)] == []


def test_every_right_is_somebodys_and_the_machine_has_all_of_them():
    assert [right for right in Right if not roles_with(right)] == []
    assert RIGHTS[Role.SYSTEM] == set(Right)


def test_whoever_books_sees_people_and_everybody_sees_the_day():
    assert all(Right.SEE_PEOPLE in RIGHTS[role] for role in roles_with(Right.BOOK))
    assert roles_with(Right.LOOK) == GIVEN


def test_whoever_holds_the_drawer_does_not_decide_that_money_goes_back():
    assert set(roles_with(Right.REFUND)) & set(roles_with(Right.CLOSE_DAY)) == set()


def test_an_auditor_changes_nothing_and_sees_no_names():
    assert RIGHTS[Role.AUDITOR] == {
        Right.LOOK, Right.SEE_MONEY, Right.READ_VOICES, Right.READ_AUDIT,
    }  # fmt: skip


def gives(grants, role, place, until=None) -> bool:
    return may_give(grants, role, place, since=TODAY, until=until)


def test_a_manager_gives_what_a_manager_has_and_no_decisions():
    manager = held(Role.MANAGER, town="172014")

    given = {role for role in Role if gives(manager, role, GYM)}

    assert given == {Role.COUNTER, Role.MANAGER, Role.CASHIER, Role.AUDITOR}


def test_nobody_gives_a_role_in_a_place_that_is_larger_than_their_own():
    assert not gives(held(Role.MANAGER, facility_id=1), Role.COUNTER, TOWN)
    assert not gives(held(Role.MANAGER, facility_id=1), Role.COUNTER, HALL)
    assert not gives(held(Role.MANAGER, town="172014"), Role.COUNTER, NEXT_DOOR)


def test_nobody_gives_a_role_for_longer_than_their_own():
    manager = held(Role.MANAGER, facility_id=1, until=TODAY + DAY)

    assert gives(manager, Role.COUNTER, GYM, TODAY + DAY)
    assert not gives(manager, Role.COUNTER, GYM, TODAY + 2 * DAY)
    assert not gives(manager, Role.COUNTER, GYM)


def test_two_roles_together_give_what_neither_gives_alone():
    both = held(Role.MANAGER, facility_id=1) + held(Role.APPROVER, facility_id=1)

    assert not gives(held(Role.APPROVER, facility_id=1), Role.APPROVER, GYM)
    assert gives(both, Role.APPROVER, GYM)


def test_nobody_is_given_the_role_of_the_machine():
    everything = tuple(Grant(role, Area(town="172014"), TODAY) for role in Role)

    assert not gives(everything, Role.SYSTEM, GYM)


def test_an_area_is_exactly_one_thing():
    with pytest.raises(AssertionError):
        Area(town="172014", facility_id=1)
    with pytest.raises(AssertionError):
        Area()
