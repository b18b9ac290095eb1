"""パスキー: those of an account, and whose one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Passkey


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """One passkey, as its owner sees it; `used_at` is empty until it has signed somebody in."""

    id: str
    credential: str
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lock:
    """What a signature of this passkey is checked against; `public_key` as base64url."""

    id: str
    account_id: str
    public_key: str


_OF = (
    select(Passkey.id, Passkey.credential, Passkey.name, Passkey.made_at, Passkey.used_at)
    .where(Passkey.account_id == bindparam("account_id"))
    .order_by(Passkey.made_at, Passkey.id)
)
_LOCK = select(Passkey.id, Passkey.account_id, Passkey.public_key).where(
    Passkey.credential == bindparam("credential")
)


def of(session: Session, account_id: str) -> list[PasskeyView]:
    """The passkeys of an account, the oldest first."""
    rows: Iterable[Any] = run(session, _OF, {"account_id": account_id})
    return [PasskeyView(*row) for row in rows]


def lock(session: Session, credential: str) -> Lock | None:
    """Whose passkey this is, by its id in base64url; None where it is nobody's here."""
    row: Any = run(session, _LOCK, {"credential": credential}).one_or_none()
    return None if row is None else Lock(*row)
