"""収納・還付・減免: money as facts, receipts with their numbers, and the drawer of a day.

Amounts are whole yen. Payments and reductions are known at every desk in scope, refunds as far as
the ledger says; receipts and drawers belong to the node where the money changed hands.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant

# A field is called `date`; inside its class the type needs another name.
Day = date

_METHODS = "method IN ('cash', 'coupon', 'transfer', 'online', 'moved')"


class Payment(Base):
    """収納: money was received; never refused, never changed (DESIGN.md, S6).

    booking_id   may be of a booking that is not known here yet
    town, facility_id, date   the sheet that the booking was on: its holder decides on refunds
    day          of the drawer that it is in; the next one where that day was closed already
    account_town  the town that has the money now: whose desk took it (settlement.py)
    reference    of a coupon, a transfer or a provider; stays at the node where it was received
    given_yen    現金: what was handed over, to tell the change; stays there too
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_yen > 0", name="amount"),
        CheckConstraint(_METHODS, name="method"),
        Index("ix_payment_booking_id", "booking_id"),
        Index("ix_payment_day_node_no", "day", "node_no"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    town: Mapped[str] = mapped_column(Text)
    facility_id: Mapped[int]
    date: Mapped[Day] = mapped_column(Date)
    method: Mapped[str] = mapped_column(Text)
    amount_yen: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(Instant)
    day: Mapped[Day] = mapped_column(Date)
    node_no: Mapped[int]
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")
    reference: Mapped[str] = mapped_column(Text, default="", server_default="")
    given_yen: Mapped[int | None]
    account_town: Mapped[str] = mapped_column(Text, default="", server_default="")


class Refund(Base):
    """還付: of one payment, decided by the holder of the payment's sheet and by nobody else.

    status     asked: a slip without an answer; written: a line on one medium only (S2); decided;
               refused by the holder, for the reason `code`
    node_no    the node that was asked, and that pays it out
    account_town   the town out of whose money it goes
    handed_at  when its cash left the drawer of `handed_day`; known at that node only
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_yen > 0", name="amount"),
        CheckConstraint(_METHODS, name="method"),
        CheckConstraint("status IN ('asked', 'written', 'decided', 'refused')", name="status"),
        Index("ix_refund_booking_id", "booking_id"),
        Index("ix_refund_payment_id", "payment_id"),
        Index("ix_refund_handed_day", "handed_day"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[str] = mapped_column(Text)
    booking_id: Mapped[str] = mapped_column(Text)
    town: Mapped[str] = mapped_column(Text)
    facility_id: Mapped[int]
    date: Mapped[Day] = mapped_column(Date)
    method: Mapped[str] = mapped_column(Text)
    amount_yen: Mapped[int]
    node_no: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    handed_day: Mapped[Day | None] = mapped_column(Date)
    account_town: Mapped[str] = mapped_column(Text, default="", server_default="")


class PaymentMove(Base):
    """充当: what is over of one booking pays for another of the same party.

    The refund leaves the first one as any other does (S6); once it is decided, and not before, the
    payment for the second is made, by this node. None: not yet.
    """

    __tablename__ = "payment_move"

    refund_id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[str | None] = mapped_column(Text)


class Reduction(Base):
    """減免: decided for one booking; of several the greatest counts.

    percent    0 is a wish that was refused
    clause     which item of the regulation (publishable)
    request_id the wish that it answers (models/reductions.py); empty where nobody wrote one down
    evidence   what was seen, by its kind, `approved_by` whom, and the `reason`: they stay at the
               node where it was decided, because they tell something of a person
    """

    __tablename__ = "reduction"
    __table_args__ = (
        CheckConstraint("percent >= 0 AND percent <= 100", name="percent"),
        Index("ix_reduction_booking_id", "booking_id"),
        Index("ix_reduction_request_id", "request_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    percent: Mapped[int]
    clause: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(Instant)
    node_no: Mapped[int]
    request_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    evidence: Mapped[str] = mapped_column(Text, default="", server_default="")
    approved_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")


class Receipt(Base):
    """領収書: one a payment, numbered without gaps at the node that received the money."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("node_no", "serial"),
        UniqueConstraint("payment_id"),
        CheckConstraint("serial > 0", name="serial"),
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    node_no: Mapped[int]
    serial: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[str] = mapped_column(Text)
    booking_id: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)


class CashDay(Base):
    """締め: a drawer was counted at the end of a day, once.

    fund_yen        釣銭準備金: what lay in it in the morning
    counts          how many of each note and coin: {"1000": 3}
    difference_yen  counted - (fund + received - paid out); `reason` says why where it is not 0
    """

    __tablename__ = "cash_day"

    node_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[Day] = mapped_column(Date, primary_key=True)
    fund_yen: Mapped[int]
    received_yen: Mapped[int]
    paid_out_yen: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    counted_yen: Mapped[int]
    difference_yen: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
