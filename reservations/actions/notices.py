"""通知: which papers a booking has as it is now, and what each of them would say.

Changed: 変更許可書. A reduction decided: 減免決定通知書 or 減免不承認通知書. Given back: 取消届
and, where there is a fee, 還付決定通知書. Taken back by the town: 許可取消通知書. Lost as 仮受付,
or not permitted: 不許可通知書. In review: none. The day and the reason are read from the event, or
from the line of the node that wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from reservations import documents
from reservations.actions.answering import CLOSED
from reservations.actions.signing import notice_code, permit_code
from reservations.actions.step import Context
from reservations.clock import local_day
from reservations.documents import Before, Decided, Document, Issue
from reservations.events import BookingChanged
from reservations.queries import bookings, papers, reductions
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.rules import money
from reservations.rules.approval import Permission
from reservations.rules.period import Period
from reservations.rules.refunds import CHANGED, OWN

# In addresses and commands.
SLUGS = {
    "permit": documents.PERMIT,
    "change": documents.CHANGE,
    "cancellation": documents.CANCELLATION,
    "refund": documents.REFUND,
    "revocation": documents.REVOCATION,
    "refusal": documents.REFUSAL,
    "reduction": documents.REDUCTION,
    "reduction_refusal": documents.REDUCTION_REFUSAL,
}
REDUCTIONS = (documents.REDUCTION, documents.REDUCTION_REFUSAL)
REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class ChangeRefusal:
    """A change that the town does not allow, and why; the booking stays as it is.

    unit_id   what was asked for, with `date` and `period`
    """

    unit_id: int
    date: date
    period: Period
    reason: str


def kinds(session: Session, booking: BookingView) -> tuple[str, ...]:
    """The papers that this booking has now. One statement."""
    if booking.party_id is None:
        return ()
    if booking.is_in_review:
        return ()
    if booking.stands:
        is_changed = booking.revision or booking.is_change
        changed = (documents.CHANGE,) if is_changed else ()
        return (documents.PERMIT, *changed, *_of_reduction(session, booking))
    match booking.status:
        case "cancelled" if booking.permission is Permission.REFUSED:
            return (documents.REFUSAL,)
        case "cancelled":
            reason = papers.cancelled_for(session, booking.id, booking.revision)
            if reason == CHANGED:
                # The booking that took its place has the papers.
                return ()
            # What was never permitted is not taken back, nor given back.
            is_waiting = booking.permission is Permission.ASKED
            if reason != OWN:
                return (documents.REFUSAL if is_waiting else documents.REVOCATION,)
            refund = (documents.REFUND,) if booking.fee_yen else ()
            return refund if is_waiting else (documents.CANCELLATION, *refund)
        case "refused":
            return (documents.REFUSAL,)
    return ()


def has(session: Session, booking: BookingView, paper: str) -> bool:
    """Whether it has this paper now; nothing is read for the permit of one that stands."""
    if paper == documents.PERMIT:
        return booking.party_id is not None and booking.stands and not booking.is_in_review
    return paper in kinds(session, booking)


def _of_reduction(session: Session, booking: BookingView) -> tuple[str, ...]:
    """What the decision says that counts. Why a wish was refused is known where it was decided."""
    found = reductions.counting(session, booking.id) if booking.fee_yen else None
    if found is None:
        return ()
    if found.percent:
        return (documents.REDUCTION,)
    return (documents.REDUCTION_REFUSAL,) if found.reason else ()


def subject_for(session: Session, booking: BookingView, kind: str) -> str:
    """Under which the archive keeps a paper of this kind: a decision on a reduction has its own."""
    found = reductions.counting(session, booking.id) if kind in REDUCTIONS else None
    return booking.id if found is None else f"{booking.id}/{found.id}"


def document(
    session: Session, memory: Memory, booking: BookingView, paper: str, context: Context
) -> Document | None:
    """What a paper of this booking would say if it were issued now; None where its past is not
    known here."""
    issue = _issue(session, booking, _decided(session, booking, paper), context)
    purpose, _ = memory.catalogue.purposes.get(booking.purpose, ("", ""))

    def code(notice: str, yen: int = 0) -> str:
        number = documents.document_number(booking, issue.decided_on, paper)
        return notice_code(session, booking, context, notice=notice, number=number, yen=yen)

    refund_yen = booking.fee_yen - (booking.cancel_due_yen or 0)
    match paper:
        case documents.PERMIT:
            signed = permit_code(session, booking, context)
            return documents.permit(booking, purpose, issue, code=signed)
        case documents.CHANGE:
            before = _before(session, memory, booking)
            if before is None:
                return None
            signed = code("change", booking.fee_yen)
            return documents.change(booking, before, purpose, issue, code=signed)
        case documents.CANCELLATION:
            return documents.cancellation(booking, purpose, issue)
        case documents.REFUND:
            return documents.refund(booking, purpose, issue, code=code("refund", refund_yen))
        case documents.REVOCATION:
            signed = code("revocation", refund_yen)
            reason = papers.cancelled_for(session, booking.id, booking.revision)
            return documents.revocation(booking, purpose, issue, reason=reason, code=signed)
        case documents.REFUSAL:
            signed = code("refusal")
            if booking.status == "cancelled":
                reason = booking.reason or papers.cancelled_for(
                    session, booking.id, booking.revision
                )
                return documents.denial(booking, purpose, issue, reason=reason, code=signed)
            is_closed = papers.refused_for(session, booking.id) == CLOSED
            return documents.refusal(booking, purpose, issue, is_closed=is_closed, code=signed)
        case documents.REDUCTION | documents.REDUCTION_REFUSAL:
            return _reduction(session, booking, paper, purpose, context)
    raise AssertionError(paper)


def _reduction(
    session: Session, booking: BookingView, paper: str, purpose: str, context: Context
) -> Document | None:
    found = reductions.counting(session, booking.id)
    if found is None:
        return None
    wish = reductions.one(session, found.request_id) if found.request_id else None
    issue = _issue(session, booking, local_day(found.decided_at), context)
    left_yen = money.reduced(booking.fee_yen, [found.percent], booking.rules)
    number = _numbered(session, booking, issue.decided_on, paper)
    notice = "reduction" if found.percent else "reduction_refusal"
    code = notice_code(session, booking, context, notice=notice, number=number, yen=left_yen)
    decided = Decided(
        percent=found.percent,
        clause=found.clause,
        listed=next((each for each in booking.rules.reductions if each.code == found.clause), None),
        asked_on=local_day(wish.asked_at) if wish is not None else None,
        left_yen=left_yen,
        reason=found.reason,
        number=number,
    )
    return documents.reduction(booking, decided, purpose, issue, code=code)


def _numbered(session: Session, booking: BookingView, day: date, paper: str) -> str:
    """A document's number, of a kind of which one booking may have several."""
    count = sum(each.kind == paper for each in papers.archive(session, booking.id))
    number = documents.document_number(booking, day, paper)
    return number + (f"その{count + 1}" if count else "")


def change_refusal(
    session: Session,
    memory: Memory,
    booking: BookingView,
    asked: ChangeRefusal,
    context: Context,
) -> Document:
    """変更不許可通知書: the answer to a change that was asked for on paper or at the counter."""
    day = local_day(context.now)
    issue = _issue(session, booking, day, context)
    purpose, _ = memory.catalogue.purposes.get(booking.purpose, ("", ""))
    number = _numbered(session, booking, day, documents.CHANGE_REFUSAL)
    signed = notice_code(session, booking, context, notice="change_refusal", number=number, yen=0)
    return documents.change_refusal(
        booking,
        Before(memory.catalogue.units[asked.unit_id], asked.date, asked.period),
        purpose,
        issue,
        reason=asked.reason,
        number=number,
        code=signed,
    )


def subject_of(booking: BookingView, asked: ChangeRefusal) -> str:
    """Under which the archive keeps a refusal: the same one again is the same paper."""
    said = f"{booking.revision} {asked!r}".encode()
    return f"{booking.id}/{sha256(said).hexdigest()[:16]}"


def _issue(session: Session, booking: BookingView, decided_on: date, context: Context) -> Issue:
    assert booking.party_id is not None, booking.id
    return Issue(
        at=context.now,
        applicant=papers.party_name(session, booking.party_id),
        decided_on=decided_on,
        node=context.node,
    )


def _decided(session: Session, booking: BookingView, paper: str) -> date:
    """The day of the decision, which is not the day of its paper."""
    at: datetime | None = booking.made_at
    if booking.verdict and paper in (documents.PERMIT, documents.CHANGE, documents.REFUSAL):
        # What was looked at first is decided on the day on which somebody did.
        return local_day(booking.decided_at or booking.made_at)
    is_changed = booking.revision or booking.is_change
    if paper in (documents.PERMIT, documents.CHANGE) and is_changed:
        at = papers.changed_at(session, booking.id)
        found = None if at is not None else papers.step(session, booking.id, booking.revision)
        at = found.at if found is not None else at
    elif booking.status == "cancelled":
        at = booking.cancelled_at
    elif booking.status == "refused":
        at = papers.refused_at(session, booking.id)
    return local_day(at or booking.made_at)


def _before(session: Session, memory: Memory, booking: BookingView) -> Before | None:
    """What the booking was until its last change; that may have been another booking."""
    if not booking.revision and booking.is_change and booking.instead_of:
        old = bookings.one(session, memory, booking.instead_of)
        return Before(old.unit, old.date, old.period, old.fee_yen) if old else None
    change = papers.step(session, booking.id, booking.revision)
    earlier = papers.step(session, booking.id, booking.revision - 1)
    if change is None or change.name != BookingChanged.name or earlier is None:
        return None
    unit = memory.catalogue.units.get(earlier.body.get("unit_id", 0))
    if unit is None:
        return None
    return Before(
        unit,
        date.fromisoformat(change.body["from_date"]),
        Period(change.body["from_start_slot"], change.body["from_end_slot"]),
        earlier.body.get("fee_yen"),
    )
