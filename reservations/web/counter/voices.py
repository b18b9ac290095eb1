"""声: problems that people told us of, and how they rated their bookings, newest first."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template, request

from reservations.queries import feedback
from reservations.queries.feedback import PAGE_SIZE
from reservations.rules.rights import Right
from reservations.web.auth import Who, guard
from reservations.web.rights import facilities, needs
from reservations.web.services import session

blueprint = APIBlueprint("voices", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/voices")
@needs(Right.READ_VOICES)
def page() -> str:
    number = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    found = feedback.voices(session(), page=number, facilities=facilities(Right.READ_VOICES))
    return render_template(
        "counter/voices.html", voices=found, number=number, has_more=len(found) == PAGE_SIZE
    )
