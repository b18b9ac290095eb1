"""職員と役割: who works where and until when, giving a role, taking it back, what nobody uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
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
from reservations.web import auth, language
from reservations.web.auth import Who, guard
from reservations.web.forms import Malformed, three_part_date
from reservations.web.language import gettext
from reservations.web.refusals import ROLES, sentence
from reservations.web.rights import facilities, needs
from reservations.web.services import context, lead_back, memory, services, session, today

blueprint = APIBlueprint("staff", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

# What ends within so many days is said apart.
SOON_DAYS = 30


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
    account = auth.account()
    assert account is not None
    # What opened this page is marked after it.
    using = rules.used(account.held, Right.GIVE_RIGHTS, None, today())
    unused_days = services().settings.unused_days
    soon, idle = today() + timedelta(days=SOON_DAYS), today() - timedelta(days=unused_days)
    return render_template(
        "counter/staff.html",
        people=people,
        soon=[each for each in there if each.grant.until is not None and each.grant.until <= soon],
        idle=[each for each in there if each.idle_since() <= idle and each.id not in using],
        soon_days=SOON_DAYS,
        unused_days=unused_days,
        used=[each for each in second_step.used(session()) if each.account_id in people],
        roles=[(role.value, gettext(ROLES[role])) for role in GIVEN],
        words=ROLES,
        places=_areas(),
        typed=request.form,
        errors=errors or {},
        done=request.args.get("done", ""),
    )


def _is_theirs(each: GrantView) -> bool:
    """Whether they look after the whole place of this grant, and it has not ended."""
    is_over = each.grant.until is not None and each.grant.until < today()
    return not is_over and each.revoked_at is None and _may_give_at(each.grant.area)


def _may_give_at(area: Area) -> bool:
    """Whether they give roles at all of it."""
    account = auth.account()
    assert account is not None
    whole = _whole(area)
    right = Right.GIVE_RIGHTS
    return bool(whole) and all(rules.may(account.grants, right, each, today()) for each in whole)


def _whole(area: Area) -> list[Place]:
    """As queries/rights.py:places_in, out of what is in memory."""
    known = memory().catalogue.places
    if area.facility_id is not None:
        return [known[area.facility_id].where] if area.facility_id in known else []
    if area.group_id is None:
        return [Place(area.town or "")]
    inside = [each.where for each in known.values() if area.group_id in each.groups]
    return inside or [Place(groups=frozenset({area.group_id}))]


# A place in a form: town-172014, group-3, facility-12.


def _areas() -> list[tuple[str, str]]:
    """The places where they give roles: whole towns, whole groups, facilities."""
    known = memory().catalogue
    towns = [
        (f"town-{code}", gettext("%(town)sの全施設", town=language.named(town.name, town.name_en)))
        for code, town in sorted(known.towns.items())
        if _may_give_at(Area(town=code))
    ]
    groups = [
        (f"group-{each}", gettext("グループ：%(name)s", name=name))
        for each, name in query.groups(session()).items()
        if _may_give_at(Area(group_id=each))
    ]
    places = sorted(
        (known.places[each] for each in facilities(Right.GIVE_RIGHTS)), key=lambda each: each.name
    )
    return [
        *((f"facility-{each.id}", language.named(each.name, each.name_en)) for each in places),
        *groups,
        *towns,
    ]


def _area() -> Area:
    """The place that was chosen. What is none is a facility that there is not."""
    kind, _, name = request.form.get("at", "").partition("-")
    if kind == "town":
        return Area(town=name)
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else 0
    return Area(group_id=number) if kind == "group" else Area(facility_id=number)


@blueprint.post("/staff/grants")
@needs(Right.GIVE_RIGHTS)
def give() -> Response | tuple[str, int]:
    try:
        until = _until()
        login = auth.fold_login(request.form.get("login", ""))
        known = {name: each for each, name in query.staff(session()).items()}
        grant = Grant(Role(_role()), _area(), today(), until)
        asked = GiveRequest(known.get(login, ""), grant)
        actions.give(session(), asked, context(auth.actor()))
    except Malformed as wrong:
        return _page(wrong.errors), 422
    except Refusal as refusal:
        fields = {RefusalCode.NOT_STAFF: "login", RefusalCode.UNTIL_TOO_EARLY: "until"}
        if refusal.code not in fields:
            raise
        return _page({fields[refusal.code]: sentence(refusal)}), 422
    return redirect(url_for("staff.page", done="given"), 303)


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
    return redirect(url_for("staff.page", done="revoked"), 303)


@blueprint.post("/staff/<account_id>/sign-out")
@needs(Right.END_SESSIONS)
def sign_out(account_id: str) -> Response:
    """A clerk who went home signed in."""
    actions.end_sessions(session(), SignOutEverywhereRequest(account_id), context(auth.actor()))
    return redirect(url_for("staff.page", done="out"), 303)
