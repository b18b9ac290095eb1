"""The permit's page on a phone and at a desk: readable, reachable, printable, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.journeys.routes import own
from tests.journeys.test_looks import ACTIONABLE, LARGE, PHONE, SMALL, TARGET_PX, TARGETS, walk
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, running_house
from tests.town import SATURDAY


@pytest.fixture
def permit(browser, house) -> Iterator[tuple[House, str]]:
    yield house, own("/permit")(house)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """The counter's week of となり体育館, with names."""
    with running_house(tmp_path_factory.mktemp("board"), audience="counter") as house:
        place = house.site.region.here.facility_id
        query = f"date={SATURDAY}&view=week&audience=staff"
        yield house, f"/facilities/{place}/timetable?{query}"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [PHONE, LARGE], ids=["phone", "desk"])
def test_axe_finds_nothing_on_a_permit(browser, permit, language, size):
    house, address = permit
    with open_context(browser, viewport=size) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(f"{house.url}{address}?lang={language}")

        assert run_axe(page) == []


@pytest.mark.parametrize(("size", "root"), [(SMALL, "100%"), (PHONE, "100%"), (PHONE, "200%")])
def test_a_permit_does_not_scroll_sideways_on_a_phone(browser, permit, size, root):
    house, address = permit
    with open_context(browser, viewport=size) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(f"{house.url}{address}")
        page.evaluate("size => { document.documentElement.style.fontSize = size }", root)

        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]


def test_the_keyboard_leads_from_the_booking_to_its_permit_and_back(browser, permit):
    house, address = permit
    with open_context(browser, **desk(java_script_enabled=False)) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(house.url + address.removesuffix("/permit"))
        page.get_by_role("link", name="画面で見る・印刷する").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/permit")

        assert page.get_by_role("heading", level=1).inner_text() == "使用許可書"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**" + address.removesuffix("/permit"))


def test_links_above_the_permit_are_large_enough_and_seen_when_reached(browser, permit):
    house, address = permit
    with open_context(browser) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(f"{house.url}{address}")

        targets = page.evaluate(TARGETS)
        walked = walk(page, page.evaluate(f"() => {ACTIONABLE}.length"))

    assert [each["size"] >= TARGET_PX for each in targets] == [True, True]
    assert [each["ring"] >= 2 and each["seen"] for each in walked] == [True, True]


def test_printed_the_permit_is_one_sheet_without_its_links(browser, permit):
    house, address = permit
    with open_context(browser, **desk()) as context:
        house.enter(context)
        page = context.new_page()
        page.goto(f"{house.url}{address}")
        page.emulate_media(media="print")

        assert not page.get_by_role("link", name="予約に戻る").is_visible()
        sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
        assert len(sheets) == 1


@pytest.mark.parametrize("options", [{}, desk()], ids=["phone", "desk"])
def test_axe_finds_nothing_on_a_board(browser, board, options):
    house, address = board
    with open_context(browser, **options) as context:
        house.enter(context, "staff")
        page = context.new_page()
        page.goto(f"{house.url}{address}")

        assert run_axe(page) == []


def test_a_browser_that_is_signed_in_gets_the_pdf(browser, permit):
    house, address = permit
    with open_context(browser, **desk()) as context:
        house.enter(context)

        answer = context.request.get(f"{house.url}{address}.pdf")

        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.body().startswith(b"%PDF-1.7")
