"""What a town writes back, and what a party asks for once it has a permit.

不許可通知書, 変更許可書, 変更不許可通知書, 許可取消通知書, 還付決定通知書, 施設転用通知書 and
減免決定通知書 share one record: a decision with its reasons. 変更・取消・還付・減免 are asked for
with the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from printables.forms import Span

CHOICES = frozenset({"cause", "clauses", "enclosures", "account_kind"})


@dataclass(frozen=True)
class Change:
    """One thing as it was and as it is to be."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Alternative:
    """A place that is free instead."""

    unit: str
    period: Span
    fee_yen: int
    distance: str = ""


@dataclass(frozen=True)
class Notice:
    """A decision on an application or on a permit."""

    document_number: str
    decided_on: date
    issued_at: datetime
    applicant: str
    applicant_address: str
    applied_on: date
    unit: str
    periods: tuple[Span, ...]
    purpose: str
    reasons: tuple[str, ...] = ()
    permit_number: str = ""
    permitted_on: date | None = None
    basis: str = ""
    changes: tuple[Change, ...] = ()
    fee_yen: int | None = None
    reduced_yen: int | None = None
    due_yen: int | None = None
    clause: str = ""
    refund_yen: int | None = None
    refund_note: str = ""
    alternatives: tuple[Alternative, ...] = ()
    appeal: str = "refusal"
    code: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""

    @property
    def is_refunded(self) -> bool:
        return self.refund_yen is not None


@dataclass(frozen=True)
class Request:
    """What a party asks for; None and empty are left to the pen."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""
    applied_on: date | None = None
    applicant: str = ""
    address: str = ""
    phone: str = ""
    registration: str = ""
    permit_number: str = ""
    permitted_on: date | None = None
    unit: str = ""
    periods: tuple[Span, ...] = ()
    purpose: str = ""
    cause: str = ""
    reason: str = ""
    wished_unit: str = ""
    wished_periods: tuple[Span, ...] = ()
    wished_other: str = ""
    clauses: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    fee_yen: int | None = None
    paid_yen: int | None = None
    refund_rate: str = ""
    refund_yen: int | None = None
    receipt_number: str = ""
    account_kind: str = ""
    bank: str = ""
    branch: str = ""
    account_number: str = ""
    account_holder: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""
