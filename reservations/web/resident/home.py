"""The first screen: free frames near me in the next days, without signing in. And /about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from apiflask import APIBlueprint
from flask import render_template

from reservations.queries import around
from reservations.queries.memory import Memory
from reservations.rules import nearby
from reservations.web import language
from reservations.web.auth import Who, guard, viewer
from reservations.web.resident import cards
from reservations.web.resident.addresses import Addresses
from reservations.web.resident.cards import PlaceCard
from reservations.web.resident.where import Where, day_of, purpose_asked, where
from reservations.web.services import memory, now, today

blueprint = APIBlueprint("home", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

# Two days with something free are shown, and at most four are looked at for them.
DAYS_SHOWN = 2
DAYS_LOOKED_AT_MAX = 4
STRIP_DAYS = 7
FIRST_PURPOSES = 7
OWN_MAX = 3
NEXT_TOWN_MAX = 2


@dataclass(frozen=True, slots=True)
class DayBlock:
    """One day: what is free here, what is full, and what the next town has."""

    day: date
    words: str
    own: tuple[PlaceCard, ...]
    full: tuple[PlaceCard, ...]
    next_town: tuple[PlaceCard, ...]


@blueprint.get("/")
def page() -> str:
    known = memory()
    place = where(known)
    purpose = purpose_asked(known.catalogue)
    asked = day_of(date.min)
    chosen = asked if asked != date.min else None
    ranked = list(known.catalogue.purposes.items())
    first = {code for code, _ in ranked[:FIRST_PURPOSES]} | {purpose}
    return render_template(
        "home.html",
        where=place,
        blocks=_blocks(known, place, purpose, chosen),
        strip=[today() + timedelta(days=offset) for offset in range(STRIP_DAYS)],
        chosen=chosen,
        purpose=purpose,
        first_purposes=[each for each in ranked if each[0] in first],
        more_purposes=[each for each in ranked if each[0] not in first],
        purposes=known.catalogue.purposes,
        towns=known.catalogue.towns.values(),
    )


@blueprint.get("/about")
def about() -> str:
    return render_template("about.html", rules=nearby)


def _blocks(known: Memory, place: Where, purpose: str, chosen: date | None) -> list[DayBlock]:
    if chosen is not None:
        return [_block(known, place, purpose, chosen)]
    blocks = []
    for offset in range(DAYS_LOOKED_AT_MAX):
        block = _block(known, place, purpose, today() + timedelta(days=offset))
        if block.own or block.next_town:
            blocks.append(block)
        if len(blocks) == DAYS_SHOWN:
            break
    return blocks


def _block(known: Memory, place: Where, purpose: str, day: date) -> DayBlock:
    addresses = Addresses(purpose=purpose)
    town = place.town.code if place.town else ""
    free = partial(
        around.free_places,
        known,
        day,
        near=place.point,
        now=now(),
        viewer=viewer(),
        purpose=purpose,
    )
    here = free(town=town, free_max=OWN_MAX)
    others = free(except_town=town, free_max=NEXT_TOWN_MAX, full_max=0) if town else []
    return DayBlock(
        day,
        language.near_day_text(day, today()),
        tuple(cards.place_card(each, addresses) for each in here if each.is_free),
        tuple(cards.place_card(each, addresses) for each in here if not each.is_free),
        tuple(cards.place_card(each, addresses) for each in others),
    )
