"""The papers of one booking: its permit, and what says that it was changed, given up or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from printables import japanese
from printables.forms import Span
from printables.notices import Change, Notice, Request
from printables.permit import FeeLine, Permit
from reservations.clock import HOLIDAYS, LOCAL, local, local_day
from reservations.documents.paper import Document, clock_span, forms_of
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.rules import papers
from reservations.rules.period import Period, day_bit
from reservations.rules.refunds import OWN
from reservations.rules.town import Residency, TownRules

PERMIT = "permit"
CHANGE = "change_permit"
CHANGE_REFUSAL = "change_refusal"
REVOCATION = "revocation_notice"
CANCELLATION = "cancel_request"
REFUND = "refund_notice"
REFUSAL = "refusal_notice"
REDUCTION = "reduction_notice"
REDUCTION_REFUSAL = "reduction_refusal"
# Before a document's number: no two papers about one booking have the same.
MARKS = {
    CHANGE: "変",
    CHANGE_REFUSAL: "変否",
    REVOCATION: "取",
    REFUND: "還",
    REFUSAL: "否",
    REDUCTION: "減",
    REDUCTION_REFUSAL: "減否",
}
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
    """What a booking was until it was changed, or what it was asked to be instead.

    fee_yen   None where it is not known
    """

    unit: LentUnit
    date: date
    period: Period
    fee_yen: int | None = None


def permit(booking: BookingView, purpose: str, issue: Issue, *, code: str = "") -> Document:
    """使用許可書 of a confirmed booking.

    purpose  in words; empty where none was given
    code     the text of its QR code, where it has one
    """
    rules = rules_at(booking, issue)
    record = Permit(
        document_number=document_number(booking, issue.decided_on),
        permit_number=booking.number,
        decided_on=issue.decided_on,
        issued_at=local(issue.at),
        applied_on=local_day(booking.made_at) if booking.verdict else issue.decided_on,
        applicant=issue.applicant,
        applicant_address="",
        responsible="申請者に同じ",
        unit=unit_text(booking.unit),
        periods=(span(booking.date, booking.period),),
        purpose=purpose,
        headcount=booking.headcount,
        fee_lines=fee_lines(booking),
        payment=payment_text(booking.fee_yen),
        conditions=tuple(filter(None, map(str.strip, booking.conditions.splitlines()))),
        code=code,
        node=issue.node,
        operator=issue.operator,
        marking=papers.marking(rules),
    )
    return Document(PERMIT, record, forms_of(booking.unit.place, rules))


def change(
    booking: BookingView, before: Before, purpose: str, issue: Issue, *, code: str = ""
) -> Document:
    """使用変更許可書: what a booking was and what it has become."""
    rules = rules_at(booking, issue)
    now = Before(booking.unit, booking.date, booking.period, booking.fee_yen)
    record = Notice(
        **_decision(CHANGE, booking, purpose, issue),
        permitted_on=local_day(booking.made_at),
        changes=_changes(before, now),
        fee_yen=booking.fee_yen,
        appeal="conditions",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(CHANGE, record, forms_of(booking.unit.place, rules))


def change_refusal(
    booking: BookingView,
    wish: Before,
    purpose: str,
    issue: Issue,
    *,
    reason: str,
    number: str,
    code: str = "",
) -> Document:
    """使用変更不許可通知書: what was asked for, and why it is not allowed.

    reason   in a sentence
    number   of the document: of one booking there may be several
    """
    rules = rules_at(booking, issue)
    record = Notice(
        **_decision(CHANGE_REFUSAL, booking, purpose, issue, number=number),
        permitted_on=local_day(booking.made_at),
        reasons=(reason,),
        changes=_changes(Before(booking.unit, booking.date, booking.period), wish),
        appeal="refusal",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(CHANGE_REFUSAL, record, forms_of(booking.unit.place, rules))


def cancellation(booking: BookingView, purpose: str, issue: Issue) -> Document:
    """使用取消届: the party's own wish to give its booking back, as it was told to the town."""
    assert booking.status == "cancelled", booking.id
    rules = rules_at(booking, issue)
    due_yen = booking.cancel_due_yen or 0
    request = Request(
        issued_at=local(issue.at),
        applied_on=issue.decided_on,
        applicant=issue.applicant,
        permit_number=booking.number,
        permitted_on=local_day(booking.made_at),
        unit=unit_text(booking.unit),
        periods=(span(booking.date, booking.period),),
        purpose=purpose,
        cause=OWN,
        fee_yen=booking.fee_yen,
        refund_yen=booking.fee_yen - due_yen,
        node=issue.node,
        operator=issue.operator,
        marking=papers.marking(rules),
    )
    return Document(CANCELLATION, request, forms_of(booking.unit.place, rules))


def refund(booking: BookingView, purpose: str, issue: Issue, *, code: str = "") -> Document:
    """還付決定通知書 after a party gave its booking back: what returns of the fee and what stays.

    Whether the fee was paid is not known here, so the paper says that too.
    """
    assert booking.status == "cancelled", booking.id
    rules = rules_at(booking, issue)
    due_yen = booking.cancel_due_yen or 0
    record = Notice(
        **_decision(REFUND, booking, purpose, issue),
        permitted_on=local_day(booking.made_at),
        fee_yen=booking.fee_yen,
        due_yen=due_yen,
        refund_yen=booking.fee_yen - due_yen,
        refund_note="料金を納めている場合に還付します。方法と期限は、施設の案内によります。",
        appeal="fee",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(REFUND, record, forms_of(booking.unit.place, rules))


def revocation(
    booking: BookingView, purpose: str, issue: Issue, *, reason: str, code: str = ""
) -> Document:
    """使用許可取消通知書: the town takes its permit back.

    reason   in a sentence
    """
    assert booking.status == "cancelled", booking.id
    rules = rules_at(booking, issue)
    record = Notice(
        **_decision(REVOCATION, booking, purpose, issue),
        permitted_on=local_day(booking.made_at),
        reasons=(reason,),
        refund_yen=booking.fee_yen - (booking.cancel_due_yen or 0),
        appeal="revocation",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(REVOCATION, record, forms_of(booking.unit.place, rules))


def refusal(
    booking: BookingView, purpose: str, issue: Issue, *, is_closed: bool = False, code: str = ""
) -> Document:
    """使用不許可通知書: 仮受付 that lost its place to an earlier booking, or to a closure."""
    assert booking.status == "refused", booking.id
    rules = rules_at(booking, issue)
    record = Notice(
        **_decision(REFUSAL, booking, purpose, issue),
        reasons=(papers.reason_closed(rules) if is_closed else papers.reason_taken(rules),),
        appeal="refusal",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(REFUSAL, record, forms_of(booking.unit.place, rules))


def denial(
    booking: BookingView, purpose: str, issue: Issue, *, reason: str, code: str = ""
) -> Document:
    """使用不許可通知書 of an application that was looked at: the reasons, and the 教示."""
    assert booking.status == "cancelled", booking.id
    rules = rules_at(booking, issue)
    record = Notice(
        **_decision(REFUSAL, booking, purpose, issue),
        reasons=tuple(filter(None, map(str.strip, reason.splitlines()))),
        appeal="refusal",
        code=code,
        marking=papers.marking(rules),
    )
    return Document(REFUSAL, record, forms_of(booking.unit.place, rules))


def _changes(before: Before, after: Before) -> tuple[Change, ...]:
    """Only what is not as it was."""
    rows = [
        ("施設", unit_text(before.unit), unit_text(after.unit)),
        ("日時", _span_text(before.date, before.period), _span_text(after.date, after.period)),
    ]
    if before.fee_yen is not None and after.fee_yen is not None:
        rows.append(("料金", japanese.yen(before.fee_yen), japanese.yen(after.fee_yen)))
    return tuple(Change(*each) for each in rows if each[1] != each[2])


def _decision(
    paper: str, booking: BookingView, purpose: str, issue: Issue, *, number: str = ""
) -> dict[str, Any]:
    """What every notice says first."""
    return {
        "document_number": number or document_number(booking, issue.decided_on, paper),
        "decided_on": issue.decided_on,
        "issued_at": local(issue.at),
        "applicant": issue.applicant,
        "applicant_address": "",
        "applied_on": issue.decided_on if paper != REFUSAL else local_day(booking.made_at),
        "unit": unit_text(booking.unit),
        "periods": (span(booking.date, booking.period),),
        "purpose": purpose,
        "permit_number": booking.number if paper != REFUSAL else "",
        "node": issue.node,
        "operator": issue.operator,
    }


def rules_at(booking: BookingView, issue: Issue) -> TownRules:
    """The forms of a paper are those of the day on which it is issued."""
    return booking.unit.town.rules_on(local_day(issue.at))


def permit_title(rules: TownRules) -> str:
    """使用許可書, in the town's word."""
    return f"{rules.permit_word}書"


def document_number(booking: BookingView, decided_on: date, paper: str = PERMIT) -> str:
    """第2026-01-000123-7号; after a change 第2026-01-000123-7号の2; of its 変更許可書 変第….

    The booking's number is unique over all nodes without asking any of them, so this one is too.
    """
    year = decided_on.year - (decided_on.month < FISCAL_YEAR_BEGINS)
    branch = f"の{booking.revision + 1}" if booking.revision else ""
    return f"{MARKS.get(paper, '')}第{year}-{booking.number}号{branch}"


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
