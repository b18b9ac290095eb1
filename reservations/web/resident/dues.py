"""料金の支払い, as a booking's page tells it: what is paid, what is left, and how to pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from reservations import clock
from reservations.payments import Provider, provider
from reservations.queries import checkouts, ledger, money
from reservations.queries.bookings import BookingView
from reservations.rules.money import Account, Method, pay_by
from reservations.web.services import now, services, session, today


@dataclass(frozen=True, slots=True)
class Dues:
    """The money of a booking.

    pay_by        納期限 of what is left; None: the town sets none
    can_pay       here, now, online
    why_not       no_line: this machine takes no payments online and is cut off from the one that
                  does; elsewhere: that one does; empty: there is nothing to say
    elsewhere     the address of the same booking there, where it is known
    going         the checkout that is under way (models/checkouts.py)
    receipts      payments (models/money.py) whose receipts can be had here
    refunds       those that were asked for, each with how it stands at the provider
    """

    account: Account
    pay_by: date | None
    can_pay: bool
    why_not: str
    elsewhere: str
    going: Any
    receipts: tuple[Any, ...]
    refunds: tuple[tuple[Any, Any], ...]


def dues_of(booking: BookingView) -> Dues | None:
    """None where there is nothing to say of money."""
    found = money.statement(session(), booking.id)
    assert found is not None, booking.id
    account = found.account
    if not (account.fees_yen or account.paid_yen):
        return None
    settings = services().settings
    is_due = bool(account.open_yen) and not booking.is_in_review
    can_pay = is_due and takes_payments(booking)
    why_not = _why_not(booking) if is_due and not can_pay else ""
    backs = checkouts.backs_of(session(), booking.id) if found.refunds else {}
    own = [each for each in found.payments if each.node_no == settings.node_no]
    is_known = why_not and settings.site_url
    return Dues(
        account,
        pay_by_of(booking) if is_due and booking.stands else None,
        can_pay,
        why_not,
        f"{settings.site_url}/bookings/{booking.id}" if is_known else "",
        checkouts.going(session(), booking.id, account.open_yen) if can_pay else None,
        tuple(each for each in own if each.method == Method.ONLINE.value),
        tuple((each, backs.get(each.id)) for each in found.refunds),
    )


def pay_by_of(booking: BookingView) -> date | None:
    """納期限, by the rules under which it was booked."""
    return pay_by(clock.local_day(booking.owed_from), booking.date, booking.rules)


def takes_payments(booking: BookingView) -> bool:
    """Whether this machine has a provider, and the town takes its payments."""
    is_online = booking.unit.town.rules_on(today()).pays_online
    return is_online and bool(services().settings.payment_provider)


def the_provider() -> Provider | None:
    """The provider of this machine."""
    return provider(services().settings)


def _why_not(booking: BookingView) -> str:
    """The machine where the region began has the line to the provider; any other sends people
    there, and to the counter while it cannot be reached."""
    if services().desk.is_home or not booking.unit.town.rules_on(today()).pays_online:
        return ""
    is_cut_off = ledger.contact(services().desk).is_cut_off(now())
    return "no_line" if is_cut_off else "elsewhere"
