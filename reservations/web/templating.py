"""What templates may call: addresses, dates, yen, names and statuses in the reader's language."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for

from reservations.rules.modes import Mode
from reservations.rules.period import clock_text
from reservations.web import auth, language, services
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.statuses import sign


def install(app: Flask) -> None:
    """Give every template its words. Functions are looked up late, so each request has its own."""
    app.after_request(language.remember)
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
        address=address,
        asset=asset,
        emergency=emergency,
        help_line=help_line,
        mode_strip=mode_strip,
        navigation=navigation,
        status_sign=sign,
    )


def same_page(**changed: Any) -> str:
    """This page's address with some of its query changed: for language links and day steps."""
    if request.endpoint is None:
        return url_for("home.page", **changed)
    values = {**(request.view_args or {}), **request.args.to_dict(), **changed}
    return url_for(request.endpoint, **values)


def address(endpoint: str, **values: Any) -> str | None:
    """The address of an endpoint, or None where this process does not serve it.

    Residents and the counter share the frame of the page, not all of its links.
    """
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values)


def asset(name: str) -> str:
    """A file of static/ under an address that changes with its content."""
    folder = current_app.static_folder
    assert folder is not None
    return url_for("static", filename=name, v=_content_hash(folder, name))


@cache
def _content_hash(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:8]


def navigation() -> list[tuple[str, str, str]]:
    """(key, words, address) of the main pages, as far as they are served here."""
    steps = [
        ("home", gettext("さがす"), "home.page"),
        ("map", gettext("地図"), "map.page"),
        ("mine", gettext("予約一覧"), "mine.page"),
    ]
    if auth.account() is None:
        steps.append(("sign_in", gettext("ログイン"), "sign_in.form"))
    else:
        steps.append(("account", gettext("ログアウト"), "sign_in.leave"))
    return [(key, words, where) for key, words, name in steps if (where := address(name))]


def help_line() -> dict[str, str]:
    """Who to telephone: the number that the operator has set."""
    settings = services.services().settings
    return {
        "name": gettext("電話"),
        "phone": settings.support_phone,
        "hours": settings.support_hours,
    }


def mode_strip() -> dict[str, str]:
    """The words of the status strip: normal, isolated or disaster (rules/modes.py)."""
    words = {
        Mode.NORMAL: gettext("● 平常どおり受け付けています"),
        Mode.ISOLATED: gettext("▲ 回線が切れています。この建物の中だけで受け付けています"),
        Mode.DISASTER: gettext("■ 災害対応中です。予約の受付を止めています"),
    }
    mode = Mode.NORMAL
    return {"mode": mode.value, "text": words[mode]}


def emergency() -> dict[str, Any] | None:
    """The banner on top of every page: title, text, since, action, address. None when calm."""
    return None
