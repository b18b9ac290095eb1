"""パスキー: signing in with one, and the page of one's own. The counter has the same pages.

Making and using one needs a script by nature (static/passkeys.js); seeing, naming and removing them
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import passkeys as actions
from reservations.actions.passkeys import (
    NAME_MAX,
    AddRequest,
    NameRequest,
    PasskeyRequest,
    RemoveRequest,
)
from reservations.errors import Refusal, RefusalCode
from reservations.queries import accounts as accounts_query
from reservations.queries import passkeys as query
from reservations.queries import second_step as second_step_query
from reservations.web import auth, errors, passkeys, second_step
from reservations.web.auth import Who, guard
from reservations.web.forms import folded
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident import sign_in
from reservations.web.rights import for_all_staff
from reservations.web.services import context, lead_back, now, services, session

door = APIBlueprint("passkey_door", __name__, enable_openapi=False)
guard(door, Who.ANYBODY)

# Codes are typed as they are read from a telephone; a wrong one waits, as at the door.
CURRENT_MAX = 40


@door.post("/sign-in/passkey/ask")
def ask() -> Response:
    return jsonify(passkeys.ask_to_enter())


@door.post("/sign-in/passkey")
def enter() -> Response | tuple[str, int]:
    target = auth.own_path(request.form.get("next"))
    lead_back(url_for("sign_in.form", next=target))
    try:
        lock = passkeys.entered(request.form.get("answer", ""))
        # A passkey is both steps; staff with a second step still have a door of their own.
        second_step.is_needed(lock.account_id)
        asked = PasskeyRequest(auth.begin(lock.account_id, way="passkey"), lock.id)
        actions.sign_in_by_passkey(session(), asked, context(lock.account_id))
    except Refusal as refusal:
        if refusal.code in (RefusalCode.FORBIDDEN, RefusalCode.NOT_FOUND):
            raise
        said = {"login": sentence(refusal)}
        return sign_in.page(target, errors=said), errors.page_status(refusal.code)
    second_step.done()
    return auth.remember(redirect(target, 303))


@for_all_staff
def page() -> str:
    return _page()


@for_all_staff
def begin() -> str | tuple[str, int]:
    """Whose screen it is was proved: the browser is asked to make one."""
    lead_back(url_for("passkeys.page"))
    typed = request.form
    try:
        auth.prove_owner(typed.get("password", ""))
    except Refusal as refusal:
        return _again("password", refusal)
    login = accounts_query.profile(session(), auth.actor(), now=now()).login
    known = [each.credential for each in query.of(session(), auth.actor())]
    current = "".join(str(folded(typed.get("current", ""))).split())[:CURRENT_MAX]
    try:
        second_step.guessing(auth.actor())
        asked = passkeys.ask_to_add(login, current, known)
    except Refusal as refusal:
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        second_step.counted(auth.actor(), refusal)
        return _again("current", refusal)
    name = typed.get("name", "").strip()[:NAME_MAX]
    return render_template("account/passkey_new.html", frame=_frame(), options=asked, name=name)


@for_all_staff
def add() -> Response | tuple[str, int]:
    lead_back(url_for("passkeys.page"))
    name = request.form.get("name", "").strip() or gettext("パスキー")
    try:
        made = passkeys.added(request.form.get("answer", ""))
        asked = AddRequest(auth.actor(), made.credential, made.public_key, name)
        actions.add_passkey(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        return _again("name", refusal)
    return redirect(url_for("passkeys.page", done="added"), 303)


@for_all_staff
def rename(passkey_id: str) -> Response:
    name = request.form.get("name", "").strip() or gettext("パスキー")
    asked = NameRequest(auth.actor(), passkey_id, name)
    actions.name_passkey(session(), asked, context(auth.actor()))
    return redirect(url_for("passkeys.page", done="named"), 303)


@for_all_staff
def remove(passkey_id: str) -> Response:
    asked = RemoveRequest(auth.actor(), passkey_id)
    actions.remove_passkey(session(), asked, context(auth.actor()))
    return redirect(url_for("passkeys.page", done="removed"), 303)


def _again(field: str, refusal: Refusal) -> tuple[str, int]:
    return _page({field: sentence(refusal)}), errors.page_status(refusal.code)


def _page(wrong: Mapping[str, str] | None = None) -> str:
    return render_template(
        "account/passkeys.html",
        frame=_frame(),
        found=query.of(session(), auth.actor()),
        is_offered=passkeys.are_offered(),
        has_password=auth.has_password(),
        has_key=second_step_query.of(session(), auth.actor()) is not None,
        minutes=auth.FRESH.seconds // 60,
        name_max=NAME_MAX,
        errors=wrong or {},
        done=request.args.get("done", ""),
    )


def _frame() -> str:
    is_resident = services().audience == "resident"
    return "form_page.html" if is_resident else "counter/counter_page.html"


def _of_ones_own(who: Who) -> APIBlueprint:
    """The pages of whoever is signed in; the two processes let different people in."""
    made = APIBlueprint("passkeys", __name__, enable_openapi=False)
    guard(made, who)
    views: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("GET", "/passkeys", page),
        ("POST", "/passkeys/new", begin),
        ("POST", "/passkeys", add),
        ("POST", "/passkeys/<passkey_id>/name", rename),
        ("POST", "/passkeys/<passkey_id>/remove", remove),
    )
    for method, address, view in views:
        made.add_url_rule(address, view_func=view, methods=[method])
    return made


own, at_counter = _of_ones_own(Who.SIGNED_IN), _of_ones_own(Who.STAFF)
