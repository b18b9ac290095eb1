"""The papers of one's own booking, as the PDFs that were issued or as pages to print."""

from __future__ import annotations

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for

from reservations import documents
from reservations.actions import papers as actions
from reservations.actions.notices import SLUGS
from reservations.errors import Refusal, RefusalCode
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
    return _file(booking_id, documents.PERMIT)


@blueprint.get("/bookings/<uuid:booking_id>/permit")
def page(booking_id: UUID) -> Response:
    return _page(booking_id, documents.PERMIT, url_for("permits.file", booking_id=booking_id))


@blueprint.get("/bookings/<uuid:booking_id>/papers/<slug>.pdf")
def paper_file(booking_id: UUID, slug: str) -> Response:
    """変更許可書, 取消届 and so on: whatever the booking has as it is now."""
    return _file(booking_id, _kind(slug))


@blueprint.get("/bookings/<uuid:booking_id>/papers/<slug>")
def paper_page(booking_id: UUID, slug: str) -> Response:
    address = url_for("permits.paper_file", booking_id=booking_id, slug=slug)
    return _page(booking_id, _kind(slug), address)


def _file(booking_id: UUID, kind: str) -> Response:
    booking = own(booking_id)
    return papers.booking_pdf(_issued(booking, kind), booking)


def _page(booking_id: UUID, kind: str, pdf_address: str) -> Response:
    booking = own(booking_id)
    document = actions.as_issued(_issued(booking, kind), booking)
    links = (
        (gettext("予約に戻る"), url_for("bookings.one", booking_id=booking.id)),
        (gettext("PDFを開く"), pdf_address),
    )
    return papers.page(document, links)


def _kind(slug: str) -> str:
    """raises   Refusal not_found"""
    if slug not in SLUGS:
        raise Refusal(RefusalCode.NOT_FOUND)
    return SLUGS[slug]


def _issued(booking: BookingView, kind: str) -> IssuedView:
    """raises   Refusal no_permit, no_paper"""
    return actions.paper(session(), memory(), booking, kind, context(auth.actor()))
