"""収納・還付: money is taken as a fact, and paid back by the sheet's holder alone (S6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.actions import drawers, entering
from reservations.actions.step import Context, action, record, takes_turn
from reservations.clock import local_day
from reservations.db import run
from reservations.desk import Desk, holdings
from reservations.errors import Refusal, RefusalCode
from reservations.events import Fact
from reservations.events.money import (
    PaymentReceived,
    RefundAsked,
    RefundDecided,
    RefundHanded,
)
from reservations.models import Booking, Payment, Refund
from reservations.models.base import table_of
from reservations.money_feed import PAYMENT, REFUND
from reservations.queries import money as money_query
from reservations.queries import settlement
from reservations.rules.money import YEN_MAX, Method, Paid, change_yen, way_back
from reservations.rules.money import pay_back as pay_back_from
from reservations.sheets import SheetName
from sync import ledger

_REFERENCES = UUID("0a5f3a2e-64a7-5c61-9a0e-6f0a27c3f1b4")


@dataclass(frozen=True, slots=True)
class PayRequest:
    """Money for a booking, in whole yen.

    reference   of a coupon, a transfer or a provider: the same one for the same booking is the same
                payment, at whatever desk it is told
    given_yen   現金: what was handed over
    """

    booking_id: str
    amount_yen: int
    method: Method = Method.CASH
    reference: str = ""
    given_yen: int | None = None

    @property
    def payment_id(self) -> str:
        """Empty where nothing outside this desk names the payment."""
        named = f"{self.booking_id}:{self.method.value}:{self.reference}"
        return str(uuid5(_REFERENCES, named)) if self.reference else ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Pay back from one payment; `method` is how the money goes out."""

    payment_id: str
    amount_yen: int
    method: Method = Method.CASH


@dataclass(frozen=True, slots=True)
class HandRequest:
    """The clerk has given the cash of a refund."""

    refund_id: str


@action(
    "pay",
    subject=lambda request: request.payment_id,
    turn=lambda request: request.booking_id,
)
def pay(
    session: Session, request: PayRequest, context: Context, payment_id: str
) -> PaymentReceived:
    """Take money: whatever is owed, and however often it was paid already.

    raises   Refusal not_found, amount_wrong, given_too_little: then nothing was received
    """
    return take(session, request, context, payment_id)


def take(
    session: Session,
    request: PayRequest,
    context: Context,
    payment_id: str,
    *,
    account_town: str = "",
) -> PaymentReceived:
    """A payment in the caller's transaction; raises as `pay`.

    account_town   that has the money; empty: the one whose desk this is
    """
    if not 0 < request.amount_yen <= YEN_MAX:
        raise Refusal(RefusalCode.AMOUNT_WRONG)
    given = request.given_yen
    if given is not None and change_yen(request.amount_yen, given) is None:
        raise Refusal(RefusalCode.GIVEN_TOO_LITTLE, amount_yen=request.amount_yen)
    booking = booking_of(session, request.booking_id)
    known = money_query.payment(session, payment_id)
    values = {
        "id": payment_id,
        "booking_id": booking.id,
        "town": booking.municipality_code,
        "facility_id": booking.facility_id,
        "date": booking.date,
        "method": request.method.value,
        "amount_yen": request.amount_yen,
        "received_at": context.now,
        "day": _day(session, request.method, context),
        "account_town": account_town
        or settlement.account_town(session)
        or booking.municipality_code,
        "node_no": context.node_no,
        "actor": context.actor,
        "reference": request.reference,
        "given_yen": given,
    }
    if known is not None:
        # The provider, or a clerk, says once more what is known.
        return _received(dict(known._mapping))
    run(session, insert(table_of(Payment)), values)
    fact = _received(values)
    post(session, fact, PAYMENT, SheetName(fact.town, fact.facility_id, booking.date), context)
    return fact


@action("refund", turn=lambda request: request.payment_id)
def refund(
    session: Session, request: RefundRequest, context: Context, refund_id: str
) -> RefundDecided | RefundAsked:
    """還付: decided here where this desk holds the payment's sheet, else asked of its holder.

    Cash leaves the drawer by `hand`, once it is decided.

    raises   Refusal not_found, amount_wrong, not_to_refund with how much may be paid back
    """
    payment = money_query.payment(session, request.payment_id)
    if payment is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return decide(session, payment, request, context, refund_id, node_no=context.node_no)


def pay_back(session: Session, booking_id: str, context: Context) -> None:
    """還付: all that is over, from the payments by which it came, each an event of its own.

    In the caller's transaction, after whatever made it too much: the town took a place back.
    Each goes back the way it came, at the desk where it was received.
    """
    found = money_query.statement(session, booking_id)
    assert found is not None, booking_id
    by_id = {row.id: row for row in found.payments}
    paid = [Paid(row.id, row.amount_yen, row.received_at) for row in found.payments]
    for payment_id, amount_yen in pay_back_from(found.account, paid, found.refunded):
        payment = by_id[payment_id]
        request = RefundRequest(payment_id, amount_yen, way_back(payment.method))
        fact = decide(session, payment, request, context, context.new_id(), node_no=payment.node_no)
        record(session, fact, context)


def decide(
    session: Session,
    payment: Any,
    request: RefundRequest,
    context: Context,
    refund_id: str,
    *,
    node_no: int,
) -> RefundDecided | RefundAsked:
    """One refund in the caller's transaction: a line of the payment's sheet, or a slip to its
    holder.

    node_no   of the desk that pays it out

    raises   Refusal amount_wrong, not_to_refund
    """
    name = SheetName(payment.town, payment.facility_id, payment.date)
    # Of a booking that was moved, two payments may lie on two sheets: they wait for each other, and
    # for a change of what is owed.
    if session.get_bind().dialect.name == "postgresql":
        run(session, select(takes_turn(literal(payment.booking_id))))
    is_held = _hold(session, name)
    account_town = settlement.pays_out(session, payment, request.method, node_no=node_no)
    # Only now: nobody else decides on this sheet until the commit.
    most_yen = money_query.most_of(session, payment) or 0
    if not 0 < request.amount_yen <= YEN_MAX:
        raise Refusal(RefusalCode.AMOUNT_WRONG)
    if request.amount_yen > most_yen:
        raise Refusal(RefusalCode.NOT_TO_REFUND, most_yen=most_yen)
    state: dict[str, Any] = {
        "subject": payment.booking_id,
        "refund": refund_id,
        "payment": payment.id,
        "town": payment.town,
        "facility_id": payment.facility_id,
        "date": payment.date.isoformat(),
        "method": request.method.value,
        "amount_yen": request.amount_yen,
        "node_no": node_no,
        "asked_at": sheets.instant_text(context.now),
        "account_town": account_town,
    }
    values = {
        "id": refund_id,
        "payment_id": payment.id,
        "booking_id": payment.booking_id,
        "town": payment.town,
        "facility_id": payment.facility_id,
        "date": payment.date,
        "method": request.method.value,
        "amount_yen": request.amount_yen,
        "node_no": node_no,
        "asked_at": context.now,
        "account_town": account_town,
        "actor": context.actor,
    }
    if not is_held:
        run(session, insert(table_of(Refund)), values | {"status": "asked"})
        asked = RefundAsked(**state)
        post(session, asked, REFUND, name, context, asks=True)
        return asked
    desk = _desk(session)
    status = "written" if desk is not None and desk.has_witness else "decided"
    before_yen = money_query.refunded_of(session, payment.id)
    run(session, insert(table_of(Refund)), values | {"status": status})
    return RefundDecided(**state, before_yen=before_yen)


@action("hand_refund", subject=lambda request: request.refund_id)
def hand(session: Session, request: HandRequest, context: Context, refund_id: str) -> RefundHanded:
    """The refund leaves the drawer of the node that asked for it, once.

    raises   Refusal not_found, refund_not_decided
    """
    found = money_query.refund(session, refund_id)
    if found is None or found.node_no != context.node_no:
        raise Refusal(RefusalCode.NOT_FOUND)
    day = _day(session, Method(found.method), context)
    c = table_of(Refund).c
    handed = (
        update(table_of(Refund))
        .where(c.id == refund_id, c.status == "decided", c.handed_at.is_(None))
        .values(handed_at=context.now, handed_day=day)
    )
    if run(session, handed).rowcount != 1:
        raise Refusal(RefusalCode.REFUND_NOT_DECIDED)
    return RefundHanded(subject=refund_id, amount_yen=found.amount_yen, day=day.isoformat())


def _day(session: Session, method: Method, context: Context) -> date:
    """On which day's sheet it stands. Cash is counted, so it never goes to a day that is closed."""
    if method is Method.CASH:
        return drawers.day_for_cash(session, context)
    return local_day(context.now)


def _received(values: dict[str, Any]) -> PaymentReceived:
    return PaymentReceived(
        subject=values["booking_id"],
        payment=values["id"],
        town=values["town"],
        facility_id=values["facility_id"],
        date=values["date"].isoformat(),
        method=values["method"],
        amount_yen=values["amount_yen"],
        received_at=sheets.instant_text(values["received_at"]),
        day=values["day"].isoformat(),
        node_no=values["node_no"],
        account_town=values["account_town"],
    )


def booking_of(session: Session, booking_id: str) -> Any:
    """Where and when somebody's booking is, and by which rules.

    raises   Refusal not_found
    """
    query = select(
        Booking.id,
        Booking.municipality_code,
        Booking.facility_id,
        Booking.date,
        Booking.status,
        Booking.town_rules_id,
        Booking.made_at,
    ).where(Booking.id == booking_id, Booking.party_id.is_not(None))
    found = run(session, query).one_or_none()
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _desk(session: Session) -> Desk | None:
    desk: Desk | None = session.info["database"].desk
    return desk


def _hold(session: Session, name: SheetName) -> bool:
    """Whether this desk decides on the sheet; if so, alone until the commit."""
    entering.lock(session, name)
    desk = _desk(session)
    if desk is not None and desk.is_suspended():
        return False
    return holdings(session).is_held(name.facility_id, name.date)


def post(
    session: Session,
    fact: Fact,
    kind: str,
    on: SheetName,
    context: Context,
    *,
    asks: bool = False,
) -> None:
    """The slip by which the other desks hear of it; a script without a desk has nobody to tell."""
    desk = _desk(session)
    if desk is None:
        return
    data = sheets.words_of(fact.name, fact.version, fact.subject, fact.body())
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk.node, on.text, kind, at=at, asks=asks, data=data)
