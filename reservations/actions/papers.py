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
from reservations.actions.signing import permit_code
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.documents import Board, Document, Issue
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


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """A paper that has been drawn about one revision of a booking."""

    kind: str
    booking_id: str
    revision: int
    number: str
    record: str
    pdf: bytes
    pages: int


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

    raises   Refusal no_permit
    """
    for _ in range(TRIES):
        if booking.status != "confirmed" or booking.party_id is None:
            raise Refusal(RefusalCode.NO_PERMIT)
        found = papers.issued(session, documents.PERMIT, booking.id, booking.revision)
        if found is not None:
            return found
        document = permit_document(session, memory, booking, context)
        try:
            issue_paper(session, _drawn(document, booking), context)
        except Overtaken:
            anew = bookings_query.one(session, memory, booking.id)
            assert anew is not None, booking.id
            booking = anew
    found = papers.issued(session, documents.PERMIT, booking.id, booking.revision)
    if found is None:
        raise Refusal(RefusalCode.NO_PERMIT)
    return found


def permit_document(
    session: Session, memory: Memory, booking: BookingView, context: Context
) -> Document:
    """What the permit of this booking would say if it were issued now."""
    assert booking.party_id is not None, booking.id
    changed = papers.changed_at(session, booking.id) if booking.revision else None
    issue = Issue(
        at=context.now,
        applicant=papers.party_name(session, booking.party_id),
        decided_on=local_day(changed or booking.made_at),
        node=context.node,
    )
    purpose, _ = memory.catalogue.purposes.get(booking.purpose, ("", ""))
    code = permit_code(session, booking, context)
    return documents.permit(booking, purpose, issue, code=code)


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


def _drawn(document: Document, booking: BookingView) -> IssueRequest:
    drawn = document.draw()
    return IssueRequest(
        kind=document.paper,
        booking_id=booking.id,
        revision=booking.revision,
        number=document.record.document_number,
        record=document.json(),
        pdf=drawn.pdf,
        pages=drawn.pages,
    )


@action("issue_paper", subject=lambda request: request.booking_id)
def issue_paper(
    session: Session, request: IssueRequest, context: Context, booking_id: str
) -> PaperIssued:
    """Keep a paper about a confirmed booking.

    raises   Overtaken when it was issued before, or the booking is no longer what it says
    """
    row = run(session, _STANDS, {"booking_id": booking_id}).one_or_none()
    # What stands on one medium only may not be told to anybody yet (DESIGN.md, S2).
    if row is None or tuple(row) != ("confirmed", request.revision, True):
        raise Overtaken
    if papers.issued(session, request.kind, booking_id, request.revision) is not None:
        raise Overtaken
    sha256 = hashlib.sha256(request.pdf).hexdigest()
    session.add(
        IssuedPaper(
            id=context.new_id(),
            kind=request.kind,
            subject=booking_id,
            revision=request.revision,
            number=request.number,
            issued_at=context.now,
            actor=context.actor,
            record=request.record,
            sha256=sha256,
            pdf=request.pdf,
            pages=request.pages,
        )
    )
    return PaperIssued(
        subject=booking_id,
        kind=request.kind,
        revision=request.revision,
        number=request.number,
        sha256=sha256,
        pages=request.pages,
    )
