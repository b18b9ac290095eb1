"""What is nobody's mistake: a bug, or a database that does not answer.

The page and the problem document say that it is our side, give a number that the log has too, and
nothing of the fault itself. They must not need what may be broken: no statement is run, no account
looked up, and the page is not made from base.html, whose parts ask the database.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from flask import Response, current_app, g, render_template, request
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from reservations.actions.feedback import ticket_of
from reservations.web.language import gettext
from reservations.web.services import EXTENSION, Services
from reservations.web.templating import same_page

# What a driver says when the server or the file is away, unreadable, or has no connection left.
# SQLite calls a missing table an operational error too: its file was taken away and made anew.
AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
RETRY_SECONDS = 30


def fault(error: Exception) -> Response:
    """The answer to whatever no view expected; the fault goes into the log, under its number."""
    ticket = ticket_of(secrets.token_hex(8))
    away = is_away(error)
    current_app.logger.error(
        "%s %s: %s %s",
        "database away" if away else "internal fault",
        ticket,
        request.method,
        request.path,
        # An outage comes a thousand times, and always from the same place.
        exc_info=None if away else error,
    )
    status = 503 if away else 500
    answer = _problem(status, ticket) if request.path.startswith("/api/") else _page(status, ticket)
    answer.headers["Cache-Control"] = "no-store"
    if away:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def is_away(error: Exception) -> bool:
    """Whether it is the database that does not answer, and not a bug of ours."""
    # A damaged file is the one fault that SQLite tells as the plain base class.
    return isinstance(error, AWAY) or type(error) is exc.DatabaseError


def http_fault(error: HTTPException) -> Response:
    """The same for a fault that the framework has wrapped already."""
    found = getattr(error, "original_exception", None)
    return fault(found if isinstance(found, Exception) else error)


def _title(status: int) -> str:
    if status == 503:
        return gettext("いま、予約の台帳につながりません")
    return gettext("こちらの不具合で、表示できませんでした")


def _problem(status: int, ticket: str) -> Response:
    code = "outage" if status == 503 else "internal"
    body: dict[str, Any] = {
        "type": f"urn:tonari:{code}",
        "title": _title(status),
        "status": status,
        "code": code,
        "ticket": ticket,
        "refusals": [],
    }
    return Response(orjson.dumps(body), status, content_type="application/problem+json")


def _page(status: int, ticket: str) -> Response:
    is_form = request.method not in ("GET", "HEAD")
    html = render_template(
        "fault.html",
        status=status,
        title=_title(status),
        ticket=ticket,
        seconds=RETRY_SECONDS,
        is_form=is_form,
        again=None if is_form else same_page(),
        line=_help_line(),
    )
    return Response(html, status)


def _help_line() -> dict[str, str] | None:
    """The number of any other page, as far as this process knows it without asking."""
    ours: Services | None = current_app.extensions.get(EXTENSION)
    known = ours.database.memory.get("memory") if ours else None
    if ours is None or (known is None and not ours.settings.support_phone):
        return None
    g.account, g.memory = None, known
    says: Any = current_app.jinja_env.globals["help_line"]
    found: dict[str, str] = says()
    return found
