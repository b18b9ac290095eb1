"""来館と無断不使用: who came, and what was decided of those who did not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant

# A field is called `date`; inside its class the type needs another name.
Day = date

_WAITS = text("status = 'asked'")


class CheckIn(Base):
    """来館: somebody came for a booking, as one desk wrote it. Of several the earliest counts.

    booking_id  may be of a booking that is not known here yet
    came_at     None where the slip that takes it back came before the one that says it
    undone_at   it was a mistake; both slips are kept
    actor       who wrote it, at the node where that was
    """

    __tablename__ = "check_in"
    __table_args__ = (Index("ix_check_in_booking_id", "booking_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    came_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    node_no: Mapped[int]
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")


class Strike(Base):
    """無断不使用 and the like: asked for by a slip, decided by the holder of the booking's sheet.

    A decision that nobody came counts for nothing while a check-in stands; both are kept.

    status      asked: waits for the holder, who waits for every desk's report (S7); written: a
                line on one medium only (S2); decided; refused, for the reason `code`
    kind        rules/town.py:StrikeKind
    excuse      why it may not count, in a word of the town's rules
    decided_at  by the clock of the holder, as its line says
    """

    __tablename__ = "strike"
    __table_args__ = (
        CheckConstraint("status IN ('asked', 'written', 'decided', 'refused')", name="status"),
        CheckConstraint(
            "kind IN ('no_show', 'told', 'late_cancel', 'unpaid', 'no_card')", name="kind"
        ),
        Index("ix_strike_booking_id", "booking_id"),
        # Few wait; each minute a desk looks for them.
        Index("ix_strike_asked", "status", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    town: Mapped[str] = mapped_column(Text)
    facility_id: Mapped[int]
    date: Mapped[Day] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    excuse: Mapped[str] = mapped_column(Text)
    node_no: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")
