"""来館: a clerk notes that somebody has come."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import attendance_feed, sheets
from reservations.actions.step import Context, action
from reservations.clock import LOCAL
from reservations.db import run
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode, strongest
from reservations.events.counter import PartyArrived
from reservations.models import Booking
from reservations.rules import attendance
from reservations.rules.period import Period
from reservations.sheets import SheetName
from sync import ledger


@dataclass(frozen=True, slots=True)
class ArrivalRequest:
    booking_id: str


@action("arrive", subject=lambda request: request.booking_id)
def arrive(
    session: Session, request: ArrivalRequest, context: Context, booking_id: str
) -> PartyArrived:
    """Note that the party of a booking is here, now; the second time changes nothing.

    raises   Refusal not_found for what nobody has booked; not_active, not_begun
    """
    query = select(
        Booking.status,
        Booking.municipality_code,
        Booking.facility_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
    ).where(Booking.id == booking_id, Booking.party_id.is_not(None))
    booking = run(session, query).one_or_none()
    if booking is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    starts_at = Period(booking.start_slot, booking.end_slot).starts_at(booking.date, LOCAL)
    against = attendance.refusals(booking.status, starts_at=starts_at, now=context.now)
    if against:
        raise strongest(against)
    fact = PartyArrived(
        subject=booking_id,
        arrived_at=sheets.instant_text(context.now),
        node_no=context.node_no,
    )
    values = {"booking_id": booking_id, "at": context.now, "node_no": context.node_no}
    attendance_feed.put(session, values | {"actor": context.actor})
    desk: Desk | None = session.info["database"].desk
    if desk is not None:
        on = SheetName(booking.municipality_code, booking.facility_id, booking.date)
        data = sheets.words_of(fact.name, fact.version, fact.subject, fact.body())
        at = sheets.milliseconds(context.now)
        ledger.post(session, desk.node, on.text, attendance_feed.ARRIVED, at=at, data=data)
    return fact
