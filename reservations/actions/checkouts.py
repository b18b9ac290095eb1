"""オンライン払い: checkouts at a provider, and refunds through it, as rows that survive.

None of these speaks to the provider: payments/round.py does, outside of any transaction, and writes
here what was said. Everything may be said twice, late and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reservations.actions import money
from reservations.actions.money import PayRequest
from reservations.actions.step import Context, action
from reservations.db import insert_new, run
from reservations.errors import Refusal, RefusalCode
from reservations.events.checkouts import CheckoutBegun, CheckoutMoved, GiveBackMoved
from reservations.events.money import PaymentReceived
from reservations.models import Checkout, GiveBack
from reservations.models.base import table_of
from reservations.queries import checkouts as query
from reservations.queries import money as money_query
from reservations.rules import payments as rules
from reservations.rules.money import YEN_MAX, Method

WHY_MAX = 300
ADDRESS_MAX = 2_000
_WEB = ("https://", "http://")

_CHECKOUT, _BACK = table_of(Checkout), table_of(GiveBack)


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """Whoever has the booking wants to pay what is owed; `locale` is theirs."""

    booking_id: str
    locale: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The provider knows of a checkout: its own id, and where the payer goes."""

    checkout_id: str
    provider_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A question, or a beginning, that settled nothing; `why` is what the line said, if it did."""

    checkout_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider says that it failed (state failed), or nobody asks any more (lapsed).

    is_last   it was asked; what it says by itself may come in the wrong order
    """

    checkout_id: str
    state: str
    why: str = ""
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """The provider says that a payment was made.

    checkout_id   empty where no checkout of ours is known, as after a restore
    reference     the provider's id: the same one is the same payment
    """

    checkout_id: str
    booking_id: str
    reference: str
    amount_yen: int
    paid_at: datetime | None

    @property
    def payment(self) -> PayRequest:
        """The same as any other payment of that reference, wherever it is told."""
        return PayRequest(self.booking_id, self.amount_yen, Method.ONLINE, self.reference)


@dataclass(frozen=True, slots=True)
class BackMoved:
    """What became of a refund's try: asked again, given, or failed for ever."""

    refund_id: str
    state: str
    why: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    refund_id: str


@action("begin_checkout", turn=lambda request: request.booking_id)
def begin_checkout(
    session: Session, request: BeginRequest, context: Context, checkout_id: str
) -> CheckoutBegun:
    """Begin to pay what is owed now. Who has begun that already, and not ended, goes on with it.

    raises   Refusal not_found, nothing_to_pay; `Going` with the checkout that is under way
    """
    found = money_query.statement(session, request.booking_id)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    owed_yen = found.account.open_yen
    if not 0 < owed_yen <= YEN_MAX:
        raise Refusal(RefusalCode.NOTHING_TO_PAY)
    going = query.going(session, request.booking_id, owed_yen)
    if going is not None:
        raise Going(going.id)
    row = {
        "id": checkout_id,
        "booking_id": request.booking_id,
        "amount_yen": owed_yen,
        "state": "begun",
        "locale": request.locale,
        "actor": context.actor,
        "begun_at": context.now,
        "next_at": rules.next_question(1, now=context.now),
    }
    run(session, insert(_CHECKOUT), row)
    return CheckoutBegun(subject=checkout_id, booking=request.booking_id, amount_yen=owed_yen)


class Going(Exception):  # noqa: N818 - an answer: the second click of two
    """The same payment has been begun already."""

    def __init__(self, checkout_id: str) -> None:
        super().__init__(checkout_id)
        self.checkout_id = checkout_id


def begun(session: Session, request: BeginRequest, context: Context) -> str:
    """The checkout by which this booking is being paid: begun now, or before. Raises Refusal."""
    try:
        return str(begin_checkout(session, request, context))
    except Going as going:
        return going.checkout_id


@action("open_checkout", subject=lambda request: request.checkout_id)
def open_checkout(
    session: Session, request: Opened, context: Context, checkout_id: str
) -> CheckoutMoved:
    """Keep what the provider answered. What it has said since then stands.

    raises   Refusal not_found where its answer leads nowhere that a browser could go
    """
    if not request.address.startswith(_WEB) or len(request.address) > ADDRESS_MAX:
        raise Refusal(RefusalCode.NOT_FOUND)
    values = {"provider_id": request.provider_id, "address": request.address, "why": ""}
    change = update(_CHECKOUT).where(_CHECKOUT.c.id == checkout_id).values(**values)
    run(session, change)
    opened = update(_CHECKOUT).where(_CHECKOUT.c.id == checkout_id, _CHECKOUT.c.state == "begun")
    run(session, opened.values(state="open"))
    return CheckoutMoved(subject=checkout_id, state="open")


@action("note_checkout", subject=lambda request: request.checkout_id)
def note_checkout(
    session: Session, request: Noted, context: Context, checkout_id: str
) -> CheckoutMoved:
    """The provider was asked and nothing is settled: it is asked again, later each time it was due.

    raises   Refusal not_found
    """
    row = _of(session, checkout_id)
    values: dict[str, Any] = {"why": request.why[:WHY_MAX]}
    if row.next_at is not None and row.next_at <= context.now:
        tries = row.tries + 1
        values |= {"tries": tries, "next_at": rules.next_question(tries, now=context.now)}
    change = update(_CHECKOUT).where(_CHECKOUT.c.id == checkout_id).values(**values)
    run(session, change)
    return CheckoutMoved(subject=checkout_id, state="asked")


@action("end_checkout", subject=lambda request: request.checkout_id)
def end_checkout(
    session: Session, request: Ended, context: Context, checkout_id: str
) -> CheckoutMoved:
    """It came to nothing. What was paid stays paid.

    raises   Refusal not_found
    """
    assert request.state in ("failed", "lapsed"), request.state
    row = _of(session, checkout_id)
    if row.state == "paid":
        return CheckoutMoved(subject=checkout_id, state="paid")
    # A failure that came by itself may have been overtaken by a payment: it is asked once more.
    again = None if request.is_last else rules.next_question(row.tries + 1, now=context.now)
    values = {"state": request.state, "why": request.why[:WHY_MAX], "next_at": again}
    change = update(_CHECKOUT).where(_CHECKOUT.c.id == checkout_id).values(**values)
    run(session, change)
    return CheckoutMoved(subject=checkout_id, state=request.state)


@action(
    "hear_payment",
    subject=lambda request: request.payment.payment_id,
    turn=lambda request: request.booking_id,
)
def hear_payment(
    session: Session, request: Heard, context: Context, payment_id: str
) -> PaymentReceived:
    """オンラインの入金: a fact like any other payment, whatever is owed by now, and once.

    raises   Refusal not_found where the booking is not known, amount_wrong
    """
    fact = money.take(session, request.payment, context, payment_id)
    values = {
        "state": "paid",
        "provider_id": request.reference,
        "payment_id": payment_id,
        "paid_at": request.paid_at,
        "next_at": None,
        "why": "",
    }
    is_it = _CHECKOUT.c.id == request.checkout_id, _CHECKOUT.c.booking_id == request.booking_id
    run(session, update(_CHECKOUT).where(*is_it).values(**values))
    return fact


@action("give_back", subject=lambda request: request.refund_id)
def give_back(
    session: Session, request: BackMoved, context: Context, refund_id: str
) -> GiveBackMoved:
    """Keep what the provider said of a refund. What was given stays given."""
    row = {"refund_id": refund_id, "state": "asked", "tries": 0, "next_at": context.now}
    run(session, insert_new(session, _BACK).values(**row))
    known = run(session, select(_BACK).where(_BACK.c.refund_id == refund_id)).one()
    if known.state == "given":
        return GiveBackMoved(subject=refund_id, state="given")
    tries = known.tries + 1
    values: dict[str, Any] = {
        "state": request.state,
        "tries": tries,
        "next_at": rules.next_refund(tries, now=context.now),
        "why": request.why[:WHY_MAX],
        "provider_id": request.provider_id,
    }
    if request.state == "given":
        values["given_at"] = context.now
    run(session, update(_BACK).where(_BACK.c.refund_id == refund_id).values(**values))
    return GiveBackMoved(subject=refund_id, state=request.state)


@action("retry_give_back", subject=lambda request: request.refund_id)
def retry_give_back(
    session: Session, request: RetryRequest, context: Context, refund_id: str
) -> GiveBackMoved:
    """Ask the provider once more, at once, for what it refused: after something there was mended.

    raises   Refusal not_active where nothing failed
    """
    change = (
        update(_BACK)
        .where(_BACK.c.refund_id == refund_id, _BACK.c.state == "failed")
        .values(state="asked", tries=0, next_at=context.now)
    )
    if run(session, change).rowcount != 1:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    return GiveBackMoved(subject=refund_id, state="asked")


def _of(session: Session, checkout_id: str) -> Any:
    row = query.one(session, checkout_id)
    if row is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return row
