"""Every page that the look is tested on. Whoever adds a page adds it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import select

from reservations.models import Booking
from tests import town
from tests.support.house import House, saturday_evening


@dataclass(frozen=True)
class Route:
    """A page: where it is, and whether somebody is signed in.

    address      for one house, because ids are known only then
    is_one_page  printed, it fits on one sheet A4
    """

    name: str
    address: Callable[[House], str]
    is_signed_in: bool = False
    is_one_page: bool = True

    def __str__(self) -> str:
        return self.name


def at(address: str) -> Callable[[House], str]:
    return lambda _house: address


PUBLIC = (
    Route("home", at("/")),
    Route("home of a day", at(f"/?date={town.SATURDAY}&purpose=badminton")),
    Route("search", at(f"/search?{saturday_evening()}")),
    Route("search in a full town", at(f"/search?{saturday_evening('172014')}")),
    Route("search of a day", at(f"/search?date={town.SATURDAY}")),
    Route("search with errors", at("/search?date_year=2026&date_month=2&date_day=30&start=18:00")),
    Route(
        "facility day",
        lambda house: f"/facilities/{house.site.region.here.facility_id}?date={town.SATURDAY}",
    ),
    Route(
        "facility week",
        lambda house: f"/facilities/{house.site.region.here.facility_id}?view=week",
    ),
    Route(
        "unit day, full",
        lambda house: (
            f"/units/{house.site.region.here.whole}?date={town.SATURDAY}&start=18:00&end=21:00"
        ),
    ),
    Route("unit week", lambda house: f"/units/{house.site.region.here.whole}?view=week"),
    Route("town", at("/towns/172014")),
    Route("map", at("/map")),
    Route("about", at("/about")),
    Route("verify", at("/verify")),
    Route("not found", at("/facilities/999999")),
    Route("home of another town", at("/?town=172120")),
)


def own(page: str = "") -> Callable[[House], str]:
    """A page of the resident's booking, which is made when the first test asks for it."""

    def address(house: House) -> str:
        site = house.site
        with site.database.session() as session:
            booking_id = session.scalar(
                select(Booking.id).where(
                    Booking.party_id == site.region.resident, Booking.status == "confirmed"
                )
            )
        if booking_id is None:
            booking_id = site.books(
                site.region.here.halves[0], name="resident", start="09:00", end="12:00"
            )
        return f"/bookings/{booking_id}{page}"

    return address


def check_of(unit: Callable[[House], int]) -> Callable[[House], str]:
    return lambda house: house.site.check_address(unit(house))


def chosen(house: House) -> str:
    """The sign-in page with a frame that waits behind it."""
    target = house.site.check_address(house.site.region.next_door.whole)
    return f"/sign-in?{urlencode({'next': target})}"


# The booking flow, one's own bookings, sign-in, registration, feedback.
PERSONAL = (
    Route("sign in", at("/sign-in")),
    Route("sign in with a chosen frame", chosen),
    Route("one-time link", lambda house: house.site.link_for()),
    Route("register", at("/register")),
    Route("problem", at("/problem?page=/about")),
    Route("ticket", at("/problem/HJC4AX2?page=/about")),
    Route("check", check_of(lambda house: house.site.region.next_door.whole), is_signed_in=True),
    Route("check that cannot be read", at("/book?unit=1"), is_signed_in=True),
    Route("link that is used up", at("/enter/used-up")),
    Route("check, full", check_of(lambda house: house.site.region.here.whole), is_signed_in=True),
    Route("my bookings", at("/bookings"), is_signed_in=True),
    Route("my past bookings", at("/bookings?show=past"), is_signed_in=True),
    Route("confirmation", own(), is_signed_in=True),
    Route("cancel", own("/cancel"), is_signed_in=True),
    Route("change", own("/change"), is_signed_in=True),
    Route(
        "change check",
        own(f"/change/check?date={town.SATURDAY}&start=13:00&end=17:00"),
        is_signed_in=True,
    ),
    Route("account", at("/account"), is_signed_in=True),
)

EVERY = (*PUBLIC, *PERSONAL)
