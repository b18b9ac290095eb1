"""How soon a cheap phone shows something: 1.6 Mbit/s, 150 ms, a quarter of this machine's speed.

What decides is counted: bytes and requests that a page needs before it can be painted. The time
itself depends on the machine and who else uses it; it is printed (-rP), and bounded generously.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser import open_context
from tests.support.house import House, saturday_evening

LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4
PAINT_MS_MAX = 3_000
BYTES_MAX = 16_000
# The page and one style sheet; scripts come after.
BEFORE_PAINT = """() => {
    const [page] = performance.getEntriesByType('navigation')
    const needed = performance.getEntriesByType('resource')
      .filter(each => each.renderBlockingStatus === 'blocking')
    return {
      bytes: page.encodedBodySize + needed.reduce((sum, each) => sum + each.encodedBodySize, 0),
      needed: needed.map(each => new URL(each.name).pathname),
      blocking: [...document.scripts].filter(each => !each.defer && !each.async).length,
      paint: performance.getEntriesByName('first-contentful-paint').map(each => each.startTime)[0],
    }
}"""

PAGES: dict[str, Callable[[House], str]] = {
    "home": lambda _house: "/",
    "search": lambda _house: f"/search?{saturday_evening()}",
    "unit": lambda house: f"/units/{house.site.region.here.whole}",
    "check": lambda house: house.site.check_address(house.site.region.next_door.whole),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_painted_with_one_style_sheet_and_no_script(browser, house, name):
    found = painted(browser, house, PAGES[name](house))

    print(f"{name}: {found['paint']:.0f} ms, {found['bytes']:,} bytes before the first paint")
    assert len(found["needed"]) == 1
    assert found["needed"][0].endswith(".css")
    assert found["blocking"] == 0
    assert 2_000 < found["bytes"] <= BYTES_MAX
    assert found["paint"] <= PAINT_MS_MAX


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_page_waits_for_a_script(browser, house, name):
    shown = []
    for scripts in (True, False):
        with open_context(browser, java_script_enabled=scripts) as context:
            house.enter(context)
            page = context.new_page()
            page.goto(house.url + PAGES[name](house))
            shown.append(page.locator("h1").inner_text())

    assert shown[0] == shown[1] != ""


def painted(browser: Any, house: House, path: str) -> dict[str, Any]:
    """Load a page on a slow phone with an empty cache; what it took to paint it."""
    with open_context(browser) as context:
        house.enter(context)
        page = context.new_page()
        inspector = context.new_cdp_session(page)
        inspector.send("Network.enable")
        inspector.send("Network.emulateNetworkConditions", LINE)
        inspector.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(house.url + path)
        page.wait_for_function(
            "() => performance.getEntriesByName('first-contentful-paint').length"
        )
        found: dict[str, Any] = page.evaluate(BEFORE_PAINT)
    return found
