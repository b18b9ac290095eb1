"""登録内容: who I am to which town, the language, and signing out."""

from __future__ import annotations

from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import accounts
from reservations.actions.accounts import PasswordRequest, SignOutEverywhereRequest
from reservations.errors import Refusal
from reservations.queries import accounts as accounts_query
from reservations.queries import trail
from reservations.web import auth, errors, forms, looks, passkeys
from reservations.web.auth import PASSWORD_LENGTH_MIN, Who, guard
from reservations.web.forms import Malformed, PasswordForm
from reservations.web.refusals import sentence
from reservations.web.resident.registration import town_name
from reservations.web.resident.terms import residency_text
from reservations.web.services import context, lead_back, memory, now, session

blueprint = APIBlueprint("account", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)


@blueprint.get("/account")
def page() -> str:
    towns = memory().catalogue.towns
    found = auth.viewer()
    profile = accounts_query.profile(session(), auth.actor(), now=now())
    return render_template(
        "account/account.html",
        profile=profile,
        has_password=auth.has_password(),
        done=request.args.get("done", ""),
        has_passkeys=passkeys.are_offered(),
        towns=[
            (town_name(towns[code]), residency_text(residency))
            for code, residency in sorted(found.residencies.items())
            if code in towns
        ],
    )


@blueprint.get("/account/password")
def password() -> str:
    return _password()


@blueprint.post("/account/password")
def set_password() -> Response | tuple[str, int]:
    """For whoever only ever came by a link, and for a new one instead of an old one."""
    lead_back(url_for("account.password"))
    token = auth.session_cookie()
    assert token is not None
    try:
        chosen = forms.read(PasswordForm, request.form)
        auth.prove_owner(request.form.get("current", ""))
        kept = auth.hash_password(chosen.password)
    except Malformed as wrong:
        return _password(wrong.errors), 422
    except Refusal as refusal:
        return _password({"current": sentence(refusal)}), errors.page_status(refusal.code)
    asked = PasswordRequest(auth.actor(), kept, auth.token_hash(token))
    accounts.set_password(session(), asked, context(auth.actor()))
    return redirect(url_for("account.page", done="password"), 303)


def _password(wrong: Mapping[str, str] | None = None) -> str:
    return render_template(
        "account/password.html",
        has_password=auth.has_password(),
        minutes=auth.FRESH.seconds // 60,
        length_min=PASSWORD_LENGTH_MIN,
        errors=wrong or {},
    )


@blueprint.get("/account/looks")
def seen() -> str:
    """Who was shown my data, where and when."""
    party = auth.viewer().party_id
    return render_template(
        "account/looks.html",
        found=trail.looks(session(), party) if party else [],
        words=looks.PAGES,
        other=looks.COUNTER,
    )


@blueprint.post("/account/sign-out-everywhere")
def leave_everywhere() -> Response:
    asked = SignOutEverywhereRequest(auth.actor())
    accounts.sign_out_everywhere(session(), asked, context(auth.actor()))
    return auth.forget(redirect("/", 303))
