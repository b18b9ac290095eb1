"""収納・還付・減免: what is owed for a booking, what was paid and paid back, and what is left.

Whole yen throughout. Nothing here knows who holds what: the same facts give the same account on
every desk, in whatever order they came (I7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum

from reservations.rules.fees import share
from reservations.rules.town import TownRules

# The notes and coins of a drawer, in the order in which they are counted.
FACES_YEN = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1)
# The most that one payment may be: a column of 32 bits, and no town's hall costs more.
YEN_MAX = 99_999_999


class Method(Enum):
    """現金・回数券等・振込・オンライン・充当: how money came in or went out."""

    CASH = "cash"
    COUPON = "coupon"
    TRANSFER = "transfer"
    ONLINE = "online"
    MOVED = "moved"


# What somebody brings to a counter, or sends.
BROUGHT = (Method.CASH, Method.COUPON, Method.TRANSFER, Method.ONLINE)
# For what the payer has no receipt from this payment: coupons had theirs when they were bought, and
# moved money when it was paid first.
WITHOUT_RECEIPT = frozenset({Method.COUPON, Method.MOVED})
# What went through an account, and goes back the same way.
BY_ACCOUNT = frozenset({Method.TRANSFER, Method.ONLINE})
# What goes out where the payment came in, whichever desk does it: moved money stays where it lies.
WHERE_IT_CAME = BY_ACCOUNT | {Method.MOVED}


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as a fact: it was received, whatever else is known."""

    id: str
    amount_yen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A booking's money.

    fees_yen      what is owed in all: after reductions, and after a cancellation what stays owed
    paid_yen      what was received
    refunded_yen  what was paid back
    """

    fees_yen: int
    paid_yen: int
    refunded_yen: int

    @property
    def due_yen(self) -> int:
        """I8: paid = fees + refunds + due. Above zero it is due to the payer, below to the town."""
        return self.paid_yen - self.fees_yen - self.refunded_yen

    @property
    def open_yen(self) -> int:
        """未納: what is still to be paid."""
        return max(-self.due_yen, 0)

    @property
    def over_yen(self) -> int:
        """過納: what was received beyond what is owed, and can be paid back."""
        return max(self.due_yen, 0)


def account(fees_yen: int, payments: Iterable[Paid], refunded_yen: int) -> Account:
    """The account of a booking; the same payment heard of twice counts once."""
    paid = {each.id: each.amount_yen for each in payments}
    return Account(fees_yen, sum(paid.values()), refunded_yen)


def reduced(fee_yen: int, percents: Collection[int], rules: TownRules) -> int:
    """減免後の使用料: of several reductions the greatest counts, so that their order does not.

    percents  by how much, 0 to 100; 0 is a wish that was refused
    returns   what is left of the fee, rounded as the town rounds, by `reduced_steps` if it has
              some; never more than the fee
    source    REQUIREMENTS 3.8; where a town says otherwise, its clause names one rate for the case
    """
    percent = max(percents, default=0)
    assert 0 <= percent <= 100, percent
    step = 0
    for from_yen, each in rules.reduced_steps:
        if fee_yen * (100 - percent) >= from_yen * 100:
            step = each
    return share(fee_yen, 100 - percent, replace(rules, rounding_yen=step) if step else rules)


def owed(fee_yen: int, reduced_yen: int, status: str, cancel_due_yen: int | None) -> int:
    """What is owed for a booking as it stands.

    A booking that was given up owes of its reduced fee the share that it would owe of the whole
    one; what comes back is cut below one yen, as in refunds.py.

    status          as in models/bookings.py; what waits for an answer or was refused owes nothing
    cancel_due_yen  what stays owed of the whole fee, once it was given up; None while it stands
    returns         0 <= owed <= reduced_yen <= fee_yen
    """
    if status in ("tentative", "refused"):
        return 0
    if cancel_due_yen is None:
        return reduced_yen
    if not fee_yen:
        return 0
    return reduced_yen - reduced_yen * (fee_yen - cancel_due_yen) // fee_yen


def pay_by(made_on: date, used_on: date, rules: TownRules) -> date | None:
    """納期限: the last day on which the fee is paid in time; None where the town sets none.

    Whoever books late has the day of the booking itself, at least. What passes it is a matter for a
    clerk: nothing is cancelled by this (S7).

    source   REQUIREMENTS 3.5: within 8 days of the booking and 8 days before the use
    """
    days = []
    if rules.pay_within_days is not None:
        days.append(made_on + timedelta(days=rules.pay_within_days))
    if rules.pay_days_before is not None:
        days.append(used_on - timedelta(days=rules.pay_days_before))
    return max(min(days), made_on) if days else None


def may_refund(account: Account, payment_yen: int, refunded_of_it_yen: int) -> int:
    """How much of one payment may be paid back now: what is over, and no more than it brought."""
    return max(min(account.over_yen, payment_yen - refunded_of_it_yen), 0)


def pay_back(
    account: Account, payments: Iterable[Paid], refunded: Mapping[str, int]
) -> list[tuple[str, int]]:
    """From which payments what is over is paid back: the last first, as it was one too many.

    refunded  yen paid back so far, by payment
    returns   (payment id, yen > 0); together what is over, as far as the payments reach
    """
    left, found = account.over_yen, []
    for payment in sorted(payments, key=lambda each: (each.at, each.id), reverse=True):
        amount = min(left, payment.amount_yen - refunded.get(payment.id, 0))
        if amount > 0:
            found.append((payment.id, amount))
            left -= amount
    return found


def way_back(method: str) -> Method:
    """How a payment goes back: what came by an account by the same, everything else in cash."""
    came = Method(method)
    return came if came in BY_ACCOUNT else Method.CASH


def change_yen(due_yen: int, given_yen: int) -> int | None:
    """おつり, or None where what was given does not cover what is due."""
    return given_yen - due_yen if given_yen >= due_yen else None


def counted_yen(counts: Mapping[int, int]) -> int:
    """金種表: what lies in the drawer, from how many there are of each note and coin."""
    assert set(counts) <= set(FACES_YEN) and all(count >= 0 for count in counts.values()), counts
    return sum(face * count for face, count in counts.items())


def tax_within_yen(amount_yen: int, percent: int) -> int:
    """内税: the consumption tax inside an amount, cut below one yen, once a receipt and rate."""
    return amount_yen * percent // (100 + percent)
