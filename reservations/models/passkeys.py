"""パスキー: keys of somebody's own device that sign in under our domain, and what was asked of one.

They stay on this node, as the accounts do that they open.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Passkey(Base):
    """One passkey of one account. Counters of signatures are not kept: a passkey that travels
    between somebody's devices has none to rely on.

    credential   its id, and public_key its key (COSE), both as base64url
    name         the owner's own word for it
    """

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    credential: Mapped[str] = mapped_column(Text, unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class PasskeyChallenge(Base):
    """What one browser was asked to sign; it is read once, by deleting it.

    mark         hash of a secret in that browser's cookie
    challenge    base64url
    account_id   who adds a passkey; empty: whoever signs in with one
    """

    __tablename__ = "passkey_challenge"

    mark: Mapped[str] = mapped_column(Text, primary_key=True)
    challenge: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
