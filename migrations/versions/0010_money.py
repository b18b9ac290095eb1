"""Payments, refunds, reductions, receipts with their numbers, and the drawer of a day.

Revision 0010.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

METHODS = "method IN ('cash', 'coupon', 'transfer', 'online')"


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _kept_here(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _number(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=not is_needed)


def _at(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_needed)


def _day(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=not is_needed)


def upgrade() -> None:
    _make_payments()
    _make_the_rest()


def _make_payments() -> None:
    op.create_table(
        "payment",
        _text("id"),
        _text("booking_id"),
        _text("town"),
        _number("facility_id"),
        _day("date"),
        _text("method"),
        _number("amount_yen"),
        _at("received_at"),
        _day("day"),
        _number("node_no"),
        _kept_here("actor"),
        _kept_here("reference"),
        _number("given_yen", is_needed=False),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint(METHODS, name=op.f("ck_payment_method")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_booking_id", "payment", ["booking_id"])
    op.create_index("ix_payment_day_node_no", "payment", ["day", "node_no"])
    op.create_table(
        "refund",
        _text("id"),
        _text("payment_id"),
        _text("booking_id"),
        _text("town"),
        _number("facility_id"),
        _day("date"),
        _text("method"),
        _number("amount_yen"),
        _number("node_no"),
        _at("asked_at"),
        _text("status"),
        _kept_here("code"),
        _kept_here("actor"),
        _at("handed_at", is_needed=False),
        _day("handed_day", is_needed=False),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_refund_amount")),
        sa.CheckConstraint(METHODS, name=op.f("ck_refund_method")),
        sa.CheckConstraint(
            "status IN ('asked', 'written', 'decided', 'refused')", name=op.f("ck_refund_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    op.create_index("ix_refund_booking_id", "refund", ["booking_id"])
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"])
    op.create_index("ix_refund_handed_day", "refund", ["handed_day"])


def _make_the_rest() -> None:
    op.create_table(
        "reduction",
        _text("id"),
        _text("booking_id"),
        _number("percent"),
        _text("clause"),
        _at("decided_at"),
        _number("node_no"),
        _kept_here("evidence"),
        _kept_here("approved_by"),
        _kept_here("actor"),
        sa.CheckConstraint("percent > 0 AND percent <= 100", name=op.f("ck_reduction_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction")),
    )
    op.create_index("ix_reduction_booking_id", "reduction", ["booking_id"])
    op.create_table(
        "receipt",
        _text("number"),
        _number("node_no"),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        _text("payment_id"),
        _text("booking_id"),
        _at("issued_at"),
        _text("actor"),
        sa.CheckConstraint("serial > 0", name=op.f("ck_receipt_serial")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_receipt")),
        sa.UniqueConstraint("node_no", "serial", name=op.f("uq_receipt_node_no_serial")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_receipt_payment_id")),
    )
    op.create_table(
        "cash_day",
        _number("node_no"),
        _day("day"),
        _number("fund_yen"),
        _number("received_yen"),
        _number("paid_out_yen"),
        sa.Column("counts", sa.JSON(), nullable=False),
        _number("counted_yen"),
        _number("difference_yen"),
        _text("reason"),
        _at("closed_at"),
        _text("actor"),
        sa.PrimaryKeyConstraint("node_no", "day", name=op.f("pk_cash_day")),
    )


def downgrade() -> None:
    for table in ("cash_day", "receipt", "reduction", "refund", "payment"):
        op.drop_table(table)
