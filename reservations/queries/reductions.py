"""減免: what waits for a decision, what became of it, and what stands for a party."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from reservations.clock import local_day
from reservations.db import run
from reservations.models import Booking, PartyReduction, Reduction, ReductionRequest
from reservations.models.base import table_of
from reservations.queries import bookings, money, parties
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.queries.parties import Called
from reservations.rules import reductions
from reservations.rules.reductions import Answer
from reservations.rules.town import Clause, TownRules

_LATER = aliased(ReductionRequest)
_REQUEST = table_of(ReductionRequest)
_OPEN = and_(
    ~exists().where(Reduction.request_id == ReductionRequest.id),
    ~exists().where(_LATER.instead_of == ReductionRequest.id),
)
# What was given up and owes nothing needs no reduction.
_MATTERS = or_(
    Booking.status.in_(("confirmed", "tentative")),
    and_(Booking.status == "cancelled", Booking.cancel_due_yen > 0),
)
_WAITING = (
    select(_REQUEST, Booking.facility_id)
    .join(Booking, Booking.id == ReductionRequest.booking_id)
    .where(_OPEN, _MATTERS)
    .order_by(ReductionRequest.asked_at, ReductionRequest.id)
)
_COUNT = (
    select(Booking.facility_id, func.count().label("many"))
    .select_from(ReductionRequest)
    .join(Booking, Booking.id == ReductionRequest.booking_id)
    .where(_OPEN, _MATTERS)
    .group_by(Booking.facility_id)
)
_OF_BOOKING = (
    select(_REQUEST, case((_OPEN, 1), else_=0).label("is_open"))
    .where(ReductionRequest.booking_id == bindparam("booking_id"))
    .order_by(ReductionRequest.asked_at, ReductionRequest.id)
)
_ONE = select(_REQUEST, case((_OPEN, 1), else_=0).label("is_open")).where(
    ReductionRequest.id == bindparam("request_id")
)
_ANSWERS = (
    select(table_of(Reduction))
    .where(Reduction.booking_id == bindparam("booking_id"))
    .order_by(Reduction.decided_at, Reduction.id)
)
_STANDING = (
    select(PartyReduction.clause)
    .where(
        PartyReduction.party_id == bindparam("party_id"),
        PartyReduction.municipality_code == bindparam("town"),
        PartyReduction.since <= bindparam("day"),
        PartyReduction.until >= bindparam("day"),
    )
    .order_by(PartyReduction.clause)
)
_OF_PARTY = (
    select(table_of(PartyReduction))
    .where(PartyReduction.party_id == bindparam("party_id"))
    .order_by(PartyReduction.municipality_code, PartyReduction.since, PartyReduction.clause)
)


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer that counts: by how many percent, and what is owed after it."""

    percent: int
    left_yen: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wish that waits for an answer.

    wish     its row (models/reductions.py)
    clause   None where the town's list does not have it any more
    """

    wish: Any
    booking: BookingView
    who: Called | None
    clause: Clause | None
    is_late: bool

    @property
    def is_ready(self) -> bool:
        """Whether it can be granted without another word: the rate stands in the list, and what
        has to be seen was seen."""
        found = self.clause
        return (
            found is not None
            and found.percent is not None
            and (bool(self.wish.is_seen) or not found.evidence)
        )


def waiting(
    session: Session, memory: Memory, *, today: date, facilities: Collection[int]
) -> list[Waiting]:
    """Wishes that nobody has answered, as far as is known here; the oldest first.

    facilities   the places that are asked about
    """
    rows = [row for row in run(session, _WAITING) if row.facility_id in facilities]
    views = {row.booking_id: bookings.one(session, memory, row.booking_id) for row in rows}
    named = parties.called(session, (each.party_id for each in views.values() if each is not None))
    found = []
    for row in rows:
        booking = views[row.booking_id]
        if booking is None:
            continue
        rules = booking.rules
        clause = next((each for each in rules.reductions if each.code == row.clause), None)
        is_late = reductions.is_late(local_day(row.asked_at), today=today, rules=rules)
        who = named.get(booking.party_id or "")
        found.append(Waiting(row, booking, who, clause, is_late))
    return found


def count(session: Session, facilities: Collection[int]) -> int:
    """How many wishes wait there."""
    if not facilities:
        return 0
    return sum(row.many for row in run(session, _COUNT) if row.facility_id in facilities)


def one(session: Session, request_id: str) -> Row[Any] | None:
    """A wish's row (models/reductions.py), with `is_open`."""
    return run(session, _ONE, {"request_id": request_id}).one_or_none()


def of_booking(session: Session, booking_id: str) -> list[Row[Any]]:
    """The wishes about a booking, each with `is_open`; the oldest first."""
    return list(run(session, _OF_BOOKING, {"booking_id": booking_id}).all())


def answers(session: Session, booking_id: str) -> list[Row[Any]]:
    """What was decided about a booking (models/money.py: Reduction); the oldest first."""
    return list(run(session, _ANSWERS, {"booking_id": booking_id}).all())


def counting(session: Session, booking_id: str) -> Row[Any] | None:
    """The decision that counts for a booking, of however many desks' (rules/reductions.py)."""
    found = {row.id: row for row in answers(session, booking_id)}
    best = reductions.counting(
        Answer(row.id, row.percent, row.decided_at) for row in found.values()
    )
    return found[best.id] if best is not None else None


def decided(session: Session, booking_id: str, reduction_id: str) -> Decided | None:
    """What an answer means; None where another one counts by now."""
    found = counting(session, booking_id)
    account = money.statement(session, booking_id)
    if found is None or account is None or found.id != reduction_id:
        return None
    return Decided(found.percent, account.account.fees_yen)


def standing(session: Session, party_id: str, town: str, *, day: date) -> frozenset[str]:
    """減免登録: the items of a town's list that hold for a party on a day of use."""
    asked = {"party_id": party_id, "town": town, "day": day}
    return frozenset(run(session, _STANDING, asked).scalars())


def registered(
    session: Session, party_id: str, town: str, rules: TownRules, *, day: date
) -> Clause | None:
    """The item that reduces what a party books there for this day without being asked for: of
    several the greatest. One statement, none where the town registers nobody."""
    listed = [
        each
        for each in rules.reductions
        if each.is_yearly and each.percent and not each.bars_entrance_fee
    ]
    if not listed:
        return None
    held = standing(session, party_id, town, day=day)
    found = [each for each in listed if each.code in held]
    return max(found, key=lambda each: each.percent or 0, default=None)


def of_party(session: Session, party_id: str) -> list[Row[Any]]:
    """What was ever registered for a party; by town and time."""
    return list(run(session, _OF_PARTY, {"party_id": party_id}).all())
