"""職員と役割 on its pages: where, until when, used or not, never more than one holds oneself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from reservations.actions import rights
from reservations.actions.rights import GroupRequest
from reservations.db import write_transaction
from reservations.models import Account, FacilityGroup, FacilityGroupMember, RoleGrant
from reservations.rules.rights import Role
from tests import town
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import NOW, TODAY

GROUP = "みどり管理"


@pytest.fixture
def house(counter: Site) -> House:
    with counter.database.session() as session, write_transaction(session):
        session.execute(delete(RoleGrant))
        for name in ("clerk", "boss"):
            town.a_resident(session, name, home=None)
            values = {"role": "staff", "party_id": None}
            table = update(Account).where(Account.id == f"account-{name}")
            session.execute(table.values(**values))
    return House(counter)


class House:
    """`account-boss` gives roles as far as a test says; `account-clerk` gets them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.here = site.region.here.facility_id
        self.there = site.region.next_door.facility_id

    def boss_has(self, *roles: Role, **where: Any) -> Person:
        until = where.pop("until", None)
        with self.site.database.session() as session, write_transaction(session):
            for role in roles:
                number = f"boss-{role.value}-{'-'.join(map(str, where.values()))}"
                given = {"since": TODAY, "given_by": "system", "given_at": NOW, "until": until}
                session.add(
                    RoleGrant(
                        id=number, account_id="account-boss", role=role.value, **given, **where
                    )
                )
        return self.site.signed_in("boss")

    def group(self, *facilities: int) -> int:
        with self.site.database.session() as session:
            rights.name_group(session, GroupRequest(GROUP, facilities), town.context("system"))
            found: int | None = session.scalar(select(FacilityGroup.id))
        assert found is not None
        return found

    def members(self) -> set[int]:
        with self.site.database.session() as session:
            return set(session.scalars(select(FacilityGroupMember.facility_id)))

    def gives(self, boss: Person, at: str, role: Role = Role.COUNTER, **until: str) -> int:
        form = {"login": "clerk@example.jp", "role": role.value, "at": at, **until}
        self.site.app.config["WTF_CSRF_ENABLED"] = False
        status: int = boss.client.post("/staff/grants", data=form).status_code
        return status

    def fills(self, boss: Person, group_id: int, *facilities: int) -> int:
        self.site.app.config["WTF_CSRF_ENABLED"] = False
        form = {"facility": list(facilities)}
        status: int = boss.client.post(f"/staff/groups/{group_id}", data=form).status_code
        return status

    def clerk(self) -> list[tuple[str, Any, Any, Any]]:
        with self.site.database.session() as session:
            found = session.scalars(
                select(RoleGrant).where(RoleGrant.account_id == "account-clerk")
            )
            return [(one.role, one.town, one.group_id, one.facility_id) for one in found]

    def used_on(self, grant_id: str) -> date | None:
        with self.site.database.session() as session:
            return session.get_one(RoleGrant, grant_id).used_on


# Where


def test_a_manager_of_a_town_gives_a_role_in_the_town_at_a_facility_and_nowhere_else(house):
    boss = house.boss_has(Role.MANAGER, town="172014")

    statuses = [
        house.gives(boss, at)
        for at in (
            "town-172014",
            f"facility-{house.here}",
            "town-172120",
            f"facility-{house.there}",
        )
    ]

    assert statuses == [303, 303, 403, 403]
    assert house.clerk() == [("counter", "172014", None, None), ("counter", None, None, house.here)]


def test_a_manager_of_a_group_gives_roles_at_the_group_and_not_in_a_town_of_it(house):
    number = house.group(house.here, house.there)
    boss = house.boss_has(Role.MANAGER, group_id=number)

    assert house.gives(boss, f"group-{number}") == 303
    assert house.gives(boss, f"facility-{house.there}") == 303
    assert house.gives(boss, "town-172014") == 403


def test_whoever_manages_every_facility_of_a_group_gives_roles_at_the_group(house):
    number = house.group(house.here, house.there)
    boss = house.boss_has(Role.MANAGER, facility_id=house.here)
    assert house.gives(boss, f"group-{number}") == 403

    boss = house.boss_has(Role.MANAGER, facility_id=house.there)

    assert house.gives(boss, f"group-{number}") == 303


@pytest.mark.parametrize("at", ["", "town-", "town-999999", "group-0", "facility-x", "x", "town"])
def test_no_such_place_is_no_place(house, at):
    boss = house.boss_has(Role.MANAGER, town="172014")

    assert house.gives(boss, at) in (403, 404)
    assert house.clerk() == []


def test_a_role_that_one_does_not_hold_is_not_given_in_a_town_either(house):
    boss = house.boss_has(Role.MANAGER, town="172014")

    assert house.gives(boss, "town-172014", Role.APPROVER) == 403


def test_the_form_offers_the_places_where_one_gives_roles_and_no_others(house):
    number = house.group(house.here)
    boss = house.boss_has(Role.MANAGER, town="172014").opens("/staff")

    offered = [each for each in boss.html.split('value="') if each.startswith(("town", "group-"))]

    assert [each.split('"')[0] for each in offered] == [f"group-{number}", "town-172014"]
    boss.presses("役割を付ける", login="clerk@example.jp", at="town-172014")
    assert "役割を付けました。" in boss.text


# Until when


def test_what_ends_soon_is_said_apart_with_its_day(house):
    boss = house.boss_has(Role.MANAGER, town="172014")
    soon, later = TODAY + timedelta(days=20), TODAY + timedelta(days=40)
    for day in (soon, later):
        parts = {"until_year": day.year, "until_month": day.month, "until_day": day.day}
        typed = {name: str(each) for name, each in parts.items()}
        assert house.gives(boss, "town-172014", **typed) == 303

    section = boss.opens("/staff").text.split("30日以内に終わる役割")[1].split("続ける人には")[0]

    assert section.count("clerk@example.jp") == 1
    assert "期限なし" in boss.text


def test_nobody_gives_beyond_their_own_last_day(house):
    last = TODAY + timedelta(days=10)
    boss = house.boss_has(Role.MANAGER, town="172014", until=last)

    assert house.gives(boss, "town-172014") == 403


# Groups


def test_a_group_is_named_filled_and_given_a_role_on_the_pages(house):
    boss = house.boss_has(Role.MANAGER, town="172014").opens("/staff").follows("施設のグループ")
    boss.presses("グループを作る", name=GROUP)
    assert boss.address.startswith("/staff/groups/")
    assert "となり体育館" in boss.text
    assert "かなた体育館" not in boss.text

    boss.presses("この施設にする", facility=str(house.here))

    assert house.members() == {house.here}
    assert "となり体育館" in boss.text
    assert (
        boss.opens("/staff")
        .presses("役割を付ける", login="clerk@example.jp", at=f"group-{1}")
        .status
        == 200
    )
    assert house.clerk() == [("counter", None, 1, None)]


@pytest.mark.parametrize("name", ["", "あ" * 61, GROUP])
def test_a_group_needs_a_name_of_its_own(house, name):
    house.group(house.here)
    boss = house.boss_has(Role.MANAGER, town="172014").opens("/staff/groups")

    boss.presses("グループを作る", name=name)

    assert boss.status == 422
    assert house.members() == {house.here}


def test_nobody_takes_a_facility_into_a_group_or_out_of_it_that_is_not_theirs(house):
    number = house.group(house.there)
    boss = house.boss_has(Role.MANAGER, town="172014")

    assert house.fills(boss, number, house.here) == 303
    assert house.members() == {house.here, house.there}
    assert house.fills(boss, number) == 303
    assert house.members() == {house.there}
    assert "となり体育館" not in boss.opens("/staff/groups").text


def test_a_facility_of_another_does_not_come_into_a_group_by_a_forged_form(house):
    number = house.group()
    boss = house.boss_has(Role.MANAGER, town="172014")

    assert house.fills(boss, number, house.here, house.there) == 403
    assert house.members() == set()


def test_a_group_does_not_carry_a_role_to_where_its_giver_does_not_hold_it(house):
    """Somebody decides on refunds for the group: whoever may not does not add a gym to it."""
    number = house.group(house.there)
    with house.site.database.session() as session, write_transaction(session):
        given = {"since": TODAY, "given_by": "system", "given_at": NOW}
        clerk = {"id": "c", "account_id": "account-clerk", "role": "approver"}
        session.add(RoleGrant(**clerk, **given, group_id=number))
    boss = house.boss_has(Role.MANAGER, town="172014")
    assert house.fills(boss, number, house.here) == 403

    boss = house.boss_has(Role.APPROVER, town="172014")

    assert house.fills(boss, number, house.here) == 303
    assert house.members() == {house.here, house.there}


def test_a_group_that_there_is_not(house):
    boss = house.boss_has(Role.MANAGER, town="172014")

    assert boss.opens("/staff/groups/999").status == 404
    assert house.fills(boss, 999, house.here) == 404


# Used or not


def test_the_smaller_of_two_roles_is_the_one_that_was_needed(house):
    boss = house.boss_has(Role.MANAGER, Role.COUNTER, facility_id=house.here)
    boss.opens("/board")
    names = [f"boss-{role}-{house.here}" for role in ("counter", "manager")]
    assert [house.used_on(each) for each in names] == [TODAY, None]

    boss.opens("/staff")

    assert [house.used_on(each) for each in names] == [TODAY, TODAY]


def test_what_is_refused_uses_nothing(house):
    boss = house.boss_has(Role.COUNTER, facility_id=house.there)

    assert boss.opens("/staff").status == 403
    assert boss.opens(f"/facilities/{house.here}/timetable").status == 403

    assert house.used_on(f"boss-counter-{house.there}") is None


def test_a_use_is_written_once_a_day(house):
    boss = house.boss_has(Role.COUNTER, facility_id=house.here)
    boss.opens("/board")
    with house.site.database.session() as session, write_transaction(session):
        session.execute(update(RoleGrant).values(used_on=None))

    boss.opens("/board")
    assert house.used_on(f"boss-counter-{house.here}") == TODAY
    writes: list[str] = []
    from reservations.actions import rights as actions  # noqa: PLC0415 - watched from here on

    original = actions.note_use
    try:
        actions.note_use = lambda *_: writes.append("written")
        boss.opens("/board")
    finally:
        actions.note_use = original
    assert writes == []


def test_what_nobody_used_for_half_a_year_is_listed_and_ends_with_one_click(house):
    boss = house.boss_has(Role.MANAGER, town="172014")
    house.gives(boss, f"facility-{house.here}")
    house.site.now = NOW + timedelta(days=181)
    boss = house.site.signed_in("boss").opens("/staff")
    section = boss.text.split("180日使われていない役割")[1].split("すべての端末で終える")[0]
    assert "clerk@example.jp 窓口 となり体育館 まだ使われていません" in section
    assert "boss@example.jp" not in section.split("役割を取り消す")[0]

    boss.presses("役割を取り消す clerk@example.jp")

    assert "役割を取り消しました。" in boss.text
    assert "180日使われていない役割" not in boss.text


def test_a_role_that_is_used_is_not_listed(house):
    boss = house.boss_has(Role.MANAGER, town="172014")
    house.gives(boss, f"facility-{house.here}")
    house.site.now = NOW + timedelta(days=100)
    house.site.signed_in("clerk").opens("/board")
    house.site.now = NOW + timedelta(days=181)

    assert "使われていない役割" not in house.site.signed_in("boss").opens("/staff").text
