"""Between the two steps of signing in: whether a code is asked for, and who has a good password.

A right password of somebody who needs a code leads to the page that asks for it (counter/codes.py),
and is remembered for five minutes in the signed cookie of the forms.
"""

from __future__ import annotations

import flask
from flask import redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from printables import qr
from reservations.errors import Refusal, RefusalCode
from reservations.queries import rights
from reservations.queries import second_step as query
from reservations.web.refusals import sentence
from reservations.web.services import memory, network, now, services, session, today

MINUTES = 5
_HALF = "half"


def is_needed(account_id: str) -> bool:
    """Whether this account signs in with a code as well: it has a key, or its town wants one.

    raises   Refusal forbidden to staff who would go round the counter's door
    """
    is_so = query.of(session(), account_id) is not None or is_demanded(account_id)
    if is_so and services().audience != "counter":
        raise Refusal(RefusalCode.FORBIDDEN)
    return is_so


def is_demanded(account_id: str) -> bool:
    """Whether a town where this account has a role asks its staff for a second step."""
    known = memory().catalogue
    strict = {town.code for town in known.towns.values() if town.rules_on(today()).asks_second_step}
    if not strict:
        return False
    grants = rights.grants_of(session(), account_id)
    there = (place for place in known.places.values() if place.town.code in strict)
    return any(grant.area.has(place.where) for place in there for grant in grants)


def ask(account_id: str, target: str) -> Response:
    """Remember who it is, and ask for the code; or for a key, where there is none yet."""
    until = now().timestamp() + MINUTES * 60
    flask.session[_HALF] = {"account": account_id, "until": until, "next": target}
    has_key = query.of(session(), account_id) is not None
    return redirect(url_for("codes.form" if has_key else "codes.first"), 303)


def half() -> tuple[str, str]:
    """The account whose password was right, and where they were going.

    raises   Refusal sign_in_needed
    """
    found = flask.session.get(_HALF)
    if not found or found["until"] < now().timestamp():
        raise Refusal(RefusalCode.SIGN_IN_NEEDED)
    return str(found["account"]), str(found["next"])


def done() -> None:
    """The second step was taken."""
    flask.session.pop(_HALF, None)


def picture(text: str, words: str) -> Markup:
    """A QR code for a screen. It holds a secret, so that nothing of it is kept in memory."""
    modules = qr.rows.__wrapped__(text, "M")
    count = len(modules) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Markup(
        '<svg class="qr" role="img" aria-label="{words}" width="200" height="200"'
        ' viewBox="0 0 {count} {count}"><rect width="{count}" height="{count}" fill="#fff"/>'
        '<path d="{path}" fill="#000"/></svg>'
    ).format(words=words, count=count, path=path)


# Six digits can be guessed: whoever is wrong waits, as with passwords (throttle.py).


def guessing(account_id: str) -> None:
    """raises   Refusal throttled"""
    wait = services().throttle.wait_seconds(f"code {account_id}", network(), None, now())
    if wait:
        raise Refusal(RefusalCode.THROTTLED, seconds=wait)


def counted(account_id: str, refusal: Refusal) -> str:
    """Count a wrong code; the words of the refusal."""
    if refusal.code is RefusalCode.CODE_WRONG:
        services().throttle.failed(f"code {account_id}", network(), None, now())
    return sentence(refusal)


def forget_guesses(account_id: str) -> None:
    services().throttle.succeeded(f"code {account_id}", network(), None)
