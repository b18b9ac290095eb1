"""知らせ: what a party is to be told, and whether it has gone out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Letter(Base):
    """One letter for one answer: its id is worked out from both (actions/letters.py).

    kind      confirmed, refused, displaced, cancelled; granted, denied: 許可, 不許可; struck: 違反;
              reduced: 減免; `body` has what the words need
    state     to_send, failed (tried, and tried again at `next_at`), sent; to_hand_over: a clerk
              tells the person, and ticks it (handed_over); void: overtaken before it went out
    subject, text   in the person's language; empty until the job has worded it
    tries, why      how often the mail server was asked, and what it said last
    sent_at         when it went out, by mail or by a clerk
    """

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint(
            "state IN ('to_send', 'failed', 'sent', 'to_hand_over', 'handed_over', 'void')",
            name="state",
        ),
        Index("ix_letter_party_id", "party_id"),
        Index("ix_letter_kind", "kind"),
        Index("ix_letter_state_next_at", "state", "next_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"))
    booking_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(Text, default="to_send")
    locale: Mapped[str] = mapped_column(Text, default="ja")
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(Text, default="")
    next_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
