"""The first screen: free frames near me in the next days, without signing in."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template

from reservations.web.auth import Who, guard

blueprint = APIBlueprint("home", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)


@blueprint.get("/")
def page() -> str:
    return render_template("home.html")
