"""予約・変更・取消: what occupies or frees a unit for somebody. Closures stand in closing.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from reservations.actions import asking, places, reductions, rows
from reservations.actions.closing import ClosureRequest, close
from reservations.actions.occupancy import lock
from reservations.actions.places import Place
from reservations.actions.step import Context, action, record, takes_turn
from reservations.actions.terms import BookingRequest, Preview, Terms, agree, load, preview
from reservations.clock import LOCAL, local_day
from reservations.errors import Refusal, RefusalCode
from reservations.events import (
    BookingAsked,
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingConfirmedInstead,
    CancellationAsked,
)
from reservations.models import Booking, CatalogueVersion, Decision
from reservations.queries import memory
from reservations.queries.catalogue import LentUnit
from reservations.rules import refunds
from reservations.rules.approval import Permission
from reservations.rules.conflicts import is_towns_fault
from reservations.rules.period import SLOTS_PER_DAY, Period
from reservations.rules.refunds import CHANGED, OWN, Cancellation
from reservations.sheets import stated

__all__ = [
    "BookingRequest",
    "CancelRequest",
    "ChangeRequest",
    "ClosureRequest",
    "Preview",
    "book",
    "cancel",
    "change",
    "close",
    "preview",
]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Another time or place for a booking; the old one is given up only if the new one is won."""

    booking_id: str
    unit_id: int
    date: date
    period: Period


@dataclass(frozen=True, slots=True)
class CancelRequest:
    booking_id: str
    reason: str = OWN


@action("book", turn=lambda request: request.party_id)
def book(
    session: Session, request: BookingRequest, context: Context, booking_id: str
) -> BookingConfirmed | BookingAsked:
    """Lend a unit to a party, first come first served; or, where another node holds the sheet,
    ask that node (仮受付).

    raises   Refusal with the strongest code; `taken` when the database says that a part of the
             unit is occupied
    """
    return lend(session, request, context, booking_id)


def lend(
    session: Session,
    request: BookingRequest,
    context: Context,
    booking_id: str,
    *,
    waived: frozenset[RefusalCode] = frozenset(),
    instead_of: str | None = None,
) -> BookingConfirmed | BookingAsked:
    """What `book` does, in the caller's transaction; `waived` is not refused.

    instead_of   a booking that was lost, whose place this one takes
    """
    unit, standing, memory_now = load(session, request, context)
    terms = agree(unit, request, standing, memory_now, context, waived=waived)
    values = _use_row(request, context, booking_id, terms) | {"instead_of": instead_of}
    try:
        places.take(session, Place(unit, request.date, request.period))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.HELD_ELSEWHERE:
            raise
        until = asking.until(values, context)
        serial = rows.put(session, values | {"status": "tentative", "answer_by": until})
        if standing.is_registered:
            reductions.stand(session, values, terms.rules, context)
        wish = _confirmed(values | {"serial": serial}, unit)
        return asking.ask(session, wish, context, until=until)
    serial = rows.put(session, values)
    if standing.is_registered:
        reductions.stand(session, values, terms.rules, context)
    return _confirmed(values | {"serial": serial}, unit)


def _confirmed(values: dict[str, Any], unit: LentUnit) -> BookingConfirmed:
    if values["instead_of"] is not None:
        return _instead(values, unit)
    return BookingConfirmed(**stated(values, unit.parts))


@action("change", subject=lambda request: request.booking_id)
def change(
    session: Session, request: ChangeRequest, context: Context, booking_id: str
) -> BookingChanged | BookingConfirmedInstead | BookingAsked:
    """Move a booking to another time or place in one step; number and conditions stay.

    Where the sheets have different holders it is two steps: a second booking is made, or asked
    for, and the first is given up when the second is confirmed (following.py).

    raises   Refusal not_found, not_active, already_started, changing, or whatever booking anew
             would refuse; the old place is then still held
    """
    return move(session, request, context, booking_id)


def move(
    session: Session,
    request: ChangeRequest,
    context: Context,
    booking_id: str,
    *,
    waived: frozenset[RefusalCode] = frozenset(),
) -> BookingChanged | BookingConfirmedInstead | BookingAsked:
    """What `change` does, in the caller's transaction; `waived` is not refused."""
    found = _active(session, booking_id, context)
    booking, old = found.booking, found.unit
    if found.instead:
        raise Refusal(RefusalCode.CHANGING)
    before = Period(booking.start_slot, booking.end_slot)
    wish = BookingRequest(
        request.unit_id,
        request.date,
        request.period,
        booking.party_id or "",
        booking.purpose_code,
        booking.headcount,
    )
    unit, standing, memory_now = load(session, wish, context, except_id=booking_id)
    terms = agree(unit, wish, standing, memory_now, context, given_up=old, waived=waived)
    lock(
        session,
        [(old.parts, booking.date, before), (unit.parts, request.date, request.period)],
    )
    place = Place(old, booking.date, before)
    if not places.swap(session, place, Place(unit, request.date, request.period)):
        return _change_over_two(session, booking, place, wish, terms, context)
    left: dict[str, Any] = {
        "from_town": old.town.code,
        "from_facility_id": old.place.id,
        "from_date": booking.date.isoformat(),
        "from_start_slot": before.start,
        "from_end_slot": before.end,
    }
    last = booking.date + timedelta(days=before.end > SLOTS_PER_DAY)
    stays = old.place.id == unit.place.id and booking.date <= request.date <= last
    _move(booking, wish, terms)
    return BookingChanged(**stated(rows.columns_of(booking), unit.parts), **left, stays=stays)


@action("cancel", subject=lambda request: request.booking_id)
def cancel(
    session: Session, request: CancelRequest, context: Context, booking_id: str
) -> BookingCancelled | CancellationAsked:
    """Give a booking back. What stays owed is settled by the town's refund steps.

    Where another node holds the sheet, the wish counts from now on, and that node frees the place.

    raises   Refusal not_found, not_active, already_started
    """
    return give_up(session, request, context, booking_id)


def give_up(
    session: Session, request: CancelRequest, context: Context, booking_id: str
) -> BookingCancelled | CancellationAsked:
    """What `cancel` does, in the caller's transaction."""
    found = _active(session, booking_id, context, statuses=("confirmed", "tentative"))
    booking, unit = found.booking, found.unit
    others = _instead_of(session, booking_id) if found.instead else []
    is_changed = any(other.status == "confirmed" for other in others)
    for other in others:
        if other.status == "tentative" and other.cancelled_at is None:
            # Who gives the old place up wants no new one in its stead; who has a new one already
            # needs no second.
            wish = rows.cancellation(other, OWN, 0, context)
            asked = asking.ask_to_cancel(session, wish, context, is_withdrawal=is_changed)
            record(session, asked, context)
    period = Period(booking.start_slot, booking.end_slot)
    reason = CHANGED if is_changed else request.reason
    is_withdrawn = booking.decide_by is not None and not _is_granted(session, booking)
    due_yen = 0 if is_withdrawn else _settled(booking, unit, reason, context).due_yen
    is_kept = booking.status == "tentative" and _is_kept(session, booking.instead_of)
    fact = rows.cancellation(booking, reason, due_yen, context)
    place = Place(unit, booking.date, period)
    if booking.status == "tentative" or not places.give_back(session, place):
        return asking.ask_to_cancel(session, fact, context, is_withdrawal=is_kept)
    booking.status = "cancelled"
    booking.revision = fact.revision
    rows.tell_of_cancellation(session, booking, fact, context)
    return fact


def check_party(session: Session, booking_id: str, party_id: str) -> None:
    """raises   Refusal not_found where the booking is not this party's"""
    found = session.scalar(select(Booking.party_id).where(Booking.id == booking_id))
    if found is None or found != party_id:
        raise Refusal(RefusalCode.NOT_FOUND)


def _change_over_two(
    session: Session,
    booking: Booking,
    old: Place,
    wish: BookingRequest,
    terms: Terms,
    context: Context,
) -> BookingConfirmedInstead | BookingAsked:
    """A second booking in the place of the first, under the conditions of the first."""
    values = _use_row(wish, context, context.new_id(), terms, made_at=booking.made_at)
    values["instead_of"] = booking.id
    try:
        places.take(session, Place(terms.unit, wish.date, wish.period), given_up=old)
    except Refusal as refusal:
        if refusal.code is not RefusalCode.HELD_ELSEWHERE:
            raise
        until = asking.until(values, context, before=old.period.starts_at(old.date, LOCAL))
        serial = rows.put(session, values | {"status": "tentative", "answer_by": until})
        _reduce_instead(session, booking, values, terms, context)
        fact = _instead(values | {"serial": serial}, terms.unit)
        return asking.ask(session, fact, context, until=until)
    serial = rows.put(session, values)
    _reduce_instead(session, booking, values, terms, context)
    return _instead(values | {"serial": serial}, terms.unit)


def _reduce_instead(
    session: Session, old: Booking, values: dict[str, Any], terms: Terms, context: Context
) -> None:
    reductions.stand(session, values, terms.rules, context)
    reductions.carry(session, old, values, context)


def _instead(values: dict[str, Any], unit: LentUnit) -> BookingConfirmedInstead:
    state = stated(values, unit.parts)
    return BookingConfirmedInstead(**state, instead_of=values["instead_of"])


def _settled(booking: Booking, unit: LentUnit, reason: str, context: Context) -> Cancellation:
    """What stays owed. Nothing, where another booking has its place, as that one's fee is owed;
    nor where the town takes its place back."""
    if reason == CHANGED or is_towns_fault(reason):
        return Cancellation(0, booking.fee_yen, is_undo=False)
    period = Period(booking.start_slot, booking.end_slot)
    return refunds.cancellation(
        booking.fee_yen,
        made_at=booking.made_at,
        starts_at=period.starts_at(booking.date, LOCAL),
        now=context.now,
        rules=unit.town.rules_of(booking.town_rules_id, local_day(booking.made_at)),
    )


def _is_granted(session: Session, booking: Booking) -> bool:
    """Whether the town has permitted the use. An application that waits is withdrawn for nothing:
    there is no permit yet that a fee would be owed for."""
    decided = select(Decision.id).where(
        Decision.booking_id == booking.id,
        Decision.revision == booking.revision,
        Decision.verdict == Permission.GRANTED.value,
        Decision.status == "decided",
    )
    return session.scalar(decided.limit(1)) is not None


def _is_kept(session: Session, booking_id: str | None) -> bool:
    """Whether this booking stands, so that who gives up its change keeps it; as far as is known
    here, where perhaps nobody has heard of it."""
    if booking_id is None:
        return False
    old = session.get(Booking, booking_id)
    return old is None or (old.status == "confirmed" and old.cancelled_at is None)


def _use_row(
    request: BookingRequest,
    context: Context,
    booking_id: str,
    terms: Terms,
    *,
    made_at: datetime | None = None,
) -> dict[str, Any]:
    """The columns of a party's booking, on these terms.

    made_at   of the booking that it is instead of, whose conditions it keeps
    """
    values = rows.columns(terms.unit, request.date, request.period, context, booking_id)
    made_at = made_at or context.now
    values.update(
        made_at=made_at,
        party_id=request.party_id,
        purpose_code=request.purpose,
        headcount=request.headcount,
        fee_yen=terms.fee.total_yen,
        tariff_from=terms.tariff_from,
        town_rules_id=terms.rules.version or None,
        decide_by=terms.decide_by,
        free_cancel_until=refunds.free_until(
            made_at=made_at,
            starts_at=request.period.starts_at(request.date, LOCAL),
            rules=terms.rules,
        ),
    )
    return values


_OTHER = aliased(Booking)
_HAS_PLACE = _OTHER.instead_of == Booking.id, _OTHER.status.in_(("confirmed", "tentative"))
_ONE = select(
    Booking,
    select(CatalogueVersion.version).scalar_subquery().label("catalogue"),
    exists().where(*_HAS_PLACE).label("instead"),
).where(Booking.id == bindparam("booking_id"))
_INSTEAD = (
    select(Booking)
    .where(Booking.instead_of == bindparam("booking_id"))
    .where(Booking.status.in_(("confirmed", "tentative")))
    .order_by(Booking.id)
)
_LOCKED = {
    "sqlite": _ONE,
    # Whoever changes a booking takes the party's turn, as whoever books for it does.
    "postgresql": _ONE.add_columns(
        takes_turn(func.coalesce(Booking.party_id, Booking.id))
    ).with_for_update(of=Booking),
}


@dataclass(frozen=True, slots=True)
class Active:
    """A booking, locked, and its unit; `instead`: another has its place, or has been asked for."""

    booking: Booking
    unit: LentUnit
    instead: bool


def _active(
    session: Session,
    booking_id: str,
    context: Context,
    *,
    statuses: tuple[str, ...] = ("confirmed",),
) -> Active:
    """The booking, if it can still be changed by people."""
    statement = _LOCKED[session.get_bind().dialect.name]
    row = session.execute(statement, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    booking: Booking = row[0]
    if booking.status not in statuses or booking.cancelled_at is not None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    period = Period(booking.start_slot, booking.end_slot)
    if period.starts_at(booking.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.ALREADY_STARTED)
    known = memory.at_version(session, row.catalogue or 0)
    return Active(booking, known.catalogue.units[booking.unit_id], row.instead)


def _instead_of(session: Session, booking_id: str) -> list[Booking]:
    """What has this booking's place, or has been asked for in its stead."""
    return list(session.scalars(_INSTEAD, {"booking_id": booking_id}))


def _move(booking: Booking, wish: BookingRequest, terms: Terms) -> None:
    booking.unit_id = terms.unit.id
    booking.facility_id = terms.unit.place.id
    booking.municipality_code = terms.unit.town.code
    booking.date = wish.date
    booking.start_slot = wish.period.start
    booking.end_slot = wish.period.end
    booking.fee_yen = terms.fee.total_yen
    booking.tariff_from = terms.tariff_from
    booking.town_rules_id = terms.rules.version or None
    booking.decide_by = terms.decide_by
    booking.free_cancel_until = refunds.free_until(
        made_at=booking.made_at,
        starts_at=wish.period.starts_at(wish.date, LOCAL),
        rules=terms.rules,
    )
    booking.revision += 1
