"""窓口での予約・変更・取消: a clerk acts for somebody else.

The actor is the clerk; the request names the party.

What residents are refused is told to the clerk as well. Some of it (rules/eligibility.py:WAIVABLE)
may be set aside, by naming it and saying why: both stand in the audit line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reservations.actions import bookings
from reservations.actions.accounts import SELF_DECLARED_DAYS
from reservations.actions.bookings import CancelRequest, ChangeRequest
from reservations.actions.step import Context, action, record
from reservations.actions.terms import BookingRequest
from reservations.clock import local_day
from reservations.errors import Refusal, RefusalCode
from reservations.events import (
    BookingAsked,
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingConfirmedInstead,
    CancellationAsked,
    DelegateActed,
    PartyRegistered,
)
from reservations.models import Party, PartyResidency, PartyUnsaid
from reservations.models.base import table_of
from reservations.queries import delegates, memory
from reservations.rules.eligibility import WAIVABLE
from reservations.rules.town import Residency

REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom nobody knows yet: what is needed to lend to them, and no more.

    residency   what they say they are to the town that lends
    """

    name: str
    phone: str
    residency: Residency = Residency.OUTSIDE


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is set aside, and why. Nothing is, unless both are said."""

    codes: frozenset[RefusalCode] = frozenset()
    reason: str = ""

    @property
    def text(self) -> str:
        """As the audit line has it: `limit_reached own_overlap: 理由`."""
        codes = " ".join(sorted(code.value for code in self.codes))
        return f"{codes}: {self.reason}" if self.codes else ""


NOTHING_WAIVED = Waiver()


def why(delegate: str, waiver: Waiver = NOTHING_WAIVED) -> str:
    """As the audit line has it: who came in the party's place, and what was set aside."""
    return "; ".join(filter(None, (f"delegate {delegate}" if delegate else "", waiver.text)))


@dataclass(frozen=True, slots=True)
class BookForRequest:
    """A wish for the party that it names; or, with a guest, for a party that is made with it.

    delegate   the party's delegate who asks for it; empty where the party asks
    """

    wish: BookingRequest
    guest: Guest | None = None
    waiver: Waiver = NOTHING_WAIVED
    delegate: str = ""

    @property
    def reason(self) -> str:
        return why(self.delegate, self.waiver)

    @property
    def whose(self) -> str:
        """Whose bookings come one after the other; of a guest, the telephone's."""
        return self.guest.phone if self.guest else self.wish.party_id


@dataclass(frozen=True, slots=True)
class ChangeForRequest:
    """Another time or place for the booking of a party."""

    party_id: str
    change: ChangeRequest
    waiver: Waiver = NOTHING_WAIVED
    delegate: str = ""


@dataclass(frozen=True, slots=True)
class CancelForRequest:
    """The booking of a party is given back."""

    party_id: str
    cancel: CancelRequest
    delegate: str = ""


@action(
    "book_for",
    turn=lambda request: request.whose,
    reason=lambda request: request.reason,
)
def book_for(
    session: Session, request: BookForRequest, context: Context, booking_id: str
) -> BookingConfirmed | BookingAsked:
    """Book for a party at the counter; a guest is made in the same transaction, or not at all.

    raises   Refusal as `book` does, without what is waived; reason_needed; not_found without a
             party of that id; no_delegate where the delegate is none today
    """
    wish = request.wish
    _check(request.waiver)
    if request.guest is not None:
        wish = replace(wish, party_id=_made(session, request.guest, wish, context))
    elif session.get(Party, wish.party_id) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    _comes(session, wish.party_id, request.delegate, booking_id, context)
    return bookings.lend(session, wish, context, booking_id, waived=request.waiver.codes)


@action(
    "change_for",
    subject=lambda request: request.change.booking_id,
    reason=lambda request: why(request.delegate, request.waiver),
)
def change_for(
    session: Session, request: ChangeForRequest, context: Context, booking_id: str
) -> BookingChanged | BookingConfirmedInstead | BookingAsked:
    """Move a party's booking.

    raises   Refusal as `change` does, without what is waived; reason_needed; not_found where the
             booking is not this party's; no_delegate
    """
    _check(request.waiver)
    bookings.check_party(session, booking_id, request.party_id)
    _comes(session, request.party_id, request.delegate, booking_id, context)
    waived = request.waiver.codes
    return bookings.move(session, request.change, context, booking_id, waived=waived)


@action(
    "cancel_for",
    subject=lambda request: request.cancel.booking_id,
    reason=lambda request: why(request.delegate),
)
def cancel_for(
    session: Session, request: CancelForRequest, context: Context, booking_id: str
) -> BookingCancelled | CancellationAsked:
    """Give a party's booking back.

    raises   Refusal as `cancel` does; not_found where the booking is not this party's; no_delegate
    """
    bookings.check_party(session, booking_id, request.party_id)
    _comes(session, request.party_id, request.delegate, booking_id, context)
    return bookings.give_up(session, request.cancel, context, booking_id)


def _comes(
    session: Session, party_id: str, delegate: str, booking_id: str, context: Context
) -> None:
    """Whoever comes for a party is its delegate today, and the booking says who came.

    raises   Refusal no_delegate
    """
    if not delegate:
        return
    if not delegates.may_act(session, party_id, delegate, today=local_day(context.now)):
        raise Refusal(RefusalCode.NO_DELEGATE)
    record(session, DelegateActed(subject=booking_id, delegate=delegate), context)


def _check(waiver: Waiver) -> None:
    assert waiver.codes <= WAIVABLE, waiver
    reason = waiver.reason
    if waiver.codes and not (reason.strip() and len(reason) <= REASON_MAX):
        raise Refusal(RefusalCode.REASON_NEEDED, most=REASON_MAX)


def _made(session: Session, guest: Guest, wish: BookingRequest, context: Context) -> str:
    """A party with a name and a telephone; the other desks hear of it sealed (sharing.py).

    raises   Refusal unit_unknown
    """
    unit = memory.current(session).catalogue.units.get(wish.unit_id)
    if unit is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    party_id = context.new_id()
    columns = {"kana": "", "email": "", "home_code": None, "created_at": context.now}
    whole = columns | {"id": party_id, "kind": "person", "name": guest.name, "phone": guest.phone}
    session.execute(insert(table_of(Party)), whole)
    session.execute(insert(table_of(PartyUnsaid)), {"party_id": party_id})
    if guest.residency is not Residency.OUTSIDE:
        declared = {
            "party_id": party_id,
            "municipality_code": unit.town.code,
            "residency": guest.residency.value,
            "valid_until": (context.now + timedelta(days=SELF_DECLARED_DAYS)).date(),
        }
        session.execute(insert(table_of(PartyResidency)), declared)
    record(session, PartyRegistered(subject=party_id, kind="person", home_code=None), context)
    return party_id
