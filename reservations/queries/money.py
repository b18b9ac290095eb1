"""収納・還付・減免: a booking's account, and what passed through a drawer on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL, local_day
from reservations.db import run
from reservations.models import (
    Booking,
    CashDay,
    Payment,
    PaymentMove,
    Receipt,
    Reduction,
    Refund,
)
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.rules import money
from reservations.rules.money import Account, Method, Paid

# A line that the witness does not have yet may still be taken back, but no yen is promised twice.
_COUNTS = ("written", "decided")

_PAYMENT, _REFUND = table_of(Payment), table_of(Refund)
_BOOKING = select(
    Booking.municipality_code,
    Booking.fee_yen,
    Booking.status,
    Booking.cancel_due_yen,
    Booking.town_rules_id,
    Booking.made_at,
).where(Booking.id == bindparam("booking_id"))
_PAYMENTS = (
    select(_PAYMENT, Receipt.number.label("receipt"))
    .outerjoin(Receipt, Receipt.payment_id == _PAYMENT.c.id)
    .where(_PAYMENT.c.booking_id == bindparam("booking_id"))
    .order_by(_PAYMENT.c.received_at, _PAYMENT.c.id)
)
_REFUNDS = (
    select(_REFUND)
    .where(_REFUND.c.booking_id == bindparam("booking_id"))
    .order_by(_REFUND.c.asked_at, _REFUND.c.id)
)
_REDUCTIONS = (
    select(table_of(Reduction))
    .where(Reduction.booking_id == bindparam("booking_id"))
    .order_by(Reduction.decided_at, Reduction.id)
)
_ONE_PAYMENT = select(_PAYMENT).where(_PAYMENT.c.id == bindparam("payment_id"))
_ONE_REFUND = select(_REFUND).where(_REFUND.c.id == bindparam("refund_id"))
_OF_PAYMENT = select(func.coalesce(func.sum(_REFUND.c.amount_yen), 0)).where(
    _REFUND.c.payment_id == bindparam("payment_id"), _REFUND.c.status.in_(_COUNTS)
)
# What all nodes took on a day, as far as it is known here, and what they paid back.
_TAKEN_BY_ALL = (
    select(
        _PAYMENT.c.town,
        _PAYMENT.c.node_no,
        _PAYMENT.c.method,
        func.count().label("many"),
        func.sum(_PAYMENT.c.amount_yen).label("yen"),
    )
    .where(_PAYMENT.c.day == bindparam("day"))
    .group_by(_PAYMENT.c.town, _PAYMENT.c.node_no, _PAYMENT.c.method)
)
_REFUNDED_BY_ALL = (
    select(
        _REFUND.c.town,
        _REFUND.c.node_no,
        _REFUND.c.method,
        func.count().label("many"),
        func.sum(_REFUND.c.amount_yen).label("yen"),
    )
    .where(
        _REFUND.c.status == "decided",
        _REFUND.c.asked_at >= bindparam("since"),
        _REFUND.c.asked_at < bindparam("until"),
    )
    .group_by(_REFUND.c.town, _REFUND.c.node_no, _REFUND.c.method)
)
# Bookings that brought this node more than they owe, reductions not yet counted in.
_PAID_YEN = (
    select(func.sum(_PAYMENT.c.amount_yen))
    .where(_PAYMENT.c.booking_id == Booking.id)
    .correlate(Booking)
    .scalar_subquery()
)
_BACK_YEN = (
    select(func.coalesce(func.sum(_REFUND.c.amount_yen), 0))
    .where(_REFUND.c.booking_id == Booking.id, _REFUND.c.status.in_(_COUNTS))
    .correlate(Booking)
    .scalar_subquery()
)
_OWED = case(
    (Booking.status.in_(("tentative", "refused")), 0),
    else_=func.coalesce(Booking.cancel_due_yen, Booking.fee_yen),
)
_LATELY = select(_PAYMENT.c.booking_id).where(
    _PAYMENT.c.day >= bindparam("since"), _PAYMENT.c.node_no == bindparam("node_no")
)
_OVER = (
    select(Booking.id)
    .where(
        Booking.id.in_(_LATELY),
        or_(
            _PAID_YEN - _BACK_YEN > _OWED,
            exists().where(Reduction.booking_id == Booking.id),
        ),
    )
    .order_by(Booking.id)
)
# What this node was asked to pay back and has not: undecided, or in the drawer still.
_TO_HAND = (
    select(_REFUND)
    .where(
        _REFUND.c.node_no == bindparam("node_no"),
        or_(
            _REFUND.c.status == "asked",
            (_REFUND.c.status == "decided")
            & (_REFUND.c.method == Method.CASH.value)
            & _REFUND.c.handed_at.is_(None),
        ),
    )
    .order_by(_REFUND.c.asked_at, _REFUND.c.id)
)
_RECEIPT_OF = select(table_of(Receipt)).where(Receipt.payment_id == bindparam("payment_id"))
_BY_RECEIPT = select(Receipt.payment_id).where(Receipt.number == bindparam("number"))
_CLOSED = select(table_of(CashDay)).where(
    CashDay.node_no == bindparam("node_no"), CashDay.day == bindparam("day")
)
_TAKEN = (
    select(
        _PAYMENT.c.town,
        _PAYMENT.c.method,
        func.count().label("many"),
        func.sum(_PAYMENT.c.amount_yen).label("yen"),
    )
    .where(_PAYMENT.c.node_no == bindparam("node_no"), _PAYMENT.c.day == bindparam("day"))
    .group_by(_PAYMENT.c.town, _PAYMENT.c.method)
    .order_by(func.sum(_PAYMENT.c.amount_yen).desc(), _PAYMENT.c.town, _PAYMENT.c.method)
)
_HANDED = select(
    func.count().label("many"), func.coalesce(func.sum(_REFUND.c.amount_yen), 0).label("yen")
).where(
    _REFUND.c.node_no == bindparam("node_no"),
    _REFUND.c.handed_day == bindparam("day"),
    _REFUND.c.method == Method.CASH.value,
)
_NUMBERS = (
    select(Receipt.number)
    .join(_PAYMENT, _PAYMENT.c.id == Receipt.payment_id)
    .where(Receipt.node_no == bindparam("node_no"), _PAYMENT.c.day == bindparam("day"))
    .order_by(Receipt.serial)
)


_MOVES_TO_FINISH = (
    select(PaymentMove.refund_id)
    .join(_REFUND, _REFUND.c.id == PaymentMove.refund_id)
    .where(PaymentMove.payment_id.is_(None), _REFUND.c.status == "decided")
    .order_by(PaymentMove.refund_id)
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A booking's money with everything that it is made of, in order of time."""

    account: Account
    payments: tuple[Row[Any], ...]
    refunds: tuple[Row[Any], ...]
    reductions: tuple[Row[Any], ...]

    @property
    def refunded(self) -> dict[str, int]:
        """Yen paid back so far, by payment."""
        found: dict[str, int] = {}
        for row in self.refunds:
            if row.status in _COUNTS:
                found[row.payment_id] = found.get(row.payment_id, 0) + row.amount_yen
        return found


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in on a day for one town in one way."""

    town: str
    method: str
    count: int
    yen: int


@dataclass(frozen=True, slots=True)
class Drawer:
    """What passed through a node's desk on one day.

    taken     most money first
    closed    the row of the drawer's count, once it was closed
    receipts  numbers, in order
    """

    day: date
    taken: tuple[Taken, ...] = ()
    paid_out_count: int = 0
    paid_out_yen: int = 0
    receipts: tuple[str, ...] = ()
    closed: Row[Any] | None = None

    @property
    def received_yen(self) -> int:
        """In cash."""
        return sum(each.yen for each in self.taken if each.method == Method.CASH.value)


@dataclass(frozen=True, slots=True)
class DayLine:
    """A line of a town's account of a day: what one node took, or paid back, in one way."""

    town: str
    node_no: int
    is_refund: bool
    method: str
    count: int
    yen: int


def statement(session: Session, booking_id: str) -> Statement | None:
    """The account of a booking as it is known here; None where the booking is not. Four statements.

    I8 holds in every answer: paid = fees + refunds + due.
    """
    asked = {"booking_id": booking_id}
    row = run(session, _BOOKING, asked).one_or_none()
    if row is None:
        return None
    payments = tuple(run(session, _PAYMENTS, asked).all())
    refunds = tuple(run(session, _REFUNDS, asked).all())
    reductions = tuple(run(session, _REDUCTIONS, asked).all())
    town = memory.current(session).catalogue.towns[row.municipality_code]
    rules = town.rules_of(row.town_rules_id, local_day(row.made_at))
    left = money.reduced(row.fee_yen, [each.percent for each in reductions], rules)
    fees_yen = money.owed(row.fee_yen, left, row.status, row.cancel_due_yen)
    paid = [Paid(each.id, each.amount_yen, each.received_at) for each in payments]
    refunded = sum(each.amount_yen for each in refunds if each.status in _COUNTS)
    return Statement(money.account(fees_yen, paid, refunded), payments, refunds, reductions)


def payment(session: Session, payment_id: str) -> Row[Any] | None:
    """The payment's row (models/money.py)."""
    return run(session, _ONE_PAYMENT, {"payment_id": payment_id}).one_or_none()


def receipt_of(session: Session, payment_id: str) -> Row[Any] | None:
    """The number that a payment's receipt has, with when it was given."""
    return run(session, _RECEIPT_OF, {"payment_id": payment_id}).one_or_none()


def payment_of(session: Session, number: str) -> str | None:
    """Which payment the receipt of this number is for."""
    found: str | None = run(session, _BY_RECEIPT, {"number": number}).scalar()
    return found


def refund(session: Session, refund_id: str) -> Row[Any] | None:
    """The refund's row (models/money.py)."""
    return run(session, _ONE_REFUND, {"refund_id": refund_id}).one_or_none()


def moves_to_finish(session: Session) -> list[str]:
    """充当 that has left its first booking, and is not paid to the second: ids of refunds."""
    return list(run(session, _MOVES_TO_FINISH).scalars())


def refunded_of(session: Session, payment_id: str) -> int:
    """Yen of this payment that lines of its sheet have paid back."""
    return int(run(session, _OF_PAYMENT, {"payment_id": payment_id}).scalar_one())


def most_of(session: Session, payment: Row[Any]) -> int | None:
    """How many yen of this payment may be paid back now; None where the booking is not known."""
    found = statement(session, payment.booking_id)
    if found is None:
        return None
    return money.may_refund(found.account, payment.amount_yen, found.refunded.get(payment.id, 0))


def over(session: Session, node_no: int, *, since: date) -> list[tuple[str, Statement]]:
    """Bookings for which this node received more than is owed, by id, with their accounts: paid
    twice, given up, or reduced since. Only those whose refund nobody has asked for yet."""
    asked = {"node_no": node_no, "since": since}
    found = []
    for booking_id in run(session, _OVER, asked).scalars().all():
        account = statement(session, booking_id)
        is_asked = account and any(each.status == "asked" for each in account.refunds)
        if account is not None and account.account.over_yen and not is_asked:
            found.append((booking_id, account))
    return found


def to_hand(session: Session, node_no: int) -> list[Row[Any]]:
    """Refunds (models/money.py) that this node was asked for: without an answer yet, or decided,
    and their cash not yet given. The oldest first."""
    return list(run(session, _TO_HAND, {"node_no": node_no}).all())


def closed(session: Session, node_no: int, day: date) -> Row[Any] | None:
    """The count of a drawer that was closed."""
    return run(session, _CLOSED, {"node_no": node_no, "day": day}).one_or_none()


def drawer(session: Session, node_no: int, day: date) -> Drawer:
    """A node's own day. Four statements."""
    asked = {"node_no": node_no, "day": day}
    taken = (
        Taken(row.town, row.method, row.many, int(row.yen)) for row in run(session, _TAKEN, asked)
    )
    handed = run(session, _HANDED, asked).one()
    return Drawer(
        day,
        tuple(taken),
        int(handed.many),
        int(handed.yen),
        tuple(run(session, _NUMBERS, asked).scalars()),
        closed(session, node_no, day),
    )


def of_day(session: Session, day: date) -> list[DayLine]:
    """What came in and went out on a day, at all nodes that were heard; by town, then node.

    A refund counts on the day on which it was asked for, once it is decided. Two statements.
    """
    begins = datetime.combine(day, time(), LOCAL)
    taken = run(session, _TAKEN_BY_ALL, {"day": day}).all()
    until = begins + timedelta(days=1)
    refunded = run(session, _REFUNDED_BY_ALL, {"since": begins, "until": until}).all()
    lines = [
        DayLine(row.town, row.node_no, is_refund, row.method, row.many, int(row.yen))
        for is_refund, rows in ((False, taken), (True, refunded))
        for row in rows
    ]
    return sorted(lines, key=lambda line: (line.town, line.node_no, line.is_refund, line.method))
