"""使用許可書: the town allows a party to use a place; carried on the day, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from printables.forms import Span


@dataclass(frozen=True)
class FeeLine:
    """One line of the calculation, as it is printed."""

    label: str
    basis: str
    yen: int


@dataclass(frozen=True)
class Permit:
    """What the permit says. Times are local; `code` is the signed text of its QR code."""

    document_number: str
    permit_number: str
    decided_on: date
    issued_at: datetime
    applied_on: date
    applicant: str
    applicant_address: str
    responsible: str
    unit: str
    periods: tuple[Span, ...]
    purpose: str
    headcount: int | None
    fee_lines: tuple[FeeLine, ...]
    payment: str
    registration: str = ""
    equipment: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    code: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""

    @property
    def fee_total(self) -> int:
        return sum(line.yen for line in self.fee_lines)
