"""かわりの予約: whoever lost a place takes another one, under the rules and at the price there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions import bookings
from reservations.actions.step import Context, action
from reservations.actions.terms import BookingRequest
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingAsked, BookingConfirmed
from reservations.models import Booking
from reservations.queries import papers
from reservations.rules.conflicts import is_towns_fault
from reservations.rules.period import Period

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class OfferRequest:
    """Another place for a booking of this party that was lost."""

    lost_id: str
    party_id: str
    unit_id: int
    date: Day
    period: Period


@action("take_offer", turn=lambda request: request.party_id)
def take_offer(
    session: Session, request: OfferRequest, context: Context, booking_id: str
) -> BookingConfirmed | BookingAsked:
    """Book in the place of what the town cancelled, or could not confirm. Once: a second tap finds
    that it is done.

    raises   Refusal not_found where the party lost nothing like that; replaced; or as `book` does
    """
    query = select(Booking).where(Booking.id == request.lost_id)
    lost = session.scalars(query).one_or_none()
    if lost is None or lost.party_id != request.party_id or not is_lost(session, lost):
        raise Refusal(RefusalCode.NOT_FOUND)
    has_place = (
        Booking.instead_of == lost.id,
        Booking.status.in_(("confirmed", "tentative")),
        Booking.cancelled_at.is_(None),
    )
    if session.scalar(select(Booking.id).where(*has_place).limit(1)) is not None:
        raise Refusal(RefusalCode.REPLACED)
    wish = BookingRequest(
        request.unit_id,
        request.date,
        request.period,
        request.party_id,
        lost.purpose_code,
        lost.headcount,
    )
    return bookings.lend(session, wish, context, booking_id, instead_of=lost.id)


def is_lost(session: Session, booking: Booking) -> bool:
    """Whether its party has no place through no fault of theirs."""
    if booking.status == "cancelled":
        return is_towns_fault(papers.cancelled_for(session, booking.id, booking.revision))
    if booking.status != "refused" or booking.instead_of is None:
        return booking.status == "refused"
    old = session.get(Booking, booking.instead_of)
    # A change that was refused leaves the old place.
    return old is not None and old.status in ("cancelled", "refused")
