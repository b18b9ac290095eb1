"""Units: what they are, their board of days, and what to take instead of one that is full."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from reservations.errors import Refusal, RefusalCode
from reservations.queries import calendar, nearby
from reservations.queries import memory as memory_query
from reservations.queries.calendar import Cell, UnitDay
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.period import clock_text
from reservations.web.api import answers, openapi
from reservations.web.api.schemas import (
    Alternatives,
    AlternativesQuery,
    DaysQuery,
    Query,
    UnitDays,
    UnitView,
)
from reservations.web.auth import Who, guard
from reservations.web.services import memory, now, session

blueprint = APIBlueprint("api_units", __name__, url_prefix="/api/v1/units", tag="Units")
guard(blueprint, Who.ANYBODY)


@blueprint.get("/<int:unit_id>")
@blueprint.input(Query, location="query")
@blueprint.output(UnitView)
@blueprint.doc(operation_id="unit", **openapi.refusals(400, 404, anybody=True))
def unit(unit_id: int, query_data: Query) -> Response:
    """A unit and its place"""
    known = memory_query.current(session())
    found = _known(known, unit_id)
    return answers.answer(
        {
            **answers.unit_part(found),
            "kind": found.kind,
            "capacity": found.capacity,
            "area_m2": found.area_m2,
            "purposes": sorted(found.purposes),
            "address": found.place.address,
            "phone": found.place.phone or found.town.phone,
            "is_bookable": found.is_bookable,
            "is_invented": found.is_invented,
            "note": found.note,
            "shares_space_with": [other.id for other in known.catalogue.siblings(found)],
        }
    )


@blueprint.get("/<int:unit_id>/days")
@blueprint.input(DaysQuery, location="query")
@blueprint.output(UnitDays)
@blueprint.doc(operation_id="unit_days", **openapi.refusals(400, 401, 404, anybody=True))
def days(unit_id: int, query_data: DaysQuery) -> Response:
    """The frames of some days, each with its status and price

    Units without frames are shown in pieces of their shortest time. Days that are over, or that
    lie too far ahead to be lent, are left out.
    """
    viewer = answers.viewer()
    known = memory()
    found = _known(known, unit_id)
    first, count = answers.days_with_masks(query_data.date, query_data.days)
    board: list[UnitDay] = []
    if count:
        (board,) = calendar.days(
            session(), known, found.place, [found], first, count=count, now=now(), viewer=viewer
        )
    return answers.stamped(unit_id=found.id, days=[_day(each) for each in board])


@blueprint.get("/<int:unit_id>/alternatives")
@blueprint.input(AlternativesQuery, location="query")
@blueprint.output(Alternatives, example=openapi.ALTERNATIVES)
@blueprint.doc(operation_id="alternatives", **openapi.refusals(400, 401, 404, 422, anybody=True))
def alternatives(unit_id: int, query_data: AlternativesQuery) -> Response:
    """What to take instead: another time here, the same time next door

    Best first, by one published cost in minutes: travel, shifted time, a higher fee, a hall that
    is too large.
    """
    viewer = answers.viewer()
    period = query_data.period
    known = memory()
    full = _known(known, unit_id)
    day, count = answers.days_with_masks(query_data.date, 1)
    found = []
    if count:
        found = nearby.alternatives(
            known,
            full,
            day,
            period,
            now=now(),
            viewer=viewer,
            purpose=query_data.purpose,
            headcount=query_data.headcount,
            near=query_data.near,
            limit=query_data.limit,
        )
    return answers.stamped(alternatives=[answers.alternative_line(each) for each in found])


def _known(known: Memory, unit_id: int) -> LentUnit:
    found = known.catalogue.units.get(unit_id)
    if found is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    return found


def _day(day: UnitDay) -> dict[str, Any]:
    return {
        "date": day.date,
        "is_holiday": day.is_holiday,
        "status": day.status.value,
        "frames": [_frame(cell) for cell in day.cells],
    }


def _frame(cell: Cell) -> dict[str, Any]:
    return {
        "label": cell.label,
        "start": clock_text(cell.period.start),
        "end": clock_text(cell.period.end),
        "status": cell.status.value,
        "fee_yen": cell.fee.total_yen if cell.fee else None,
        "opens_on": cell.opens_on,
    }
