"""予約・変更・取消, and closures: everything that occupies or frees a unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from reservations.actions.occupancy import claim, release
from reservations.actions.step import Context, action
from reservations.clock import HOLIDAYS, LOCAL, local_day
from reservations.errors import Refusal, RefusalCode, strongest
from reservations.events import BookingCancelled, BookingChanged, BookingConfirmed
from reservations.models import Booking
from reservations.models.base import table_of
from reservations.models.bookings import SERIAL
from reservations.queries import memory, parties
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules import availability, eligibility, refunds
from reservations.rules.availability import DayFacts, Kind
from reservations.rules.eligibility import Standing
from reservations.rules.fees import Fee
from reservations.rules.period import Period, day_bit
from reservations.rules.town import TownRules


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What somebody asks for. Times as quarter-hours; the period is lent exactly as asked."""

    unit_id: int
    date: date
    period: Period
    party_id: str
    purpose: str = ""
    headcount: int | None = None


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
    reason: str = "own"


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """Maintenance, official use or a closure: occupies like a booking, belongs to nobody."""

    unit_id: int
    date: date
    period: Period
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: the price, the versions it rests on, and the rules that hold."""

    unit: LentUnit
    fee: Fee
    rules: TownRules
    tariff_from: date


@action("book")
def book(
    session: Session, request: BookingRequest, context: Context, booking_id: str
) -> BookingConfirmed:
    """Lend a unit to a party, first come first served.

    raises   Refusal with the strongest code; `taken` when the database says that a part of the
             unit is occupied
    """
    unit, standing, memory_now = _load(session, request, context)
    terms = _terms(unit, request, standing, memory_now, context)
    _claim(session, memory_now, unit, request.date, request.period)
    serial = _insert(session, request, context, booking_id, terms)
    return BookingConfirmed(
        subject=booking_id,
        unit_id=unit.id,
        facility_id=unit.place.id,
        kind=Kind.USE.value,
        date=request.date.isoformat(),
        start_slot=request.period.start,
        end_slot=request.period.end,
        party_id=request.party_id,
        purpose=request.purpose,
        headcount=request.headcount,
        fee_yen=terms.fee.total_yen,
        node_no=context.node_no,
        serial=serial,
    )


@action("change", subject=lambda request: request.booking_id)
def change(
    session: Session, request: ChangeRequest, context: Context, booking_id: str
) -> BookingChanged:
    """Move a booking to another time or place in one step; number and conditions stay.

    raises   Refusal not_found, not_active, already_started, or whatever booking anew would refuse;
             the old place is then still held
    """
    booking = _active(session, booking_id, context)
    old = memory.held(session).catalogue.units[booking.unit_id]
    before = Period(booking.start_slot, booking.end_slot)
    wish = BookingRequest(
        request.unit_id,
        request.date,
        request.period,
        booking.party_id or "",
        booking.purpose_code,
        booking.headcount,
    )
    unit, standing, memory_now = _load(session, wish, context, except_id=booking_id)
    terms = _terms(unit, wish, standing, memory_now, context, is_change=True)
    release(session, old.parts, booking.date, before)
    _claim(session, memory_now, unit, request.date, request.period)
    fact = BookingChanged(
        subject=booking_id,
        from_unit_id=old.id,
        from_date=booking.date.isoformat(),
        from_start_slot=before.start,
        from_end_slot=before.end,
        unit_id=unit.id,
        facility_id=unit.place.id,
        date=request.date.isoformat(),
        start_slot=request.period.start,
        end_slot=request.period.end,
        fee_yen=terms.fee.total_yen,
        revision=booking.revision + 1,
    )
    _move(booking, wish, terms)
    return fact


@action("cancel", subject=lambda request: request.booking_id)
def cancel(
    session: Session, request: CancelRequest, context: Context, booking_id: str
) -> BookingCancelled:
    """Give a booking back. What stays owed is settled by the town's refund steps.

    raises   Refusal not_found, not_active, already_started
    """
    booking = _active(session, booking_id, context)
    unit = memory.held(session).catalogue.units[booking.unit_id]
    period = Period(booking.start_slot, booking.end_slot)
    settled = refunds.cancellation(
        booking.fee_yen,
        made_at=booking.made_at,
        starts_at=period.starts_at(booking.date, LOCAL),
        now=context.now,
        rules=_rules_of(unit, booking),
    )
    release(session, unit.parts, booking.date, period)
    booking.status = "cancelled"
    booking.cancelled_at = context.now
    booking.cancel_due_yen = settled.due_yen
    booking.revision += 1
    return BookingCancelled(
        subject=booking_id,
        facility_id=booking.facility_id,
        date=booking.date.isoformat(),
        reason=request.reason,
        due_yen=settled.due_yen,
        revision=booking.revision,
    )


@action("close")
def close(
    session: Session, request: ClosureRequest, context: Context, booking_id: str
) -> BookingConfirmed:
    """Take a unit out of lending for a while; refused where somebody already holds it.

    raises   Refusal unit_unknown, taken
    """
    unit = memory.current(session).catalogue.units.get(request.unit_id)
    if unit is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    claim(session, unit.parts, request.date, request.period)
    values = _row(request, context, booking_id, unit)
    values.update(kind=request.kind.value, note=request.note)
    serial = session.execute(_insert_statement(session), values).scalar_one()
    return BookingConfirmed(
        subject=booking_id,
        unit_id=unit.id,
        facility_id=unit.place.id,
        kind=request.kind.value,
        date=request.date.isoformat(),
        start_slot=request.period.start,
        end_slot=request.period.end,
        party_id=None,
        purpose="",
        headcount=None,
        fee_yen=0,
        node_no=context.node_no,
        serial=serial,
    )


def _load(
    session: Session, request: BookingRequest, context: Context, *, except_id: str = ""
) -> tuple[LentUnit, Standing, Memory]:
    """The unit and what its town knows of the party: one statement while nothing has changed."""
    known = memory.held(session)
    unit = known.catalogue.units.get(request.unit_id)
    town = unit.town.code if unit else ""
    standing, version = parties.standing(
        session,
        request.party_id,
        town,
        day=request.date,
        period=request.period,
        today=local_day(context.now),
        except_id=except_id,
    )
    if version != known.catalogue.version:
        known = memory.at_version(session, version)
        fresh = known.catalogue.units.get(request.unit_id)
        if fresh is not None and fresh.town.code != town:
            return _load(session, request, context, except_id=except_id)
        unit = fresh
    if unit is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    return unit, standing, known


def _terms(
    unit: LentUnit,
    request: BookingRequest,
    standing: Standing,
    memory_now: Memory,
    context: Context,
    *,
    is_change: bool = False,
) -> Terms:
    """Ask the rules; the price and the conditions, or the strongest refusal."""
    rules = unit.town.rules_on(local_day(context.now))
    bit = day_bit(request.date, is_holiday=request.date in HOLIDAYS)
    refusals = _about_unit(unit, request)
    lending = unit.lending_on(request.date, bit)
    days = 2 if request.period.end > 96 else 1
    facts = DayFacts(memory_now.masks.open_bits(unit.parts, request.date, days=days), 0)
    refusals += availability.refusals(lending, facts, request.period)
    counted = standing if not is_change else Standing(standing.residency, 0, standing.has_overlap)
    refusals += eligibility.refusals(
        request.date,
        starts_at=request.period.starts_at(request.date, LOCAL),
        now=context.now,
        standing=counted,
        rules=rules,
    )
    fee = unit.fee(request.date, request.period, bit, standing.residency, rules)
    if fee is None:
        refusals.append(Refusal(RefusalCode.NO_PRICE))
    if refusals:
        raise strongest(refusals)
    assert fee is not None
    return Terms(unit, fee, rules, unit.tariff_on(request.date).valid_from)


def _about_unit(unit: LentUnit, request: BookingRequest) -> list[Refusal]:
    found = []
    opening = unit.place.opening_on(request.date)
    if not unit.is_bookable or opening is None or not opening.is_confirmed or not unit.parts:
        found.append(Refusal(RefusalCode.UNIT_UNCONFIRMED, phone=unit.place.phone))
    if request.purpose and unit.purposes and request.purpose not in unit.purposes:
        found.append(Refusal(RefusalCode.PURPOSE_NOT_ALLOWED, purpose=request.purpose))
    capacity = unit.capacity
    if request.headcount is not None and capacity is not None and request.headcount > capacity:
        found.append(Refusal(RefusalCode.OVER_CAPACITY, capacity=capacity))
    return found


def _claim(session: Session, memory_now: Memory, unit: LentUnit, day: date, period: Period) -> None:
    """Occupy it, or say why not: closed since we last looked, or taken."""
    try:
        claim(session, unit.parts, day, period)
    except Refusal:
        memory_now.masks.refresh()
        days = 2 if period.end > 96 else 1
        opened = memory_now.masks.open_bits(unit.parts, day, days=days)
        if opened & period.bits != period.bits:
            code = RefusalCode.OUTSIDE_HOURS if opened else RefusalCode.CLOSED_DAY
            raise Refusal(code, open=availability.open_text(opened)) from None
        raise


def _insert(
    session: Session, request: BookingRequest, context: Context, booking_id: str, terms: Terms
) -> int:
    values = _row(request, context, booking_id, terms.unit)
    values.update(
        party_id=request.party_id,
        purpose_code=request.purpose,
        headcount=request.headcount,
        fee_yen=terms.fee.total_yen,
        tariff_from=terms.tariff_from,
        town_rules_id=terms.rules.version or None,
        free_cancel_until=refunds.free_until(
            made_at=context.now,
            starts_at=request.period.starts_at(request.date, LOCAL),
            rules=terms.rules,
        ),
    )
    return int(session.execute(_insert_statement(session), values).scalar_one())


def _row(
    request: BookingRequest | ClosureRequest, context: Context, booking_id: str, unit: LentUnit
) -> dict[str, object]:
    """The columns that a booking and a closure share."""
    return {
        "id": booking_id,
        "node_no": context.node_no,
        "unit_id": unit.id,
        "facility_id": unit.place.id,
        "municipality_code": unit.town.code,
        "party_id": None,
        "kind": Kind.USE.value,
        "status": "confirmed",
        "date": request.date,
        "start_slot": request.period.start,
        "end_slot": request.period.end,
        "purpose_code": "",
        "headcount": None,
        "fee_yen": 0,
        "tariff_from": None,
        "town_rules_id": None,
        "made_at": context.now,
        "free_cancel_until": None,
        "note": "",
        "revision": 0,
    }


_BOOKING = table_of(Booking)
_NEXT_ON_SQLITE = select(func.coalesce(func.max(_BOOKING.c.serial), 0) + 1).scalar_subquery()
_INSERT = {
    # SQLite has no sequences, and one writer: the highest number plus one is safe there.
    "sqlite": insert(_BOOKING).values(serial=_NEXT_ON_SQLITE).returning(_BOOKING.c.serial),
    "postgresql": insert(_BOOKING).values(serial=SERIAL.next_value()).returning(_BOOKING.c.serial),
}


def _insert_statement(session: Session):  # type: ignore[no-untyped-def]  # ReturningInsert[int]
    return _INSERT[session.get_bind().dialect.name]


def _active(session: Session, booking_id: str, context: Context) -> Booking:
    """The booking, locked, if it can still be changed by people."""
    booking = session.scalar(select(Booking).where(Booking.id == booking_id).with_for_update())
    if booking is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if booking.status != "confirmed":
        raise Refusal(RefusalCode.NOT_ACTIVE)
    period = Period(booking.start_slot, booking.end_slot)
    if period.starts_at(booking.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.ALREADY_STARTED)
    return booking


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
    booking.free_cancel_until = refunds.free_until(
        made_at=booking.made_at,
        starts_at=wish.period.starts_at(wish.date, LOCAL),
        rules=terms.rules,
    )
    booking.revision += 1


def _rules_of(unit: LentUnit, booking: Booking) -> TownRules:
    """The version of the town's rules that the booking was made under."""
    for rules in unit.town.rules:
        if rules.version == booking.town_rules_id:
            return rules
    return unit.town.rules_on(local_day(booking.made_at))
