"""Facilities, towns and purposes: the catalogue that everything else refers to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from reservations.errors import Refusal, RefusalCode
from reservations.queries import memory as memory_query
from reservations.queries.catalogue import Place
from reservations.queries.memory import Memory
from reservations.web.api import answers, openapi
from reservations.web.api.schemas import (
    Facilities,
    FacilitiesQuery,
    FacilityLine,
    Purposes,
    Query,
    Towns,
)
from reservations.web.auth import Who, guard
from reservations.web.services import session

blueprint = APIBlueprint("api_places", __name__, url_prefix="/api/v1", tag="Places")
guard(blueprint, Who.ANYBODY)


@blueprint.get("/facilities")
@blueprint.input(FacilitiesQuery, location="query")
@blueprint.output(Facilities)
@blueprint.doc(operation_id="facilities", **openapi.refusals(400, anybody=True))
def facilities(query_data: FacilitiesQuery) -> Response:
    """Facilities, by id or nearest first

    With `near`, those whose point nobody knows are left out.
    """
    known = memory_query.current(session())
    towns = query_data.towns
    wanted = (
        (metres, place)
        for metres, place in _in_order(known, query_data.near)
        if towns is None or place.town.code in towns
    )
    first = query_data.page * query_data.limit
    # One more than the page holds tells whether there is another.
    found = list(islice(wanted, first, first + query_data.limit + 1))
    return answers.stamped(
        page=query_data.page,
        next_page=query_data.page + 1 if len(found) > query_data.limit else None,
        facilities=[_line(known, place, metres) for metres, place in found[: query_data.limit]],
    )


@blueprint.get("/facilities/<int:facility_id>")
@blueprint.input(Query, location="query")
@blueprint.output(FacilityLine)
@blueprint.doc(operation_id="facility", **openapi.refusals(400, 404, anybody=True))
def facility(facility_id: int, query_data: Query) -> Response:
    """One facility"""
    known = memory_query.current(session())
    place = known.catalogue.places.get(facility_id)
    if place is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return answers.answer(_line(known, place, None))


@blueprint.get("/towns")
@blueprint.input(Query, location="query")
@blueprint.output(Towns)
@blueprint.doc(operation_id="towns", **openapi.refusals(400, anybody=True))
def towns(query_data: Query) -> Response:
    """Municipalities, by code"""
    known = memory_query.current(session())
    lines = [
        {
            "town_code": town.code,
            "town": town.name,
            "town_en": town.name_en,
            "prefecture": town.prefecture,
            "lat": town.lat,
            "lng": town.lng,
            "phone": town.phone,
            "url": town.url,
        }
        for town in known.catalogue.towns.values()
    ]
    return answers.answer({"towns": lines})


@blueprint.get("/purposes")
@blueprint.input(Query, location="query")
@blueprint.output(Purposes)
@blueprint.doc(operation_id="purposes", **openapi.refusals(400, anybody=True))
def purposes(query_data: Query) -> Response:
    """What units may be used for, in the order of the screens"""
    known = memory_query.current(session())
    lines = [
        {"code": code, "name": name, "name_en": name_en}
        for code, (name, name_en) in known.catalogue.purposes.items()
    ]
    return answers.answer({"purposes": lines})


def _in_order(
    known: Memory, near: tuple[float, float] | None
) -> Iterator[tuple[int | None, Place]]:
    places = known.catalogue.places
    if near is None:
        return ((None, place) for place in places.values())
    return ((metres, places[place_id]) for metres, place_id in known.grid.nearest(*near))


def _line(known: Memory, place: Place, metres: int | None) -> dict[str, Any]:
    units = known.catalogue.units_of_place.get(place.id, ())
    return {
        **answers.place_part(place),
        "address": place.address,
        "coordinate_status": place.coordinate_status,
        "distance_m": metres,
        "phone": place.phone or place.town.phone,
        "url": place.url,
        "is_invented": place.is_invented,
        "unit_ids": [unit.id for unit in units],
    }
