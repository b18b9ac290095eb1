"""鍵と備品: what a facility hands out with a booking, and who has it.

A book of the house where the things are: it does not travel, because they do not either.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant

_IS_OUT = text("returned_at IS NULL")


class Item(Base):
    """A key, or equipment of one sort. `out` are those that somebody has, never more than `count`.

    count   0: no longer handed out
    """

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("facility_id", "kind", "name"),
        CheckConstraint("kind IN ('key', 'equipment')", name="kind"),
        CheckConstraint('out >= 0 AND out <= "count"', name="out"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    out: Mapped[int] = mapped_column(default=0, server_default="0")


class Handout(Base):
    """渡した・戻った: so many of an item with a booking, due back at its end."""

    __tablename__ = "handout"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_handout_booking_id", "booking_id"),
        Index("ix_handout_item_id_handed_at", "item_id", "handed_at"),
        Index("ix_handout_out", "item_id", sqlite_where=_IS_OUT, postgresql_where=_IS_OUT),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    booking_id: Mapped[str] = mapped_column(ForeignKey("booking.id"))
    quantity: Mapped[int]
    handed_at: Mapped[datetime] = mapped_column(Instant)
    handed_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_to: Mapped[str] = mapped_column(Text, default="", server_default="")
