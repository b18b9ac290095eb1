"""減免: what waits for a decision, the oldest first; and what stands for a party (減免登録)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.reductions import (
    WORDS_MAX,
    DecideRequest,
    EndRequest,
    RegisterRequest,
    decide,
    end,
    register,
)
from reservations.errors import Refusal, RefusalCode
from reservations.queries import reductions
from reservations.rules.reductions import years
from reservations.rules.rights import Right
from reservations.rules.town import Clause
from reservations.web import auth
from reservations.web import reductions as words
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.people import one_person
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.rights import facilities, needs, towns
from reservations.web.services import context, lead_back, memory, services, session, today

blueprint = APIBlueprint("reductions", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

# At once; each is a transaction of its own.
BATCH_MAX = 100


@blueprint.get("/reductions")
@needs(Right.REDUCE)
def page() -> str:
    return _page({})


def _page(errors: Mapping[str, str]) -> str:
    there = facilities(Right.REDUCE)
    waiting = reductions.waiting(session(), memory(), today=today(), facilities=there)
    return render_template(
        "counter/reductions.html",
        waiting=waiting,
        ready=[each for each in waiting if each.is_ready],
        node_no=services().settings.node_no,
        granted=request.args.get("granted", type=int),
        sent=request.form,
        errors=errors,
    )


@blueprint.post("/reductions/<uuid:request_id>")
@needs(Right.REDUCE, about.reduction)
def settle(request_id: UUID) -> Response | tuple[str, int]:
    """Granted, or refused with a reason."""
    lead_back(url_for("reductions.page"))
    wish = str(request_id)
    percent, reason = request.form.get("percent", "").strip(), _said("reason")
    if request.form.get("answer") != "grant":
        asked = DecideRequest(wish, is_granted=False, reason=reason)
    else:
        number = int(percent) if percent.isascii() and percent.isdigit() else None
        asked = DecideRequest(wish, True, number, _said("evidence"), reason)
    if (not asked.is_granted and not reason) or len(reason) > WORDS_MAX:
        told = gettext("理由を%(most)s文字までで書いてください。", most=WORDS_MAX)
        return _page({f"reason-{wish}": told}), 422
    try:
        decide(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        return _page({f"reason-{wish}": sentence(refusal)}), 422
    return redirect(url_for("reductions.page"), 303)


@blueprint.post("/reductions/grant")
@needs(Right.REDUCE, about.reductions)
def grant() -> Response | tuple[str, int]:
    """Several at once, each by the rate of its item; what somebody else has decided is left."""
    lead_back(url_for("reductions.page"))
    wishes = request.form.getlist("wish")[:BATCH_MAX]
    if not wishes:
        told = gettext("承認する申請を選んでください。")
        return _page({"wish": told}), 422
    granted = 0
    for wish in wishes:
        try:
            decide(session(), DecideRequest(wish, is_granted=True), context(auth.actor()))
            granted += 1
        except Refusal:
            # It is still in the list, or its answer is; either can be seen there.
            continue
    return redirect(url_for("reductions.page", granted=granted), 303)


def _said(name: str) -> str:
    return " ".join(request.form.get(name, "").split())


# 減免登録


@blueprint.get("/people/<party_id>/reductions")
@needs(Right.REDUCE)
def standing(party_id: str) -> str:
    return _standing(party_id)


def _standing(party_id: str, told: str = "") -> str:
    known = memory().catalogue.towns
    listed = [
        (code, known[code].name, clause)
        for code in sorted(towns(Right.REDUCE))
        for clause in known[code].rules_on(today()).reductions
        if clause.is_yearly and clause.percent is not None
    ]
    return render_template(
        "counter/person_reductions.html",
        person=one_person(party_id),
        found=reductions.of_party(session(), party_id),
        towns=known,
        listed=[(_choice(code, clause), name, clause) for code, name, clause in listed],
        choices=_choices(listed),
        told=told,
        key=auth.new_token(),
        sent=request.form,
    )


def _choice(code: str, clause: Clause) -> str:
    return f"{code}{words.MARK}{clause.code}"


def _choices(listed: list[tuple[str, str, Clause]]) -> list[tuple[str, str]]:
    """Town, item, time and what was seen, in one choice; short, for a telephone's width."""
    found = []
    for code, name, clause in listed:
        for since, until in years(clause, today()):
            for kind in clause.evidence or ("",):
                value = words.MARK.join(
                    (code, since.isoformat(), until.isoformat(), kind, clause.code)
                )
                time = f"{since:%Y/%m/%d}–{until:%Y/%m/%d}"
                seen = gettext("%(kind)sを確かめた", kind=kind) if kind else ""
                item = f"{clause.code}（{words.rate_words(clause)}）"
                found.append((value, " ".join(filter(None, (name, item, time, seen)))))
    return found


@blueprint.post("/people/<party_id>/reductions")
@needs(Right.REDUCE, about.reducing_town)
def put(party_id: str) -> Response | tuple[str, int]:
    lead_back(url_for("reductions.standing", party_id=party_id))
    try:
        town, since, until, kind, clause = request.form.get("choice", "").split(words.MARK, 4)
        asked = RegisterRequest(
            party_id, town, clause, date.fromisoformat(since), date.fromisoformat(until), kind
        )
        key = auth.form_key(request.form.get("key", ""), asked)
        register(session(), asked, context(auth.actor(), key=key))
    except ValueError:
        return _standing(party_id, gettext("登録する減免を選んでください。")), 422
    except Refusal as refusal:
        return _standing(party_id, sentence(refusal)), 422
    return redirect(url_for("reductions.standing", party_id=party_id), 303)


@blueprint.post("/people/<party_id>/reductions/end")
@needs(Right.REDUCE, about.reducing_town)
def stop(party_id: str) -> Response | tuple[str, int]:
    lead_back(url_for("reductions.standing", party_id=party_id))
    try:
        town, since, clause = request.form.get("choice", "").split(words.MARK, 2)
        asked = EndRequest(party_id, town, clause, date.fromisoformat(since))
        end(session(), asked, context(auth.actor()))
    except ValueError:
        return _standing(party_id, gettext("登録する減免を選んでください。")), 422
    except Refusal as refusal:
        return _standing(party_id, sentence(refusal)), 422
    return redirect(url_for("reductions.standing", party_id=party_id), 303)
