"""The papers of one booking: its permit, and what says that it was changed or cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from printables import japanese
from printables.forms import Data, Span, merged
from printables.notices import Change, Notice, Request
from printables.permit import FeeLine, Permit
from reservations.clock import HOLIDAYS, LOCAL, local, local_day
from reservations.documents.paper import Document, clock_span, forms_of
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.rules import papers
from reservations.rules.period import Period, day_bit
from reservations.rules.town import Residency, TownRules

PERMIT = "permit"
CHANGE = "change_permit"
REVOCATION = "revocation_notice"
CANCELLATION = "cancel_request"
# A party's own wish; any other reason is the town's, and the town has to give it.
OWN_WISH = "own"
FISCAL_YEAR_BEGINS = 4


@dataclass(frozen=True, slots=True)
class Issue:
    """The circumstances of issuing: the same ones give the same bytes.

    at         the paper's own time
    applicant  名あて人
    decided_on the day of the decision that it certifies
    operator   who prints it at a counter
    """

    at: datetime
    applicant: str
    decided_on: date
    node: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """What a booking was until it was changed."""

    unit: LentUnit
    date: date
    period: Period


def permit(booking: BookingView, purpose: str, issue: Issue, *, code: str = "") -> Document:
    """使用許可書 of a confirmed booking.

    purpose  in words; empty where none was given
    code     the text of its QR code, where it has one
    """
    rules = _rules_at(booking, issue)
    record = Permit(
        document_number=document_number(booking, issue.decided_on),
        permit_number=booking.number,
        decided_on=issue.decided_on,
        issued_at=local(issue.at),
        applied_on=issue.decided_on,
        applicant=issue.applicant,
        applicant_address="",
        responsible="申請者に同じ",
        unit=unit_text(booking.unit),
        periods=(span(booking.date, booking.period),),
        purpose=purpose,
        headcount=booking.headcount,
        fee_lines=fee_lines(booking),
        payment=payment_text(booking.fee_yen),
        code=code,
        node=issue.node,
        operator=issue.operator,
        marking=papers.marking(rules),
    )
    return Document(PERMIT, record, forms_of(booking.unit.place, rules))


def change(booking: BookingView, before: Before, purpose: str, issue: Issue) -> Document:
    """使用変更許可書: what a booking was and what it has become."""
    rules = _rules_at(booking, issue)
    changes = (
        ("施設", unit_text(before.unit), unit_text(booking.unit)),
        ("日時", _span_text(before.date, before.period), _span_text(booking.date, booking.period)),
    )
    record = Notice(
        **_decision(booking, purpose, issue),
        permit_number=booking.number,
        permitted_on=local_day(booking.made_at),
        changes=tuple(Change(*each) for each in changes if each[1] != each[2]),
        fee_yen=booking.fee_yen,
        appeal="conditions",
        marking=papers.marking(rules),
    )
    return Document(CHANGE, record, forms_of(booking.unit.place, rules))


def cancellation(booking: BookingView, purpose: str, issue: Issue, *, reason: str) -> Document:
    """What a cancelled booking leaves: the party's 取消届, or the town's 取消通知書.

    reason   `own`, or the town's reason in a sentence
    """
    assert booking.status == "cancelled", booking.id
    rules = _rules_at(booking, issue)
    of_town = forms_of(booking.unit.place, rules)
    due_yen = booking.cancel_due_yen or 0
    if reason == OWN_WISH:
        request = Request(
            issued_at=local(issue.at),
            applied_on=issue.decided_on,
            applicant=issue.applicant,
            permit_number=booking.number,
            permitted_on=local_day(booking.made_at),
            unit=unit_text(booking.unit),
            periods=(span(booking.date, booking.period),),
            purpose=purpose,
            cause=OWN_WISH,
            fee_yen=booking.fee_yen,
            refund_yen=booking.fee_yen - due_yen,
            node=issue.node,
            operator=issue.operator,
        )
        return Document(CANCELLATION, request, _marked(of_town, CANCELLATION, rules))
    notice = Notice(
        **_decision(booking, purpose, issue),
        permit_number=booking.number,
        permitted_on=local_day(booking.made_at),
        reasons=(reason,),
        refund_yen=booking.fee_yen - due_yen,
        appeal="revocation",
        marking=papers.marking(rules),
    )
    return Document(REVOCATION, notice, of_town)


def _decision(booking: BookingView, purpose: str, issue: Issue) -> dict[str, Any]:
    """What every notice says first."""
    return {
        "document_number": document_number(booking, issue.decided_on),
        "decided_on": issue.decided_on,
        "issued_at": local(issue.at),
        "applicant": issue.applicant,
        "applicant_address": "",
        "applied_on": issue.decided_on,
        "unit": unit_text(booking.unit),
        "periods": (span(booking.date, booking.period),),
        "purpose": purpose,
        "node": issue.node,
        "operator": issue.operator,
    }


def _marked(of_town: Data, paper: str, rules: TownRules) -> Data:
    """The forms with the marking in them, for a record that has no place for it."""
    return merged(of_town, {"forms": {paper: {"marking": papers.marking(rules)}}})


def _rules_at(booking: BookingView, issue: Issue) -> TownRules:
    """The forms of a paper are those of the day on which it is issued."""
    return booking.unit.town.rules_on(local_day(issue.at))


def permit_title(rules: TownRules) -> str:
    """使用許可書, in the town's word."""
    return f"{rules.permit_word}書"


def document_number(booking: BookingView, decided_on: date) -> str:
    """第2026-01-000123-7号; after a change 第2026-01-000123-7号の2.

    The booking's number is unique over all nodes without asking any of them, so this one is too.
    """
    year = decided_on.year - (decided_on.month < FISCAL_YEAR_BEGINS)
    branch = f"の{booking.revision + 1}" if booking.revision else ""
    return f"第{year}-{booking.number}号{branch}"


def unit_text(unit: LentUnit) -> str:
    """となり体育館　全面."""
    return f"{unit.place.name}　{unit.name}"


def span(day: date, period: Period) -> Span:
    """When a place is lent, by the clocks there."""
    return Span(period.starts_at(day, LOCAL), period.ends_at(day, LOCAL))


def _span_text(day: date, period: Period) -> str:
    found = span(day, period)
    return japanese.between(found.start, found.end)


def fee_lines(booking: BookingView) -> tuple[FeeLine, ...]:
    """How the fee was worked out, as far as the table that holds says what the booking says.

    The booking keeps only the sum. Where the table has changed since, the sum stands alone: a
    paper never shows lines that do not add up to what is owed.
    """
    day = booking.date
    bit = day_bit(day, is_holiday=day in HOLIDAYS)
    for residency in (Residency.RESIDENT, Residency.OUTSIDE):
        fee = booking.unit.fee(day, booking.period, bit, residency, booking.rules)
        if fee is None or fee.total_yen != booking.fee_yen:
            continue
        lines = [FeeLine(line.label, clock_span(line.period), line.fee_yen) for line in fee.lines]
        rest = fee.total_yen - fee.table_yen
        if rest:
            label = "市外の方の加算" if rest > 0 else "市外の方の減額"
            lines.append(FeeLine(label, f"上の料金の{fee.outside_percent}％とする", rest))
        return tuple(lines)
    return (FeeLine("料金", clock_span(booking.period), booking.fee_yen),)


def payment_text(fee_yen: int) -> str:
    """What is known of the payment: nothing yet but whether there is something to pay."""
    if not fee_yen:
        return "納めていただく料金はありません。"
    return "この書面では確かめられません。納める方法と期限は、施設の案内によります。"
