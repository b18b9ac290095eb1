"""What follows from an answer: the old place of a change is given up, the second day is freed.

Two sheets with two holders have no line in common, so each holder does its part when it knows the
other's. Nothing is remembered for that: each round looks at how things stand. So it does not matter
in which order the answers came, who was cut off meanwhile, or how often it is done.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import aliased

from reservations import sheets
from reservations.actions import bookings, entering
from reservations.actions.bookings import CancelRequest
from reservations.actions.step import Context
from reservations.clock import LOCAL, local_day
from reservations.desk import Desk, holdings
from reservations.errors import Refusal
from reservations.events import BookingLeft
from reservations.models import Booking
from reservations.queries import ledger
from reservations.rules.period import SLOTS_PER_DAY, Period
from reservations.rules.refunds import CHANGED
from reservations.sheets import SheetName
from sync.node import NotWritten

# Only what the witness has may be told, and only what may be told frees the old place.
_NEW = aliased(Booking)
_CHANGED = (
    select(
        Booking.id,
        Booking.facility_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
        _NEW.node_no,
    )
    .join(_NEW, _NEW.instead_of == Booking.id)
    .where(
        _NEW.instead_of.is_not(None),
        _NEW.status == "confirmed",
        _NEW.is_told,
        _NEW.cancelled_at.is_(None),
        Booking.status == "confirmed",
        Booking.cancelled_at.is_(None),
        Booking.date >= bindparam("since"),
    )
    .order_by(Booking.id)
)
# The number stands in the statement itself: only so is the index of such bookings used.
_OVER = select(Booking.id, Booking.municipality_code, Booking.facility_id, Booking.date).where(
    Booking.end_slot > literal_column(str(SLOTS_PER_DAY)),
    Booking.status.in_(("cancelled", "refused")),
    Booking.date >= bindparam("since"),
)


def follow(desk: Desk, *, at: int) -> int:
    """Do what has become this desk's to do; returns how much that was.

    at   milliseconds; any clock
    """
    now = sheets.instant_of(at)
    since = local_day(now) - timedelta(days=1)
    with desk.database.session() as session:
        changed = session.execute(_CHANGED, {"since": since}).all()
        over = session.execute(_OVER, {"since": since}).all()
        held = holdings(session) if changed or over else None
    if held is None:
        return 0
    context = Context("system", now, desk.name, desk.settings.node_no)
    mine = {
        row.id
        for row in changed
        if row.node_no == context.node_no or held.is_held(row.facility_id, row.date)
        # What has begun is used, and stays.
        if Period(row.start_slot, row.end_slot).starts_at(row.date, LOCAL) > now
    }
    given_up = sum(_give_up(desk, booking_id, context) for booking_id in sorted(mine))
    return given_up + sum(
        _free_second_day(desk, row, at=at)
        for row in over
        if held.is_held(row.facility_id, row.date + timedelta(days=1))
    )


def _give_up(desk: Desk, booking_id: str, context: Context) -> bool:
    """The old place of a change whose new one is confirmed: by its holder, or by the desk where
    the change was asked for, whose wish the holder hears also where it does not hear the rest."""
    with desk.database.session() as session:
        try:
            bookings.cancel(session, CancelRequest(booking_id, CHANGED), context)
        except Refusal:
            # Cancelled since, by somebody else.
            return False
    return True


def _free_second_day(desk: Desk, row: Any, *, at: int) -> bool:
    """What a booking that is no more occupied after midnight, on a sheet of its own holder's."""
    name = SheetName(row.municipality_code, row.facility_id, _day_after(row.date))
    with desk.database.session() as session:
        if not ledger.owner_of(session, name, row.id):
            return False
    with desk.transaction() as store:
        entering.lock(store.session, name)
        entering.enter(store.session, desk, name)
        owner = ledger.owner_of(store.session, name, row.id)
        if not owner:
            return False
        fact = BookingLeft(
            subject=row.id,
            town=name.town,
            facility_id=name.facility_id,
            date=name.date.isoformat(),
            revision=sheets.owner_of(owner)[1] + 1,
        )
        draft = sheets.draft_of(fact.name, fact.version, fact.subject, fact.body())
        try:
            desk.node.write(store, name.text, draft, at=at)
        except NotWritten:
            return False
    return True


def _day_after(day: date) -> date:
    return day + timedelta(days=1)
