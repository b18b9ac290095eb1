"""減免: what somebody asks for, and what stands for a party for a fiscal year (減免登録)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class ReductionRequest(Base):
    """減免申請: waits for an answer, which is a row of `reduction` with its id.

    booking_id  may be of a booking that is not known here yet
    clause      the code of an item of the town's list
    is_seen     whether the counter has seen what the item asks for
    instead_of  an earlier wish for the same, which waits no more
    evidence, words, actor   what was seen, by its kind, and in whose words it was asked: they stay
                at the node where it was written down
    """

    __tablename__ = "reduction_request"
    __table_args__ = (Index("ix_reduction_request_booking_id", "booking_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text)
    clause: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    node_no: Mapped[int]
    is_seen: Mapped[bool]
    instead_of: Mapped[str] = mapped_column(Text, default="", server_default="")
    evidence: Mapped[str] = mapped_column(Text, default="", server_default="")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor: Mapped[str] = mapped_column(Text, default="", server_default="")


class PartyReduction(Base):
    """減免登録: an item of a town's list holds for all that a party books there for these days.

    seen   the kind of what was shown; it travels sealed, as all that is known of a party
    """

    __tablename__ = "party_reduction"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(
        ForeignKey("municipality.code"), primary_key=True
    )
    clause: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[date] = mapped_column(Date, primary_key=True)
    until: Mapped[date] = mapped_column(Date)
    seen: Mapped[str] = mapped_column(Text)
