"""Who may do what, cell by cell: every role and right, at one's own place and elsewhere, in its
time and after it, through the real pages.

The cells come from the table of rules/rights.py and from the routes themselves: a page without a
sample, or a right without a page, fails here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import url_for
from sqlalchemy import delete

from reservations.db import write_transaction
from reservations.models import RoleGrant
from reservations.rules.rights import GIVEN, RIGHTS, Right, Role
from tests import town
from tests.support.counter_pages import Sample, samples, things
from tests.support.site import Site, a_site
from tests.town import NOW, TODAY

# Lists: any place of one's own opens them, and nothing of other places is on them.
LISTS = frozenset(
    {
        "approval.page",
        "declaring.page",
        "facility_groups.make",
        "facility_groups.one",
        "facility_groups.page",
        "imports.page",
        "ledger.page",
        "letters.page",
        "money.unpaid",
        "letters.print_",
        "matters.page",
        "paper.page",
        "paper.scan",
        "people.page",
        "people.search",
        "people.new",
        "people.register",
        "people.one",
        "people.correct",
        "people.residency",
        "people.link",
        "groups.page",
        "delegates.page",
        "delegates.appoint",
        "delegates.end",
        "reductions.page",
        "reductions.standing",
        "settlement.page",
        "settlement.table",
        "staff.page",
        "timetables.page",
        "trail.party",
        "voices.page",
    }
)
# What somebody is to a town is any of its clerks' affair.
TOWN_WIDE = frozenset(
    {
        "people.settle", "groups.save", "reductions.put", "reductions.stop", "settlement.sheet",
        "settlement.close",
    }
)  # fmt: skip
# Of what has no page at the counter yet. WAIVE is asked for inside of two pages (below).
WITHOUT_PAGE = {Right.WAIVE}
HERE = "となり体育館"
YESTERDAY = TODAY - timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """Where and when somebody has the role; the pages are all about となり体育館, today."""

    name: str
    is_there: bool = False
    is_now: bool = True


CASES = (
    Case("other facility"),
    Case("other town"),
    Case("expired", is_there=True, is_now=False),
    Case("not yet", is_there=True, is_now=False),
    Case("revoked", is_there=True, is_now=False),
    # Last, because here things really happen.
    Case("own facility", is_there=True),
)


@dataclass
class House:
    site: Site
    other_gym: int
    client: Any
    asked: dict[str, Sample]
    watch: sqlite3.Connection

    def gives(self, role: Role, case: Case) -> None:
        """This role and no other."""
        here = self.site.region.here.facility_id
        elsewhere: dict[str, dict[str, Any]] = {
            "other facility": {"facility_id": self.other_gym},
            "other town": {"town": "172120"},
        }
        where = elsewhere.get(case.name, {"facility_id": here})
        since = TODAY + timedelta(days=1) if case.name == "not yet" else YESTERDAY
        with self.site.database.session() as session, write_transaction(session):
            session.execute(delete(RoleGrant).where(RoleGrant.account_id == "account-staff"))
            session.add(
                RoleGrant(
                    id="g", account_id="account-staff", role=role.value, since=since,
                    until=YESTERDAY if case.name == "expired" else None, given_by="system",
                    given_at=NOW, revoked_at=NOW if case.name == "revoked" else None, **where,
                )
            )  # fmt: skip

    def asks(self, endpoint: str) -> Any:
        sample = self.asked[endpoint]
        with self.site.app.test_request_context():
            address = url_for(endpoint, **sample.path, **sample.query)
        rule = next(r for r in self.site.app.url_map.iter_rules() if r.endpoint == endpoint)
        if "POST" in (rule.methods or ()):
            return self.client.post(address, data=sample.form)
        return self.client.get(address)

    def version(self) -> int:
        """Another number as soon as anybody has written anything at all."""
        found: int = self.watch.execute("PRAGMA data_version").fetchone()[0]
        return found


@pytest.fixture
def house(sqlite_url, tmp_path) -> Iterator[House]:
    site = a_site(sqlite_url, tmp_path, audience="counter")
    with site.database.session() as session, write_transaction(session):
        other = town.a_gym(session, "172014", "むこう体育館", town.HERE)
    site.app.config["WTF_CSRF_ENABLED"] = False
    asked = samples(site, things(site))
    watch = sqlite3.connect(site.database.url.database or "")
    yield House(site, other.facility_id, site.signed_in("staff").client, asked, watch)
    watch.close()
    site.database.dispose()


def rights_of(site: Site) -> dict[str, Right]:
    """What each page of the counter asks for, by endpoint."""
    found = {
        name: getattr(view, "tonari_right", None) for name, view in site.app.view_functions.items()
    }
    return {name: right for name, right in found.items() if right is not None}


def expected(role: Role, right: Right, case: Case, *, is_list: bool) -> bool:
    return right in RIGHTS[role] and case.is_now and (case.is_there or is_list)


def test_every_page_that_asks_for_a_right_is_in_the_matrix_and_every_right_has_a_page(house):
    asked = rights_of(house.site)

    assert set(house.asked) == set(asked)
    assert set(Right) - set(asked.values()) == WITHOUT_PAGE
    assert set(asked) >= LISTS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", GIVEN, ids=lambda role: role.value)
def test_a_role_opens_what_the_table_says_where_it_holds_and_nothing_else(house, role):
    rights = rights_of(house.site)
    wrong = []
    for case in CASES:
        house.gives(role, case)
        for endpoint in house.asked:
            before = house.version()
            answer = house.asks(endpoint)
            is_its = endpoint in TOWN_WIDE and case.name == "other facility"
            is_list = endpoint in LISTS or is_its
            is_open = expected(role, rights[endpoint], case, is_list=is_list)
            cell = f"{case.name}: {rights[endpoint].value} at {endpoint}: {answer.status_code}"
            if not is_open and (answer.status_code != 403 or house.version() != before):
                wrong.append(cell)
            if is_open and (answer.status_code in (403, 404) or answer.status_code >= 500):
                wrong.append(cell)
            if is_open and not case.is_there and HERE.encode() in answer.get_data():
                wrong.append(f"{cell}, with the other place on it")

    assert wrong == []
