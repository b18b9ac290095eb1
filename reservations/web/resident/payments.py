"""オンライン払い: to the provider and back, with the truth on the page to which it leads back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response as FlaskResponse
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import checkouts as actions
from reservations.actions import receipts
from reservations.actions.checkouts import BeginRequest
from reservations.actions.step import by_itself
from reservations.errors import Outage, Refusal, RefusalCode
from reservations.payments import Forged, Wish, rounds
from reservations.queries import checkouts as query
from reservations.queries import money
from reservations.queries.bookings import BookingView
from reservations.rules.money import Method
from reservations.web import auth, language, papers
from reservations.web.auth import Who, guard
from reservations.web.language import gettext
from reservations.web.resident.bookings import own
from reservations.web.resident.dues import takes_payments, the_provider
from reservations.web.services import (
    context,
    lead_back,
    memory,
    now,
    services,
    session,
)

blueprint = APIBlueprint("payments", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)

# What a provider says by itself: nobody is signed in, and its signature says who it is.
notices = APIBlueprint("payment_notices", __name__, enable_openapi=False)
guard(notices, Who.ANYBODY)


@blueprint.post("/bookings/<uuid:booking_id>/pay")
def begin(booking_id: UUID) -> Response:
    """Two clicks, and two tabs, are one checkout."""
    booking = own(booking_id)
    lead_back(url_for("bookings.one", booking_id=booking.id))
    if not takes_payments(booking):
        raise Refusal(RefusalCode.NOT_FOUND)
    if booking.is_in_review:
        # Moved meanwhile, and looked at anew: nothing is due, as its page says.
        return redirect(url_for("bookings.one", booking_id=booking.id), 303)
    asked = BeginRequest(booking.id, language.locale())
    try:
        checkout_id = actions.begun(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOTHING_TO_PAY:
            raise
        # Paid meanwhile: the booking's page says so.
        return redirect(url_for("bookings.one", booking_id=booking.id), 303)
    _begin_there(booking, checkout_id)
    return redirect(url_for("payments.page", booking_id=booking.id, checkout_id=checkout_id), 303)


def _begin_there(booking: BookingView, checkout_id: str) -> None:
    checkout = query.one(session(), checkout_id)
    at = the_provider()
    if checkout is None or checkout.address or at is None:
        return
    base = services().settings.site_url or request.url_root.rstrip("/")
    back = url_for("payments.page", booking_id=booking.id, checkout_id=checkout_id, back=1)
    wish = Wish(
        reference=checkout_id,
        booking_id=booking.id,
        amount_yen=checkout.amount_yen,
        about=gettext("施設の使用料　予約番号 %(number)s", number=booking.number),
        return_to=base + back,
        notify_to=base + url_for("payment_notices.hear"),
        locale=checkout.locale,
    )
    rounds.begin(session(), at, wish, context(auth.actor()))


@blueprint.get("/bookings/<uuid:booking_id>/payments/<uuid:checkout_id>")
def page(booking_id: UUID, checkout_id: UUID) -> str:
    """How it stands; whoever comes back from the provider has it asked at once."""
    booking = own(booking_id)
    checkout = _checkout(booking, checkout_id)
    is_back = "back" in request.args
    is_down = False
    at = the_provider()
    if is_back and at is not None and checkout.state != "paid":
        try:
            rounds.look(session(), at, checkout, by_itself(services().settings, now()))
        except Outage:
            is_down = True
        checkout = _checkout(booking, checkout_id)
    return render_template(
        "bookings/payment.html",
        booking=booking,
        checkout=checkout,
        amount_yen=_amount_yen(checkout),
        is_back=is_back,
        is_down=is_down,
    )


def _amount_yen(checkout: Any) -> int:
    """What is to be paid; what was paid, once it was."""
    payment = money.payment(session(), checkout.payment_id) if checkout.payment_id else None
    return int(payment.amount_yen if payment is not None else checkout.amount_yen)


def _checkout(booking: BookingView, checkout_id: UUID) -> Any:
    """raises   Refusal not_found"""
    found = query.one(session(), str(checkout_id))
    if found is None or found.booking_id != booking.id:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


@blueprint.get("/bookings/<uuid:booking_id>/receipts/<uuid:payment_id>.pdf")
def receipt(booking_id: UUID, payment_id: UUID) -> FlaskResponse:
    """領収書 of what was paid online here; whoever paid at a counter was given theirs."""
    booking = own(booking_id)
    payment = money.payment(session(), str(payment_id))
    is_theirs = payment is not None and payment.booking_id == booking.id
    if payment is None or not is_theirs or payment.method != Method.ONLINE.value:
        raise Refusal(RefusalCode.NOT_FOUND)
    issued = receipts.receipt(session(), memory(), payment.id, context(auth.actor()))
    name = f"receipt-{issued.number}"
    return papers.pdf(issued.pdf, name=name, title=f"領収書_{issued.number}")


@notices.post("/payments/notice")
def hear() -> FlaskResponse:
    """A notice of the provider. 404 makes it try again: what is unknown now may be known later."""
    at = the_provider()
    if at is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    try:
        told = at.heard(request.get_data(), dict(request.headers))
    except Forged:
        return FlaskResponse(status=403)
    itself = by_itself(services().settings, now())
    try:
        rounds.hear(session(), told, itself, is_asked=False)
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_FOUND:
            raise
        return FlaskResponse(status=404)
    return FlaskResponse(status=204)
