"""Issuing: drawn once and kept, the same bytes for whoever asks again."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from reservations.actions import papers
from reservations.actions.bookings import (
    CancelRequest,
    ChangeRequest,
    ClosureRequest,
    cancel,
    change,
    close,
)
from reservations.actions.papers import IssueRequest, Overtaken, issue_paper
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Booking, Event, IssuedPaper
from reservations.queries import bookings, memory
from reservations.queries import papers as papers_query
from reservations.rules.availability import Kind
from tests.printables import pdf
from tests.support.lending import EVENING, booked, refusal, row_counts
from tests.town import NOW, SATURDAY, context

SUNDAY = SATURDAY + timedelta(days=1)


@pytest.fixture
def booking_id(session, region) -> str:
    return booked(session, region.here.whole, region.resident)


def a_view(session, booking_id):
    found = bookings.one(session, memory.current(session), booking_id)
    assert found is not None
    return found


def issue(session, booking_id, actor="account-resident", **other):
    return papers.permit(
        session, memory.current(session), a_view(session, booking_id), context(actor, **other)
    )


def count(session, model) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_permit_is_kept_with_its_hash_its_event_and_who_asked(session, booking_id):
    issued = issue(session, booking_id)

    session.rollback()
    kept = session.scalars(select(IssuedPaper)).one()
    told = session.scalars(select(Event).where(Event.name == "paper.issued")).one()
    assert (kept.kind, kept.subject, kept.revision) == ("permit", booking_id, 0)
    assert (kept.number, kept.issued_at, kept.pages) == ("第2026-01-000001-6号", NOW, 1)
    assert kept.actor == "account-resident"
    assert kept.pdf == issued.pdf
    assert kept.sha256 == hashlib.sha256(kept.pdf).hexdigest()
    assert told.subject == booking_id
    assert told.body == {
        "kind": "permit", "revision": 0, "number": kept.number, "sha256": kept.sha256, "pages": 1,
    }  # fmt: skip


def test_asked_again_later_by_somebody_else_it_is_the_same_paper(session, booking_id):
    first = issue(session, booking_id)

    again = issue(session, booking_id, "system", now=NOW + timedelta(days=3))

    assert again == first
    assert count(session, IssuedPaper) == 1
    assert count(session, AuditLine) == 2


def test_a_changed_booking_gets_a_new_paper_and_the_old_one_stays(session, region, booking_id):
    old = issue(session, booking_id)
    later = context(now=NOW + timedelta(days=1))
    change(session, ChangeRequest(booking_id, region.here.halves[0], SUNDAY, EVENING), later)

    new = issue(session, booking_id, now=NOW + timedelta(days=2))

    assert new.number == f"{old.number}の2"
    assert "令和8年6月14日（日）18時00分" in pdf.text(new.pdf)
    # The decision is as old as the change, whenever its paper is printed.
    assert "令和8年6月7日付けで申請" in pdf.text(new.pdf)
    assert papers_query.issued(session, "permit", booking_id, 0) == old


def test_a_cancelled_booking_has_no_permit(session, booking_id):
    cancel(session, CancelRequest(booking_id), context())
    before = row_counts(session)

    assert refusal(issue, session, booking_id) == Refusal(RefusalCode.NO_PERMIT)
    assert row_counts(session) == before


def test_not_even_the_one_that_was_issued_before(session, booking_id):
    issue(session, booking_id)
    cancel(session, CancelRequest(booking_id), context())

    assert refusal(issue, session, booking_id) == Refusal(RefusalCode.NO_PERMIT)


def test_a_closure_has_no_permit(session, region):
    request = ClosureRequest(region.here.whole, SATURDAY, EVENING, Kind.CLOSURE)
    closure_id = close(session, request, context("account-staff"))

    assert refusal(issue, session, closure_id) == Refusal(RefusalCode.NO_PERMIT)


def test_a_booking_that_changed_while_its_permit_was_drawn_gets_the_right_one(
    session, region, booking_id
):
    stale = a_view(session, booking_id)
    change(session, ChangeRequest(booking_id, region.here.whole, SUNDAY, EVENING), context())

    issued = papers.permit(session, memory.current(session), stale, context())

    assert issued.revision == 1
    assert "6月14日（日）" in pdf.text(issued.pdf)
    assert count(session, IssuedPaper) == 1


def test_a_booking_that_was_cancelled_while_its_permit_was_drawn_gets_none(session, booking_id):
    stale = a_view(session, booking_id)
    cancel(session, CancelRequest(booking_id), context())
    before = row_counts(session)

    with pytest.raises(Refusal) as refused:
        papers.permit(session, memory.current(session), stale, context())

    assert refused.value == Refusal(RefusalCode.NO_PERMIT)
    assert row_counts(session) == before


def test_a_booking_that_nobody_may_be_told_of_yet_has_no_permit(session, booking_id):
    with write_transaction(session):
        session.get_one(Booking, booking_id).is_told = False
    before = row_counts(session)

    assert refusal(issue, session, booking_id) == Refusal(RefusalCode.NO_PERMIT)
    assert row_counts(session) == before


def test_an_overtaken_paper_leaves_nothing_behind(session, booking_id):
    request = IssueRequest(
        kind="permit", booking_id=booking_id, revision=0, number="第1号", record="{}",
        pdf=b"%PDF", pages=1,
    )  # fmt: skip
    issue_paper(session, request, context())
    before = row_counts(session)

    for late in (request, replace(request, revision=1), replace(request, booking_id="none")):
        with pytest.raises(Overtaken):
            issue_paper(session, late, context())

    assert row_counts(session) == before


def test_all_who_ask_at_once_get_one_paper(database, booking_id):
    found = []
    lined_up = threading.Barrier(6)

    def ask(number: int) -> None:
        with database.session() as session:
            lined_up.wait(20)
            found.append(issue(session, booking_id, f"account-{number}").pdf)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1
    with database.session() as session:
        assert count(session, IssuedPaper) == 1


def test_a_paper_that_was_issued_costs_one_statement(database, session, booking_id):
    issue(session, booking_id)
    view, known = a_view(session, booking_id), memory.current(session)
    seen: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _u, text, *_: seen.append(text)
    )

    papers.permit(session, known, view, context())

    assert len([text for text in seen if not text.startswith("BEGIN")]) == 1
