"""充当: what is over of one booking pays for another of the same party.

Two steps, because two sheets may be at two desks: the refund is decided by the holder of the first
one, as any other (S6); only then this node makes the payment for the second, which is a fact. No
yen is in both places, and what waits is finished by the job.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reservations.actions import money
from reservations.actions.money import PayRequest, RefundRequest
from reservations.actions.step import Context, action
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events.money import PaymentReceived, RefundAsked, RefundDecided
from reservations.models import Booking, PaymentMove
from reservations.models.base import table_of
from reservations.queries import money as query
from reservations.rules.money import Method

_MOVE = table_of(PaymentMove)


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """So many yen of a payment are to pay for another booking."""

    payment_id: str
    amount_yen: int
    booking_id: str


@dataclass(frozen=True, slots=True)
class FinishRequest:
    refund_id: str


@action("move_payment", turn=lambda request: request.payment_id)
def move_payment(
    session: Session, request: MoveRequest, context: Context, refund_id: str
) -> RefundDecided | RefundAsked:
    """Take what is over out of one booking, for another.

    raises   Refusal not_found, other_party, amount_wrong, not_to_refund
    """
    payment = query.payment(session, request.payment_id)
    if payment is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    parties = _party_of(session, payment.booking_id), _party_of(session, request.booking_id)
    if payment.booking_id == request.booking_id or parties[0] != parties[1]:
        raise Refusal(RefusalCode.OTHER_PARTY)
    back = RefundRequest(payment.id, request.amount_yen, Method.MOVED)
    fact = money.decide(session, payment, back, context, refund_id, node_no=context.node_no)
    run(session, insert(_MOVE), {"refund_id": refund_id, "booking_id": request.booking_id})
    return fact


@action("finish_move", subject=lambda request: request.refund_id)
def finish_move(
    session: Session, request: FinishRequest, context: Context, refund_id: str
) -> PaymentReceived:
    """The payment for the other booking, once it has left the first.

    raises   Refusal refund_not_decided; not_active where it is done
    """
    move = run(session, select(_MOVE).where(_MOVE.c.refund_id == refund_id)).one_or_none()
    refund = query.refund(session, refund_id)
    if move is None or refund is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if move.payment_id is not None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    if refund.status != "decided":
        raise Refusal(RefusalCode.REFUND_NOT_DECIDED)
    wish = PayRequest(move.booking_id, refund.amount_yen, Method.MOVED, refund_id)
    has_it = refund.account_town or refund.town
    fact = money.take(session, wish, context, wish.payment_id, account_town=has_it)
    done = update(_MOVE).where(_MOVE.c.refund_id == refund_id)
    run(session, done.values(payment_id=wish.payment_id))
    return fact


def finish(session: Session, context: Context) -> int:
    """Make every payment whose refund is decided by now; how many."""
    waiting = query.moves_to_finish(session)
    session.rollback()
    for refund_id in waiting:
        finish_move(session, FinishRequest(refund_id), context)
    return len(waiting)


def _party_of(session: Session, booking_id: str) -> str:
    """raises   Refusal not_found"""
    query_ = select(Booking.party_id).where(Booking.id == booking_id)
    found: str | None = run(session, query_).scalar()
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found
