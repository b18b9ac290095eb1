"""窓口の予約: one booking with what can be done about it; changed and given back for its party."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import notices, terms
from reservations.actions.bookings import CancelRequest, ChangeRequest
from reservations.actions.on_behalf import (
    CancelForRequest,
    ChangeForRequest,
    Waiver,
    cancel_for,
    change_for,
)
from reservations.actions.terms import BookingRequest
from reservations.clock import local_day
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings, items, parties
from reservations.queries.bookings import BookingView
from reservations.rules import refunds
from reservations.rules.eligibility import WAIVABLE
from reservations.web import auth, forms, papers, waiting
from reservations.web.auth import Who, guard
from reservations.web.counter import board, coming
from reservations.web.forms import PlaceForm
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident import terms as terms_words
from reservations.web.resident.flow import Frame, frame_of
from reservations.web.services import context, lead_back, memory, now, session

blueprint = APIBlueprint("counter_bookings", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/board/bookings/<uuid:booking_id>")
def one(booking_id: UUID) -> str:
    return page_of(found_booking(booking_id))


def page_of(booking: BookingView, refused: Sequence[Refusal] = ()) -> str:
    """The page of a booking; `refused` is why something could not be done."""
    rules = booking.unit.town.rules_on(local_day(booking.made_at))
    return render_template(
        "counter/booking.html",
        booking=booking,
        who=_who(booking),
        papers=papers.links_of(notices.kinds(session(), booking), rules),
        purpose=memory().catalogue.purposes.get(booking.purpose),
        can_change=booking.status == "confirmed" and booking.starts_at > now(),
        can_cancel=_can_cancel(booking),
        came=coming.of(booking),
        things=items.of_booking(session(), booking.id),
        at_hand=[
            (str(each.id), gettext("%(name)s（あと%(left)s個）", name=each.name, left=each.left))
            for each in items.of_facility(session(), booking.unit.place.id)
            if each.left
        ],
        key=auth.new_token(),
        reasons=[sentence(each) for each in refused],
        move=url_for(
            "board.page",
            facility=booking.unit.place.id,
            date=booking.date.isoformat(),
            move=booking.id,
        ),
        back=board.board_address(booking.unit.place, booking.date),
    )


@blueprint.get("/board/bookings/<uuid:booking_id>/cancel")
def cancel_page(booking_id: UUID) -> str:
    return _cancel_page(found_booking(booking_id))


@blueprint.post("/board/bookings/<uuid:booking_id>/cancel")
def cancel(booking_id: UUID) -> Response | tuple[str, int]:
    booking = found_booking(booking_id)
    asked = CancelForRequest(booking.party_id or "", CancelRequest(booking.id))
    try:
        cancel_for(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            lead_back(url_for("counter_bookings.cancel_page", booking_id=booking.id))
            return _cancel_page(booking, [refusal]), 422
    return redirect(url_for("counter_bookings.one", booking_id=booking.id), 303)


def _cancel_page(booking: BookingView, told: list[Refusal] | None = None) -> str:
    """What stays owed, before anything is done."""
    settled = refunds.cancellation(
        booking.fee_yen,
        made_at=booking.made_at,
        starts_at=booking.starts_at,
        now=now(),
        rules=booking.rules,
    )
    undo_minutes = booking.rules.free_undo_minutes
    return render_template(
        "counter/booking_cancel.html",
        booking=booking,
        who=_who(booking),
        words=terms_words.cancellation_sentence(settled, undo_minutes=undo_minutes),
        steps=terms_words.refund_sentences(booking.rules),
        is_owed=settled.due_yen > 0,
        can_cancel=_can_cancel(booking),
        reasons=[sentence(each) for each in told or ()],
    )


@blueprint.get("/board/bookings/<uuid:booking_id>/change")
def change_check(booking_id: UUID) -> str:
    form = forms.read(PlaceForm, request.args)
    return _change_page(found_booking(booking_id), frame_of(form))


@blueprint.post("/board/bookings/<uuid:booking_id>/change")
def change(booking_id: UUID) -> Response | tuple[str, int]:
    booking = found_booking(booking_id)
    form = forms.read(PlaceForm, request.form)
    frame = frame_of(form)
    lead_back(_change_address(booking, frame))
    waived = frozenset(code for code in WAIVABLE if code.value in request.form.getlist("waive"))
    waiver = Waiver(waived, " ".join(form.reason.split())) if waived else Waiver()
    wanted = ChangeRequest(booking.id, frame.unit.id, frame.date, frame.period)
    asked = ChangeForRequest(booking.party_id or "", wanted, waiver)
    key = auth.form_key(form.key, asked)
    try:
        done = change_for(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _change_page(booking, frame, [refusal, *refusal.others]), 422
    waiting.wait_for_answer(done)
    after = found_booking(booking_id)
    has_place = after.replaced_by is not None and after.status != "changing"
    shown = after.replaced_by if has_place else after.id
    return redirect(url_for("counter_bookings.one", booking_id=shown, changed=1), 303)


def _change_page(booking: BookingView, frame: Frame, told: list[Refusal] | None = None) -> str:
    """Old and new price, and what stands against it, before anything is done."""
    wish = BookingRequest(
        frame.unit.id,
        frame.date,
        frame.period,
        booking.party_id or "",
        booking.purpose,
        booking.headcount,
    )
    looked = terms.preview(session(), wish, context(auth.actor()), giving_up=booking)
    told = told or []
    codes = {each.code for each in told}
    refusals = told + [each for each in looked.refusals if each.code not in codes]
    open_codes = {each.code for each in refusals} - {RefusalCode.REASON_NEEDED}
    return render_template(
        "counter/booking_change.html",
        booking=booking,
        who=_who(booking),
        frame=frame,
        fee=looked.fee,
        difference_yen=looked.fee.total_yen - booking.fee_yen if looked.fee else 0,
        reasons=[board.words(each) for each in refusals],
        waived=sorted(code.value for code in open_codes) if open_codes <= WAIVABLE else [],
        can_change=booking.status == "confirmed" and open_codes <= WAIVABLE,
        typed=request.form,
        key=auth.new_token(),
    )


def _change_address(booking: BookingView, frame: Frame) -> str:
    named: dict[str, Any] = board.named(frame.unit, frame.date, frame.period)
    return url_for("counter_bookings.change_check", booking_id=booking.id, **named)


def _can_cancel(booking: BookingView) -> bool:
    return (booking.stands or booking.status == "tentative") and booking.starts_at > now()


def found_booking(booking_id: UUID) -> BookingView:
    """A party's booking; what is no ordinary use has pages of its own.

    raises   Refusal not_found
    """
    found = bookings.one(session(), memory(), str(booking_id))
    if found is None or found.party_id is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _who(booking: BookingView) -> parties.Called | None:
    return parties.called(session(), [booking.party_id]).get(booking.party_id or "")
