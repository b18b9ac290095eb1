"""The pages of staff: without faults for axe, without sideways scrolling, without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from reservations.actions import trail
from reservations.actions.delegates import AppointRequest, appoint_delegate
from reservations.actions.groups import RosterRequest, set_roster
from reservations.actions.money import PayRequest, pay
from reservations.actions.reductions import AskRequest, ask
from reservations.db import write_transaction
from reservations.models import ImportFile, ImportRecord, Party, Payment, Problem
from reservations.queries import groups
from reservations.rules.groups import Member
from reservations.rules.town import Residency
from tests import town
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, running_house
from tests.support.reductions import CARD, MAYOR, with_list
from tests.support.site import PASSWORD, Site

PAGES = (
    "/imports", "/imports/f/1", "/voices", "/ledger", "/timetables", "/papers?number=01-000001-6",
    "/paper", "/board", "/board?facility=1&date=2026-06-13",
    "/board?unit=2&date=2026-06-13&start=09:00&end=12:00",
    "/board?unit=1&date=2026-06-13&start=18:00&end=21:00",
    "/trail", "/trail/looks/party-neighbour", "/letters", "/money/day", "/money/unpaid",
    "/people", "/people/new", "/people/party-resident", "/people/party-neighbour/delegates",
    "/people/party-resident/residency?town=172014", "/people/party-resident/roster?town=172014",
    "/items?facility=1", "/reductions", "/people/party-resident/reductions", "/settlement",
    "/money?number=01-000001-6",
)  # fmt: skip


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A counter with one record that waits, one problem that was told, and one look at somebody."""
    with running_house(tmp_path_factory.mktemp("counter"), audience="counter") as house:
        site = house.site
        with site.database.session() as session, write_transaction(session):
            session.add(
                Problem(
                    id="p", ticket="HJC4AX2", page="/map", words="字が小さい", locale="ja",
                    at=town.NOW,
                )
            )  # fmt: skip
            session.add(
                ImportFile(
                    id="f", kind="facilities", name="施設一覧.csv", sha256="-", encoding="cp932",
                    at=town.NOW, totals={},
                )
            )  # fmt: skip
            session.add(
                ImportRecord(
                    file_id="f",
                    record_no=1,
                    status="queued",
                    reasons=[{"code": "hours_not_understood", "sentence": "読めません。"}],
                    cells={
                        "利用可能曜日": {
                            "raw": "火のあと", "value": None, "status": "rejected",
                            "reason": "hours_not_understood",
                        }
                    },
                    target_kind="facility",
                    target_id=site.region.here.facility_id,
                )
            )  # fmt: skip
        a_group_with_a_delegate(site)
        wishes_and_others_money(site)
        with site.database.session() as session:
            trail.note_looks(session, {"party-neighbour"}, "board", town.context("account-staff"))
        trail.seal(site.database, town.context("system"))
        yield house


def a_group_with_a_delegate(site: Site) -> None:
    """The resident is a group with a booking, a roster, and a neighbour who books for it."""
    site.books(site.region.here.halves[1], name="resident", start="09:00", end="12:00")
    clerk = town.context("account-staff")
    until = town.TODAY.replace(year=town.TODAY.year + 1)
    with site.database.session() as session:
        with write_transaction(session):
            session.execute(
                update(Party).where(Party.id == site.region.resident).values(kind="group")
            )
        before = groups.one(session, site.region.resident, "172014").version
        members = (Member("隣野　一", "となりの はじめ", Residency.RESIDENT),)
        set_roster(session, RosterRequest(site.region.resident, "172014", before, members), clerk)
        consent = AppointRequest(
            site.region.resident, "party-neighbour", "会長　一郎", "proxy", until
        )
        appoint_delegate(session, consent, clerk)


def wishes_and_others_money(site: Site) -> None:
    """Three wishes for a reduction, one of them late, and money that is another town's."""
    clerk, late = town.context("account-staff"), town.NOW - timedelta(days=20)
    gym, sunday = site.region.here, town.SATURDAY + timedelta(days=1)
    ids = [
        site.books(gym.halves[0], name="resident", date=sunday, start=start, end=end)
        for start, end in (("09:00", "12:00"), ("13:00", "17:00"), ("18:00", "21:00"))
    ]
    with site.database.session() as session:
        with_list(session)
        ask(session, AskRequest(ids[0], CARD, evidence="障害者手帳"), clerk)
        ask(session, AskRequest(ids[1], CARD, evidence="障害者手帳"), clerk)
        old = town.context("account-resident", now=late)
        ask(session, AskRequest(ids[2], MAYOR, "被災者の会"), old)
        pay(session, PayRequest(ids[0], 600), clerk)
        with write_transaction(session):
            session.execute(update(Payment).values(account_town="172120", day=date(2026, 5, 6)))


@pytest.fixture(scope="module")
def tabs(browser, counter) -> Iterator[list[Any]]:
    """A phone's and a desk's, for all pages: signing in anew for each would take minutes."""
    with open_context(browser) as phone, open_context(browser, **desk()) as large:
        for context in (phone, large):
            counter.enter(context, "staff")
        yield [phone.new_page(), large.new_page()]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_desk_and_phone(tabs, counter, path, language):
    found: list[str] = []
    for page in tabs:
        page.goto(f"{counter.url}{path}?lang={language}")
        found += run_axe(page)
        # A phone widens its own window to what does not fit: innerWidth would be as wide.
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert (size := page.viewport_size) is not None and width <= size["width"]

    assert found == []


def test_a_clerk_confirms_hours_by_keyboard_alone(browser, counter):
    with open_context(browser, **desk()) as context:
        page = context.new_page()
        page.goto(f"{counter.url}/")
        type_into(page, {"login": "staff@example.jp", "password": PASSWORD})
        page.wait_for_url("**/board")
        page.goto(f"{counter.url}/imports/f/1")

        type_into(page, {"days": "月火水木金土日", "start": "9:00", "end": "21:00"})

        page.get_by_role("status").filter(has_text="開館日と時間を確認しました").wait_for()


def type_into(page, values: dict[str, str]) -> None:
    """Tab from field to field, type, and press Enter in the last one."""
    for name, text in values.items():
        while page.evaluate("() => document.activeElement.name") != name:
            page.keyboard.press("Tab")
        page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
