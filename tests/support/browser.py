"""The system's Chromium for the tests: one browser a session, one context a test.

Nothing outside this machine is ever asked: names do not resolve, and a page that tries is reported
to the test. The page of a test is a phone of 390 × 844 in Japan; `open_context` makes others.

Japanese is drawn with the fonts of printables/, which have the rare characters of names (𠮷) too;
none need be installed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    # Reaches what routing does not: service workers and the browser's own look-ups. Routing
    # would also switch the HTTP cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
FONTS = Path(__file__).parents[2] / "printables" / "fonts" / "vendor"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def executable() -> str | None:
    """Where the system keeps its Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium; about 0.4 s. Raises RuntimeError if there is none."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - 0.3 s the quick tests save

    path = executable()
    if path is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        env: dict[str, Any] = {**os.environ, "FONTCONFIG_FILE": str(_font_list(Path(folder)))}
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, env=env)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def another_browser(browser: Browser, *flags: str) -> Iterator[Browser]:
    """A second Chromium beside the one that runs, with flags that win over the usual ones. There
    can be one Playwright a process, so this one is the first one's too."""
    made = browser.browser_type.launch(executable_path=executable(), args=[*FLAGS, *flags])
    try:
        yield made
    finally:
        made.close()


def _font_list(folder: Path) -> Path:
    """The system's fonts and those of printables/, as fontconfig reads it."""
    found = folder / "fonts.conf"
    found.write_text(
        f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
        <fontconfig>
        <include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{FONTS}</dir>
        </fontconfig>""",
        encoding="utf-8",
    )
    return found


@contextlib.contextmanager
def open_context(
    browser: Browser, *, names: tuple[str, ...] = (), **options: Any
) -> Iterator[BrowserContext]:
    """A fresh profile, a phone unless told otherwise; fails if its pages misbehaved.

    To misbehave is to ask another machine, to raise in a script, or to break the page's own
    content security policy. `viewport=DESK, is_mobile=False, has_touch=False` makes a desk.

    names   of this machine, beside those of loopback
    """
    defaults: dict[str, Any] = {
        "viewport": PHONE,
        "is_mobile": True,
        "has_touch": True,
        "locale": "ja-JP",
        "timezone_id": "Asia/Tokyo",
    }
    context = browser.new_context(**(defaults | options))
    context.set_default_timeout(10_000)
    context.set_default_navigation_timeout(15_000)
    trouble: list[str] = []
    ours = (*LOOPBACK, *names)

    def watch_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ours:
            trouble.append(f"asked another machine: {request.url}")

    def watch_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            trouble.append(message.text)

    context.on("request", watch_request)
    context.on("console", watch_console)
    context.on("weberror", lambda error: trouble.append(f"script error: {error.error}"))
    try:
        yield context
    finally:
        context.close()
    if trouble:
        raise AssertionError("\n".join(trouble))


def desk(**options: Any) -> dict[str, Any]:
    """Options of a context on a counter's PC."""
    return {"viewport": DESK, "is_mobile": False, "has_touch": False, **options}


def run_axe(page: Page, *, tags: list[str] | None = None) -> list[str]:
    """Accessibility violations of the page as it stands, one line a node; 0.2 to 0.7 s.

    axe does not see everything: keyboard reach and target sizes need tests of their own.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        tags or AXE_TAGS,
    )
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
