"""監査の記録: what was done here, who looked at whom; what one person hears of it."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template, request, url_for

from reservations.queries import trail
from reservations.rules.rights import Right
from reservations.web import looks
from reservations.web.acts import WORDS
from reservations.web.auth import Who, guard
from reservations.web.counter import about as its
from reservations.web.rights import needs
from reservations.web.services import lead_back, services, session

blueprint = APIBlueprint("trail", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

WORDS_MAX = 100
_SEQ_MAX = 2**62


@blueprint.get("/trail")
@needs(Right.READ_AUDIT, its.whole_desk)
def page() -> str:
    about = request.args.get("about", "").strip()[:WORDS_MAX]
    action = request.args.get("action", "")
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < _SEQ_MAX:
        before = None
    lines, has_more = trail.lines(session(), about=about, action=action, before=before)
    lead_back(url_for("trail.page", about=about, action=action))
    return render_template(
        "counter/trail.html",
        lines=lines,
        about=about,
        action=action,
        actions=trail.actions(session()),
        acts=WORDS,
        screens=looks.PAGES,
        before=before,
        older=lines[-1].seq if has_more else None,
        seal=trail.last_seal(session()),
        node=services().settings.node_name,
    )


@blueprint.get("/trail/looks/<party_id>")
@needs(Right.SEE_PEOPLE)
def party(party_id: str) -> str:
    """What this person may be told, to be read out or printed for them."""
    found = trail.looks(session(), party_id)
    return render_template(
        "counter/trail_looks.html",
        party_id=party_id,
        found=found,
        words=looks.PAGES,
        other=looks.COUNTER,
    )
