"""Notices: what a booking has on paper since it was changed, given back, taken back or refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from printables.facts import NoticeFacts
from printables.verify import Verdict, verify
from reservations import documents, projection
from reservations.actions import notices, papers
from reservations.actions.bookings import CancelRequest, ChangeRequest, cancel, change
from reservations.actions.notices import ChangeRefusal
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking
from reservations.queries import bookings, genuine, memory
from reservations.queries import papers as papers_query
from tests.printables import pdf
from tests.support.lending import EVENING, a_period, booked
from tests.town import NOW, SATURDAY, context

SUNDAY = SATURDAY + timedelta(days=1)
REFUSED = ChangeRefusal(1, SUNDAY, EVENING, "条例第6条第1号に当たるため。")


@pytest.fixture
def desk(database, tmp_path: Path):
    return projection.open_desk(database, Settings(data_dir=tmp_path))


@pytest.fixture
def booking_id(desk, session, region) -> str:
    return booked(session, region.here.whole, region.resident)


def view(session, booking_id):
    session.rollback()
    found = bookings.one(session, memory.current(session), booking_id)
    assert found is not None
    return found


def issue(session, booking_id, kind, **other):
    known = memory.current(session)
    return papers.paper(session, known, view(session, booking_id), kind, context(**other))


def refuse_change(session, booking_id, asked=REFUSED, **other):
    known = memory.current(session)
    asked = ChangeRefusal(view(session, booking_id).unit.id, asked.date, asked.period, asked.reason)
    return papers.refuse_change(session, known, view(session, booking_id), asked, context(**other))


def moved(session, region, booking_id) -> None:
    wish = ChangeRequest(booking_id, region.here.halves[0], SUNDAY, a_period("09:00-12:00"))
    change(session, wish, context(now=NOW + timedelta(hours=1)))


def kinds(session, booking_id) -> tuple[str, ...]:
    return notices.kinds(session, view(session, booking_id))


def facts_of(desk, paper) -> NoticeFacts:
    answer = verify(documents.read(paper.kind, paper.record).code, genuine.keys(desk))
    assert answer.verdict is Verdict.GENUINE
    assert isinstance(answer.facts, NoticeFacts)
    return answer.facts


def test_a_booking_has_the_papers_of_what_became_of_it(session, region, booking_id):
    seen = [kinds(session, booking_id)]
    moved(session, region, booking_id)
    seen.append(kinds(session, booking_id))
    cancel(session, CancelRequest(booking_id), context())
    seen.append(kinds(session, booking_id))

    assert seen == [
        ("permit",), ("permit", "change_permit"), ("cancel_request", "refund_notice"),
    ]  # fmt: skip


def test_a_changed_booking_gets_a_notice_of_what_it_was_and_is(desk, session, region, booking_id):
    moved(session, region, booking_id)

    paper = issue(session, booking_id, documents.CHANGE, now=NOW + timedelta(days=1))

    said = pdf.text(paper.pdf)
    for words in (
        "使用変更許可書", "変第2026-01-000001-6号の2", "全面", "令和8年6月13日（土）18時00分から",
        "令和8年6月14日（日）9時00分から", "1,800円", "令和8年6月6日付けで申請",
    ):  # fmt: skip
        assert words in said
    facts = facts_of(desk, paper)
    assert (facts.notice, facts.number, facts.entry.number) == ("change", paper.number, 1)


def test_one_that_was_given_back_has_the_letter_and_the_refund(desk, session, booking_id):
    cancel(session, CancelRequest(booking_id), context(now=NOW + timedelta(days=5)))

    letter = issue(session, booking_id, documents.CANCELLATION)
    refund = issue(session, booking_id, documents.REFUND)

    assert "使用取消届" in pdf.text(letter.pdf)
    assert "還付する額900円" in pdf.text(refund.pdf)
    assert (facts_of(desk, refund).notice, facts_of(desk, refund).yen) == ("refund", 900)


def test_one_that_the_town_took_back_says_why(desk, session, booking_id):
    cancel(session, CancelRequest(booking_id, "屋根の修繕のため。"), context("account-staff"))

    assert kinds(session, booking_id) == ("revocation_notice",)
    paper = issue(session, booking_id, documents.REVOCATION)

    assert "屋根の修繕のため。" in pdf.text(paper.pdf)
    assert facts_of(desk, paper).notice == "revocation"


def test_one_that_lost_its_place_gets_a_refusal_with_its_reason(desk, session, booking_id):
    with write_transaction(session):
        session.get_one(Booking, booking_id).status = "refused"

    paper = issue(session, booking_id, documents.REFUSAL)

    assert "先に決まった予約があり" in pdf.text(paper.pdf)
    assert "審査請求" in pdf.text(paper.pdf)
    assert facts_of(desk, paper).notice == "refusal"


def test_asked_again_a_notice_is_the_same_bytes(session, region, booking_id):
    moved(session, region, booking_id)
    first = issue(session, booking_id, documents.CHANGE)

    assert issue(session, booking_id, documents.CHANGE, now=NOW + timedelta(days=3)) == first


@pytest.mark.parametrize("kind", [documents.CHANGE, documents.REFUND, documents.REVOCATION])
def test_what_a_booking_does_not_have_is_refused_with_a_code_of_its_own(session, booking_id, kind):
    with pytest.raises(Refusal) as refused:
        issue(session, booking_id, kind)

    assert refused.value.code is RefusalCode.NO_PAPER


def test_a_refused_change_is_a_paper_and_the_booking_stays(desk, session, booking_id):
    paper = refuse_change(session, booking_id)

    said = pdf.text(paper.pdf)
    for words in (
        "使用変更不許可通知書",
        "条例第6条第1号に当たるため。",
        "6月14日（日）",
        "審査請求",
    ):
        assert words in said
    assert facts_of(desk, paper).notice == "change_refusal"
    assert view(session, booking_id).status == "confirmed"
    assert kinds(session, booking_id) == ("permit",)


def test_the_same_refusal_twice_is_one_paper_and_another_one_has_its_own_number(
    session, booking_id
):
    one = refuse_change(session, booking_id)
    again = refuse_change(session, booking_id, now=NOW + timedelta(days=1))
    other = refuse_change(session, booking_id, ChangeRefusal(1, SATURDAY, EVENING, "重なるため。"))

    assert one == again
    assert (one.number, other.number) == (
        "変否第2026-01-000001-6号", "変否第2026-01-000001-6号その2",
    )  # fmt: skip


def test_the_archive_has_every_paper_that_was_ever_issued(session, region, booking_id):
    first = issue(session, booking_id, documents.PERMIT)
    refuse_change(session, booking_id)
    moved(session, region, booking_id)
    issue(session, booking_id, documents.CHANGE)
    cancel(session, CancelRequest(booking_id), context())

    found = papers_query.archive(session, booking_id)

    assert sorted(each.kind for each in found) == ["change_permit", "change_refusal", "permit"]
    assert papers_query.by_id(session, first.id) == first
    assert papers_query.archive(session, "none") == []
