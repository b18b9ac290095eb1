"""What is free: over the whole region, for who asks."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from reservations.queries import nearby, survey
from reservations.queries.nearby import Search
from reservations.web.api import answers, openapi
from reservations.web.api.schemas import Availability, AvailabilityQuery
from reservations.web.auth import Who, guard
from reservations.web.services import memory, now

blueprint = APIBlueprint("api_availability", __name__, url_prefix="/api/v1", tag="Availability")
guard(blueprint, Who.ANYBODY)


@blueprint.get("/availability")
@blueprint.input(AvailabilityQuery, location="query")
@blueprint.output(Availability, example=openapi.AVAILABILITY)
@blueprint.doc(operation_id="availability", **openapi.refusals(400, 401, 422, anybody=True))
def availability(query_data: AvailabilityQuery) -> Response:
    """Free units, nearest first

    Only what the caller may book now is listed as free: open, not taken, with a price, inside the
    booking window.
    """
    first, days = answers.days_with_masks(query_data.date, query_data.days)
    wish = Search(
        date=first,
        period=query_data.period,
        purpose=query_data.purpose,
        headcount=query_data.headcount,
        near=query_data.near,
        towns=query_data.towns or frozenset(),
        limit=query_data.limit,
        days=days,
    )
    viewer = answers.viewer()
    units = []
    if wish.days:
        known = memory()
        units = [
            answers.found_line(found)
            for found in nearby.search(known, wish, now=now(), viewer=viewer)
        ]
        if query_data.status == "all" and len(units) < wish.limit:
            seen = survey.not_free(known, wish, now=now(), viewer=viewer)
            units += [answers.seen_line(each) for each in seen[: wish.limit - len(units)]]
    return answers.stamped(units=units)
