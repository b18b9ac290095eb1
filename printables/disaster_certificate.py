"""罹災証明書 in the national form, its application, and 被災証明書 for what is no dwelling.

The certificate follows the form that the Cabinet Office unified (府政防第737号, 2020): six things
must be on it, two of them different addresses; damaged parts and percentages must not be. The codes
of the six grades are fixed, their words are the town's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

GRADES = ("total", "large_half", "medium_half", "half", "near_half", "partial")


@dataclass(frozen=True)
class DisasterCertificate:
    """The mayor certifies how far a dwelling was damaged."""

    number: str
    certified_on: date
    issued_at: datetime
    householder: str
    householder_address: str
    cause: str
    cause_on: date
    dwelling_address: str
    grade: str
    household_note: tuple[str, ...] = ()
    dwelling_note: tuple[str, ...] = ()
    other_note: tuple[str, ...] = ()
    copy_number: int = 1
    code: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""

    def __post_init__(self) -> None:
        if self.grade not in GRADES:
            raise ValueError("a certificate without its grade is no 罹災証明書")


@dataclass(frozen=True)
class Member:
    """Somebody of the household."""

    name: str
    relation: str = ""
    born_on: date | None = None


@dataclass(frozen=True)
class DisasterApplication:
    """罹災証明書交付申請書; what is empty is left to the pen."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""
    applied_on: date | None = None
    applicant: str = ""
    applicant_kana: str = ""
    applicant_relation: str = ""
    applicant_address: str = ""
    phone: str = ""
    present_place: str = ""
    householder: str = ""
    householder_address: str = ""
    members: tuple[Member, ...] = ()
    cause: str = ""
    cause_on: date | None = None
    dwelling_address: str = ""
    dwelling_kind: str = ""
    damage: tuple[str, ...] = ()
    damage_note: str = ""
    photos: str = ""
    self_grading: str = ""
    copies: int | None = None
    submitted_to: str = ""
    consent: tuple[str, ...] = ()
    node: str = ""
    operator: str = ""


APPLICATION_CHOICES = frozenset({"dwelling_kind", "damage", "photos", "self_grading", "consent"})


@dataclass(frozen=True)
class DamageReportCertificate:
    """被災証明書: that damage was reported; it names no grade."""

    number: str
    certified_on: date
    issued_at: datetime
    applicant: str
    applicant_address: str
    cause: str
    cause_on: date
    place: str
    things: tuple[str, ...]
    reported_on: date
    code: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""
