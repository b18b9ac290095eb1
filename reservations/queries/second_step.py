"""二段階のサインイン: the key of an account, whether it is asked for, and what was used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Account, EmergencyCode, SecondStep


@dataclass(frozen=True, slots=True)
class Key:
    """`last_step` of the newest code that was used."""

    secret: str
    last_step: int


@dataclass(frozen=True, slots=True)
class Use:
    """A sealed code that was opened."""

    account_id: str
    login: str
    at: datetime


_OF = select(SecondStep.secret, SecondStep.last_step).where(
    SecondStep.account_id == bindparam("account_id")
)
_LEFT = (
    select(func.count())
    .select_from(EmergencyCode)
    .where(EmergencyCode.account_id == bindparam("account_id"), EmergencyCode.used_at.is_(None))
)
_USED = (
    select(EmergencyCode.account_id, Account.login, EmergencyCode.used_at)
    .join(Account, Account.id == EmergencyCode.account_id)
    .where(EmergencyCode.used_at.is_not(None))
    .order_by(EmergencyCode.used_at.desc())
    .limit(50)
)


def of(session: Session, account_id: str) -> Key | None:
    """The key of an account, if it has one."""
    row = run(session, _OF, {"account_id": account_id}).one_or_none()
    return None if row is None else Key(row.secret, row.last_step)


def codes_left(session: Session, account_id: str) -> int:
    """How many sealed codes have not been opened."""
    return int(run(session, _LEFT, {"account_id": account_id}).scalar_one())


def used(session: Session) -> list[Use]:
    """The sealed codes that were opened, the newest first."""
    return [Use(row.account_id, row.login, row.used_at) for row in run(session, _USED).all()]
