"""The check page on a phone: what is booked and the button that books it, at one look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reservations.actions.horizon import raise_catalogue_version
from reservations.db import write_transaction
from reservations.models import UnitPurpose
from tests import town
from tests.support.browser import PHONE, open_context
from tests.support.house import House, running_house


@pytest.fixture(scope="module")
def asking_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hall next door that asks for a purpose and for the number of people, at outside price."""
    with running_house(tmp_path_factory.mktemp("asking")) as house:
        site = house.site
        with site.database.session() as session, write_transaction(session):
            town.a_purpose(session, "table-tennis", "卓球", "Table tennis")
            unit_id = site.region.next_door.whole
            session.add(UnitPurpose(unit_id=unit_id, purpose_code="table-tennis"))
            raise_catalogue_version(session)
        yield house


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_button_is_on_the_first_screen_of_a_phone(browser, asking_house, language):
    with open_context(browser) as context:
        asking_house.enter(context)
        page = context.new_page()
        target = asking_house.site.check_address(asking_house.site.region.next_door.whole)
        page.goto(f"{asking_house.url}{target}&lang={language}")
        assert page.locator("[name=purpose]").is_visible()
        assert page.locator("[name=headcount]").is_visible()

        box = page.locator("main form .button.wide").bounding_box()

    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]
