"""利用者登録・団体登録: who may book; the card a person carries; what a draw has given.

A card shows a number and a name, never a date of birth. No paper here asks for a 個人番号, and what
was shown to prove who somebody is is noted by its kind alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from printables.forms import Span

CHOICES = frozenset({"residency", "proof", "consent", "activity_kind", "reduction", "enclosures"})


@dataclass(frozen=True)
class UserRegistration:
    """利用者登録申請書; what is empty is left to the pen."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""
    applied_on: date | None = None
    name: str = ""
    kana: str = ""
    born_on: date | None = None
    address: str = ""
    phone: str = ""
    mail: str = ""
    residency: str = ""
    workplace: str = ""
    guardian: str = ""
    consent: tuple[str, ...] = ()
    proof: str = ""
    registration: str = ""
    valid_until: date | None = None
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class GroupMember:
    """Somebody on the list of a group."""

    name: str
    place: str = ""  # 市区町村 alone
    age: str = ""  # 大人, 高校生, 中学生以下, 65歳以上
    note: str = ""


@dataclass(frozen=True)
class GroupRegistration:
    """団体登録申請書 with the list of members."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""
    applied_on: date | None = None
    name: str = ""
    kana: str = ""
    representative: str = ""
    address: str = ""
    phone: str = ""
    contact: str = ""
    contact_phone: str = ""
    second_contact: str = ""
    second_phone: str = ""
    activity: str = ""
    activity_kind: tuple[str, ...] = ()
    fiscal_year: str = ""
    reduction: str = ""
    enclosures: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    members: tuple[GroupMember, ...] = ()
    members_in_town: int | None = None
    registration: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class LotteryLine:
    """One application to the draw and what became of it."""

    unit: str
    period: Span
    result: str
    number: str = ""


@dataclass(frozen=True)
class LotteryResult:
    """抽選結果通知書."""

    issued_at: datetime
    decided_on: date
    document_number: str
    applicant: str
    applicant_address: str
    round_name: str
    lines: tuple[LotteryLine, ...]
    confirm_by: date | None = None
    proof: str = ""  # how anybody can draw again: seed and digest
    alternatives: tuple[str, ...] = ()
    node: str = ""
    operator: str = ""
    marking: str = ""
