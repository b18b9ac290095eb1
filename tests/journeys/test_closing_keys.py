"""部屋を閉める by the keyboard: a repair, three people, and the next town for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from reservations.actions.money import PayRequest, pay
from reservations.db import write_transaction
from tests import town
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, running_house
from tests.town import SATURDAY

FOCUSED = "() => document.activeElement.innerText || document.activeElement.name"


@pytest.fixture
def counter(tmp_path: Any) -> Iterator[House]:
    """The hall is taken in the evening (the neighbour), in the morning (the third, who has paid),
    and half of it in the afternoon (the resident)."""
    with running_house(tmp_path, audience="counter") as house:
        site = house.site
        with site.database.session() as session, write_transaction(session):
            town.a_resident(session, "third", home="172014")
        hall = site.region.here
        paid = site.books(hall.whole, name="third", start="09:00", end="12:00")
        site.books(hall.halves[0], name="resident", start="13:00", end="17:00")
        with site.database.session() as session:
            pay(session, PayRequest(paid, 1200), town.context("account-staff"))
        yield house


def tab_to(page: Any, words: str) -> None:
    """Tab until something with these words, or of this name, has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"no way to {words!r} by Tab")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_room_is_closed_for_repair_and_three_people_are_offered_the_next_town(
    browser: Any, counter: House, has_scripts: bool
):
    with open_context(browser, **desk(java_script_enabled=has_scripts)) as context:
        counter.enter(context, "staff")
        page = context.new_page()
        gym = counter.site.region.here.facility_id
        page.goto(f"{counter.url}/board?facility={gym}&date={SATURDAY}")

        if has_scripts:
            page.keyboard.press("c")
        else:
            page.get_by_role("link", name="部屋を閉める").press("Enter")
        page.get_by_role("heading", name="部屋を閉める").wait_for()
        page.locator("#field-note").focus()
        page.keyboard.insert_text("床の張替え")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="3件の予約を取り消して閉めます").wait_for()
        assert page.locator("ol").filter(has_text="かなた体育館").count() == 3
        assert page.get_by_text("入金1,200円を全額還付します").count() == 1

        page.locator("form button.danger").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="閉めました", exact=True).wait_for()
        assert page.get_by_role("heading", name="取り消された予約 3件").count() == 1
        assert page.get_by_role("link", name="取消通知書（PDF）").count() == 3

        counter.site.now += timedelta(minutes=5)
        page.get_by_role("link", name="third").press("Enter")
        page.get_by_role("button", name="かなた体育館 全面").press("Enter")
        page.get_by_role("heading", name="予約できました").wait_for()


def test_every_step_is_reached_by_tab_alone_and_axe_finds_nothing(browser: Any, counter: House):
    found: list[str] = []
    with open_context(browser, **desk()) as context:
        counter.enter(context, "staff")
        page = context.new_page()
        gym = counter.site.region.here.facility_id
        page.goto(f"{counter.url}/board?facility={gym}&date={SATURDAY}")
        page.keyboard.press("c")
        page.get_by_role("heading", name="部屋を閉める").wait_for()
        found += run_axe(page)
        tab_to(page, "だれに関わるかを見る")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="3件の予約を取り消して閉めます").wait_for()
        found += run_axe(page)
        page.keyboard.press("Tab")
        assert "3件を取り消して閉める" in page.evaluate(FOCUSED)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="閉めました", exact=True).wait_for()
        found += run_axe(page)
        page.goto(f"{counter.url}/matters")
        found += run_axe(page)
        tab_to(page, "済みにする")
        page.keyboard.press("Enter")
        tab_to(page, "note")
        page.keyboard.insert_text("電話で伝えた")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="場所を失った方 2件").wait_for()
        page.goto(f"{counter.url}/board/closures?facility={gym}")
        found += run_axe(page)

    assert found == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_page_scrolls_sideways_on_a_phone(browser: Any, counter: House, language: str):
    gym = counter.site.region.here.facility_id
    plan = f"facility={gym}&room=all&kind=maintenance&note=床の張替え&first={SATURDAY}"
    with open_context(browser) as context:
        counter.enter(context, "staff")
        page = context.new_page()
        for path in (f"/board/close?facility={gym}", f"/board/close/check?{plan}"):
            page.goto(f"{counter.url}{path}&lang={language}")
            assert run_axe(page) == []
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        page.locator("form button.danger").tap()
        page.wait_for_url("**/board/closures/**")
        assert run_axe(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        for path in ("/matters", f"/board/closures?facility={gym}"):
            page.goto(f"{counter.url}{path}")
            assert run_axe(page) == []
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
