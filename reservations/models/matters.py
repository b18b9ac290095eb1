"""食い違い: what a person has seen to. The matters themselves are read from other records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class SeenTo(Base):
    """Somebody has dealt with a matter, so that it leaves the list of this node.

    key    which matter (queries/matters.py); a later one about the same booking has another
    note   what was agreed; stays here, because it may tell something of a person
    """

    __tablename__ = "seen_to"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
