"""登録内容: who I am to which town, the language, and signing out."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template
from werkzeug.wrappers import Response

from reservations.actions import accounts
from reservations.actions.accounts import SignOutEverywhereRequest
from reservations.queries import accounts as accounts_query
from reservations.queries import trail
from reservations.web import auth, looks, passkeys
from reservations.web.auth import Who, guard
from reservations.web.resident.registration import town_name
from reservations.web.resident.terms import residency_text
from reservations.web.services import context, memory, now, session

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
        has_passkeys=passkeys.are_offered(),
        towns=[
            (town_name(towns[code]), residency_text(residency))
            for code, residency in sorted(found.residencies.items())
            if code in towns
        ],
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
