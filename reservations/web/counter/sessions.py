"""サインイン中の端末: where one is signed in oneself; ending one of them, or all."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import accounts
from reservations.actions.accounts import EndRequest, SignOutEverywhereRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import accounts as accounts_query
from reservations.queries import second_step as second_step_query
from reservations.queries.accounts import SESSION_ID_LENGTH
from reservations.web import auth, passkeys
from reservations.web.auth import IDLE_MAX, STAFF_SESSION, Who, guard
from reservations.web.rights import for_all_staff
from reservations.web.services import context, now, session

blueprint = APIBlueprint("sessions", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/sessions")
@for_all_staff
def page() -> str:
    found = accounts_query.devices(session(), auth.actor(), now=now())
    live = [
        each
        for each in found
        if now() - each.last <= IDLE_MAX and now() - each.since <= STAFF_SESSION
    ]
    return render_template(
        "counter/sessions.html",
        devices=live,
        this=auth.token_hash(auth.session_cookie() or "")[:SESSION_ID_LENGTH],
        has_key=second_step_query.of(session(), auth.actor()) is not None,
        has_passkeys=passkeys.are_offered(),
        codes_left=second_step_query.codes_left(session(), auth.actor()),
        hours=STAFF_SESSION.seconds // 3600,
        minutes=IDLE_MAX.seconds // 60,
        done=request.args.get("done", ""),
    )


@blueprint.post("/sessions/<session_id>/end")
@for_all_staff
def end(session_id: str) -> Response:
    asked = EndRequest(auth.actor(), session_id)
    try:
        accounts.end_session(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_FOUND:
            raise
    return redirect(url_for("sessions.page"), 303)


@blueprint.post("/sessions/end")
@for_all_staff
def end_all() -> Response:
    asked = SignOutEverywhereRequest(auth.actor())
    accounts.sign_out_everywhere(session(), asked, context(auth.actor()))
    return auth.forget(redirect(url_for("sign_in.form"), 303))
