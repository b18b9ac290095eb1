"""窓口の予約: one booking with what can be done about it; changed and given back for its party."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import notices, terms
from reservations.actions.bookings import CancelRequest, ChangeRequest
from reservations.actions.offers import OfferRequest, take_offer
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
from reservations.queries import bookings, closing, delegates, items, parties
from reservations.queries.bookings import BookingView
from reservations.queries.delegates import DelegateView
from reservations.rules.eligibility import WAIVABLE
from reservations.rules.rights import Right
from reservations.web import auth, forms, papers, waiting
from reservations.web.auth import Who, guard
from reservations.web.counter import about, board, coming
from reservations.web.forms import PlaceForm
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident import terms as terms_words
from reservations.web.resident.bookings import is_late, lost_for, takes_offers
from reservations.web.resident.flow import Frame
from reservations.web.resident.terms import OfferCard
from reservations.web.rights import demand, may, needs
from reservations.web.services import context, lead_back, memory, now, session, today

blueprint = APIBlueprint("counter_bookings", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/board/bookings/<uuid:booking_id>")
@needs(Right.SEE_PEOPLE, about.booking)
def one(booking_id: UUID) -> str:
    return page_of(found_booking(booking_id))


def page_of(booking: BookingView, told: Sequence[Refusal] = ()) -> str:
    """The page of a booking; `told` is why something could not be done."""
    rules = booking.unit.town.rules_on(local_day(booking.made_at))
    return render_template(
        "counter/booking.html",
        booking=booking,
        who=_who(booking),
        delegate=delegates.of_booking(session(), booking.id),
        papers=papers.links_of(notices.kinds(session(), booking), rules),
        purpose=memory().catalogue.purposes.get(booking.purpose),
        can_change=may(Right.BOOK, booking.unit.place)
        and booking.status == "confirmed"
        and booking.starts_at > now(),
        can_cancel=may(Right.BOOK, booking.unit.place) and _can_cancel(booking),
        can_book=may(Right.BOOK, booking.unit.place),
        came=coming.of(booking),
        things=items.of_booking(session(), booking.id),
        at_hand=[
            (str(each.id), gettext("%(name)s（あと%(left)s個）", name=each.name, left=each.left))
            for each in items.of_facility(session(), booking.unit.place.id)
            if each.left
        ],
        move=url_for(
            "board.page",
            facility=booking.unit.place.id,
            date=booking.date.isoformat(),
            move=booking.id,
        ),
        back=board.board_address(booking.unit.place, booking.date),
        lost_for=lost_for(booking),
        is_late=is_late(booking),
        offers=_offers(booking)
        if may(Right.BOOK, booking.unit.place) and takes_offers(booking)
        else [],
        reasons=[sentence(each) for each in told],
        key=auth.new_token(),
    )


def _offers(booking: BookingView) -> list[OfferCard]:
    """What whoever lost it may have instead, at their price; the address is a frame's words."""
    return [
        terms_words.offer_card(each, urlencode(board.named(each.unit, each.date, each.period)))
        for each in closing.offers(session(), memory(), booking, now=now())
    ]


@blueprint.post("/board/bookings/<uuid:booking_id>/instead")
@needs(Right.BOOK, about.booking_and_frame)
def instead(booking_id: UUID) -> Response | tuple[str, int]:
    """One button books an offered place for whoever lost this one."""
    booking = found_booking(booking_id)
    lead_back(url_for("counter_bookings.one", booking_id=booking.id))
    frame = about.frame()
    place = (frame.unit.id, frame.date, frame.period)
    asked = OfferRequest(booking.id, booking.party_id or "", *place)
    key = auth.form_key(request.form.get("key", "")[: forms.KEY_LENGTH_MAX], asked)
    try:
        made = take_offer(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return page_of(found_booking(booking_id), [refusal, *refusal.others]), 422
    waiting.wait_for_answer(made)
    return redirect(url_for("counter_bookings.one", booking_id=made, booked=1), 303)


@blueprint.get("/board/bookings/<uuid:booking_id>/cancel")
@needs(Right.BOOK, about.booking)
def cancel_page(booking_id: UUID) -> str:
    return _cancel_page(found_booking(booking_id))


@blueprint.post("/board/bookings/<uuid:booking_id>/cancel")
@needs(Right.BOOK, about.booking)
def cancel(booking_id: UUID) -> Response | tuple[str, int]:
    booking = found_booking(booking_id)
    delegate = request.form.get("delegate", "")
    asked = CancelForRequest(booking.party_id or "", CancelRequest(booking.id), delegate)
    try:
        cancel_for(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            lead_back(url_for("counter_bookings.cancel_page", booking_id=booking.id))
            return _cancel_page(booking, [refusal]), 422
    return redirect(url_for("counter_bookings.one", booking_id=booking.id), 303)


def _cancel_page(booking: BookingView, told: list[Refusal] | None = None) -> str:
    """What stays owed, before anything is done."""
    settled = terms_words.settled(booking, now())
    undo_minutes = booking.rules.free_undo_minutes
    return render_template(
        "counter/booking_cancel.html",
        booking=booking,
        who=_who(booking),
        delegates=_delegates(booking),
        words=terms_words.cancellation_sentence(settled, undo_minutes=undo_minutes),
        steps=terms_words.refund_sentences(booking.rules),
        is_owed=settled.due_yen > 0,
        can_cancel=_can_cancel(booking),
        reasons=[sentence(each) for each in told or ()],
    )


@blueprint.get("/board/bookings/<uuid:booking_id>/change")
@needs(Right.BOOK, about.booking_and_frame)
def change_check(booking_id: UUID) -> str:
    return _change_page(found_booking(booking_id), about.frame())


@blueprint.post("/board/bookings/<uuid:booking_id>/change")
@needs(Right.BOOK, about.booking_and_frame)
def change(booking_id: UUID) -> Response | tuple[str, int]:
    booking = found_booking(booking_id)
    form = forms.read(PlaceForm, request.form)
    frame = about.frame()
    lead_back(_change_address(booking, frame))
    waived = frozenset(code for code in WAIVABLE if code.value in request.form.getlist("waive"))
    waiver = Waiver(waived, " ".join(form.reason.split())) if waived else Waiver()
    if waived:
        demand(Right.WAIVE, frame.unit.place)
    wanted = ChangeRequest(booking.id, frame.unit.id, frame.date, frame.period)
    asked = ChangeForRequest(booking.party_id or "", wanted, waiver, form.delegate)
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
    waivable = WAIVABLE if may(Right.WAIVE, frame.unit.place) else frozenset()
    return render_template(
        "counter/booking_change.html",
        booking=booking,
        who=_who(booking),
        delegates=_delegates(booking),
        frame=frame,
        fee=looked.fee,
        difference_yen=looked.fee.total_yen - booking.fee_yen if looked.fee else 0,
        decide_by=looked.decide_by,
        reasons=[board.words(each) for each in refusals],
        waived=sorted(code.value for code in open_codes) if open_codes <= waivable else [],
        can_change=booking.status == "confirmed" and open_codes <= waivable,
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


def _delegates(booking: BookingView) -> list[DelegateView]:
    return delegates.of_party(session(), booking.party_id or "", today=today())


def _who(booking: BookingView) -> parties.Called | None:
    return parties.called(session(), [booking.party_id]).get(booking.party_id or "")
