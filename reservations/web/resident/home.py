"""The first screen: free frames near me in the next days, without signing in. And /about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from apiflask import APIBlueprint
from flask import render_template

from reservations.queries import around
from reservations.queries.around import NearPlace
from reservations.queries.memory import Memory
from reservations.rules import nearby
from reservations.web import language
from reservations.web.auth import Who, guard, viewer
from reservations.web.resident import cards
from reservations.web.resident.addresses import Addresses
from reservations.web.resident.cards import PlaceCard
from reservations.web.resident.help_line import help_line
from reservations.web.resident.where import Where, day_of, purpose_asked, where
from reservations.web.services import memory, now, today

blueprint = APIBlueprint("home", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)
# Every page of the residents' process, wherever it is made.
blueprint.add_app_template_global(help_line, "help_line")

# Two days with something free are shown, and at most four are looked at for them.
DAYS_SHOWN = 2
DAYS_LOOKED_AT_MAX = 4
STRIP_DAYS = 7
FIRST_PURPOSES = 7
OWN_MAX = 3
NEXT_TOWN_MAX = 2

# As their publishers ask to be named.
SOURCES = (
    "石川県・各市町オープンデータ（CC BY 4.0）",
    "東京都オープンデータ（CC BY 4.0）",
    "国土地理院 指定緊急避難場所・指定避難所データ",
    "国土交通省 国土数値情報（行政区域）を加工",
    "Geolonia 住所データ（CC BY 4.0）",
    "七尾市避難所開設情報GISデータ raokiey（CC BY 4.0）",
    "内閣府 国民の祝日",
)


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
    units = memory().catalogue.units.values()
    return render_template(
        "about.html",
        rules=nearby,
        sources=SOURCES,
        has_invented=any(unit.is_invented for unit in units),
    )


def _blocks(known: Memory, place: Where, purpose: str, chosen: date | None) -> list[DayBlock]:
    around_here = around.near_places(known, place.point, purpose=purpose)
    code = place.town.code if place.town else ""
    own = [each for each in around_here if each.place.town.code == code]
    others = [each for each in around_here if each.place.town.code != code]
    block = partial(_block, known, own, others, Addresses(purpose=purpose))
    if chosen is not None:
        return [block(chosen)]
    blocks: list[DayBlock] = []
    for offset in range(DAYS_LOOKED_AT_MAX):
        found = block(today() + timedelta(days=offset))
        if found.own or found.next_town:
            blocks.append(found)
        if len(blocks) == DAYS_SHOWN:
            break
    return blocks


def _block(
    known: Memory,
    own: list[NearPlace],
    others: list[NearPlace],
    addresses: Addresses,
    day: date,
) -> DayBlock:
    free = partial(around.free_places, known, day, now=now(), viewer=viewer())
    here = free(own, free_max=OWN_MAX)
    elsewhere = free(others, free_max=NEXT_TOWN_MAX, full_max=0)
    return DayBlock(
        day,
        language.near_day_text(day, today()),
        tuple(cards.place_card(each, addresses) for each in here if each.is_free),
        tuple(cards.place_card(each, addresses) for each in here if not each.is_free),
        tuple(cards.place_card(each, addresses) for each in elsewhere),
    )
