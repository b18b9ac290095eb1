"""Who to telephone: the operator; else the place that the page is about; else its town."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from reservations.actions.horizon import raise_catalogue_version
from reservations.app import create_app
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import Facility, Municipality
from tests import town
from tests.support.forms import Person
from tests.support.site import Site

HERE, NEXT_DOOR = "172014", "172120"
PLACE, TOWN, OTHER_TOWN = "076-200-0001", "076-100-0001", "076-100-0002"


def published(site: Site, *, place: str = "", towns: dict[str, str] | None = None) -> None:
    """Telephone numbers of となり体育館 and of towns, as their lists say them."""
    with site.database.session() as session, write_transaction(session):
        session.get_one(Facility, site.region.here.facility_id).phone = place
        for code, phone in (towns or {}).items():
            session.get_one(Municipality, code).phone = phone
        raise_catalogue_version(session)


def offered(person: Person, address: str) -> list[tuple[str, str]]:
    """The name and the number in the page's help section."""
    html = person.opens(address).html
    section = html[
        html.index('class="help"') : html.index("</section>", html.index('class="help"'))
    ]
    return re.findall(r'<p>([^<]*) <a href="tel:([^"]*)"', section)[0:1]


def test_the_operators_number_wins_everywhere(site: Site, tmp_path: Path):
    published(site, place=PLACE, towns={HERE: TOWN})
    settings: Any = Settings(data_dir=tmp_path, support_phone="0120-000-000", support_hours="9-17")
    app = create_app(settings, now=lambda: site.now, database=site.database)

    person = Person(app)

    for address in ("/", f"/facilities/{site.region.here.facility_id}", f"/towns/{HERE}"):
        assert offered(person, address) == [("電話", "0120-000-000")]


def test_a_page_about_a_place_offers_the_places_own_number(site: Site):
    published(site, place=PLACE, towns={HERE: TOWN})
    here = site.region.here
    resident = site.signed_in()
    booking_id = site.books(here.halves[0], name="resident", start="09:00", end="12:00")

    for address in (
        f"/facilities/{here.facility_id}",
        f"/units/{here.whole}",
        site.check_address(here.whole),
        f"/bookings/{booking_id}",
    ):
        assert offered(resident, address) == [("となり体育館", PLACE)]


def test_a_place_without_a_number_offers_its_towns(site: Site):
    published(site, towns={HERE: TOWN, NEXT_DOOR: OTHER_TOWN})

    for address in (f"/units/{site.region.here.whole}", f"/towns/{HERE}"):
        assert offered(site.stranger(), address) == [("となり市", TOWN)]


def test_a_page_about_no_place_offers_the_town_that_a_search_begins_with(site: Site):
    published(site, towns={HERE: TOWN, NEXT_DOOR: OTHER_TOWN})
    lat, lng = town.NEXT_DOOR

    assert offered(site.signed_in("neighbour"), "/about") == [("かなた町", OTHER_TOWN)]
    assert offered(site.stranger(), f"/?near={lat},{lng}") == [("かなた町", OTHER_TOWN)]
    assert offered(site.stranger(), f"/?town={NEXT_DOOR}") == [("かなた町", OTHER_TOWN)]
    assert offered(site.stranger(), "/sign-in") == [("となり市", TOWN)]


def test_without_any_number_there_is_none(site: Site):
    assert offered(site.stranger(), "/") == []
    assert offered(site.stranger(), f"/units/{site.region.here.whole}") == []


def test_the_counter_offers_the_operators_number_alone(counter: Site):
    published(counter, towns={HERE: TOWN})

    assert offered(counter.stranger(), "/sign-in") == []
