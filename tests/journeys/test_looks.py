"""Every page in every language and size: readable, reachable, printable, by anybody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys import routes
from tests.journeys.routes import Route
from tests.support.browser import PHONE, desk, open_context, run_axe
from tests.support.house import House

LARGE = {"width": 1366, "height": 900}
SMALL = {"width": 320, "height": 700}
TARGET_PX = 44

# What a finger or the keyboard can act on and the eye can see.
ACTIONABLE = """
    [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
      .filter(each => each.checkVisibility({visibilityProperty: true})
        && !each.classList.contains('skip'))
"""
# A link inside a sentence is as high as its line (WCAG 2.5.8), but never below 24 px.
SMALL_TARGETS = (
    """least => """
    + ACTIONABLE
    + """.map(each => {
        const label = each.matches('input[type=radio], input[type=checkbox]') && each.closest('label')
        const box = (label || each).getBoundingClientRect()
        const alone = each.parentElement.textContent.trim() === each.textContent.trim()
        const inSentence = each.matches('p a') && !alone
        const floor = inSentence || each.closest('svg') ? 24 : least
        const width = inSentence || each.closest('svg') ? 24 : least
        return box.height + .5 < floor || box.width + .5 < width
          ? `${each.outerHTML.slice(0, 90)}: ${Math.round(box.width)} x ${Math.round(box.height)}` : ''
      }).filter(Boolean)"""
)
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


@pytest.fixture(params=routes.EVERY, ids=str)
def route(request: pytest.FixtureRequest) -> Route:
    found: Route = request.param
    return found


def visit(context: BrowserContext, house: House, route: Route, language: str = "ja") -> Page:
    """The page in a language, in a fresh tab."""
    if route.is_signed_in:
        house.enter(context)
    address = house.url + route.address(house)
    page = context.new_page()
    page.goto(address + ("&" if "?" in address else "?") + f"lang={language}")
    return page


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_phone_and_desk_by_day_and_night(browser, house, route, language):
    found: list[str] = []
    with open_context(browser) as context:
        page = visit(context, house, route, language)
        for size, scheme in ((PHONE, "light"), (PHONE, "dark"), (LARGE, "light")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += run_axe(page)

    assert found == []


def test_everything_that_acts_is_large_enough_for_a_finger(browser, house, route):
    with open_context(browser) as context:
        page = visit(context, house, route)
        page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
        found = page.evaluate(SMALL_TARGETS, TARGET_PX)

    assert found == []


@pytest.mark.parametrize(
    ("viewport", "root"), [(SMALL, "100%"), ({"width": 390, "height": 844}, "200%")]
)
def test_nothing_scrolls_sideways_when_small_or_enlarged(browser, house, route, viewport, root):
    with open_context(browser, viewport=viewport) as context:
        page = visit(context, house, route)
        page.evaluate("size => { document.documentElement.style.fontSize = size }", root)
        wide = page.evaluate("() => document.documentElement.scrollWidth")

    assert wide <= viewport["width"]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser, house, route):
    with open_context(browser, **desk()) as context:
        page = visit(context, house, route)
        # A page with errors puts the focus on their summary; the walk begins at the top.
        page.evaluate("() => { document.body.tabIndex = -1; document.body.focus() }")
        page.evaluate("() => document.body.removeAttribute('tabindex')")
        count = page.evaluate(f"() => {ACTIONABLE}.length")
        walked = walk(page, count + 5)

    hidden = [each["name"] for each in walked if not each["seen"]]
    bare = [each["name"] for each in walked if each["ring"] < 2]
    assert (hidden, bare) == ([], [])
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


def test_without_colours_every_status_is_still_a_word_and_a_shape(browser, house, route):
    with open_context(browser, forced_colors="active") as context:
        page = visit(context, house, route)
        bare = page.evaluate(
            """() => [...document.querySelectorAll('.cell, .chip')].filter(each => {
                const words = each.textContent.trim().replace(/\\s+/g, ' ')
                const border = parseFloat(getComputedStyle(each).borderTopWidth)
                return words.length < 2 || border < 1
            }).map(each => each.outerHTML.slice(0, 120))"""
        )

    assert bare == []


def test_printed_it_is_one_sheet_without_navigation(browser, house, route):
    with open_context(browser, **desk()) as context:
        page = visit(context, house, route)
        page.emulate_media(media="print")
        shown = page.evaluate(
            "() => [...document.querySelectorAll('nav')].filter(n => n.checkVisibility()).length"
        )
        sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))

    assert shown == 0
    assert sheets == 1 or not route.is_one_page


def test_reduced_motion_is_honoured(browser: Browser, house: House, route: Route):
    with open_context(browser, reduced_motion="reduce") as context:
        page = visit(context, house, route)
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].filter(each => {
                const style = getComputedStyle(each)
                return parseFloat(style.transitionDuration) || parseFloat(style.animationDuration)
            }).length"""
        )

    assert moving == 0


def test_a_page_and_all_it_needs_weigh_less_than_fifty_kilobytes(browser, house, route):
    with open_context(browser) as context:
        weights: list[int] = []
        context.on("response", lambda answer: weights.append(weight(answer)))
        visit(context, house, route)

    assert 2_000 < sum(weights) <= 50_000


def weight(answer: Any) -> int:
    """What went over the line, packed as it was sent."""
    return int(answer.headers.get("content-length", 0)) + 300
