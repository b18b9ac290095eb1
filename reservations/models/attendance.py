"""来館: that somebody has come to what they booked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Arrival(Base):
    """Heard at every desk by a slip; of two for one booking the earlier is kept.

    booking_id   may be of a booking that is not known here yet
    actor        who noted it; stays at the desk where it was
    """

    __tablename__ = "arrival"

    booking_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    node_no: Mapped[int]
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")
