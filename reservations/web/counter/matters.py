"""食い違い: what was promised and does not stand, each with the next step, until it is seen to."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.matters import NOTE_MAX, SeenToRequest, see_to
from reservations.errors import Refusal, RefusalCode
from reservations.queries import closing, matters
from reservations.rules.rights import Right
from reservations.web import auth
from reservations.web import matters as standing
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.language import gettext
from reservations.web.letters import why_text
from reservations.web.reasons import reason_text
from reservations.web.rights import facilities, needs
from reservations.web.services import (
    context,
    lead_back,
    memory,
    now,
    services,
    session,
    today,
)

blueprint = APIBlueprint("matters", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/matters")
@needs(Right.TELL_PEOPLE)
def page() -> str:
    return _page({})


def _page(errors: dict[str, str]) -> str:
    node_no = services().settings.node_no
    there = facilities(Right.TELL_PEOPLE)
    lost = matters.lost(session(), memory(), today=today(), facilities=there)
    return render_template(
        "counter/matters.html",
        lost=[(each, _offers(each)) for each in lost],
        owing=matters.owing(session(), memory(), node_no, now=now(), facilities=there),
        papers=standing.on_paper(there),
        unclosed=matters.unclosed(session(), memory(), node_no, today=today(), facilities=there),
        done=matters.seen_last(session()),
        why_text=why_text,
        offer_text=reason_text,
        note_max=NOTE_MAX,
        sent=request.form,
        errors=errors,
    )


def _offers(each: matters.Lost) -> Any:
    """What is free near by, as long as it is of use."""
    if each.booking.starts_at <= now():
        return ()
    return closing.offers(session(), memory(), each.booking, now=now())


@blueprint.post("/matters")
@needs(Right.TELL_PEOPLE, about.matter)
def done() -> Response | tuple[str, int]:
    lead_back(url_for("matters.page"))
    note = " ".join(request.form.get("note", "").split())
    key = request.form.get("matter", "")
    if len(note) > NOTE_MAX or not note.isprintable():
        words = gettext("%(most)s文字までの文字で入れてください。", most=NOTE_MAX)
        return _page({key: words}), 422
    try:
        see_to(session(), SeenToRequest(key, note), context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
    return redirect(url_for("matters.page"), 303)
