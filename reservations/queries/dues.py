"""納期限が過ぎた予約: whose fee should have been paid by now, as far as it is known here.

Nothing is decided by this list: another node may have the money and not have said so yet (S7).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reservations.clock import local_day
from reservations.db import run
from reservations.models import Booking, Payment
from reservations.queries import bookings, money, parties
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.queries.parties import Called
from reservations.rules.money import Account, pay_by
from reservations.rules.town import TownRules

SHOWN_MAX = 50

_PAID = (
    select(func.coalesce(func.sum(Payment.amount_yen), 0))
    .where(Payment.booking_id == Booking.id)
    .correlate(Booking)
    .scalar_subquery()
)
_OWING = (
    select(
        Booking.id,
        Booking.municipality_code,
        Booking.facility_id,
        Booking.town_rules_id,
        Booking.made_at,
        Booking.date,
    )
    .where(
        Booking.municipality_code.in_(bindparam("towns", expanding=True)),
        Booking.status.in_(("confirmed", "changing")),
        Booking.date >= bindparam("today"),
        Booking.party_id.is_not(None),
        Booking.fee_yen > _PAID,
    )
    .order_by(Booking.date, Booking.start_slot, Booking.id)
)


@dataclass(frozen=True, slots=True)
class Overdue:
    """A booking that stands, with what is open and since when it should not be."""

    booking: BookingView
    who: Called | None
    account: Account
    pay_by: date


def overdue(
    session: Session, memory: Memory, *, today: date, facilities: Collection[int]
) -> list[Overdue]:
    """The soonest use first, at most SHOWN_MAX. Towns without a term are not asked about."""
    known = memory.catalogue.towns
    towns = [code for code, town in known.items() if any(map(_has_term, town.rules))]
    late: list[tuple[str, date]] = []
    for row in run(session, _OWING, {"towns": towns, "today": today}) if towns else ():
        rules = known[row.municipality_code].rules_of(row.town_rules_id, local_day(row.made_at))
        until = pay_by(local_day(row.made_at), row.date, rules)
        if until is not None and until < today and row.facility_id in facilities:
            late.append((row.id, until))
    found = []
    for booking_id, until in late:
        booking = bookings.one(session, memory, booking_id)
        account = money.statement(session, booking_id)
        # A reduction may have left nothing to pay.
        if booking is None or account is None or not account.account.open_yen:
            continue
        # Nothing is due before the use is permitted; a later term counts from then.
        until = pay_by(local_day(booking.owed_from), booking.date, booking.rules) or until
        if not booking.is_in_review and until < today:
            found.append((booking, account.account, until))
        if len(found) == SHOWN_MAX:
            break
    named = parties.called(session, (booking.party_id for booking, _, _ in found))
    return [
        Overdue(booking, named.get(booking.party_id or ""), account, until)
        for booking, account, until in found
    ]


def _has_term(rules: TownRules) -> bool:
    return rules.pay_within_days is not None or rules.pay_days_before is not None
