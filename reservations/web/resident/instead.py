"""かわりの予約: who lost a place takes another one, from the letter or from the booking's page."""

from __future__ import annotations

from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import bookings
from reservations.actions.bookings import BookingRequest
from reservations.actions.offers import OfferRequest, take_offer
from reservations.errors import Refusal, RefusalCode
from reservations.queries.bookings import BookingView
from reservations.web import auth, forms, waiting
from reservations.web.auth import Who, guard
from reservations.web.forms import PlaceForm
from reservations.web.refusals import sentence
from reservations.web.resident.bookings import own, takes_offers
from reservations.web.resident.flow import Frame, frame_of
from reservations.web.services import context, lead_back, session

blueprint = APIBlueprint("instead", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)


@blueprint.get("/bookings/<uuid:booking_id>/instead")
def check(booking_id: UUID) -> Response | str:
    booking = own(booking_id)
    if booking.replaced_by is not None:
        return redirect(url_for("bookings.one", booking_id=booking.replaced_by), 303)
    if not takes_offers(booking):
        raise Refusal(RefusalCode.NOT_FOUND)
    return _page(booking, frame_of(forms.read(PlaceForm, request.args)))


@blueprint.post("/bookings/<uuid:booking_id>/instead")
def take(booking_id: UUID) -> Response | tuple[str, int]:
    booking = own(booking_id)
    form = forms.read(PlaceForm, request.form)
    frame = frame_of(form)
    lead_back(url_for("bookings.one", booking_id=booking.id))
    asked = OfferRequest(booking.id, auth.party_id(), frame.unit.id, frame.date, frame.period)
    try:
        made = take_offer(
            session(), asked, context(auth.actor(), key=auth.form_key(form.key, asked))
        )
    except Refusal as refusal:
        if refusal.code is RefusalCode.REPLACED:
            # The second tap, or the clerk was quicker.
            there = own(booking_id).replaced_by
            return redirect(url_for("bookings.one", booking_id=there or booking.id), 303)
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        return _page(booking, frame, [refusal, *refusal.others]), 422
    waiting.wait_for_answer(made)
    return redirect(url_for("bookings.one", booking_id=made), 303)


def _page(booking: BookingView, frame: Frame, told: list[Refusal] | None = None) -> str:
    """What it costs there, and what stands against it, before anything is done."""
    wish = BookingRequest(
        frame.unit.id,
        frame.date,
        frame.period,
        auth.party_id(),
        booking.purpose,
        booking.headcount,
    )
    looked = bookings.preview(session(), wish, context(auth.actor()))
    told = told or []
    codes = {each.code for each in told}
    refusals = told + [each for each in looked.refusals if each.code not in codes]
    return render_template(
        "bookings/instead.html",
        booking=booking,
        frame=frame,
        fee=looked.fee,
        decide_by=looked.decide_by,
        residency=looked.residency,
        reasons=[sentence(each) for each in refusals],
        key=auth.new_token(),
    )
