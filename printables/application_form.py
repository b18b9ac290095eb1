"""使用許可申請書: filled in on a screen, by hand, or half by each; numbered blanks come back typed.

What is None is left empty on the paper, with room to write. Boxes to tick are named by the ids that
the form's data gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from printables.forms import Span

CHOICES = ("part", "admission", "sales", "climate", "fire", "reduction", "publish", "oath")


@dataclass(frozen=True)
class ApplicationForm:
    """What the applicant wrote, so far."""

    issued_at: datetime
    form_number: str = ""
    corner: str = ""  # the code of a numbered form
    applied_on: date | None = None
    applicant: str = ""
    applicant_kana: str = ""
    representative: str = ""
    address: str = ""
    phone: str = ""
    registration: str = ""
    responsible: str = ""
    responsible_phone: str = ""
    unit: str = ""
    part: str = ""
    periods: tuple[Span, ...] = ()
    purpose: str = ""
    display_name: str = ""
    adults: int | None = None
    children: int | None = None
    seniors: int | None = None
    outsiders: int | None = None
    admission: str = ""
    admission_yen: int | None = None
    sales: str = ""
    equipment: tuple[str, ...] = ()
    climate: tuple[str, ...] = ()
    fire: tuple[str, ...] = ()
    reduction: str = ""
    reduction_clause: str = ""
    publish: str = ""
    oath: str = ""
    received_number: str = ""
    received_on: date | None = None
    received_by: str = ""
    permit_number: str = ""
    node: str = ""
    operator: str = ""
