"""From the first screen to a booked court: three taps, by finger, by keyboard, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import town
from tests.support.browser import desk, open_context
from tests.support.house import House, running_house, saturday_evening
from tests.town import SATURDAY

COUNT_TAPS = """
    const taps = Number(sessionStorage.taps || 0)
    sessionStorage.taps = taps
    addEventListener('click', event => { if (event.isTrusted) sessionStorage.taps++ }, true)
"""
BOOKED = re.compile(r"予約できました")


@pytest.fixture
def fresh_house(tmp_path) -> Iterator[House]:
    """A house of one's own, for journeys that book."""
    with running_house(tmp_path) as house:
        yield house


def test_home_frame_confirm_done_are_three_taps(browser, fresh_house):
    with open_context(browser) as context:
        fresh_house.enter(context)
        page = context.new_page()
        page.add_init_script(COUNT_TAPS)
        page.goto(f"{fresh_house.url}/")

        page.locator(".frame").first.tap()
        page.get_by_role("button", name="予約する").tap()

        expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)
        assert int(page.evaluate("sessionStorage.taps")) <= 3


def test_a_full_evening_ends_in_the_next_town_without_scripts(browser, fresh_house):
    with open_context(browser, java_script_enabled=False) as context:
        fresh_house.enter(context)
        page = context.new_page()
        page.goto(f"{fresh_house.url}/")
        search_for_saturday(page)
        expect(page.get_by_text("この時間、近くはいっぱいです")).to_be_visible()

        offer = page.locator(".result", has_text="かなた体育館").first
        expect(offer).to_contain_text("1.9 km 先・同じ時間・空きあり")
        offer.get_by_role("link", name="この時間にする").click()
        page.get_by_role("button", name="予約する").click()

        expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)


def search_for_saturday(page: Page) -> None:
    """Fill in the form of the first screen."""
    form = page.get_by_role("search")
    form.get_by_label("目的").select_option("badminton")
    for label, value in (("年", SATURDAY.year), ("月", SATURDAY.month), ("日", SATURDAY.day)):
        form.get_by_label(label, exact=True).fill(str(value))
    form.get_by_label("始まり").select_option("18:00")
    form.get_by_label("終わり").select_option("20:00")
    form.get_by_label("町").select_option("172014")
    form.get_by_role("button", name="さがす").click()


def test_the_keyboard_alone_finds_and_books(browser, fresh_house):
    with open_context(browser, **desk()) as context:
        fresh_house.enter(context)
        page = context.new_page()
        page.goto(f"{fresh_house.url}/facilities/{fresh_house.site.region.here.facility_id}")

        tab_to(page, ".cell.is-free")
        page.keyboard.press("Enter")
        page.wait_for_url("**/book?**")
        tab_to(page, "main button.wide, main button[type=submit], main form button")
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what the selector means has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", selector):
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_an_address_shows_the_same_to_somebody_else(browser: Browser, house: House):
    shown = []
    for name in ("resident", "neighbour"):
        with open_context(browser) as context:
            if name == "neighbour":
                house.enter(context, name)
            page = context.new_page()
            page.goto(f"{house.url}/units/{house.site.region.here.whole}?date={SATURDAY}")
            cells = page.locator(".cell b").all_inner_texts()
            shown.append(cells)

    assert shown[0] == shown[1] == ["○ 空き", "○ 空き", "× 予約済み"]


def test_where_i_am_goes_into_the_address_and_orders_the_list(browser: Browser, house: House):
    lat, lng = town.NEXT_DOOR
    with open_context(
        browser, geolocation={"latitude": lat, "longitude": lng}, permissions=["geolocation"]
    ) as context:
        page = context.new_page()
        page.goto(f"{house.url}/?purpose=badminton")

        page.get_by_role("link", name="いまいる場所でさがす").tap()
        page.wait_for_url(f"**near={lat:.4f}*")

        assert "purpose=badminton" in page.url
        expect(page.locator(".card h3").first).to_have_text("かなた体育館")


def test_without_scripts_the_location_is_not_offered(browser: Browser, house: House):
    with open_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(house.url)

        expect(page.get_by_text("いまいる場所でさがす")).to_be_hidden()


def test_the_order_read_aloud_is_free_then_full_then_next_town(browser: Browser, house: House):
    with open_context(browser) as context:
        page = context.new_page()
        page.goto(f"{house.url}/search?{saturday_evening('172014')}")
        heard = page.locator("main").aria_snapshot()

    assert heard.index("予約できない所とその理由") < heard.index("となりの空き")
    assert heard.index("となりの空き") < heard.index("かなた体育館")


def test_another_day_swaps_the_board_alone_and_keeps_the_focus(browser: Browser, house: House):
    with open_context(browser) as context:
        page = context.new_page()
        page.goto(f"{house.url}/units/{house.site.region.here.whole}?date={SATURDAY}")
        page.evaluate("() => { document.querySelector('h1').dataset.old = 'yes' }")

        page.get_by_role("link", name="次の日").tap()
        expect(page.locator("#when")).to_have_text("6月14日（日）")

        assert "date=2026-06-14" in page.url
        assert page.locator("h1").get_attribute("data-old") == "yes"
        assert page.evaluate("document.activeElement.id") == "step-on"
        assert "date=2026-06-14" in (page.locator("#langs a").get_attribute("href") or "")
        page.go_back()
        expect(page.locator("#when")).to_have_text("6月13日（土）")


def test_the_browsers_calendar_fills_the_three_fields(browser: Browser, house: House):
    with open_context(browser) as context:
        page = context.new_page()
        page.goto(house.url)
        form = page.get_by_role("search")

        expect(form.get_by_role("button", name="カレンダー")).to_be_visible()
        form.locator("[type=date]").evaluate(
            """each => { each.value = '2026-07-04'; each.dispatchEvent(new Event('change')) }"""
        )

        fields = form.locator("[inputmode=numeric]").evaluate_all("all => all.map(f => f.value)")
        assert fields[:3] == ["2026", "7", "4"]
