"""オンライン払い: what was begun at the provider, and what it is to be asked and to give back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL
from reservations.db import run
from reservations.models import Checkout, GiveBack, Payment, Refund
from reservations.models.base import table_of
from reservations.rules.money import Method

A_ROUND = 50

_CHECKOUT, _BACK = table_of(Checkout), table_of(GiveBack)
_PAYMENT, _REFUND = table_of(Payment), table_of(Refund)
_GOING = ("begun", "open")

_ONE = select(_CHECKOUT).where(_CHECKOUT.c.id == bindparam("checkout_id"))
_OF_BOOKING = (
    select(_CHECKOUT)
    .where(_CHECKOUT.c.booking_id == bindparam("booking_id"))
    .order_by(_CHECKOUT.c.begun_at.desc(), _CHECKOUT.c.id.desc())
)
_DUE = (
    select(_CHECKOUT)
    .where(_CHECKOUT.c.next_at <= bindparam("now"))
    .order_by(_CHECKOUT.c.next_at, _CHECKOUT.c.id)
    .limit(A_ROUND)
)
# Refunds of what a provider brought to this node, and has not been given back yet.
_BACKS = (
    select(
        _REFUND.c.id,
        _REFUND.c.amount_yen,
        _PAYMENT.c.reference,
        _BACK.c.state,
        _BACK.c.next_at,
    )
    .join(_PAYMENT, _PAYMENT.c.id == _REFUND.c.payment_id)
    .outerjoin(_BACK, _BACK.c.refund_id == _REFUND.c.id)
    .where(
        _REFUND.c.method == Method.ONLINE.value,
        _REFUND.c.status == "decided",
        _PAYMENT.c.method == Method.ONLINE.value,
        _PAYMENT.c.node_no == bindparam("node_no"),
    )
    .order_by(_REFUND.c.asked_at, _REFUND.c.id)
)
_DUE_BACKS = _BACKS.where(
    or_(
        _BACK.c.state.is_(None),
        (_BACK.c.state == "asked") & (_BACK.c.next_at <= bindparam("now")),
    )
).limit(A_ROUND)
_BACK_OF = select(_BACK).where(_BACK.c.refund_id == bindparam("refund_id"))
_BACKS_OF = (
    select(_BACK)
    .join(_REFUND, _REFUND.c.id == _BACK.c.refund_id)
    .where(_REFUND.c.booking_id == bindparam("booking_id"))
)
_FAILED = (
    select(_REFUND)
    .join(_BACK, _BACK.c.refund_id == _REFUND.c.id)
    .where(_BACK.c.state == "failed")
    .order_by(_REFUND.c.asked_at, _REFUND.c.id)
)
_ONLINE = (
    select(_PAYMENT, _CHECKOUT.c.paid_at, _CHECKOUT.c.id.label("checkout_id"))
    .outerjoin(_CHECKOUT, _CHECKOUT.c.payment_id == _PAYMENT.c.id)
    .where(
        _PAYMENT.c.method == Method.ONLINE.value,
        _PAYMENT.c.node_no == bindparam("node_no"),
        _PAYMENT.c.received_at >= bindparam("since"),
        _PAYMENT.c.received_at < bindparam("until"),
    )
    .order_by(_PAYMENT.c.received_at, _PAYMENT.c.id)
)
_GIVEN = (
    select(_BACK, _REFUND.c.amount_yen, _REFUND.c.booking_id)
    .join(_REFUND, _REFUND.c.id == _BACK.c.refund_id)
    .where(
        _BACK.c.state == "given",
        _BACK.c.given_at >= bindparam("since"),
        _BACK.c.given_at < bindparam("until"),
    )
    .order_by(_BACK.c.given_at, _BACK.c.refund_id)
)


def one(session: Session, checkout_id: str) -> Row[Any] | None:
    """The checkout's row (models/checkouts.py)."""
    return run(session, _ONE, {"checkout_id": checkout_id}).one_or_none()


def of_booking(session: Session, booking_id: str) -> list[Row[Any]]:
    """Every checkout of a booking, the last one first."""
    return list(run(session, _OF_BOOKING, {"booking_id": booking_id}).all())


def going(session: Session, booking_id: str, amount_yen: int) -> Row[Any] | None:
    """The checkout of just this amount that is under way."""
    among = of_booking(session, booking_id)
    return next(
        (row for row in among if row.state in _GOING and row.amount_yen == amount_yen), None
    )


def due(session: Session, now: datetime) -> list[Row[Any]]:
    """Checkouts that the provider is to be asked about now, the longest due first."""
    return list(run(session, _DUE, {"now": now}).all())


def backs_due(session: Session, node_no: int, now: datetime) -> list[Row[Any]]:
    """Refunds that the provider is to give back now: id, amount_yen, the payment's reference."""
    return list(run(session, _DUE_BACKS, {"node_no": node_no, "now": now}).all())


def back_of(session: Session, refund_id: str) -> Row[Any] | None:
    """How a refund stands at the provider (models/checkouts.py); None: it was not asked yet."""
    return run(session, _BACK_OF, {"refund_id": refund_id}).one_or_none()


def backs_of(session: Session, booking_id: str) -> dict[str, Row[Any]]:
    """The same for each refund of a booking, by the refund's id."""
    found = run(session, _BACKS_OF, {"booking_id": booking_id}).all()
    return {row.refund_id: row for row in found}


def failed_backs(session: Session) -> list[Row[Any]]:
    """Refunds (models/money.py) that the provider refused for good."""
    return list(run(session, _FAILED).all())


def online(session: Session, node_no: int, first: date, last: date) -> list[Row[Any]]:
    """Online payments that this node received about these days, with when they were paid there.

    A day more at both ends: what is paid before midnight may be told after it.
    """
    asked = _between(first - timedelta(days=1), last + timedelta(days=1))
    return list(run(session, _ONLINE, asked | {"node_no": node_no}).all())


def given(session: Session, first: date, last: date) -> list[Row[Any]]:
    """Refunds that the provider gave back on these days."""
    return list(run(session, _GIVEN, _between(first, last)).all())


def _between(first: date, last: date) -> dict[str, Any]:
    begins = datetime.combine(first, time(), LOCAL)
    return {"since": begins, "until": datetime.combine(last, time(), LOCAL) + timedelta(days=1)}
