"""市町間の精算: which money of another town was settled in which month.

A line says how many yen one town hands to another for one payment or refund. What is settled in all
is the sum of the lines; what changed since then is a line of a later month.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Settlement(Base):
    """精算の締め: a town has closed a month of the money that it holds for others.

    month   its first day
    sums    {town: [how many lines, yen]}: what it owes each of the others for that month, whether
            or not all the lines have come
    """

    __tablename__ = "settlement"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    town: Mapped[str] = mapped_column(Text)
    month: Mapped[date] = mapped_column(Date)
    closed_at: Mapped[datetime] = mapped_column(Instant)
    node_no: Mapped[int]
    sums: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")


class SettlementLine(Base):
    """One payment, or refund, for a facility of `town`, whose money `account_town` has.

    item    the payment's id, or the refund's
    booking_number   publishable; empty where the booking was not known
    day     on which the money came, or went
    yen     above zero for a payment, below for a refund; the other way where it is taken back
    """

    __tablename__ = "settlement_line"
    __table_args__ = (Index("ix_settlement_line_item", "item"),)

    settlement_id: Mapped[str] = mapped_column(Text, primary_key=True)
    item: Mapped[str] = mapped_column(Text, primary_key=True)
    account_town: Mapped[str] = mapped_column(Text, primary_key=True)
    town: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_number: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    yen: Mapped[int]
