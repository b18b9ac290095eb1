"""Roles are given and taken back by whoever holds them, and by nobody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from reservations.actions import rights
from reservations.actions.rights import (
    GiveRequest,
    GroupRequest,
    RevokeRequest,
    StaffRequest,
)
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Event
from reservations.queries import memory
from reservations.queries.rights import grants_of
from reservations.rules.rights import Area, Grant, Role
from tests import town
from tests.town import TODAY

LATER = TODAY + timedelta(days=30)


@pytest.fixture
def house(database_url):
    """となり体育館 and かなた体育館, a manager of the first, and two new clerks."""
    database = town.an_empty_database(database_url)
    made = House(database, town.a_region(database, days=3))
    yield made
    database.dispose()


class House:
    def __init__(self, database, region):
        self.database, self.region = database, region
        self.here = Area(facility_id=region.here.facility_id)
        self.there = Area(facility_id=region.next_door.facility_id)
        with database.session() as session:
            self.manager, self.clerk, self.other = (
                str(rights.add_staff(session, StaffRequest(name, "-"), town.context("system")))
                for name in ("manager", "clerk", "other")
            )
        self.gives(self.manager, Role.MANAGER, self.here, by="system")

    def gives(
        self, whom: str, role: Role, area: Area, *, by: str, until: date | None = None
    ) -> str:
        with self.database.session() as session:
            asked = GiveRequest(whom, Grant(role, area, TODAY, until))
            return str(rights.give(session, asked, town.context(by)))

    def revokes(self, grant_id: str, *, by: str) -> None:
        with self.database.session() as session:
            rights.revoke(session, RevokeRequest(grant_id), town.context(by))

    def held(self, account_id: str) -> list[tuple[Role, Area, date | None]]:
        with self.database.session() as session:
            return [(each.role, each.area, each.until) for each in grants_of(session, account_id)]


def test_a_manager_gives_a_clerk_the_counter_of_their_gym(house):
    house.gives(house.clerk, Role.COUNTER, house.here, by=house.manager, until=LATER)

    assert house.held(house.clerk) == [(Role.COUNTER, house.here, LATER)]


@pytest.mark.parametrize(
    ("role", "where"),
    [(Role.COUNTER, "there"), (Role.APPROVER, "here")],
    ids=["another place", "a role that they do not hold"],
)
def test_nobody_gives_what_they_do_not_hold_there(house, role, where):
    with pytest.raises(Refusal) as refused:
        house.gives(house.clerk, role, getattr(house, where), by=house.manager)

    assert refused.value.code is RefusalCode.NOT_ALLOWED
    assert refused.value.params["roles"] == (Role.MANAGER,)
    assert house.held(house.clerk) == []


def test_a_clerk_gives_nothing_not_even_to_themselves(house):
    house.gives(house.clerk, Role.COUNTER, house.here, by="system")

    for role in (Role.COUNTER, Role.MANAGER):
        with pytest.raises(Refusal, match="not_allowed"):
            house.gives(house.clerk, role, house.here, by=house.clerk)


def test_a_role_that_was_revoked_is_gone_and_gives_nothing_on(house):
    given = house.gives(house.other, Role.MANAGER, house.here, by=house.manager)
    house.revokes(given, by=house.manager)
    house.revokes(given, by=house.manager)

    assert house.held(house.other) == []
    with pytest.raises(Refusal, match="not_allowed"):
        house.gives(house.clerk, Role.COUNTER, house.here, by=house.other)


def test_whoever_could_not_give_a_role_cannot_take_it(house):
    far = house.gives(house.clerk, Role.COUNTER, house.there, by="system")
    decides = house.gives(house.clerk, Role.APPROVER, house.here, by="system")

    for grant_id in (far, decides):
        with pytest.raises(Refusal, match="not_allowed"):
            house.revokes(grant_id, by=house.manager)
    with pytest.raises(Refusal, match="not_found"):
        house.revokes("nothing", by="system")
    assert len(house.held(house.clerk)) == 2


def test_what_is_given_and_taken_is_an_event_and_an_audit_line(house):
    given = house.gives(house.clerk, Role.COUNTER, house.here, by=house.manager, until=LATER)
    house.revokes(given, by=house.manager)

    with house.database.session() as session:
        events = session.scalars(select(Event).where(Event.subject == given)).all()
        lines = session.scalars(select(AuditLine).where(AuditLine.subject == given)).all()
    assert [each.name for each in events] == ["role.given", "role.revoked"]
    assert events[0].body == {
        "account_id": house.clerk, "role": "counter", "town": None, "group_id": None,
        "facility_id": house.here.facility_id, "since": "2026-06-06", "until": "2026-07-06",
    }  # fmt: skip
    assert [(each.actor, each.action) for each in lines] == [
        (house.manager, "give_role"),
        (house.manager, "revoke_role"),
    ]


def test_residents_places_and_days_that_do_not_fit_are_refused(house):
    for whom, area, until, code in (
        ("account-resident", house.here, None, "not_staff"),
        (house.clerk, Area(town="000000"), None, "no_such_place"),
        (house.clerk, Area(facility_id=99), None, "no_such_place"),
        (house.clerk, Area(group_id=99), None, "no_such_place"),
        (house.clerk, house.here, TODAY - timedelta(days=1), "until_too_early"),
    ):
        with pytest.raises(Refusal, match=code):
            house.gives(whom, Role.COUNTER, area, by="system", until=until)


def test_a_group_goes_over_towns_and_its_newest_list_holds(house):
    both = (house.here.facility_id, house.there.facility_id)
    groups = []
    for listed in (both, both[1:]):
        with house.database.session() as session:
            rights.name_group(session, GroupRequest("みどり管理", listed), town.context("system"))
            places = memory.current(session).catalogue.places
            groups.append([sorted(places[each].groups) for each in both])

    assert groups == [[[1], [1]], [[], [1]]]
    with house.database.session() as session, pytest.raises(Refusal, match="no_such_place"):
        rights.name_group(session, GroupRequest("ない", (99,)), town.context("system"))


def test_two_people_cannot_have_one_login(house):
    with house.database.session() as session, pytest.raises(Refusal, match="login_taken"):
        rights.add_staff(session, StaffRequest("clerk", "-"), town.context("system"))
