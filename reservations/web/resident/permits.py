"""使用許可書: one's own, as the PDF that was issued or as a page to print."""

from __future__ import annotations

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for

from reservations.actions import papers as actions
from reservations.queries.bookings import BookingView
from reservations.queries.papers import IssuedView
from reservations.web import auth, papers
from reservations.web.auth import Who, guard
from reservations.web.language import gettext
from reservations.web.resident.bookings import own
from reservations.web.services import context, memory, session

blueprint = APIBlueprint("permits", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)


@blueprint.get("/bookings/<uuid:booking_id>/permit.pdf")
def file(booking_id: UUID) -> Response:
    return permit_answer(own(booking_id))


@blueprint.get("/bookings/<uuid:booking_id>/permit")
def page(booking_id: UUID) -> Response:
    booking = own(booking_id)
    document = actions.as_issued(_issued(booking), booking)
    links = (
        (gettext("予約に戻る"), url_for("bookings.one", booking_id=booking.id)),
        (gettext("PDFを開く"), url_for("permits.file", booking_id=booking.id)),
    )
    return papers.page(document, links)


def permit_answer(booking: BookingView) -> Response:
    """The permit's PDF.

    raises   Refusal no_permit
    """
    return papers.permit_pdf(_issued(booking), booking)


def _issued(booking: BookingView) -> IssuedView:
    return actions.permit(session(), memory(), booking, context(auth.actor()))
