"""Towns, facilities and units at addresses that can be sent around: a day or a week of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import render_template, request

from reservations.errors import Refusal, RefusalCode
from reservations.queries import calendar, nearby
from reservations.queries.calendar import UnitDay
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.rules.availability import Status
from reservations.rules.period import Period
from reservations.web.auth import Who, guard, viewer
from reservations.web.resident import boards, cards, help_line
from reservations.web.resident.addresses import Addresses
from reservations.web.resident.cards import ResultCard
from reservations.web.resident.where import (
    day_of,
    last_day,
    number_asked,
    period_asked,
    purpose_asked,
)
from reservations.web.services import memory, now, session, today
from reservations.web.templating import same_page

blueprint = APIBlueprint("places", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

WEEK = 7
ALTERNATIVES_MAX = 4
# Above this a facility's day is a list of its units, each with a day of its own.
UNITS_ON_BOARD_MAX = 12


@dataclass(frozen=True, slots=True)
class Offers:
    """What is free instead: for which time, and for what."""

    period: Period
    purpose: tuple[str, str] | None
    cards: tuple[ResultCard, ...]


@blueprint.get("/towns/<code>")
def town(code: str) -> str:
    known = memory()
    found = known.catalogue.towns.get(code)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    help_line.about(found)
    places = [
        (place, known.catalogue.units_of_place.get(place.id, ()))
        for place in known.catalogue.places.values()
        if place.town.code == code
    ]
    lent = [each for each in places if each[1]]
    return render_template(
        "town.html", town=found, lent=lent, others=len(places) - len(lent), day=day_of(today())
    )


@blueprint.get("/facilities/<int:facility_id>")
def facility(facility_id: int) -> str:
    known = memory()
    place = known.catalogue.places.get(facility_id)
    if place is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    units = known.catalogue.units_of_place.get(place.id, ())
    shown = units[:UNITS_ON_BOARD_MAX]
    return _page("facility.html", known, place, shown, hidden=units[UNITS_ON_BOARD_MAX:])


@blueprint.get("/units/<int:unit_id>")
def unit(unit_id: int) -> str:
    known = memory()
    found = known.catalogue.units.get(unit_id)
    if found is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    siblings = known.catalogue.siblings(found)
    rules = found.town.rules_on(today())
    return _page(
        "unit.html", known, found.place, (found,), unit=found, siblings=siblings, rules=rules
    )


def _page(
    template: str, known: Memory, place: Place, shown: tuple[LentUnit, ...], **more: Any
) -> str:
    """A day or a week of these units, and the next town's offers when nothing is left."""
    help_line.about(place)
    day = day_of(today())
    is_week = request.args.get("view") == "week"
    count = WEEK if is_week else 1
    found = calendar.days(
        session(), known, place, shown, day, count=count, now=now(), viewer=viewer()
    )
    purpose, headcount = purpose_asked(known.catalogue), number_asked("headcount")
    addresses = Addresses(purpose=purpose, headcount=headcount)
    if not is_week:
        groups = boards.by_day(known, {days[0].unit.id: days[0] for days in found}, addresses)
    elif len(shown) == 1:
        groups = boards.week_of_unit(known, found[0], addresses)
    else:
        groups = boards.week_of_units(known, found, addresses)
    offers = _offers(known, [days[0] for days in found], purpose, headcount, addresses)
    return render_template(
        template,
        place=place,
        is_invented=any(each.is_invented for each in shown),
        groups=groups,
        day=day,
        last=day + timedelta(days=count - 1),
        is_week=is_week,
        steps=_steps(day, count),
        offers=offers,
        is_local=viewer().residency(place.town.code).is_local,
        **more,
    )


def _steps(day: date, count: int) -> dict[str, str | None]:
    """Addresses one day or week back and on, not before today nor after the last known day."""
    before, after = day - timedelta(days=count), day + timedelta(days=count)
    return {
        "previous": _step(max(before, today())) if day > today() else None,
        "next": _step(after) if after <= last_day() else None,
    }


def _step(day: date) -> str:
    return same_page(date=day.isoformat(), start=None, end=None)


def _offers(
    known: Memory,
    days: list[UnitDay],
    purpose: str,
    headcount: int | None,
    addresses: Addresses,
) -> Offers | None:
    """What to take instead: for the time that was tapped, or when no frame of the day is left."""
    full = _full(days, period_asked())
    if full is None:
        return None
    unit, period = full
    # Without a wish, the unit's own first purpose keeps an arena from being answered by a dojo.
    usual = next((code for code in known.catalogue.purposes if code in unit.purposes), "")
    found = nearby.alternatives(
        known,
        unit,
        days[0].date,
        period,
        now=now(),
        viewer=viewer(),
        purpose=purpose or usual,
        headcount=headcount,
        limit=2 * ALTERNATIVES_MAX,
    )
    shown = cards.varied(found)[:ALTERNATIVES_MAX]
    return Offers(
        period,
        known.catalogue.purposes.get(purpose or usual),
        tuple(cards.alternative_card(each, addresses) for each in shown),
    )


def _full(days: list[UnitDay], asked: Period | None) -> tuple[LentUnit, Period] | None:
    """The unit and time for which something else is looked for; None when there is no need."""
    cells = [cell for day in days for cell in day.cells]
    if asked is not None:
        touched = [cell for cell in cells if cell.period.overlaps(asked)]
        if any(cell.status is Status.FREE for cell in touched) or not days:
            return None
        return days[0].unit, asked
    if any(cell.status is Status.FREE for cell in cells):
        return None
    # The evening is what most people come for: the last frame that somebody else has.
    taken = [cell for cell in cells if cell.status is Status.TAKEN]
    return (taken[-1].unit, taken[-1].period) if taken else None
