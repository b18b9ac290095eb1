"""休館・修繕・公用: a room is closed, also where people have booked it, and opened again.

Whoever is in the way loses the place in the same transaction: cancelled for the town's reason,
everything paid is paid back, a letter waits, the closure stands in the masks. Only those whom the
clerk was shown; somebody who came since is shown first. On a sheet of another node all of that is
done by its holder, when the slip is there (answering.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions import asking, entering, money, places, rows
from reservations.actions.places import Place
from reservations.actions.step import Context, action, record
from reservations.clock import LOCAL
from reservations.desk import Desk, holdings
from reservations.errors import Refusal, RefusalCode
from reservations.events import (
    BookingCancelled,
    BookingConfirmed,
    CancellationAsked,
)
from reservations.events.counter import ClosureAsked
from reservations.models import Booking
from reservations.queries import memory
from reservations.queries.memory import Memory
from reservations.rules import conflicts
from reservations.rules.availability import Kind
from reservations.rules.conflicts import Held, Wanted
from reservations.rules.period import Period
from reservations.rules.refunds import OWN
from reservations.sheets import SheetName, key_of, stated

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class Room:
    """A unit, and which part of the day."""

    unit_id: int
    period: Period


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """Maintenance, official use or a closure: occupies like a booking, belongs to nobody.

    note   publishable: whoever loses a place reads it
    seen   keys (sheets.py:key_of) of the bookings in the way that the clerk was shown, and that are
           cancelled; None: only empty time is closed
    more   further rooms of the same house, closed with this one or not at all; with `seen` only
    """

    unit_id: int
    date: Day
    period: Period
    kind: Kind
    note: str = ""
    seen: frozenset[str] | None = None
    more: tuple[Room, ...] = ()


@dataclass(frozen=True, slots=True)
class ReopenRequest:
    closure_id: str


@action("close", reason=lambda request: request.note)
def close(
    session: Session, request: ClosureRequest, context: Context, booking_id: str
) -> BookingConfirmed | ClosureAsked:
    """Take rooms out of lending for a while: one sheet, all of them or none.

    raises   Refusal unit_unknown, past, closed_day, outside_hours; without `seen` taken where
             somebody holds a part, and held_elsewhere; with it protected, closed_already, not_seen,
             and held_elsewhere only where a night reaches onto another node's sheet
    """
    known = memory.current(session)
    wanted = _places(known, request)
    first = wanted[0]
    if request.seen is None:
        assert not request.more, "together they are closed with `seen`"
        places.take(session, first)
        return _closed(session, request, first, context, booking_id)
    if first.period.ends_at(request.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.PAST)
    _lock_rows(session, request.seen)
    sheet = SheetName(first.unit.town.code, first.unit.place.id, request.date)
    is_ours = _is_ours(session, sheet)
    if is_ours:
        _clear(session, known, wanted, request, context)
        for place in wanted:
            places.take(session, place)
    make = _closed if is_ours else _asked
    ids = [booking_id, *(context.new_id() for _ in wanted[1:])]
    facts: list[BookingConfirmed | ClosureAsked] = [
        make(session, request, place, context, each)
        for each, place in zip(ids, wanted, strict=True)
    ]
    for fact in facts[1:]:
        record(session, fact, context)
    return facts[0]


@action("reopen", subject=lambda request: request.closure_id)
def reopen(
    session: Session, request: ReopenRequest, context: Context, closure_id: str
) -> BookingCancelled | CancellationAsked:
    """End a closure, also one that has begun; whoever lost a place to it does not get it back.

    raises   Refusal not_found for what is no closure; not_active
    """
    query = select(Booking).where(Booking.id == closure_id).with_for_update()
    closure = session.scalars(query).one_or_none()
    if closure is None or Kind(closure.kind) not in conflicts.CLOSED_FOR:
        raise Refusal(RefusalCode.NOT_FOUND)
    is_open = closure.status in ("confirmed", "tentative") and closure.cancelled_at is None
    period = Period(closure.start_slot, closure.end_slot)
    if not is_open or period.ends_at(closure.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    unit = memory.current(session).catalogue.units[closure.unit_id]
    fact = rows.cancellation(closure, OWN, 0, context)
    place = Place(unit, closure.date, period)
    if closure.status == "tentative" or not places.give_back(session, place):
        return asking.ask_to_cancel(session, fact, context)
    closure.status = "cancelled"
    closure.revision = fact.revision
    return fact


def _places(known: Memory, request: ClosureRequest) -> list[Place]:
    """raises   Refusal unit_unknown"""
    found = []
    for room in (Room(request.unit_id, request.period), *request.more):
        unit = known.catalogue.units.get(room.unit_id)
        if unit is None:
            raise Refusal(RefusalCode.UNIT_UNKNOWN)
        found.append(Place(unit, request.date, room.period))
    assert len({place.unit.place.id for place in found}) == 1, "rooms of one house"
    return found


def _lock_rows(session: Session, seen: frozenset[str]) -> None:
    """Whoever cancels or moves a booking locks its row before the masks: here it is the same."""
    ids = sorted(key.rpartition(":")[0] for key in seen)
    query = select(Booking.id).where(Booking.id.in_(ids)).order_by(Booking.id)
    session.execute(query.with_for_update())


def _is_ours(session: Session, name: SheetName) -> bool:
    """Whether this desk decides on the sheet; if so, alone until the commit."""
    entering.lock(session, name)
    desk: Desk | None = session.info["database"].desk
    if desk is not None and desk.is_suspended():
        return False
    return holdings(session).is_held(name.facility_id, name.date)


def _clear(
    session: Session,
    known: Memory,
    wanted: Sequence[Place],
    request: ClosureRequest,
    context: Context,
) -> None:
    """Take its place back from whoever is in the way, and pay back what was paid."""
    assert request.seen is not None
    rooms = [Wanted(place.unit.parts, place.date, place.period) for place in wanted]
    there = {each.id: _held(each, known) for each in _on_sheet(session, wanted[0])}
    held = {key: each for key, each in there.items() if conflicts.is_in_way(each, rooms)}
    against = conflicts.refusal(held.values(), rooms, request.seen)
    if against is not None:
        raise against
    why = conflicts.reason(request.kind, request.note)
    for booking_id in held:
        booking = session.get_one(Booking, booking_id)
        unit = known.catalogue.units[booking.unit_id]
        fact = rows.cancellation(booking, why, 0, context)
        place = Place(unit, booking.date, Period(booking.start_slot, booking.end_slot))
        if not places.give_back(session, place):
            raise Refusal(RefusalCode.HELD_ELSEWHERE)
        booking.status = "cancelled"
        booking.revision = fact.revision
        session.flush()
        record(session, fact, context)
        rows.tell_of_cancellation(session, booking, fact, context)
        if booking.party_id is not None:
            money.pay_back(session, booking.id, context)


def _on_sheet(session: Session, place: Place) -> list[Booking]:
    """What holds anything of the house on that day, as it is now."""
    days = (place.date - timedelta(days=1), place.date)
    query = (
        select(Booking)
        .where(Booking.facility_id == place.unit.place.id, Booking.date.in_(days))
        .where(Booking.status == "confirmed")
        .order_by(Booking.made_at, Booking.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _closed(
    session: Session, request: ClosureRequest, place: Place, context: Context, closure_id: str
) -> BookingConfirmed:
    values = _values(request, place, context, closure_id)
    return BookingConfirmed(
        **stated(values | {"serial": rows.put(session, values)}, place.unit.parts)
    )


def _asked(
    session: Session, request: ClosureRequest, place: Place, context: Context, closure_id: str
) -> ClosureAsked:
    """The wish, which shows on the board until its answer comes."""
    assert request.seen is not None
    values = _values(request, place, context, closure_id) | {"status": "tentative"}
    wish = stated(values | {"serial": rows.put(session, values)}, place.unit.parts)
    why = conflicts.reason(request.kind, request.note)
    return asking.ask_to_close(
        session, BookingConfirmed(**wish), context, reason=why, seen=request.seen
    )


def _values(
    request: ClosureRequest, place: Place, context: Context, closure_id: str
) -> dict[str, Any]:
    values = rows.columns(place.unit, place.date, place.period, context, closure_id)
    return values | {"kind": request.kind.value, "note": request.note}


def _held(booking: Booking, known: Memory) -> Held:
    return Held(
        key_of(booking.id, booking.revision),
        Kind(booking.kind),
        known.catalogue.units[booking.unit_id].parts,
        booking.date,
        Period(booking.start_slot, booking.end_slot),
    )
