"""二段階のサインイン: the code after the password, a first key, another key, and sealed codes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import second_step as actions
from reservations.actions.second_step import CodeRequest, KeyRequest, SealRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import accounts
from reservations.queries import second_step as query
from reservations.rules import codes
from reservations.web import auth, second_step
from reservations.web.auth import Who, guard
from reservations.web.forms import folded
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.rights import for_all_staff
from reservations.web.services import context, lead_back, now, session

# Before the second step nobody is signed in: these look for the right password themselves.
blueprint = APIBlueprint("codes", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)
own = APIBlueprint("own_codes", __name__, enable_openapi=False)
guard(own, Who.STAFF)

_SECRET = re.compile(r"[A-Z2-7]{32}")


@blueprint.get("/sign-in/code")
def form() -> str:
    second_step.half()
    return _ask()


@blueprint.post("/sign-in/code")
def enter() -> Response | tuple[str, int]:
    account_id, target = second_step.half()
    lead_back(url_for("codes.form"))
    asked = CodeRequest(auth.begin(account_id, way="code"), _typed("code"))
    try:
        second_step.guessing(account_id)
        actions.sign_in_by_code(session(), asked, context(account_id))
    except Refusal as refusal:
        return _ask({"code": second_step.counted(account_id, refusal)}), 422
    second_step.forget_guesses(account_id)
    second_step.done()
    return auth.remember(redirect(target, 303))


def _ask(errors: Mapping[str, str] | None = None) -> str:
    return render_template("account/code.html", errors=errors or {})


@blueprint.get("/sign-in/telephone")
def first() -> str:
    """The town wants a second step, and there is no key yet."""
    account_id, _ = second_step.half()
    _none_yet(account_id)
    return _telephone(account_id, "account/telephone.html")


@blueprint.post("/sign-in/telephone")
def enrol() -> Response | tuple[str, int]:
    account_id, _ = second_step.half()
    _none_yet(account_id)
    lead_back(url_for("codes.first"))
    secret, step = _new_key()
    if step is None:
        return _telephone(account_id, "account/telephone.html", secret, _wrong()), 422
    # One step back: the same code then opens the door.
    asked = KeyRequest(account_id, secret, step - 1)
    actions.set_second_step(session(), asked, context(account_id))
    return enter()


def _none_yet(account_id: str) -> None:
    """raises   Refusal sign_in_needed where there is a key: a password alone changes none"""
    if query.of(session(), account_id) is not None:
        raise Refusal(RefusalCode.SIGN_IN_NEEDED)


@own.get("/sessions/telephone")
@for_all_staff
def telephone() -> str:
    return _telephone(auth.actor(), "counter/telephone.html")


@own.post("/sessions/telephone")
@for_all_staff
def change() -> Response | tuple[str, int]:
    lead_back(url_for("own_codes.telephone"))
    account_id = auth.actor()
    secret, step = _new_key()
    if step is None:
        return _telephone(account_id, "counter/telephone.html", secret, _wrong()), 422
    asked = KeyRequest(account_id, secret, step, _typed("current"))
    try:
        second_step.guessing(account_id)
        actions.set_second_step(session(), asked, context(account_id))
    except Refusal as refusal:
        said = {"current": second_step.counted(account_id, refusal)}
        return _telephone(account_id, "counter/telephone.html", secret, said), 422
    return redirect(url_for("sessions.page", done="telephone"), 303)


@own.post("/sessions/codes")
@for_all_staff
def seal() -> str | tuple[str, int]:
    """Ten new sealed codes, shown this once."""
    lead_back(url_for("sessions.page"))
    account_id = auth.actor()
    made = [codes.sealed_code(secrets.token_bytes(16)) for _ in range(codes.SEALED_CODES)]
    hashes = tuple(codes.sealed_hash(each) for each in made)
    try:
        second_step.guessing(account_id)
        asked = SealRequest(account_id, hashes, _typed("current"))
        actions.seal_codes(session(), asked, context(account_id))
    except Refusal as refusal:
        said = second_step.counted(account_id, refusal)
        return render_template("counter/codes.html", codes=[], errors={"current": said}), 422
    who = accounts.profile(session(), account_id, now=now()).login
    return render_template("counter/codes.html", codes=made, who=who, errors={})


def _telephone(
    account_id: str, template: str, secret: str = "", errors: Mapping[str, str] | None = None
) -> str:
    secret = secret or codes.new_secret()
    login = accounts.profile(session(), account_id, now=now()).login
    address = codes.key_address(secret, login, gettext("となり"))
    return render_template(
        template,
        secret=secret,
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
        picture=second_step.picture(address, gettext("アプリで読み取る二次元コード")),
        has_key=query.of(session(), account_id) is not None,
        errors=errors or {},
    )


def _new_key() -> tuple[str, int | None]:
    """The key of the form, and the step of the code that the telephone made of it."""
    secret = request.form.get("secret", "")
    if not _SECRET.fullmatch(secret):
        return "", None
    return secret, codes.step_of(secret, _typed("code"), now(), after=0)


def _wrong() -> Mapping[str, str]:
    return {"code": sentence(Refusal(RefusalCode.CODE_WRONG))}


def _typed(name: str) -> str:
    return "".join(str(folded(request.form.get(name, ""))).split())[:40]
