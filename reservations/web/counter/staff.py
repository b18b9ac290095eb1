"""職員と役割: who works where, giving and taking back a role, and signing somebody out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import rights as actions
from reservations.actions.accounts import SignOutEverywhereRequest
from reservations.actions.rights import GiveRequest, RevokeRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import rights as query
from reservations.queries import second_step
from reservations.queries.rights import GrantView
from reservations.rules import rights as rules
from reservations.rules.rights import GIVEN, Area, Grant, Place, Right, Role
from reservations.web import auth
from reservations.web.auth import Who, guard
from reservations.web.forms import Malformed, three_part_date
from reservations.web.language import gettext
from reservations.web.refusals import ROLES, sentence
from reservations.web.rights import facilities, needs
from reservations.web.services import context, lead_back, memory, session, today

blueprint = APIBlueprint("staff", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/staff")
@needs(Right.GIVE_RIGHTS)
def page() -> str:
    return _page()


def _page(errors: Mapping[str, str] | None = None) -> str:
    lead_back(url_for("staff.page"))
    there = [each for each in query.given(session()) if _is_theirs(each)]
    people: dict[str, list[GrantView]] = {}
    for each in there:
        people.setdefault(each.account_id, []).append(each)
    places = memory().catalogue.places
    own = sorted(facilities(Right.GIVE_RIGHTS), key=lambda each: places[each].name)
    return render_template(
        "counter/staff.html",
        people=people,
        used=[each for each in second_step.used(session()) if each.account_id in people],
        roles=[(role.value, gettext(ROLES[role])) for role in GIVEN],
        words=ROLES,
        places=[(str(each), places[each].name) for each in own],
        typed=request.form,
        errors=errors or {},
    )


def _is_theirs(each: GrantView) -> bool:
    """Whether they look after the whole place of this grant, and it has not ended."""
    account = auth.account()
    assert account is not None
    is_over = each.grant.until is not None and each.grant.until < today()
    whole = _whole(each.grant.area)
    if whole is None or is_over or each.revoked_at is not None:
        return False
    return rules.may(account.grants, Right.GIVE_RIGHTS, whole, today())


def _whole(area: Area) -> Place | None:
    if area.facility_id is not None:
        found = memory().catalogue.places.get(area.facility_id)
        return found.where if found else None
    groups = frozenset[int]() if area.group_id is None else frozenset({area.group_id})
    return Place(area.town or "", None, groups)


@blueprint.post("/staff/grants")
@needs(Right.GIVE_RIGHTS)
def give() -> Response | tuple[str, int]:
    try:
        until = _until()
        login = auth.fold_login(request.form.get("login", ""))
        known = {name: each for each, name in query.staff(session()).items()}
        area = Area(facility_id=request.form.get("facility", 0, type=int))
        grant = Grant(Role(_role()), area, today(), until)
        asked = GiveRequest(known.get(login, ""), grant)
        actions.give(session(), asked, context(auth.actor()))
    except Malformed as wrong:
        return _page(wrong.errors), 422
    except Refusal as refusal:
        fields = {RefusalCode.NOT_STAFF: "login", RefusalCode.UNTIL_TOO_EARLY: "until"}
        if refusal.code not in fields:
            raise
        return _page({fields[refusal.code]: sentence(refusal)}), 422
    return redirect(url_for("staff.page"), 303)


def _role() -> str:
    asked = request.form.get("role", "")
    return asked if asked in {role.value for role in GIVEN} else Role.COUNTER.value


def _until() -> date | None:
    """The last day of the three fields; None where none was typed.

    raises   Malformed
    """
    parts: tuple[Any, ...] = tuple(
        request.form.get(f"until_{part}") for part in ("year", "month", "day")
    )
    return three_part_date(request.form, "until") if any(parts) else None


@blueprint.post("/staff/grants/<path:grant_id>/revoke")
@needs(Right.GIVE_RIGHTS)
def revoke(grant_id: str) -> Response:
    actions.revoke(session(), RevokeRequest(grant_id), context(auth.actor()))
    return redirect(url_for("staff.page"), 303)


@blueprint.post("/staff/<account_id>/sign-out")
@needs(Right.END_SESSIONS)
def sign_out(account_id: str) -> Response:
    """A clerk who went home signed in."""
    actions.end_sessions(session(), SignOutEverywhereRequest(account_id), context(auth.actor()))
    return redirect(url_for("staff.page", done=1), 303)
