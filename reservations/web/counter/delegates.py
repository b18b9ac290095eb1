"""代理: a clerk writes down that a party lets somebody book for them, and ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.delegates import (
    AppointRequest,
    EndDelegateRequest,
    appoint_delegate,
    end_delegate,
)
from reservations.errors import Refusal
from reservations.queries.parties import Called
from reservations.rules import registration
from reservations.rules.rights import Right
from reservations.web import auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter.board import find
from reservations.web.counter.people import WAYS, one_person, typed_until
from reservations.web.forms import DelegateForm, Malformed, three_part_date
from reservations.web.language import gettext
from reservations.web.refusals import sentences
from reservations.web.rights import needs
from reservations.web.services import context, lead_back, session, today

blueprint = APIBlueprint("delegates", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/people/<party_id>/delegates")
@needs(Right.KEEP_PEOPLE)
def page(party_id: str) -> str:
    return _page(party_id, {})


@blueprint.post("/people/<party_id>/delegates")
@needs(Right.KEEP_PEOPLE)
def appoint(party_id: str) -> Response | str | tuple[str, int]:
    lead_back(url_for("delegates.page", party_id=party_id))
    try:
        form = forms.read(DelegateForm, request.form)
        until = three_part_date(request.form, "until")
        delegate = form.pick or _only(find(form.who), form.who)
    except Malformed as wrong:
        return _page(party_id, request.form, errors=wrong.errors), 422
    if not delegate:
        return _page(party_id, request.form, people=find(form.who))
    asked = AppointRequest(party_id, delegate, form.giver, form.seen, until)
    key = auth.form_key(form.key, asked)
    try:
        appoint_delegate(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _page(party_id, request.form, told=" ".join(sentences(refusal))), 422
    return redirect(url_for("people.one", party_id=party_id, saved="delegate"), 303)


@blueprint.post("/people/<party_id>/delegates/end")
@needs(Right.KEEP_PEOPLE)
def end(party_id: str) -> Response:
    asked = EndDelegateRequest(party_id, request.form.get("delegate", ""))
    end_delegate(session(), asked, context(auth.actor()))
    return redirect(url_for("people.one", party_id=party_id, saved="ended"), 303)


def _only(found: Sequence[Called], who: str) -> str:
    """The one who was found, or "" where one has to be chosen.

    raises   Malformed where nobody was
    """
    if not found:
        words = gettext("見つかりません。代理をする方を、先に利用者として登録してください。")
        raise Malformed({"who": who}, {"who": words})
    return found[0].id if len(found) == 1 else ""


def _page(
    party_id: str,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    people: Sequence[Called] = (),
    told: str = "",
) -> str:
    return render_template(
        "counter/delegate.html",
        person=one_person(party_id),
        typed=typed,
        errors=errors or {},
        people=[each for each in people if each.id != party_id],
        told=told,
        ways=WAYS,
        until=typed_until(typed) or registration.delegate_until_at_most(today()),
        key=auth.new_token(),
    )
