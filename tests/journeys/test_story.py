"""The story of the house: a court on Saturday is full, the next town's is taken instead.

Once with scripts, once without, once by keyboard alone; trusted clicks are counted by the page.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from tests import town
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, saturday_evening
from tests.support.site import PASSWORD

CLICKS_MAX = 3
# Counted where the page cannot forget it: over navigations, and only what a person really did.
COUNT = """addEventListener('click', event => {
  if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks || 0)
}, true)"""


@pytest.fixture
def full_house(house: House) -> House:
    """となり体育館 is full on the Saturday evening; what earlier tests took next door is free."""
    house.site.clears("resident")
    return house


def search(context: BrowserContext, house: House) -> Page:
    page = context.new_page()
    page.goto(f"{house.url}/search?{saturday_evening()}")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_full_court_becomes_the_next_towns_in_three_taps(browser, full_house, scripts):
    with open_context(browser, java_script_enabled=scripts) as context:
        full_house.enter(context)
        page = context.new_page()
        page.goto(full_house.url + wish(full_house))
        assert "ほかの方の予約が先に入りました" in page.inner_text("main")

        taps = 0
        page.locator("a.offer", has_text="かなた体育館").first.tap()
        taps += 1
        page.get_by_role("button", name="予約する").tap()
        taps += 1

        page.get_by_role("heading", name="予約できました").wait_for()
        assert "かなた体育館" in page.inner_text("main")
        assert "18:00〜21:00" in page.inner_text("main")
        assert taps <= CLICKS_MAX


def test_from_the_search_to_the_number_in_three_trusted_clicks(browser, full_house):
    with open_context(browser) as context:
        full_house.enter(context)
        context.add_init_script(COUNT)
        page = search(context, full_house)

        page.locator("main a[href^='/book?']", has_text="18:00").first.tap()
        page.get_by_role("button", name="予約する").tap()

        page.get_by_role("heading", name="予約できました").wait_for()
        clicks = int(page.evaluate("() => sessionStorage.clicks"))
    assert 2 <= clicks <= CLICKS_MAX


def test_the_same_by_keyboard_alone(browser, full_house):
    with open_context(browser, **desk()) as context:
        page = context.new_page()
        page.goto(full_house.url + wish(full_house))

        reach(page, "login")
        page.keyboard.type("resident@example.jp")
        reach(page, "password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="この時間は予約できません").wait_for()
        # The reasons have the focus, so that they are read first; the offers come next.
        page.keyboard.press("Tab")
        assert "かなた体育館" in str(page.evaluate("() => document.activeElement.textContent"))
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="この内容で予約しますか").wait_for()
        reach(page, "", text="予約する")
        page.keyboard.press("Enter")

        page.get_by_role("heading", name="予約できました").wait_for()
        assert "かなた体育館" in page.inner_text("main")


def wish(house: House) -> str:
    """The check page of the court that everybody wants."""
    return house.site.check_address(house.site.region.here.whole)


def reach(page: Page, name: str, *, text: str = "") -> None:
    """Tab until the field of this name, or what has this text, has the focus."""
    for _ in range(40):
        here = page.evaluate(
            "() => [document.activeElement.name || '', document.activeElement.textContent.trim()]"
        )
        if (name and here[0] == name) or (text and here[1] == text):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name or text}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_new_keeps_the_frame_through_registering(browser, full_house, scripts):
    login = f"new-{scripts}@example.jp".lower()
    with open_context(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        target = full_house.site.check_address(full_house.site.region.next_door.halves[0])
        page.goto(full_house.url + target)
        page.get_by_role("link", name="利用者登録をする").tap()
        page.fill("[name=name]", "𠮷田 髙子")
        page.fill("[name=kana]", "ﾖｼﾀﾞ ﾀｶｺ")
        page.fill("[name=login]", login)
        page.select_option("[name=home]", "172120")
        page.get_by_role("button", name="次へ").tap()
        page.get_by_role("heading", name="内容を確かめて").wait_for()
        if scripts:
            assert run_axe(page) == []
        page.fill("[name=password]", "four quiet words here")
        page.get_by_role("button", name="同意して登録する").tap()

        page.get_by_role("heading", name="この内容で予約しますか").wait_for()
        assert page.url == full_house.url + target


def test_a_lost_race_moves_the_focus_to_the_reasons_and_keeps_the_words(browser, full_house):
    site = full_house.site
    with open_context(browser) as context:
        full_house.enter(context)
        page = context.new_page()
        afternoon = site.check_address(site.region.here.whole, start="13:00", end="17:00")
        page.goto(full_house.url + afternoon)
        page.fill("[name=headcount]", "12")
        rival = site.books(site.region.here.whole, start="13:00", end="17:00")
        page.get_by_role("button", name="予約する").tap()

        page.get_by_role("heading", name="この時間は予約できません").wait_for()
        assert page.evaluate("() => document.activeElement.className") == "summary"
        assert run_axe(page) == []
        assert "headcount=12" in str(page.locator("a.offer").first.get_attribute("href"))
    site.cancels(rival)


def test_a_password_can_be_shown_and_pasted(browser, full_house):
    with open_context(browser) as context:
        page = context.new_page()
        page.goto(f"{full_house.url}/sign-in")
        page.fill("[name=password]", "secret words")
        page.get_by_label("パスワードを表示する").check()

        assert page.get_attribute("[name=password]", "type") == "text"
        assert (
            page.evaluate(
                """() => !document.querySelector('[name=password]').dispatchEvent(
                 new ClipboardEvent('paste', {cancelable: true}))"""
            )
            is False
        )


def test_the_confirmation_prints_on_one_sheet_with_all_that_matters(browser, full_house):
    site = full_house.site
    booking_id = site.books(
        site.region.next_door.whole, name="resident", date=town.SATURDAY, start="09:00", end="12:00"
    )
    with open_context(browser, **desk()) as context:
        full_house.enter(context)
        page = context.new_page()
        page.goto(f"{full_house.url}/bookings/{booking_id}")
        page.emulate_media(media="print")
        printed = page.inner_text("main")

    assert "予約番号" in printed
    assert "無料で取り消せる期限" in printed
    assert "予約のしやすさ" not in printed
