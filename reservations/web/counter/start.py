"""Where staff arrive."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, url_for
from werkzeug.wrappers import Response

from reservations.web.auth import Who, guard
from reservations.web.rights import for_all_staff

blueprint = APIBlueprint("start", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/")
@for_all_staff
def page() -> Response:
    return redirect(url_for("board.page"), 303)
