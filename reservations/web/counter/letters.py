"""知らせ: the outbox as the counter sees it; printed, told by telephone, ticked off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import letters as outbox
from reservations.actions.letters import LetterRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import letters
from reservations.queries.letters import PAGE_SIZE
from reservations.rules.rights import Right
from reservations.web import auth
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.language import N_
from reservations.web.rights import facilities, needs
from reservations.web.services import context, memory, session

blueprint = APIBlueprint("letters", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

# What a clerk may look at, and which states that is.
SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "hand": (N_("窓口から伝えるもの"), ("to_hand_over",)),
    "waiting": (N_("メールを待つもの"), ("to_send", "failed")),
    "done": (N_("済んだもの"), ("sent", "handed_over", "void")),
}
STATES: Mapping[str, str] = {
    "to_send": N_("送信待ち"),
    "failed": N_("送信できず、再送待ち"),
    "sent": N_("送信済み"),
    "to_hand_over": N_("電話か手渡しが必要"),
    "handed_over": N_("伝達済み"),
    "void": N_("不要になった"),
}
# What postman.py says itself; anything else is the mail server's word.
WHY: Mapping[str, str] = {
    "no address": N_("メールアドレスがありません。"),
    "no mail server": N_("メールを送る設定がありません。"),
}
KINDS: Mapping[str, str] = {
    "confirmed": N_("仮受付が確定"),
    "refused": N_("予約できず"),
    "cancelled": N_("取消"),
    "displaced": N_("振替"),
    "granted": N_("許可"),
    "denied": N_("不許可"),
    "struck": N_("違反の記録"),
    "reduced": N_("減免の決定"),
}


@blueprint.get("/letters")
@needs(Right.TELL_PEOPLE)
def page() -> str:
    shown = _shown()
    number = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    there = facilities(Right.TELL_PEOPLE)
    found = letters.listed(
        session(), memory(), states=SHOWN[shown][1], page=number, facilities=there
    )
    return render_template(
        "counter/letters.html",
        letters=found,
        shown=shown,
        groups=SHOWN,
        states=STATES,
        kinds=KINDS,
        why=WHY,
        counts=letters.counts(session(), there),
        number=number,
        has_more=len(found) == PAGE_SIZE,
    )


@blueprint.get("/letters/print")
@needs(Right.TELL_PEOPLE)
def print_() -> str:
    """Those that a clerk has to tell, one a sheet of paper."""
    there = facilities(Right.TELL_PEOPLE)
    found = letters.listed(session(), memory(), states=SHOWN["hand"][1], facilities=there)
    return render_template(
        "counter/letters_print.html", letters=[each for each in found if each.text]
    )


@blueprint.get("/letters/<uuid:letter_id>")
@needs(Right.TELL_PEOPLE, about.letter)
def one(letter_id: UUID) -> str:
    found = letters.one(session(), memory(), str(letter_id))
    if found is None or not found.text:
        raise Refusal(RefusalCode.NOT_FOUND)
    return render_template("counter/letters_print.html", letters=[found])


@blueprint.post("/letters/<uuid:letter_id>/told")
@needs(Right.TELL_PEOPLE, about.letter)
def told(letter_id: UUID) -> Response:
    return _done(outbox.hand_letter, letter_id)


@blueprint.post("/letters/<uuid:letter_id>/retry")
@needs(Right.TELL_PEOPLE, about.letter)
def retry(letter_id: UUID) -> Response:
    return _done(outbox.retry_letter, letter_id)


def _done(work: Callable[..., Any], letter_id: UUID) -> Response:
    """Do it, unless another clerk was quicker: then the list says what is."""
    try:
        work(session(), LetterRequest(str(letter_id)), context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
    return redirect(url_for("letters.page", show=_shown()), 303)


def _shown() -> str:
    asked = request.values.get("show", "hand")
    return asked if asked in SHOWN else "hand"
