"""What templates may call: dates, yen and names in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, url_for

from reservations.rules.period import clock_text
from reservations.web import auth, language, services
from reservations.web.refusals import sentence


def install(app: Flask) -> None:
    """Give every template its words. Functions are looked up late, so each request has its own."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        day_text=language.day_text,
        long_day_text=language.long_day_text,
        near_day_text=language.near_day_text,
        time_text=language.time_text,
        clock_text=clock_text,
        instant_text=language.instant_text,
        yen=language.yen,
        distance_text=language.distance_text,
        named=language.named,
        languages=language.LANGUAGES,
        current_language=language.current,
        account=auth.account,
        viewer=auth.viewer,
        today=services.today,
        now=services.now,
        sentence=sentence,
        same_page=same_page,
        services=services.services,
    )


def same_page(**changed: str) -> str:
    """This page's address with some of its query changed: for language links and day steps."""
    # Words with an underscore in front (_external, _scheme) steer url_for; a stranger's must not.
    asked = {name: value for name, value in request.args.items() if not name.startswith("_")}
    values: dict[str, Any] = {**(request.view_args or {}), **asked, **changed}
    if request.endpoint is None:
        return url_for("home.page", **values)
    return url_for(request.endpoint, **values)
