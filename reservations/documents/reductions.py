"""減免決定通知書 and 減免不承認通知書."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from printables.notices import Notice
from reservations.clock import local
from reservations.documents.bookings import (
    REDUCTION,
    REDUCTION_REFUSAL,
    Issue,
    rules_at,
    span,
    unit_text,
)
from reservations.documents.paper import Document, forms_of
from reservations.queries.bookings import BookingView
from reservations.rules import papers
from reservations.rules.town import Clause


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a wish for a reduction.

    percent    0 is a refusal
    clause     its code; `listed` what the town's list says of it, where it does
    asked_on   None where nobody wrote a wish down
    left_yen   of the fee after it
    reason     as whoever decided gave it; empty where the list is reason enough
    number     of the document
    """

    percent: int
    clause: str
    listed: Clause | None
    asked_on: date | None
    left_yen: int
    reason: str
    number: str


def reduction(
    booking: BookingView, decided: Decided, purpose: str, issue: Issue, *, code: str = ""
) -> Document:
    """The town's answer to a wish for a reduction, granted or refused."""
    is_granted = decided.percent > 0
    rules = rules_at(booking, issue)
    words = f"{decided.clause}　{decided.listed.words}" if decided.listed else decided.clause
    rate = "全額" if decided.percent == 100 else f"{decided.percent}％"
    reasons = (decided.reason,) if decided.reason else ()
    record = Notice(
        document_number=decided.number,
        decided_on=issue.decided_on,
        issued_at=local(issue.at),
        applicant=issue.applicant,
        applicant_address="",
        applied_on=decided.asked_on or issue.decided_on,
        unit=unit_text(booking.unit),
        periods=(span(booking.date, booking.period),),
        purpose=purpose,
        permit_number=booking.number,
        clause=f"{words}（{rate}）" if is_granted else words,
        reasons=reasons or (("上の号に該当すると認められるため。",) if is_granted else ()),
        fee_yen=booking.fee_yen if is_granted else None,
        reduced_yen=booking.fee_yen - decided.left_yen if is_granted else None,
        due_yen=decided.left_yen,
        # Less than what was asked for is not granted either, so both can be appealed against.
        appeal="fee" if decided.percent < 100 else "",
        code=code,
        node=issue.node,
        operator=issue.operator,
        marking=papers.marking(rules),
    )
    paper = REDUCTION if is_granted else REDUCTION_REFUSAL
    return Document(paper, record, forms_of(booking.unit.place, rules))
