"""オンライン払い in a real browser: without scripts, on a small phone, by keyboard, to the service
and back over real HTTP, with the notice of the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import open_context, run_axe
from tests.support.house import House, serving
from tests.support.paying import Paying, a_paying_site
from tests.support.provider import Service

SMALL = {"width": 360, "height": 740}


@pytest.fixture
def paying(sqlite_url: str, tmp_path: Path, service: Service) -> Iterator[Paying]:
    made = a_paying_site(sqlite_url, tmp_path, service)
    yield made
    made.site.database.dispose()


@pytest.fixture
def house(paying: Paying) -> Iterator[House]:
    with serving(paying.site) as house:
        yield house


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def presses(page: Page, role: str, name: str) -> None:
    """By keyboard: Enter on what has the focus."""
    thing = page.get_by_role(role, name=name)  # type: ignore[arg-type]  # one of ARIA's words
    thing.focus()
    thing.press("Enter")


def test_a_fee_is_paid_on_a_small_phone_without_scripts(browser, paying: Paying, house: House):
    with open_context(browser, viewport=SMALL, java_script_enabled=False) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(house.url + paying.page)

        presses(page, "button", "オンラインで支払う")
        assert "カードなどの番号は、そこでだけ入力します" in page.inner_text("main")
        presses(page, "link", "支払いの画面へ進む")
        assert page.url.startswith(f"{paying.service.url}/pay/")
        page.get_by_role("button", name="支払う", exact=True).click()

        page.get_by_role("heading", name="支払いを受け取りました").wait_for()
        presses(page, "link", "予約に戻る")
        assert "すべて納められています。" in page.inner_text("main")
    assert paying.stated().account.paid_yen == 1800


def test_the_notice_alone_pays_and_the_pages_are_in_order(browser, paying: Paying, house: House):
    with open_context(browser, viewport=SMALL) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(house.url + paying.page)
        wrong = [("booking", run_axe(page)), ("booking fits", [] if fits(page) else ["no"])]
        page.get_by_role("button", name="オンラインで支払う").click()
        page.get_by_role("link", name="支払いの画面へ進む").wait_for()
        wrong += [("going", run_axe(page)), ("going fits", [] if fits(page) else ["no"])]
        here = page.url
        page.goto(f"{here}?back=1")
        wrong += [("unknown", run_axe(page)), ("unknown fits", [] if fits(page) else ["no"])]
        address = page.get_by_role("link", name="支払いの画面へ戻る").get_attribute("href")

        # Somebody pays and never comes back: the service tells us by itself.
        paying.service.pays(str(address))

        assert paying.checkouts()[0].state == "paid"
        page.goto(here)
        page.get_by_role("heading", name="支払いを受け取りました").wait_for()
        wrong += [("paid", run_axe(page)), ("paid fits", [] if fits(page) else ["no"])]
    assert [each for each in wrong if each[1]] == []
