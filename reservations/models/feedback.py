"""声: what people say on a page or after a booking. Stored for staff to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Problem(Base):
    """このページで困ったこと: the page, the words, a ticket number to ask by. No login."""

    __tablename__ = "problem"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ticket: Mapped[str] = mapped_column(Text, unique=True)
    page: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class Rating(Base):
    """One tap after a booking, with optional words. `score` 1 (bad) to 5 (good)."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="score"),)

    booking_id: Mapped[str] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    score: Mapped[int]
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)
