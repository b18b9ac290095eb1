"""施設のグループ: what one 指定管理者 runs, made and filled by whoever gives roles there."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import rights as actions
from reservations.actions.rights import GroupRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import rights as query
from reservations.queries.catalogue import Place
from reservations.rules.rights import Right
from reservations.web import auth
from reservations.web.auth import Who, guard
from reservations.web.language import gettext
from reservations.web.rights import facilities, needs
from reservations.web.services import context, lead_back, memory, session

blueprint = APIBlueprint("facility_groups", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

NAME_MAX = 60


@blueprint.get("/staff/groups")
@needs(Right.GIVE_RIGHTS)
def page() -> str:
    return _page()


def _page(error: str = "", name: str = "") -> str:
    lead_back(url_for("facility_groups.page"))
    own = facilities(Right.GIVE_RIGHTS)
    members = {each: query.members(session(), each) for each in query.groups(session())}
    found = [
        (each, title, [_places()[one] for one in sorted(members[each] & own)])
        for each, title in query.groups(session()).items()
        if members[each] & own or not members[each]
    ]
    return render_template(
        "counter/facility_groups.html",
        found=found,
        name=name,
        name_max=NAME_MAX,
        errors={"name": error} if error else {},
        done=request.args.get("done", ""),
    )


def _places() -> dict[int, Place]:
    return dict(memory().catalogue.places)


@blueprint.post("/staff/groups")
@needs(Right.GIVE_RIGHTS)
def make() -> Response | tuple[str, int]:
    """A new group, empty until it is filled on its own page."""
    name = request.form.get("name", "").strip()
    known = {each: number for number, each in query.groups(session()).items()}
    if not name or len(name) > NAME_MAX:
        wrong = gettext("名前を%(most)s文字までで入力してください。", most=NAME_MAX)
        return _page(wrong, name), 422
    if name in known:
        return _page(gettext("この名前のグループは、もうあります。"), name), 422
    actions.name_group(session(), GroupRequest(name, ()), context(auth.actor()))
    made = {each: number for number, each in query.groups(session()).items()}[name]
    return redirect(url_for("facility_groups.one", group_id=made), 303)


@blueprint.get("/staff/groups/<int:group_id>")
@needs(Right.GIVE_RIGHTS)
def one(group_id: int) -> str:
    name, members = _known(group_id)
    own = sorted(
        (_places()[each] for each in facilities(Right.GIVE_RIGHTS)),
        key=lambda each: (each.town.code, each.name, each.id),
    )
    towns: dict[str, list[Place]] = {}
    for each in own:
        towns.setdefault(each.town.code, []).append(each)
    return render_template(
        "counter/facility_group.html",
        group_id=group_id,
        name=name,
        members=members,
        towns=list(towns.values()),
        others=len(members - {each.id for each in own}),
    )


@blueprint.post("/staff/groups/<int:group_id>")
@needs(Right.GIVE_RIGHTS)
def fill(group_id: int) -> Response:
    """The list from now on; facilities that somebody else looks after stay in it."""
    name, members = _known(group_id)
    shown = facilities(Right.GIVE_RIGHTS)
    ticked = set(request.form.getlist("facility", type=int))
    wanted = (members - shown) | ticked
    asked = GroupRequest(name, tuple(sorted(wanted)))
    actions.name_group(session(), asked, context(auth.actor()))
    return redirect(url_for("facility_groups.page", done=1), 303)


def _known(group_id: int) -> tuple[str, frozenset[int]]:
    """raises   Refusal not_found"""
    name = query.groups(session()).get(group_id)
    if name is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return name, query.members(session(), group_id)
