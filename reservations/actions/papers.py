"""発行: a paper is drawn once and kept; who asks again is given the same bytes.

Drawing takes longer than anything else here, so it is done before the transaction, which only asks
whether the booking still is what the paper says, and keeps it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations import documents
from reservations.actions import notices
from reservations.actions.notices import ChangeRefusal
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.documents import Board, Document
from reservations.errors import Refusal, RefusalCode
from reservations.events import PaperIssued
from reservations.models import Booking, IssuedPaper
from reservations.queries import bookings as bookings_query
from reservations.queries import calendar, papers
from reservations.queries import timetable as timetable_query
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import Place
from reservations.queries.memory import Memory
from reservations.queries.papers import IssuedView

# How often a booking may be changed by somebody else while its permit is being drawn.
TRIES = 3
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A paper as it will be kept."""

    kind: str
    revision: int
    number: str
    record: str
    pdf: bytes
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest(Drawn):
    """A paper that has been drawn about one revision of a booking.

    subject   what the archive keeps it under; the booking, unless there are several of its kind
    status    that the booking must still have
    """

    booking_id: str
    subject: str = ""
    status: str = "confirmed"


class Overtaken(Exception):  # noqa: N818  an answer to whoever has drawn: look again
    """The booking has changed since, or somebody else has issued the paper."""


_STANDS = (
    select(Booking.status, Booking.revision, Booking.is_told)
    .where(Booking.id == bindparam("booking_id"))
    .with_for_update()
)


def permit(session: Session, memory: Memory, booking: BookingView, context: Context) -> IssuedView:
    """The permit of a confirmed booking: as it was issued, or issued now.

    Who may have it is the caller's question.

    raises   Refusal no_permit, permission_waits
    """
    return paper(session, memory, booking, documents.PERMIT, context)


def paper(
    session: Session, memory: Memory, booking: BookingView, kind: str, context: Context
) -> IssuedView:
    """A paper that this booking has as it is now: as it was issued, or issued now.

    kind     one of `notices.kinds`
    raises   Refusal permission_waits while it is in review, no_permit, or no_paper for another kind
    """
    refusal = Refusal(RefusalCode.NO_PERMIT if kind == documents.PERMIT else RefusalCode.NO_PAPER)
    for _ in range(TRIES):
        if booking.is_in_review:
            raise Refusal(RefusalCode.PERMISSION_WAITS, decide_by=booking.decide_by)
        if not notices.has(session, booking, kind):
            raise refusal
        subject = notices.subject_for(session, booking, kind)
        found = papers.issued(session, kind, subject, booking.revision)
        if found is not None:
            return found
        document = notices.document(session, memory, booking, kind, context)
        if document is None:
            raise refusal
        try:
            own = subject if subject != booking.id else ""
            issue_paper(session, _drawn(document, booking, own), context)
        except Overtaken:
            anew = bookings_query.one(session, memory, booking.id)
            assert anew is not None, booking.id
            booking = anew
    subject = notices.subject_for(session, booking, kind)
    found = papers.issued(session, kind, subject, booking.revision)
    if found is None:
        raise refusal
    return found


def refuse_change(
    session: Session, memory: Memory, booking: BookingView, asked: ChangeRefusal, context: Context
) -> IssuedView:
    """変更不許可通知書; the same refusal again is the same paper.

    raises   Refusal not_active where there is no booking to change, unit_unknown
    """
    if booking.status != "confirmed" or booking.party_id is None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    if asked.unit_id not in memory.catalogue.units:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    subject = notices.subject_of(booking, asked)
    for _ in range(TRIES):
        found = papers.issued(session, documents.CHANGE_REFUSAL, subject, booking.revision)
        if found is not None:
            return found
        document = notices.change_refusal(session, memory, booking, asked, context)
        try:
            issue_paper(session, _drawn(document, booking, subject), context)
        except Overtaken:
            continue
    raise Refusal(RefusalCode.NOT_ACTIVE)


def as_issued(paper: IssuedView, booking: BookingView) -> Document:
    """The paper again as it was issued, to show it in another form than its PDF."""
    rules = booking.unit.town.rules_on(local_day(paper.issued_at))
    record = documents.read(paper.kind, paper.record)
    return Document(paper.kind, record, documents.forms_of(booking.unit.place, rules))


def timetable(
    session: Session, memory: Memory, place: Place, day: date, board: Board, *, is_week: bool
) -> Document:
    """The day or the week of a facility that lends something; not kept, as it is true for an hour.

    Two statements, and one for the names on one for staff.
    """
    units = memory.catalogue.units_of_place[place.id]
    count = WEEK_DAYS if is_week else 1
    found = calendar.days(session, memory, place, units, day, count=count, now=board.at)
    uses = timetable_query.uses(session, memory, place, day, count=count, is_named=board.is_staff)
    if is_week:
        return documents.week_timetable(place, found, uses, board)
    return documents.day_timetable(place, [days[0] for days in found], uses, board)


def _drawn(document: Document, booking: BookingView, subject: str = "") -> IssueRequest:
    drawn = document.draw()
    record = document.record
    return IssueRequest(
        kind=document.paper,
        booking_id=booking.id,
        revision=booking.revision,
        # A party's own letter has no number of the town's.
        number=getattr(record, "document_number", "") or booking.number,
        record=document.json(),
        pdf=drawn.pdf,
        pages=drawn.pages,
        subject=subject,
        status=booking.status,
    )


@action("issue_paper", subject=lambda request: request.booking_id)
def issue_paper(
    session: Session, request: IssueRequest, context: Context, booking_id: str
) -> PaperIssued:
    """Keep a paper about a booking.

    raises   Overtaken when it was issued before, or the booking is no longer what it says
    """
    row = run(session, _STANDS, {"booking_id": booking_id}).one_or_none()
    # What stands on one medium only may not be told to anybody yet (DESIGN.md, S2).
    if row is None or tuple(row) != (request.status, request.revision, True):
        raise Overtaken
    subject = request.subject or booking_id
    if papers.issued(session, request.kind, subject, request.revision) is not None:
        raise Overtaken
    if request.subject and request.number in papers.numbers(session, booking_id):
        raise Overtaken
    return put_away(session, request, subject, booking_id, context)


def put_away(
    session: Session, drawn: Drawn, subject: str, about: str, context: Context
) -> PaperIssued:
    """Put what was drawn into the archive, in the caller's transaction.

    subject  what the paper is one of, there
    about    the id that its event is about
    """
    sha256 = hashlib.sha256(drawn.pdf).hexdigest()
    session.add(
        IssuedPaper(
            id=context.new_id(),
            kind=drawn.kind,
            subject=subject,
            revision=drawn.revision,
            number=drawn.number,
            issued_at=context.now,
            actor=context.actor,
            record=drawn.record,
            sha256=sha256,
            pdf=drawn.pdf,
            pages=drawn.pages,
        )
    )
    return PaperIssued(
        subject=about,
        kind=drawn.kind,
        revision=drawn.revision,
        number=drawn.number,
        sha256=sha256,
        pages=drawn.pages,
    )
