"""What lies at the desk on every day: 使用簿, 鍵受払簿, 破損届, 利用者証.

The books are printed with empty lines and go on by hand; a line that is known is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class UseLine:
    """Somebody who used a place without a permit of his own (個人使用)."""

    day: date
    name: str
    place: str = ""
    time: str = ""
    adults: int | None = None
    children: int | None = None
    fee_yen: int | None = None
    note: str = ""


@dataclass(frozen=True)
class UseBook:
    """使用簿 at the entrance."""

    issued_at: datetime
    facility: str
    period: str = ""
    lines: tuple[UseLine, ...] = ()
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class KeyLine:
    """A key that went out and, later, came back."""

    day: date
    key: str
    permit_number: str = ""
    taker: str = ""
    taken: str = ""
    returned: str = ""
    operator: str = ""


@dataclass(frozen=True)
class KeyBook:
    """鍵受払簿."""

    issued_at: datetime
    facility: str
    period: str = ""
    lines: tuple[KeyLine, ...] = ()
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class DamageNotice:
    """破損届: what was broken, found or lost; what is empty is left to the pen."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""
    noticed_on: date | None = None
    applicant: str = ""
    address: str = ""
    phone: str = ""
    unit: str = ""
    permit_number: str = ""
    happened_at: datetime | None = None
    thing: str = ""
    kind: str = ""
    cause: str = ""
    is_anybody_hurt: str = ""
    still_usable: str = ""
    node: str = ""
    operator: str = ""


DAMAGE_CHOICES = frozenset({"kind", "is_anybody_hurt", "still_usable"})


@dataclass(frozen=True)
class UserCard:
    """利用者証: a number, a name and a code, to be cut out; nothing that says how old or where."""

    issued_at: datetime
    number: str
    name: str
    valid_until: date
    code: str = ""
    residency: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""
