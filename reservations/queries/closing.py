"""部屋を閉める: whose place a closure would take, whose it took, and what each may have instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reservations.clock import local, local_day
from reservations.db import run
from reservations.desk import holdings
from reservations.errors import Refusal
from reservations.models import Account, Booking, Letter
from reservations.queries import bookings, money, nearby, parties
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.queries.nearby import Alternative
from reservations.queries.parties import Called
from reservations.rules import conflicts
from reservations.rules.availability import Kind, runs
from reservations.rules.conflicts import CLOSED_FOR, Held, Wanted
from reservations.rules.money import Account as Money
from reservations.rules.parts import touch
from reservations.rules.period import SLOT_MINUTES, WHOLE_DAY_BITS, Period
from reservations.sheets import key_of

# A field is called `date`; inside its class the type needs another name.
Day = date

OFFERS_MAX = 3
# Of what is free near by, some will be rooms that are being closed.
_OFFERS_LOOKED_AT = 12


@dataclass(frozen=True, slots=True)
class Shut:
    """A room and the time that it is closed for, on one day."""

    unit: LentUnit
    date: Day
    period: Period

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.unit.parts, self.date, self.period)


@dataclass(frozen=True, slots=True)
class Affected:
    """Somebody who is in the way.

    key      of the booking as it was looked at (sheets.py:key_of)
    money    what was paid comes back, all of it
    mail     the address a letter would go to; empty: a clerk tells them
    offers   what is free near by at that time, at their price; not in what is being closed
    """

    booking: BookingView
    key: str
    who: Called | None
    money: Money
    mail: str
    offers: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class ClosingDay:
    """One day of what is to be closed.

    shut       rooms and times; empty: the house is closed that day as it is
    is_held    False: another node holds the sheet, and closes when it hears of it
    affected   first made first; the town's own uses among them, without `who`
    against    why it cannot be, whoever agrees to it
    """

    date: Day
    shut: tuple[Shut, ...]
    is_held: bool
    affected: tuple[Affected, ...]
    against: Refusal | None


@dataclass(frozen=True, slots=True)
class Lost:
    """Somebody who lost a place to a closure, and how far it is made good.

    letter   state of the letter that tells of it (models/letters.py); empty where another node's
    """

    booking: BookingView
    who: Called | None
    money: Money
    letter: str


_LOGINS = (
    select(Account.party_id, func.min(Account.login).label("login"))
    .where(Account.party_id.in_(bindparam("ids", expanding=True)))
    .group_by(Account.party_id)
)
_LETTERS = select(Letter.booking_id, Letter.state).where(
    Letter.booking_id.in_(bindparam("ids", expanding=True)), Letter.kind == "cancelled"
)
_CLOSURES = (
    select(Booking.id)
    .where(
        Booking.facility_id == bindparam("facility_id"),
        Booking.date >= bindparam("since"),
        Booking.kind.in_([kind.value for kind in CLOSED_FOR]),
    )
    .order_by(Booking.date, Booking.start_slot, Booking.id)
)


def rooms(
    memory: Memory,
    units: Sequence[LentUnit],
    day: date,
    period: Period | None,
    *,
    now: datetime,
) -> tuple[Shut, ...]:
    """What has to be closed so that none of these units is lent: as few rooms as will do.

    period   None: as long as they are open; what is over already is left out
    now      aware
    """
    wanted = period.bits & WHOLE_DAY_BITS if period else WHOLE_DAY_BITS
    here = local(now)
    if day == here.date():
        begun = (here.hour * 60 + here.minute) // SLOT_MINUTES
        wanted &= WHOLE_DAY_BITS << begun
    found: list[Shut] = []
    taken: set[int] = set()
    for unit in sorted(units, key=lambda each: (-len(each.parts), each.id)):
        if touch(unit.parts, taken):
            continue
        taken |= set(unit.parts)
        open_bits = memory.masks.open_bits(unit.parts, day)
        found += [Shut(unit, day, Period(*run_)) for run_ in runs(open_bits & wanted)]
    return tuple(found)


def closing_day(
    session: Session,
    memory: Memory,
    place: Place,
    day: date,
    shut: tuple[Shut, ...],
    also_shut: Iterable[Shut],
    *,
    now: datetime,
) -> ClosingDay:
    """One day, and everybody who is in the way.

    also_shut   what is to be closed on the other days too: nobody is offered that
    """
    is_held = holdings(session).is_held(place.id, day)
    wanted = [each.wanted for each in shut]
    there = bookings.around_day(session, memory, place.id, day, statuses=("confirmed",))
    found = [each for each in there if conflicts.is_in_way(held_of(each), wanted)]
    against = conflicts.refusal(
        [held_of(each) for each in found], wanted, {_key(each) for each in found}
    )
    named = parties.called(session, (each.party_id for each in found))
    logins = _logins(session, found)
    closed = (*shut, *also_shut)
    affected = tuple(
        Affected(
            each,
            _key(each),
            named.get(each.party_id or ""),
            _money(session, each),
            _mail(named.get(each.party_id or ""), logins),
            offers(session, memory, each, closed, now=now),
        )
        for each in found
    )
    return ClosingDay(day, shut, is_held, affected, against)


def offers(
    session: Session,
    memory: Memory,
    booking: BookingView,
    closed: Iterable[Shut] = (),
    *,
    now: datetime,
) -> tuple[Alternative, ...]:
    """What is free near by for whoever has this booking; at most three, the nearest first."""
    if booking.party_id is None:
        return ()
    viewer = parties.viewer(session, booking.party_id, today=local_day(now))
    found = nearby.alternatives(
        memory,
        booking.unit,
        booking.date,
        booking.period,
        now=now,
        viewer=viewer,
        purpose=booking.purpose,
        headcount=booking.headcount,
        limit=_OFFERS_LOOKED_AT,
    )
    wanted = [each.wanted for each in closed]
    free = [each for each in found if not conflicts.is_in_way(_offered(each), wanted)]
    return tuple(free[:OFFERS_MAX])


def closures(session: Session, memory: Memory, place: Place, *, since: date) -> list[BookingView]:
    """What is closed in a house, was, or could not be, from a day on."""
    ids = run(session, _CLOSURES, {"facility_id": place.id, "since": since}).scalars().all()
    found = (bookings.one(session, memory, each) for each in ids)
    return [each for each in found if each is not None]


def lost_to(session: Session, memory: Memory, closure: BookingView) -> tuple[Lost, ...]:
    """Who lost a place to this closure: cancelled in the same instant, where it closes."""
    wanted = [Wanted(closure.unit.parts, closure.date, closure.period)]
    there = bookings.around_day(
        session, memory, closure.unit.place.id, closure.date, statuses=("cancelled",)
    )
    found = [
        each
        for each in there
        if each.cancelled_at == closure.made_at
        and each.party_id is not None
        and conflicts.is_in_way(held_of(each), wanted)
    ]
    named = parties.called(session, (each.party_id for each in found))
    asked = {"ids": [each.id for each in found]}
    letters = {row.booking_id: row.state for row in run(session, _LETTERS, asked)}
    return tuple(
        Lost(
            each,
            named.get(each.party_id or ""),
            _money(session, each),
            letters.get(each.id, ""),
        )
        for each in found
    )


def held_of(booking: BookingView) -> Held:
    """A booking as rules/conflicts.py has to know it."""
    return Held(_key(booking), Kind(booking.kind), booking.unit.parts, booking.date, booking.period)


def _key(booking: BookingView) -> str:
    return key_of(booking.id, booking.revision)


def _offered(offer: Alternative) -> Held:
    return Held("", Kind.USE, offer.unit.parts, offer.date, offer.period)


def _money(session: Session, booking: BookingView) -> Money:
    found = money.statement(session, booking.id) if booking.party_id is not None else None
    return found.account if found is not None else Money(0, 0, 0)


def _logins(session: Session, found: Iterable[BookingView]) -> dict[str, str]:
    ids = sorted({each.party_id for each in found if each.party_id is not None})
    if not ids:
        return {}
    return {row.party_id: row.login for row in run(session, _LOGINS, {"ids": ids})}


def _mail(who: Called | None, logins: dict[str, str]) -> str:
    """Where a mail may go; smtp.py says whether it is an address."""
    if who is None:
        return ""
    return who.email or logins.get(who.id, "")
