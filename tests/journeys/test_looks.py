"""Every page in every language and size: readable, reachable, printable, by anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize

from tests.journeys import routes
from tests.journeys.routes import Route
from tests.support.browser import open_context, run_axe
from tests.support.house import House, running_house

LARGE: ViewportSize = {"width": 1366, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL: ViewportSize = {"width": 320, "height": 700}
TARGET_PX = 44
SMALLEST_TARGET_PX = 24

# What a finger or the keyboard can act on and the eye can see.
ACTIONABLE = """
    [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary')]
      .filter(each => each.checkVisibility({visibilityProperty: true})
        && each.tabIndex >= 0 && !each.classList.contains('skip'))
"""
# A link inside a sentence is as high as its line (WCAG 2.5.8), and a town is as large as it is.
TARGETS = f"""() => {ACTIONABLE}.map(each => {{
    const label = each.matches('[type=radio], [type=checkbox]') && each.closest('label')
    const box = (label || each).getBoundingClientRect()
    const alone = each.parentElement.textContent.trim() === each.textContent.trim()
    return {{
      name: each.outerHTML.slice(0, 90),
      size: Math.round(Math.min(box.width, box.height)),
      flows: each.matches('p a') && !alone || !!each.closest('svg'),
    }}
}})"""
FOCUSED = """() => {
    const each = document.activeElement
    if (!each || each === document.body) return null
    const box = each.getBoundingClientRect()
    const middle = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)]
    const on_top = document.elementFromPoint(...middle)
    const style = getComputedStyle(each)
    const path = each.closest('svg') && each.querySelector('path')
    const ring = path ? parseFloat(getComputedStyle(path).strokeWidth)
      : style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)
    return {
      name: each.outerHTML.slice(0, 90), ring,
      seen: !!path || !!on_top && (each.contains(on_top) || on_top.contains(each)),
    }
}"""
BARE_STATUSES = """() => [...document.querySelectorAll('.cell, .chip')].filter(each => {
    const words = each.textContent.trim().replace(/\\s+/g, ' ')
    return words.length < 2 || parseFloat(getComputedStyle(each).borderTopWidth) < 1
}).map(each => each.outerHTML.slice(0, 120))"""
MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
    const style = getComputedStyle(each)
    return parseFloat(style.transitionDuration) || parseFloat(style.animationDuration)
}).length"""
FAULTS = ("いま、予約の台帳につながりません", "The booking ledger cannot be reached right now")
Scheme = Literal["light", "dark"]
# No finger presses paper.
FOR_FINGERS = "target-size:"
NAVIGATION = "() => [...document.querySelectorAll('nav')].filter(n => n.checkVisibility()).length"


@dataclass(frozen=True)
class Look:
    """A page of the application in a tab that the tests of this page share."""

    house: House
    route: Route
    page: Page

    def at(self, size: ViewportSize = PHONE, *, language: str = "ja") -> Page:
        """Loaded afresh, in plain light, at this size."""
        self.page.emulate_media(
            media="null", color_scheme="light", forced_colors="none", reduced_motion="null"
        )
        self.page.set_viewport_size(size)
        self.page.goto(address(self.house, self.route, language))
        return self.page


def address(house: House, route: Route, language: str) -> str:
    found = house.url + route.address(house)
    return found + ("&" if "?" in found else "?") + f"lang={language}"


@pytest.fixture(scope="module", params=routes.EVERY, ids=str)
def look(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Look]:
    """One tab a page: opening a browser's profile anew for each test would take minutes."""
    route: Route = request.param
    with open_context(browser) as context:
        if route.is_signed_in:
            house.enter(context)
        yield Look(house, route, context.new_page())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_phone_desk_and_paper_by_day_and_night(look, language):
    page = look.at(PHONE, language=language)

    # Colours are the same in every language.
    assert faults_of(page, ("light", "dark") if language == "ja" else ("light",)) == []


def faults_of(page: Page, schemes: tuple[Scheme, ...] = ("light", "dark")) -> list[str]:
    """What axe finds on a phone and a desk, light and dark, and on the printed page."""
    # Without fades: a colour half way between day and night is nobody's.
    page.emulate_media(reduced_motion="reduce")
    found = []
    for size in (PHONE, LARGE):
        page.set_viewport_size(size)
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            found += [f"{size['width']} px, {scheme}: {each}" for each in run_axe(page)]
    page.emulate_media(color_scheme="light", media="print")
    on_paper = [each for each in run_axe(page) if not each.startswith(FOR_FINGERS)]
    page.emulate_media(media="null")
    return found + [f"print: {each}" for each in on_paper]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_the_page_of_a_fault(browser, tmp_path, language):
    with running_house(tmp_path) as house, open_context(browser) as context:
        page = context.new_page()
        house.loses_its_database()
        page.goto(f"{house.url}/map?lang={language}")
        assert page.locator("h1").inner_text() in FAULTS

        assert faults_of(page) == []
        assert all(each["size"] >= TARGET_PX for each in page.evaluate(TARGETS))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_where_answers_are_sent_back(browser, house, language):
    """Pages that only a form leads to: with errors, and the check of a registration."""
    found = []
    with open_context(browser) as context:
        page = context.new_page()
        page.goto(f"{house.url}/register?lang={language}")
        page.locator("main form button").last.click()
        found += faults_of(page)
        for name, text in (
            ("name", "𠮷田 髙子"),
            ("kana", "よしだ たかこ"),
            ("login", "a@example.jp"),
        ):
            page.fill(f"[name={name}]", text)
        page.select_option("[name=home]", "172120")
        page.locator("main form button").last.click()
        page.wait_for_selector("[name=password]")
        found += faults_of(page)
        page.goto(f"{house.url}/problem?lang={language}")
        page.locator("main form button").last.click()
        found += faults_of(page)

    assert found == []


def test_everything_that_acts_is_large_enough_for_a_finger(look):
    page = look.at()
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")

    targets = page.evaluate(TARGETS)

    assert len(targets) > 5
    least = {True: SMALLEST_TARGET_PX, False: TARGET_PX}
    assert [each for each in targets if each["size"] < least[each["flows"]]] == []


@pytest.mark.parametrize(("size", "root"), [(SMALL, "100%"), (PHONE, "200%")])
def test_nothing_scrolls_sideways_when_small_or_enlarged(look, size, root):
    page = look.at(size)
    page.evaluate("size => { document.documentElement.style.fontSize = size }", root)

    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(look):
    page = look.at(LARGE)
    # A page with errors puts the focus on their summary; the walk begins at the top.
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus() }")
    page.evaluate("() => document.body.removeAttribute('tabindex')")
    count = page.evaluate(f"() => {ACTIONABLE}.length")

    walked = walk(page, count + 5)

    assert [each["name"] for each in walked if not each["seen"]] == []
    assert [each["name"] for each in walked if each["ring"] < 2] == []
    assert len(walked) >= count > 5


def walk(page: Page, steps: int) -> list[dict[str, Any]]:
    """Tab through the page once; what has the focus after each step."""
    walked: list[dict[str, Any]] = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None:
            break
        walked.append(here)
    return walked


def test_without_colours_every_status_is_still_a_word_in_a_frame(look):
    page = look.at()
    page.emulate_media(forced_colors="active")

    assert page.evaluate(BARE_STATUSES) == []


def test_printed_it_is_one_sheet_without_navigation(look):
    page = look.at(LARGE)
    page.emulate_media(media="print")

    assert page.evaluate(NAVIGATION) == 0
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert sheets == 1 or not look.route.is_one_page


def test_reduced_motion_is_honoured(look):
    page = look.at()
    assert page.evaluate(MOVING) > 0

    page.emulate_media(reduced_motion="reduce")

    assert page.evaluate(MOVING) == 0


def test_a_page_and_all_it_needs_weigh_less_than_fifty_kilobytes(browser, house, look):
    weights: list[int] = []
    with open_context(browser) as context:
        if look.route.is_signed_in:
            house.enter(context)
        context.on("response", lambda answer: weights.append(weight(answer)))
        context.new_page().goto(address(house, look.route, "ja"))

    assert 2_000 < sum(weights) <= 50_000


def weight(answer: Response) -> int:
    """What went over the line, packed as it was sent, with its headers."""
    return int(answer.headers.get("content-length", 0)) + 300
