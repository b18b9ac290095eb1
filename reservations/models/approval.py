"""許可の審査: what was decided about an application; its place stands in bookings.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant

# A line that the witness does not have yet may be taken back, but nobody decides beside it.
_STANDS = text("status IN ('written', 'decided')")


class Decision(Base):
    """A decision about one revision of a booking, or a wish for one.

    verdict      granted, refused
    conditions   許可の条件, as the permit prints them; of a refusal the `reason` is there
    sheet        on which the booking stood: its holder decides
    status       asked: a slip without an answer; written: a line on one medium only (S2); decided;
                 refused by the holder, for the reason `code`: somebody else decided first
    actor        who decided; stays at the desk where it was
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("verdict IN ('granted', 'refused')", name="verdict"),
        CheckConstraint("status IN ('asked', 'written', 'decided', 'refused')", name="status"),
        Index("ix_decision_booking_id", "booking_id", "revision"),
        Index(
            "ix_decision_stands",
            "booking_id",
            "revision",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("ix_decision_sheet", "sheet"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    verdict: Mapped[str] = mapped_column(Text)
    conditions: Mapped[str] = mapped_column(Text, default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    decided_at: Mapped[datetime] = mapped_column(Instant)
    sheet: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")
