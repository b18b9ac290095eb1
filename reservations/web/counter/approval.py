"""審査: what waits for the town's permission, the first to be answered first; and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import approval as actions
from reservations.actions.approval import GrantRequest, RefuseRequest
from reservations.actions.matters import SeenToRequest, see_to
from reservations.errors import Refusal, RefusalCode
from reservations.queries import approval, bookings, money, parties
from reservations.queries.bookings import BookingView
from reservations.rules.approval import CONDITIONS_MAX, REASON_MAX, is_late
from reservations.rules.rights import Right
from reservations.sheets import key_of, owner_of
from reservations.web import auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.language import N_, gettext
from reservations.web.refusals import sentence
from reservations.web.rights import facilities, needs
from reservations.web.services import context, lead_back, memory, session, today

blueprint = APIBlueprint("approval", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

# Why a decision of this desk is none.
UNMADE = {
    "decided_already": N_("ほかの拠点で先に決まっていました。"),
    "changed": N_("決める前に、申請の日時か場所が変わっていました。もう一度審査してください。"),
    "not_active": N_("決める前に、申請が取り下げられていました。"),
    "taken_back": N_("記録できませんでした。もう一度決めてください。"),
}
_UNKNOWN = N_("受け付けられませんでした。もう一度決めてください。")


@blueprint.get("/approval")
@needs(Right.APPROVE)
def page() -> str:
    return _page()


def _page(told: Sequence[str] = ()) -> str:
    number = min(max(request.args.get("page", 0, type=int), 0), 1000)
    there = facilities(Right.APPROVE)
    found = approval.waiting(session(), memory(), today=today(), facilities=there, page=number)
    called = parties.called(session(), (each.party_id for each in found))
    return render_template(
        "counter/approval.html",
        waiting=[(each, called.get(each.party_id or "")) for each in found],
        count=approval.count(session(), today=today(), facilities=there),
        pending=approval.pending(session(), memory(), facilities=there),
        unmade=approval.unmade(session(), memory(), today=today(), facilities=there),
        purposes=memory().catalogue.purposes,
        why=lambda code: gettext(UNMADE.get(code, _UNKNOWN)),
        is_late=_is_late,
        key_of=key_of,
        number=number,
        has_more=len(found) == bookings.PAGE_SIZE,
        done=request.args.get("granted", 0, type=int),
        reasons=told,
        key=auth.new_token(),
    )


@blueprint.post("/approval")
@needs(Right.APPROVE, about.applications)
def grant_ticked() -> Response | tuple[str, int]:
    """Each is an act of its own: what could not be done is named, and the rest is done."""
    lead_back(url_for("approval.page"))
    ticked = list(dict.fromkeys(request.form.getlist("application")))
    if not ticked:
        return _page([gettext("許可する申請に印を付けてください。")]), 422
    failed, done = [], 0
    for each in ticked:
        booking_id, revision = owner_of(each)
        try:
            _grant(GrantRequest(booking_id, revision))
            done += 1
        except Refusal as refusal:
            known = bookings.one(session(), memory(), booking_id)
            name = known.number if known else booking_id
            failed.append(f"{name} {sentence(refusal)}")
    if failed:
        if done:
            failed.insert(0, gettext("ほかの%(count)s件は許可しました。", count=done))
        return _page(failed), 422
    return redirect(url_for("approval.page", granted=done), 303)


@blueprint.post("/approval/seen")
@needs(Right.APPROVE, about.decision)
def seen() -> Response:
    """A decision that is none has been read; twice is no error."""
    lead_back(url_for("approval.page"))
    try:
        see_to(session(), SeenToRequest(request.form.get("decision", "")), context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
    return redirect(url_for("approval.page"), 303)


@blueprint.get("/approval/<uuid:booking_id>")
@needs(Right.APPROVE, about.booking)
def one(booking_id: UUID) -> str:
    return _one(_application(booking_id))


def _one(
    booking: BookingView, told: Sequence[Refusal] = (), errors: dict[str, str] | None = None
) -> str:
    statement = money.statement(session(), booking.id)
    house = bookings.around_day(
        session(),
        memory(),
        booking.unit.place.id,
        booking.date,
        statuses=("confirmed", "tentative"),
    )
    return render_template(
        "counter/application.html",
        booking=booking,
        who=parties.called(session(), [booking.party_id]).get(booking.party_id or ""),
        purpose=memory().catalogue.purposes.get(booking.purpose),
        paid_yen=statement.account.paid_yen if statement else 0,
        others=[each for each in house if each.id != booking.id and each.date == booking.date],
        town_reasons=booking.unit.town.rules_on(today()).refusal_reasons,
        is_pending=booking.is_in_review and approval.is_pending(session(), booking),
        is_late=_is_late(booking),
        conditions_max=CONDITIONS_MAX,
        reason_max=REASON_MAX,
        sent=request.form,
        errors=errors or {},
        reasons=[sentence(each) for each in told],
        key=auth.new_token(),
    )


@blueprint.post("/approval/<uuid:booking_id>/grant")
@needs(Right.APPROVE, about.booking)
def grant(booking_id: UUID) -> Response | tuple[str, int]:
    booking = _application(booking_id)
    lead_back(url_for("approval.one", booking_id=booking.id))
    conditions = _lines("conditions")
    if len(conditions) > CONDITIONS_MAX:
        words = gettext("%(most)s文字までの文字で入れてください。", most=CONDITIONS_MAX)
        return _one(booking, errors={"conditions": words}), 422
    try:
        _grant(GrantRequest(booking.id, _revision(), conditions))
    except Refusal as refusal:
        return _one(_application(booking_id), [refusal]), 422
    return redirect(url_for("approval.one", booking_id=booking.id), 303)


@blueprint.post("/approval/<uuid:booking_id>/refuse")
@needs(Right.APPROVE, about.booking)
def refuse(booking_id: UUID) -> Response | tuple[str, int]:
    booking = _application(booking_id)
    lead_back(url_for("approval.one", booking_id=booking.id))
    said = (request.form.get("chosen", "").strip(), _lines("reason"))
    reason = "\n".join(filter(None, said))
    if not reason or len(reason) > REASON_MAX:
        words = gettext(
            "許可しない理由を選ぶか、%(most)s文字までで書いてください。", most=REASON_MAX
        )
        return _one(booking, errors={"reason": words}), 422
    asked = RefuseRequest(booking.id, _revision(), reason)
    try:
        actions.refuse(session(), asked, context(auth.actor(), key=_key(asked)))
    except Refusal as refusal:
        return _one(_application(booking_id), [refusal]), 422
    return redirect(url_for("approval.one", booking_id=booking.id), 303)


def _grant(asked: GrantRequest) -> None:
    actions.grant(session(), asked, context(auth.actor(), key=_key(asked)))


def _key(asked: GrantRequest | RefuseRequest) -> str | None:
    """The same button twice is one decision; of several ticked ones each has its own key."""
    return auth.form_key(request.form.get("key", "")[: forms.KEY_LENGTH_MAX], asked)


def _revision() -> int:
    """Of the booking that the page showed; -1, which is none, where it does not say."""
    return request.form.get("revision", -1, type=int)


def _lines(name: str) -> str:
    """What was typed, line by line, without what no paper can show."""
    lines = (" ".join(each.split()) for each in request.form.get(name, "").splitlines())
    return "\n".join(filter(None, lines))


def _is_late(booking: BookingView) -> bool:
    return booking.decide_by is not None and is_late(booking.decide_by, today())


def _application(booking_id: UUID) -> BookingView:
    """A booking that somebody decides about, or has decided about.

    raises   Refusal not_found
    """
    found = bookings.one(session(), memory(), str(booking_id))
    if found is None or found.party_id is None or found.decide_by is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found
