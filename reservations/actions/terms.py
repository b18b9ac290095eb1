"""What would be agreed: everything that is asked before anything is written.

`book` and `change` (bookings.py) ask here and then write; a screen asks for a preview and writes
nothing. Whether the place is taken is for the database to say; a preview can only look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from reservations.actions.step import Context
from reservations.clock import HOLIDAYS, LOCAL, local_day
from reservations.errors import Refusal, RefusalCode, in_order, strongest
from reservations.queries import memory, parties
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules import approval, availability, eligibility
from reservations.rules.approval import Wanted
from reservations.rules.availability import DayFacts
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
class Terms:
    """What was agreed: the price, the versions it rests on, and the rules that hold.

    decide_by   審査: by when the town says whether it permits the use; None where it need not
    """

    unit: LentUnit
    fee: Fee
    rules: TownRules
    tariff_from: date
    decide_by: date | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be agreed, and what stands against it, strongest first."""

    unit: LentUnit
    fee: Fee | None
    rules: TownRules
    residency: Residency
    refusals: tuple[Refusal, ...]
    decide_by: date | None = None


# Where the time is not lent at all, nobody can have taken it.
UNLENT = frozenset(
    {RefusalCode.UNIT_UNCONFIRMED, RefusalCode.CLOSED_DAY, RefusalCode.OUTSIDE_HOURS}
)


def load(
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
            return load(session, request, context, except_id=except_id)
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
    unit, standing, memory_now = load(session, request, context, except_id=except_id)
    given_up = giving_up.unit if giving_up else None
    fee, refusals = _ask(unit, request, standing, memory_now, context, given_up=given_up)
    codes = {refusal.code for refusal in refusals}
    if not codes & UNLENT and not _can_be_had(memory_now, unit, request, giving_up):
        refusals.append(Refusal(RefusalCode.TAKEN))
    rules = unit.town.rules_on(local_day(context.now))
    found = tuple(in_order(refusals))
    decide_by = _decide_by(unit, request, rules, context)
    return Preview(unit, fee, rules, standing.residency, found, decide_by)


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


def agree(
    unit: LentUnit,
    request: BookingRequest,
    standing: Standing,
    memory_now: Memory,
    context: Context,
    *,
    given_up: LentUnit | None = None,
    waived: frozenset[RefusalCode] = frozenset(),
) -> Terms:
    """Ask the rules; the price and the conditions, or the strongest refusal.

    waived   what a clerk has set aside (on_behalf.py)
    """
    fee, refusals = _ask(unit, request, standing, memory_now, context, given_up=given_up)
    refusals = [refusal for refusal in refusals if refusal.code not in waived]
    if refusals:
        raise strongest(refusals)
    assert fee is not None
    rules = unit.town.rules_on(local_day(context.now))
    tariff_from = unit.tariff_on(request.date).valid_from
    return Terms(unit, fee, rules, tariff_from, _decide_by(unit, request, rules, context))


def _decide_by(
    unit: LentUnit, request: BookingRequest, rules: TownRules, context: Context
) -> date | None:
    if not rules.approval:
        return None
    wanted = Wanted(unit.place.id, unit.id, unit.kind, request.purpose, request.headcount)
    today = local_day(context.now)
    return approval.decide_by(
        rules.approval,
        wanted,
        today=today,
        use_day=request.date,
        is_holiday=HOLIDAYS.__contains__,
    )


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
