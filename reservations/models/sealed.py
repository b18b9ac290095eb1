"""封をした利用者情報: parties as they travel, who can open them, and whose keys were destroyed.

What can be read stands in `party` and `party_residency`; what is here is worked out from the slips
of all desks (party_feed.py), but for the secrets, which no document has.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class PartyText(Base):
    """The last sealed text that is known of a party under one key, whether or not it opens here.

    key       its key's name (sync/sealing.py); two desks may have begun with one party each
    revision  counted by whoever changes the party; the larger, then the larger digest, holds
    """

    __tablename__ = "party_text"

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str] = mapped_column(Text)


class PartyKey(Base):
    """The key of a party's text, at the desks that may read it. To forget is to destroy it."""

    __tablename__ = "party_key"

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)


class PartyHolder(Base):
    """A desk that was given a party's key, or gave it: the last such line of each log.

    member     the incarnation of the desk, by its signing key
    seal       name of the sealing key that its box is for; empty for the desk that wrote the line
    is_good    whether that desk can open the box, or has opened it, as far as it has said
    """

    __tablename__ = "party_holder"
    __table_args__ = (Index("ix_party_holder_member", "member"),)

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member: Mapped[str] = mapped_column(Text, primary_key=True)
    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[str] = mapped_column(Text)
    is_good: Mapped[bool] = mapped_column(Boolean(name="is_good"))


class SealingKey(Base):
    """The public key for which boxes are made for a desk, as it said last; its secret at itself.

    number   of the slip that said it, in that desk's log; 0: its certificate
    read     log to the number up to which it has opened the boxes that were for its former keys
    secret   there is only ever one, so that a new key is the end of all boxes before it
    """

    __tablename__ = "sealing_key"

    member: Mapped[str] = mapped_column(Text, primary_key=True)
    public: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(BigInteger)
    read: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)


class PartyUnsaid(Base):
    """A party that was registered or changed here, and that other desks have yet to hear of."""

    __tablename__ = "party_unsaid"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)


class PartyForgotten(Base):
    """A party whose keys are destroyed: whatever still comes of it is not opened.

    is_due   this desk has yet to destroy what opened its boxes, and to say so
    """

    __tablename__ = "party_forgotten"

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    is_due: Mapped[bool] = mapped_column(Boolean(name="is_due"))


class PartyDestroyed(Base):
    """A desk has said that it has destroyed a forgotten party's keys."""

    __tablename__ = "party_destroyed"

    party_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member: Mapped[str] = mapped_column(Text, primary_key=True)
