"""オンライン払い: payments that were begun at a provider, and refunds that it is to give back.

Both belong to the machine that has the line to the provider; what was paid and what is refunded
stands in models/money.py, as for any other payment.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Checkout(Base):
    """A payment that a payer has begun; its id is our reference at the provider.

    state        begun (the provider may not know of it yet), open, failed, lapsed, paid. Paid is
                 for ever; anything else becomes paid when the provider says so, however late
    provider_id  the provider's, once it is known; address where the payer's browser goes
    next_at      when the provider is asked how it stands; None: nobody asks any more
    why          what the provider, or the line to it, said last
    paid_at      by the provider's clock, for its statement
    """

    __tablename__ = "checkout"
    __table_args__ = (
        CheckConstraint("amount_yen > 0", name="amount"),
        CheckConstraint("state IN ('begun', 'open', 'failed', 'lapsed', 'paid')", name="state"),
        Index("ix_checkout_booking_id", "booking_id"),
        Index("ix_checkout_next_at", "next_at"),
        Index("ix_checkout_provider_id", "provider_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    amount_yen: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    provider_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    address: Mapped[str] = mapped_column(Text, default="", server_default="")
    why: Mapped[str] = mapped_column(Text, default="", server_default="")
    payment_id: Mapped[str | None] = mapped_column(Text)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)


class GiveBack(Base):
    """A refund on its way through a provider; its id is the refund's, and the key of the wish.

    state   asked (and asked again at `next_at`), given, failed: the provider said no for ever
    """

    __tablename__ = "give_back"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'given', 'failed')", name="state"),
        Index("ix_give_back_state_next_at", "state", "next_at"),
    )

    refund_id: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    tries: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(Instant)
    why: Mapped[str] = mapped_column(Text, default="", server_default="")
    provider_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    given_at: Mapped[datetime | None] = mapped_column(Instant)
