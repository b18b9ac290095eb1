"""The open API under /api/v1, as others rely on it (DESIGN.md section 5)."""

from __future__ import annotations

from apiflask import APIBlueprint, APIFlask
from flask import Response

from reservations.web.api import availability, bookings, node, openapi, places, units
from reservations.web.api.contract import MalformedRequest
from reservations.web.errors import problem

BLUEPRINTS: tuple[APIBlueprint, ...] = (
    availability.blueprint,
    units.blueprint,
    places.blueprint,
    bookings.blueprint,
    node.blueprint,
)


def install(app: APIFlask) -> None:
    """Register the routes, their own kind of refusal, and say how their document is made."""
    openapi.install(app)
    app.register_error_handler(MalformedRequest, _malformed)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def _malformed(wrong: MalformedRequest) -> Response:
    return problem(wrong, errors=wrong.documents())
