"""来館・無断不使用: the buttons of the board and of a booking's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import attendance as actions
from reservations.actions.attendance import CheckInRequest, StrikeRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries.bookings import BookingView
from reservations.rules.rights import Right
from reservations.rules.town import StrikeKind
from reservations.web import auth
from reservations.web.auth import Who, guard
from reservations.web.counter import about, board
from reservations.web.counter.bookings import found_booking, page_of
from reservations.web.letters import STRIKES
from reservations.web.rights import needs
from reservations.web.services import context, lead_back, session, today

blueprint = APIBlueprint("attendance", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.post("/board/bookings/<uuid:booking_id>/check-in")
@needs(Right.BOOK, about.booking)
def check_in(booking_id: UUID) -> Response | tuple[str, int]:
    """?board=1 leads back to the board, so that the next one in the queue can be taken."""
    return _done(found_booking(booking_id), actions.check_in)


@blueprint.post("/board/bookings/<uuid:booking_id>/check-in/undo")
@needs(Right.BOOK, about.booking)
def undo(booking_id: UUID) -> Response | tuple[str, int]:
    return _done(found_booking(booking_id), actions.undo_check_in)


def _done(booking: BookingView, act: Callable[..., Any]) -> Response | tuple[str, int]:
    lead_back(url_for("counter_bookings.one", booking_id=booking.id))
    try:
        act(session(), CheckInRequest(booking.id), context(auth.actor()))
    except Refusal as refusal:
        return page_of(booking, [refusal]), 422
    if request.args.get("board") == "1":
        return redirect(board.board_address(booking.unit.place, today()), 303)
    return redirect(url_for("counter_bookings.one", booking_id=booking.id), 303)


@blueprint.post("/board/bookings/<uuid:booking_id>/strike")
@needs(Right.BOOK, about.booking)
def strike(booking_id: UUID) -> Response | tuple[str, int]:
    booking = found_booking(booking_id)
    lead_back(url_for("counter_bookings.one", booking_id=booking.id))
    try:
        asked = request.form.get("kind", "")
        if asked not in STRIKES:
            raise Refusal(RefusalCode.NOT_COUNTED)
        wish = StrikeRequest(booking.id, StrikeKind(asked), request.form.get("excuse", ""))
        actions.ask_strike(session(), wish, context(auth.actor()))
    except Refusal as refusal:
        return page_of(booking, [refusal]), 422
    return redirect(url_for("counter_bookings.one", booking_id=booking.id), 303)
