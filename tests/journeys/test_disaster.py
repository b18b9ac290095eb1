"""災害の宣言 by the keyboard alone and without scripts, with the residents' pages beside it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import desk, open_context, run_axe
from tests.support.house import running_house


@pytest.fixture
def house(tmp_path):
    with running_house(tmp_path, audience="counter") as running:
        yield running


def press_until(page: Any, name: str) -> None:
    """Tab to what has these words, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if name in page.evaluate("() => document.activeElement.innerText || ''"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way to {name} by the keyboard")


def type_into(page: Any, selector: str, text: str) -> None:
    """Tab to the field, and type."""
    for _ in range(60):
        if page.locator(f"{selector}:focus").count():
            page.keyboard.insert_text(text)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by the keyboard")


def test_a_disaster_is_declared_and_ended_by_the_keyboard_without_scripts(browser, house):
    with open_context(browser, java_script_enabled=False, **desk()) as context:
        house.enter(context, "staff")
        page = context.new_page()
        page.goto(f"{house.url}/disaster")
        for word, button in (("宣言", "災害を宣言する"), ("解除", "災害の宣言を解除する")):
            type_into(page, "#field-reason", "訓練")
            press_until(page, "確認へ進む")
            page.wait_for_url("**/disaster/check")
            type_into(page, "#field-word", word)
            press_until(page, button)
            page.wait_for_url("**/disaster?done=1")
            strip = page.locator(".strip").inner_text()
            assert ("災害対応中" in strip) is (word == "宣言")


def test_axe_finds_nothing_on_either_page(browser, house):
    found: list[str] = []
    with open_context(browser) as context:
        house.enter(context, "staff")
        page = context.new_page()
        page.goto(f"{house.url}/disaster")
        found += run_axe(page)
        page.locator("#field-reason").fill("訓練")
        page.get_by_role("button", name="確認へ進む").click()
        page.get_by_role("button", name="災害を宣言する").click()
        page.get_by_text("まだ何も変えていません。").first.wait_for()
        found += run_axe(page)

    assert found == []
