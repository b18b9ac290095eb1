"""審査: the place is held at once, the permission is asked for, and decided once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations import documents
from reservations.actions import notices, papers
from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from reservations.actions.bookings import CancelRequest, ChangeRequest, cancel, change, preview
from reservations.actions.closing import ClosureRequest, close
from reservations.actions.money import PayRequest, pay
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Decision, Event, Letter, Refund
from reservations.queries import attendance, bookings, money
from reservations.queries.audit import masks_agree
from reservations.queries.bookings import BookingView
from reservations.rules.approval import Permission
from reservations.rules.availability import Kind
from reservations.rules.money import Account
from tests.printables import pdf
from tests.support.approving import REASON, decisions, looks_first
from tests.support.lending import (
    a_period,
    a_wish,
    booked,
    everything,
    free_units,
    refreshed,
    refusal,
)
from tests.town import NOW, SATURDAY, Region, context

STAFF = "account-staff"
MORNING = a_period("09:00-12:00")


@pytest.fixture
def asked(session: Session, region: Region) -> str:
    """A booking of 1,800 yen in a town that looks at every application first."""
    looks_first(session)
    return booked(session, region.here.whole, region.resident)


def view(session: Session, booking_id: str) -> BookingView:
    session.rollback()
    found = bookings.one(session, refreshed(session), booking_id)
    session.rollback()
    assert found is not None
    return found


def granted(session: Session, booking_id: str, conditions: str = "") -> None:
    grant(session, GrantRequest(booking_id, 0, conditions), context(STAFF))


def refused(session: Session, booking_id: str, reason: str = REASON) -> None:
    refuse(session, RefuseRequest(booking_id, 0, reason), context(STAFF))


def test_where_the_town_looks_at_nothing_a_booking_has_its_permit_at_once(
    session: Session, region: Region
):
    booking = view(session, booked(session, region.here.whole, region.resident))

    assert (booking.permission, booking.decide_by) == (Permission.NONE, None)
    assert notices.kinds(session, booking) == (documents.PERMIT,)


def test_the_place_is_held_and_the_day_of_the_answer_is_told(
    session: Session, region: Region, asked: str
):
    booking = view(session, asked)

    assert (booking.status, booking.permission) == ("confirmed", Permission.ASKED)
    # Five office days after Saturday, 6 June.
    assert booking.decide_by == date(2026, 6, 12)
    assert region.here.whole not in free_units(session)


def test_who_is_about_to_ask_is_told_the_same_day(session: Session, region: Region, asked: str):
    wish = a_wish(region.here.whole, region.resident, date=SATURDAY + timedelta(days=7))

    assert preview(session, wish, context()).decide_by == date(2026, 6, 12)


def test_in_review_there_is_no_permit(session: Session, asked: str):
    booking = view(session, asked)

    answer = refusal(papers.permit, session, refreshed(session), booking, context())

    assert answer == Refusal(RefusalCode.PERMISSION_WAITS, decide_by=date(2026, 6, 12))
    assert notices.kinds(session, booking) == ()


def test_granted_it_has_its_permit_with_the_conditions_and_a_letter(session: Session, asked: str):
    granted(session, asked, "午後9時までに片付けること。")
    booking = view(session, asked)
    document = notices.document(
        session, refreshed(session), booking, documents.PERMIT, context(STAFF)
    )

    assert booking.permission is Permission.GRANTED
    assert document is not None
    assert document.record.conditions == ("午後9時までに片付けること。",)
    assert session.scalars(select(Letter.kind)).all() == ["granted"]


def test_refused_the_place_is_free_and_nothing_is_owed_and_all_that_was_paid_goes_back(
    session: Session, region: Region, asked: str
):
    pay(session, PayRequest(asked, 1800), context(STAFF))

    refused(session, asked)

    booking = view(session, asked)
    assert (booking.status, booking.permission) == ("cancelled", Permission.REFUSED)
    assert (booking.reason, booking.cancel_due_yen) == (REASON, 0)
    assert region.here.whole in free_units(session)
    assert masks_agree(session) == []
    statement = money.statement(session, asked)
    assert statement is not None
    assert statement.account == Account(0, 1800, 1800)
    assert session.scalars(select(Refund.status)).all() == ["decided"]
    assert session.scalars(select(Letter.kind)).all() == ["denied"]


def test_the_notice_of_a_refusal_says_the_reason_and_how_to_appeal(session: Session, asked: str):
    refused(session, asked)
    booking = view(session, asked)

    paper = papers.paper(session, refreshed(session), booking, documents.REFUSAL, context(STAFF))

    text = pdf.text(paper.pdf)
    assert REASON in text
    assert "教示" in text
    assert "不許可通知書" in text
    assert notices.kinds(session, booking) == (documents.REFUSAL,)


def test_why_it_was_refused_stands_in_the_audit(session: Session, asked: str):
    refused(session, asked)

    line = select(AuditLine.actor, AuditLine.reason).where(AuditLine.action == "refuse_permission")
    assert tuple(session.execute(line).one()) == (STAFF, REASON)
    assert session.scalars(select(Event.name).order_by(Event.seq)).all()[-1] == "booking.cancelled"


def test_a_decision_is_made_once(session: Session, asked: str):
    granted(session, asked)

    again = refusal(grant, session, GrantRequest(asked, 0), context(STAFF))
    otherwise = refusal(refuse, session, RefuseRequest(asked, 0, REASON), context(STAFF))

    assert again == otherwise == Refusal(RefusalCode.DECIDED_ALREADY)
    assert decisions(session, asked) == [("granted", "decided", "")]


def test_two_clerks_at_once_are_one_decision(database: Database, session: Session, asked: str):
    with database.session() as other:
        granted(session, asked)

        answer = refusal(refuse, other, RefuseRequest(asked, 0, REASON), context("account-two"))

    assert answer == Refusal(RefusalCode.DECIDED_ALREADY)
    assert view(session, asked).permission is Permission.GRANTED


def test_without_a_reason_nothing_is_refused(session: Session, asked: str):
    before = everything(session)

    answer = refusal(refuse, session, RefuseRequest(asked, 0, " "), context(STAFF))

    assert answer.code is RefusalCode.GROUNDS_NEEDED
    assert everything(session) == before


def test_what_needs_no_permission_is_not_decided_about(session: Session, region: Region):
    made = booked(session, region.here.whole, region.resident)

    answer = refusal(grant, session, GrantRequest(made, 0), context(STAFF))

    assert answer == Refusal(RefusalCode.NOT_ASKED)


def test_who_withdraws_before_the_answer_owes_nothing(session: Session, asked: str):
    # The day before the use half of the fee would be owed.
    late = NOW + timedelta(days=6)

    cancel(session, CancelRequest(asked), context(now=late))

    assert view(session, asked).cancel_due_yen == 0
    answer = refusal(grant, session, GrantRequest(asked, 0), context(STAFF))
    assert answer == Refusal(RefusalCode.NOT_ACTIVE)


def test_who_gives_a_permitted_booking_back_owes_what_the_town_says(session: Session, asked: str):
    granted(session, asked)

    cancel(session, CancelRequest(asked), context(now=NOW + timedelta(days=6)))

    assert view(session, asked).cancel_due_yen == 900


def test_a_booking_that_is_moved_is_looked_at_again(session: Session, region: Region, asked: str):
    granted(session, asked)
    move = ChangeRequest(asked, region.here.whole, SATURDAY, MORNING)
    change(session, move, context())
    booking = view(session, asked)

    stale = refusal(grant, session, GrantRequest(asked, 0), context(STAFF))
    grant(session, GrantRequest(asked, 1), context(STAFF))

    assert booking.permission is Permission.ASKED
    assert stale.code is RefusalCode.DECIDED_ALREADY
    assert view(session, asked).permission is Permission.GRANTED


def test_who_decides_about_what_was_moved_since_is_shown_it_again(
    session: Session, region: Region, asked: str
):
    change(session, ChangeRequest(asked, region.here.whole, SATURDAY, MORNING), context())

    answer = refusal(grant, session, GrantRequest(asked, 0), context(STAFF))

    assert answer == Refusal(RefusalCode.CHANGED_MEANWHILE)


def test_moved_to_a_place_that_needs_no_permission_it_has_its_permit(
    session: Session, region: Region
):
    looks_first(session, units=[region.here.whole])
    made = booked(session, region.here.whole, region.resident)

    change(session, ChangeRequest(made, region.here.halves[0], SATURDAY, MORNING), context())

    assert view(session, made).permission is Permission.NONE


def test_what_has_begun_is_not_refused_any_more(session: Session, asked: str):
    during = context(STAFF, now=NOW + timedelta(days=7, hours=7))

    answer = refusal(refuse, session, RefuseRequest(asked, 0, REASON), during)

    assert answer == Refusal(RefusalCode.ALREADY_STARTED)
    assert session.scalars(select(Decision.id)).all() == []


def test_the_database_itself_refuses_a_second_decision(session: Session, asked: str):
    granted(session, asked)
    row = {"booking_id": asked, "revision": 0, "verdict": "refused", "decided_at": NOW}

    with pytest.raises(IntegrityError), write_transaction(session):
        session.add(Decision(id="second", sheet="-", status="decided", **row))
        session.flush()


def test_closed_before_anybody_answered_it_was_never_permitted(
    session: Session, region: Region, asked: str
):
    seen = frozenset({f"{asked}:0"})
    day = a_period("09:00-21:00")
    shut = ClosureRequest(region.here.whole, SATURDAY, day, Kind.MAINTENANCE, "床の張替え", seen)
    close(session, shut, context(STAFF))
    booking = view(session, asked)

    paper = papers.paper(session, refreshed(session), booking, documents.REFUSAL, context(STAFF))

    assert notices.kinds(session, booking) == (documents.REFUSAL,)
    assert "床の張替え" in pdf.text(paper.pdf)


def test_what_is_withdrawn_before_the_answer_has_no_paper_but_of_its_refund(
    session: Session, asked: str
):
    cancel(session, CancelRequest(asked), context())

    assert notices.kinds(session, view(session, asked)) == (documents.REFUND,)


def test_nobody_is_missed_at_what_was_never_permitted(session: Session, asked: str):
    days = {"since": SATURDAY, "before": SATURDAY + timedelta(days=1)}
    before = attendance.absent(session, ["172014"], **days)

    granted(session, asked)

    after = attendance.absent(session, ["172014"], **days)
    assert (before, [row.id for row in after]) == ([], [asked])
