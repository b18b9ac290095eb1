"""窓口 by the keyboard: a walk-in, a known group, and the way over the board. Keys are counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from reservations.db import write_transaction
from reservations.models import Party
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, running_house
from tests.town import SATURDAY, TODAY

WALK_IN_KEYS_MAX = 20
GROUP_KEYS_MAX = 30
# What the machine itself may take of the ten seconds of a walk-in.
WALK_IN_SECONDS_MAX = 5
FOCUSED = "() => document.activeElement.innerText"


@dataclass
class Keys:
    """A keyboard that counts, and the page before it. There is no mouse."""

    page: Any
    count: int = 0

    def press(self, *keys: str) -> Keys:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1
        return self

    def type(self, text: str) -> Keys:
        return self.press(*text)

    @property
    def focused(self) -> str:
        return " ".join(self.page.evaluate(FOCUSED).split())


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("keys"), audience="counter") as house:
        database = house.site.database
        with database.session() as session, write_transaction(session):
            group = update(Party).where(Party.id == "party-resident")
            values = {"kind": "group", "kana": "となりくらぶ", "phone": "076-200-0000"}
            session.execute(group.values(**values))
        yield house


@pytest.fixture
def keys(browser: Any, counter: House) -> Iterator[Keys]:
    with open_context(browser, **desk()) as context:
        counter.enter(context, "staff")
        page = context.new_page()
        gym = counter.site.region.here.facility_id
        page.goto(f"{counter.url}/board?facility={gym}&date={SATURDAY}")
        yield Keys(page)


def test_an_arrival_is_one_key_on_its_booking(keys: Keys, counter: House):
    site = counter.site
    site.books(site.region.here.whole, name="neighbour", date=TODAY)
    keys.page.goto(f"{counter.url}/board?facility={site.region.here.facility_id}&date={TODAY}")
    keys.page.locator("a[data-check-in]").first.focus()

    with keys.page.expect_navigation():
        keys.press("a")

    assert "来館ずみ" in keys.page.locator("[data-board]").inner_text()
    assert keys.page.locator("a[data-check-in]").count() == 0


def test_a_walk_in_takes_twenty_keys_and_no_mouse(keys: Keys):
    begun = time.monotonic()
    assert keys.focused.startswith("全面、09:00〜12:00、空き")

    keys.press("Enter")
    keys.page.locator("#field-who").wait_for()
    keys.type("0762009999").press("Tab").type("yamada").press("Enter")
    keys.page.get_by_role("heading", name="予約できました").wait_for()

    assert "使用許可書を開く" in keys.page.content()
    assert keys.count <= WALK_IN_KEYS_MAX
    assert time.monotonic() - begun < WALK_IN_SECONDS_MAX


def test_a_known_group_takes_thirty_keys_and_no_mouse(keys: Keys):
    keys.press("f", "Enter")
    keys.page.locator("#field-who").wait_for()

    keys.type("0762000000").press("Enter")
    keys.page.get_by_text("となりくらぶ").wait_for()
    keys.press("Enter")
    keys.page.get_by_role("heading", name="予約できました").wait_for()

    assert keys.count <= GROUP_KEYS_MAX


def test_arrows_move_and_the_parts_unfold(keys: Keys):
    keys.press("n")
    keys.page.wait_for_url("**date=2026-06-14*")
    keys.page.evaluate("() => document.querySelector('a.cell').focus()")

    first = keys.focused
    keys.press("ArrowRight")
    second = keys.focused
    keys.press("ArrowLeft")
    assert keys.focused == first != second

    keys.press("ArrowDown")
    assert keys.focused.startswith("分けて貸す")
    keys.press("Enter", "ArrowDown")
    assert keys.focused.startswith("1/2面、09:00〜12:00")
    keys.press("ArrowDown")
    assert keys.focused.startswith("2/2面、09:00〜12:00")
    keys.press("ArrowUp", "ArrowUp", "ArrowUp")
    assert keys.focused == first


def test_one_key_leads_to_the_next_day_and_back(keys: Keys):
    keys.press("n")
    keys.page.wait_for_url("**date=2026-06-14*")
    keys.press("p")
    keys.page.wait_for_url("**date=2026-06-13*")


def test_letters_typed_into_the_form_move_nothing(keys: Keys):
    keys.press("n")
    keys.page.wait_for_url("**date=2026-06-14*")
    keys.press("f", "Enter")
    keys.page.locator("#field-who").wait_for()

    keys.type("nf")

    assert keys.page.locator("#field-who").input_value() == "nf"
    keys.press("Escape")
    keys.page.wait_for_url("**facility=*")
    assert keys.page.locator("#field-who").count() == 0


def test_the_whole_board_is_one_stop_of_the_tab_key(keys: Keys):
    stops = keys.page.evaluate("() => document.querySelectorAll('a.cell[tabindex=\"0\"]').length")

    assert stops == 1


def test_axe_finds_nothing_in_the_form_and_the_question_for_whom(keys: Keys):
    found: list[str] = []
    keys.press("n")
    keys.page.wait_for_url("**date=2026-06-14*")
    keys.press("f", "Enter")
    keys.page.locator("#field-who").wait_for()
    found += run_axe(keys.page)
    keys.type("076200").press("Enter")
    keys.page.get_by_role("alert").wait_for()
    found += run_axe(keys.page)

    assert found == []
