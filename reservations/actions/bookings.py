"""予約・変更・取消, and closures: everything that occupies or frees a unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from reservations.actions.occupancy import claim, lock, opened, release
from reservations.actions.step import Context, action, takes_turn
from reservations.clock import HOLIDAYS, LOCAL, local_day
from reservations.errors import Refusal, RefusalCode, in_order, strongest
from reservations.events import BookingCancelled, BookingChanged, BookingConfirmed
from reservations.models import Booking, CatalogueVersion
from reservations.models.base import table_of
from reservations.models.bookings import SERIAL
from reservations.queries import memory, parties
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules import availability, eligibility, refunds
from reservations.rules.availability import DayFacts, Kind
from reservations.rules.eligibility import Standing
from reservations.rules.fees import Fee
from reservations.rules.period import SLOTS_PER_DAY, Period, day_bit
from reservations.rules.town import Residency, TownRules


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


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be agreed, and what stands against it, strongest first."""

    unit: LentUnit
    fee: Fee | None
    rules: TownRules
    residency: Residency
    refusals: tuple[Refusal, ...]


# Where the time is not lent at all, nobody can have taken it.
UNLENT = frozenset(
    {RefusalCode.UNIT_UNCONFIRMED, RefusalCode.CLOSED_DAY, RefusalCode.OUTSIDE_HOURS}
)


@action("book", turn=lambda request: request.party_id)
def book(
    session: Session, request: BookingRequest, context: Context, booking_id: str
) -> BookingConfirmed:
    """Lend a unit to a party, first come first served.

    raises   Refusal with the strongest code; `taken` when the database says that a part of the
             unit is occupied
    """
    unit, standing, memory_now = _load(session, request, context)
    terms = _terms(unit, request, standing, memory_now, context)
    _claim(session, unit, request.date, request.period)
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
    booking, old = _active(session, booking_id, context)
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
    terms = _terms(unit, wish, standing, memory_now, context, given_up=old)
    lock(
        session,
        [(old.parts, booking.date, before), (unit.parts, request.date, request.period)],
    )
    release(session, old.parts, booking.date, before)
    _claim(session, unit, request.date, request.period)
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
    booking, unit = _active(session, booking_id, context)
    period = Period(booking.start_slot, booking.end_slot)
    settled = refunds.cancellation(
        booking.fee_yen,
        made_at=booking.made_at,
        starts_at=period.starts_at(booking.date, LOCAL),
        now=context.now,
        rules=unit.town.rules_of(booking.town_rules_id, local_day(booking.made_at)),
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

    raises   Refusal unit_unknown, closed_day, outside_hours, taken
    """
    unit = memory.current(session).catalogue.units.get(request.unit_id)
    if unit is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    _claim(session, unit, request.date, request.period)
    values = _row(request, context, booking_id, unit)
    values.update(kind=request.kind.value, note=request.note)
    serial = _insert_row(session, values)
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


def preview(
    session: Session,
    request: BookingRequest,
    context: Context,
    *,
    giving_up: BookingView | None = None,
) -> Preview:
    """What `book` would answer now, without doing it; with `giving_up`, what `change` would.

    raises   Refusal unit_unknown; everything else is in the answer
    """
    except_id = giving_up.id if giving_up else ""
    unit, standing, memory_now = _load(session, request, context, except_id=except_id)
    given_up = giving_up.unit if giving_up else None
    fee, refusals = _ask(unit, request, standing, memory_now, context, given_up=given_up)
    codes = {refusal.code for refusal in refusals}
    if not codes & UNLENT and not _can_be_had(memory_now, unit, request, giving_up):
        refusals.append(Refusal(RefusalCode.TAKEN))
    rules = unit.town.rules_on(local_day(context.now))
    return Preview(unit, fee, rules, standing.residency, tuple(in_order(refusals)))


def _can_be_had(
    memory_now: Memory, unit: LentUnit, request: BookingRequest, giving_up: BookingView | None
) -> bool:
    """Whether nobody holds a part of it, apart from the booking that would be given up."""
    memory_now.masks.refresh()
    own: frozenset[int] = frozenset()
    own_bits = 0
    if giving_up is not None and abs(later := (giving_up.date - request.date).days) <= 1:
        # A booking past midnight holds its place on the next day too, and is held by one before.
        own = frozenset(giving_up.unit.parts)
        own_bits = (giving_up.period.bits << SLOTS_PER_DAY) >> SLOTS_PER_DAY * (1 - later)
    days = 2 if request.period.end > SLOTS_PER_DAY else 1
    for part_id in unit.parts:
        free = memory_now.masks.free_bits((part_id,), request.date, days=days)
        if part_id in own:
            free |= own_bits
        if free & request.period.bits != request.period.bits:
            return False
    return True


def _terms(
    unit: LentUnit,
    request: BookingRequest,
    standing: Standing,
    memory_now: Memory,
    context: Context,
    *,
    given_up: LentUnit | None = None,
) -> Terms:
    """Ask the rules; the price and the conditions, or the strongest refusal."""
    fee, refusals = _ask(unit, request, standing, memory_now, context, given_up=given_up)
    if refusals:
        raise strongest(refusals)
    assert fee is not None
    rules = unit.town.rules_on(local_day(context.now))
    return Terms(unit, fee, rules, unit.tariff_on(request.date).valid_from)


def _ask(
    unit: LentUnit,
    request: BookingRequest,
    standing: Standing,
    memory_now: Memory,
    context: Context,
    *,
    given_up: LentUnit | None,
) -> tuple[Fee | None, list[Refusal]]:
    """The price, if the table has one, and everything that stands against it but `taken`."""
    rules = unit.town.rules_on(local_day(context.now))
    bit = day_bit(request.date, is_holiday=request.date in HOLIDAYS)
    refusals = _about_unit(unit, request)
    lending = unit.lending_on(request.date, bit)
    facts = DayFacts(_open_bits(memory_now, unit, request), 0)
    refusals += availability.refusals(lending, facts, request.period)
    if given_up is not None and given_up.town.code == unit.town.code:
        # One booking for another in the same town is not one more, even above a lowered limit.
        standing = replace(standing, active_count=0)
    refusals += eligibility.refusals(
        request.date,
        starts_at=request.period.starts_at(request.date, LOCAL),
        now=context.now,
        standing=standing,
        rules=rules,
    )
    fee = unit.fee(request.date, request.period, bit, standing.residency, rules)
    if fee is None:
        refusals.append(Refusal(RefusalCode.NO_PRICE))
    return fee, refusals


def _open_bits(memory_now: Memory, unit: LentUnit, request: BookingRequest) -> int:
    """When the unit is lent; looked up again before anybody is told that it is closed."""
    days = 2 if request.period.end > SLOTS_PER_DAY else 1
    bits = memory_now.masks.open_bits(unit.parts, request.date, days=days)
    if bits & request.period.bits == request.period.bits:
        return bits
    memory_now.masks.refresh()
    return memory_now.masks.open_bits(unit.parts, request.date, days=days)


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


def _claim(session: Session, unit: LentUnit, day: date, period: Period) -> None:
    """Occupy it, or say why not: closed since we last looked, or taken."""
    try:
        claim(session, unit.parts, day, period)
    except Refusal as taken:
        bits = opened(session, unit.parts, day, period)
        raise strongest([*availability.hours_refusals(bits, period), taken]) from None


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
    return _insert_row(session, values)


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
_NEXT_ON_SQLITE = (
    select(func.coalesce(func.max(_BOOKING.c.serial), 0) + 1)
    .where(_BOOKING.c.node_no == bindparam("own_node"))
    .scalar_subquery()
)
_INSERT = {
    # SQLite has no sequences, and one writer: this node's highest number plus one is safe there.
    "sqlite": insert(_BOOKING).values(serial=_NEXT_ON_SQLITE).returning(_BOOKING.c.serial),
    "postgresql": insert(_BOOKING).values(serial=SERIAL.next_value()).returning(_BOOKING.c.serial),
}


def _insert_row(session: Session, values: dict[str, object]) -> int:
    """Insert a booking; returns its serial."""
    dialect = session.get_bind().dialect.name
    own = {"own_node": values["node_no"]} if dialect == "sqlite" else {}
    return int(session.execute(_INSERT[dialect], values | own).scalar_one())


_ONE = select(Booking, select(CatalogueVersion.version).scalar_subquery().label("catalogue")).where(
    Booking.id == bindparam("booking_id")
)
_LOCKED = {
    "sqlite": _ONE,
    # Whoever changes a booking takes the party's turn, as whoever books for it does.
    "postgresql": _ONE.add_columns(
        takes_turn(func.coalesce(Booking.party_id, Booking.id))
    ).with_for_update(of=Booking),
}


def _active(session: Session, booking_id: str, context: Context) -> tuple[Booking, LentUnit]:
    """The booking, locked, if it can still be changed by people; and its unit."""
    statement = _LOCKED[session.get_bind().dialect.name]
    row = session.execute(statement, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    booking: Booking = row[0]
    if booking.status != "confirmed":
        raise Refusal(RefusalCode.NOT_ACTIVE)
    period = Period(booking.start_slot, booking.end_slot)
    if period.starts_at(booking.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.ALREADY_STARTED)
    known = memory.at_version(session, row.catalogue or 0)
    return booking, known.catalogue.units[booking.unit_id]


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
