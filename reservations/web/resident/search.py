"""Searching: what is free at a time near a place, and what else when nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import render_template, request

from reservations.queries import around, nearby
from reservations.queries.around import Miss, NearPlace
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.nearby import Search
from reservations.rules.availability import Status
from reservations.rules.period import Period
from reservations.web import language
from reservations.web.auth import Who, guard, viewer
from reservations.web.forms import Malformed, folded, three_part_date
from reservations.web.language import gettext
from reservations.web.resident import cards
from reservations.web.resident.addresses import Addresses
from reservations.web.resident.cards import MissRow, PlaceCard, ResultCard
from reservations.web.resident.where import (
    Where,
    last_day,
    number_asked,
    period_asked,
    purpose_asked,
    where,
)
from reservations.web.services import memory, now, today

blueprint = APIBlueprint("search", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

# A hit farther away than this is no longer "near": the next town is offered with its reasons.
NEAR_M = 5_000
HITS_MAX = 20
PLACES_MAX = 12
MISSES_MAX = 5
ALTERNATIVES_MAX = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says."""

    day: date
    period: Period | None
    purpose: str
    headcount: int | None

    @property
    def words(self) -> str:
        """11月28日（土） 18:00〜20:00"""
        day = language.near_day_text(self.day, today())
        return f"{day} {language.time_text(self.period)}" if self.period else day


@dataclass(frozen=True, slots=True)
class TypedDay:
    """The three fields of a date as they were typed, to be shown again when they are no date."""

    year: str
    month: str
    day: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown, free first: hits, then what is full, then what lies next door."""

    hits: tuple[ResultCard, ...] = ()
    places: tuple[PlaceCard, ...] = ()
    misses: tuple[MissRow, ...] = ()
    alternatives: tuple[ResultCard, ...] = ()


@blueprint.get("/search")
def results() -> Any:
    known = memory()
    place = where(known)
    errors = _errors()
    wish = Wish(
        _day(errors), period_asked(), purpose_asked(known.catalogue), number_asked("headcount")
    )
    page = render_template(
        "search.html",
        where=place,
        wish=wish,
        answer=Answer() if errors else _answer(known, place, wish),
        errors=errors,
        typed=request.args,
        typed_day=_typed_day() if "date" in errors else wish.day,
        purpose_name=known.catalogue.purposes.get(wish.purpose),
        purposes=known.catalogue.purposes,
        towns=known.catalogue.towns.values(),
    )
    return (page, 422) if errors else page


def _errors() -> dict[str, str]:
    """Sentences by field, in the order of the form; an empty address is no mistake."""
    found: dict[str, str] = {}
    if any(name.startswith("date_") for name in request.args):
        try:
            day = three_part_date(request.args, "date")
        except Malformed as wrong:
            found |= wrong.errors
        else:
            if day < today():
                found["date"] = gettext("過ぎた日です。きょうより後の日を入力してください。")
            elif day > last_day():
                last = language.day_text(last_day())
                found["date"] = gettext(
                    "まだ予定がありません。%(day)sまでの日を入力してください。", day=last
                )
    start, end = (folded(request.args.get(name, "")) for name in ("start", "end"))
    if bool(start) != bool(end):
        missing = "end" if start else "start"
        found[missing] = gettext("始まりと終わりの両方をえらんでください。")
    elif start and end:
        period = period_asked()
        if period is None:
            found["start"] = gettext("時刻は15分きざみで、18:00 の形で入力してください。")
        elif end <= start:
            found["end"] = gettext("終わりの時刻を、始まりより後にしてください。")
    people = folded(request.args.get("headcount", ""))
    if people and number_asked("headcount") is None:
        found["headcount"] = gettext("人数を1以上の数字で入力してください。")
    return found


def _day(errors: dict[str, str]) -> date:
    if "date" in errors:
        return today()
    try:
        return three_part_date(request.args, "date")
    except Malformed:
        pass
    try:
        day = date.fromisoformat(request.args.get("date", ""))
    except ValueError:
        return today()
    return min(max(day, today()), last_day())


def _typed_day() -> TypedDay:
    return TypedDay(*(request.args.get(f"date_{part}", "") for part in ("year", "month", "day")))


def _answer(known: Memory, place: Where, wish: Wish) -> Answer:
    if wish.period is None:
        return _whole_day(known, place, wish)
    addresses = Addresses(purpose=wish.purpose, headcount=wish.headcount)
    town = request.args.get("town", "")
    search = Search(
        wish.day,
        wish.period,
        purpose=wish.purpose,
        headcount=wish.headcount,
        near=place.point,
        towns=frozenset({town} if town in known.catalogue.towns else ()),
        limit=HITS_MAX,
    )
    found = nearby.search(known, search, now=now(), viewer=viewer())
    missed = around.misses(known, search, now=now(), viewer=viewer(), limit=MISSES_MAX)
    is_near = any(each.distance_m is None or each.distance_m <= NEAR_M for each in found)
    offers: Iterable[nearby.Alternative] = ()
    if not is_near:
        offers = _next_door(known, place, wish, missed)
    offered = {(each.unit.id, each.period) for each in offers}
    return Answer(
        hits=tuple(
            cards.result_card(each, wish.period, addresses)
            for each in found
            if (each.unit.id, each.period) not in offered
        ),
        misses=tuple(cards.miss_row(each, wish.day, addresses) for each in missed),
        alternatives=tuple(cards.alternative_card(each, addresses) for each in offers),
    )


def _next_door(
    known: Memory, place: Where, wish: Wish, missed: list[Miss]
) -> list[nearby.Alternative]:
    """Alternatives to the nearest place that is full, or else to the nearest that is closed."""
    full = [each for each in missed if each.status is Status.TAKEN] or missed
    if not full:
        return []
    found = nearby.alternatives(
        known,
        full[0].unit,
        wish.day,
        full[0].period,
        now=now(),
        viewer=viewer(),
        purpose=wish.purpose,
        headcount=wish.headcount,
        near=place.point,
        limit=2 * ALTERNATIVES_MAX,
    )
    return cards.varied(found)[:ALTERNATIVES_MAX]


def _whole_day(known: Memory, place: Where, wish: Wish) -> Answer:
    """No time was chosen: every free frame of the day, place by place."""
    addresses = Addresses(purpose=wish.purpose, headcount=wish.headcount)
    town = request.args.get("town", "")
    near = around.near_places(known, place.point, purpose=wish.purpose)
    wanted = [
        NearPlace(
            each.place, each.distance_m, tuple(u for u in each.units if _holds(u, wish.headcount))
        )
        for each in near
        if town not in known.catalogue.towns or each.place.town.code == town
    ]
    found = around.free_places(
        known, wish.day, wanted, now=now(), viewer=viewer(), free_max=PLACES_MAX, full_max=0
    )
    return Answer(places=tuple(cards.place_card(each, addresses) for each in found))


def _holds(unit: LentUnit, headcount: int | None) -> bool:
    return not headcount or unit.capacity is None or unit.capacity >= headcount
