"""審査 from the application to the permit or the notice: no scripts, no mouse, a small phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reservations.app import create_app
from tests.support.approving import REASON, looks_first
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, running_house, serving
from tests.support.site import Site

SMALL: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
FOCUSED = "() => document.activeElement.innerText || document.activeElement.name"


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """The same town, which looks first, from the resident's side and from the counter's."""
    with running_house(tmp_path) as front:
        site = front.site
        with site.database.session() as session:
            looks_first(session)
        staff = create_app(
            site.app.extensions["tonari"].settings,
            audience="counter",
            now=lambda: site.now,
            database=site.database,
        )
        counter = Site(staff, site.database, site.region, site.now, "counter")
        with serving(counter) as back:
            yield front, back


def asks(page: Any, front: House, start: str, end: str) -> str:
    """The resident applies; the address of the booking's page."""
    unit = front.site.region.here.whole
    page.goto(f"{front.url}{front.site.check_address(unit, start=start, end=end)}")
    assert page.get_by_text("この利用には許可が要ります。").count() == 1
    page.get_by_role("button", name="予約する").press("Enter")
    page.get_by_role("heading", name="申請を受け付けました。審査中です").wait_for()
    return str(page.url)


def fits(page: Any) -> bool:
    width = page.evaluate("() => document.documentElement.scrollWidth")
    return bool(width <= page.viewport_size["width"])


def tab_to(page: Any, words: str) -> None:
    """Tab until something with these words, or of this name, has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"no way to {words!r} by Tab")


def test_two_applications_one_granted_one_refused_without_scripts(
    browser: Any, doors: tuple[House, House]
):
    front, back = doors
    with (
        open_context(browser, **SMALL) as phone,
        open_context(browser, **desk(java_script_enabled=False)) as office,
    ):
        front.enter(phone)
        back.enter(office, "staff")
        person, clerk = phone.new_page(), office.new_page()
        first = asks(person, front, "09:00", "12:00")
        second = asks(person, front, "13:00", "17:00")
        assert fits(person)
        person.goto(f"{front.url}/bookings")
        assert person.get_by_text("審査中").count() == 2
        assert fits(person)

        clerk.goto(f"{back.url}/board")
        clerk.get_by_role("link", name="審査待ち 2件").press("Enter")
        tab_to(clerk, "application")
        clerk.keyboard.press("Space")
        tab_to(clerk, "印を付けた申請を許可する")
        clerk.keyboard.press("Enter")
        clerk.get_by_text("1件を許可しました。").wait_for()
        clerk.locator("main li h3 a").press("Enter")
        clerk.get_by_role("heading", name="審査中の申請").wait_for()
        clerk.get_by_label(REASON).check()
        clerk.get_by_role("button", name="許可しない").press("Enter")
        clerk.get_by_role("heading", name="許可しなかった申請").wait_for()

        person.goto(first)
        assert person.get_by_role("link", name="使用許可書を開く（PDF）").count() == 1
        assert fits(person)
        person.goto(second)
        person.get_by_role("heading", name="この利用は許可されませんでした").wait_for()
        assert person.get_by_text(REASON).count() == 1
        assert fits(person)
        person.get_by_role("link", name="画面で見る・印刷する").press("Enter")
        assert person.get_by_text("教示").count() >= 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Any, doors: tuple[House, House], language: str
):
    front, back = doors
    hall = front.site.region.here.halves[0]
    waiting = front.site.books(hall, name="resident", start="09:00", end="12:00")
    found: list[str] = []
    for options in ({}, desk()):
        with open_context(browser, **options) as context:
            front.enter(context)
            back.enter(context, "staff")
            page = context.new_page()
            for house, path in (
                (back, "/approval"),
                (back, f"/approval/{waiting}"),
                (back, f"/board/bookings/{waiting}"),
                (front, f"/bookings/{waiting}"),
                (front, "/bookings"),
            ):
                page.goto(f"{house.url}{path}?lang={language}")
                found += run_axe(page)
                assert fits(page), path

    assert found == []
