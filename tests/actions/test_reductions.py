"""減免 at one desk: asked for, decided once, and what is registered stands from the first day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from reservations import documents
from reservations.actions import notices, papers
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.reductions import (
    AskRequest,
    DecideRequest,
    EndRequest,
    RegisterRequest,
    ask,
    decide,
    end,
    register,
)
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Event
from reservations.queries import bookings, memory, money, reductions
from reservations.rules.money import Account
from tests.printables import pdf
from tests.support.lending import booked, refusal, row_counts
from tests.support.reductions import CARD, CITY, GROUP, MAYOR, with_list
from tests.town import NOW, SATURDAY, TODAY, context

CLERK, HEAD = "account-clerk", "account-head"
YEAR = (TODAY, date(2027, 3, 31))


@pytest.fixture(autouse=True)
def _the_town_has_a_list(session):
    with_list(session)


@pytest.fixture
def booking_id(session, region) -> str:
    """A whole evening for 1,800 yen."""
    return booked(session, region.here.whole, region.resident)


def asks(session, booking_id, clause=CARD, *, by=CLERK, **other: Any) -> str:
    return str(ask(session, AskRequest(booking_id, clause, **other), context(by)))


def answers(session, wish, is_granted=True, **other: Any) -> str:
    return str(decide(session, DecideRequest(wish, is_granted, **other), context(HEAD)))


def account(session, booking_id) -> Account:
    session.rollback()
    found = money.statement(session, booking_id)
    session.rollback()
    assert found is not None
    return found.account


def waiting(session, **other: Any):
    session.rollback()
    known = memory.newest(session.info["database"])
    there = set(known.catalogue.places)
    found = reductions.waiting(session, known, facilities=there, **{"today": TODAY} | other)
    session.rollback()
    return found


def view(session, booking_id):
    session.rollback()
    found = bookings.one(session, memory.current(session), booking_id)
    assert found is not None
    return found


def issued(session, booking_id, kind, **other: Any):
    known = memory.current(session)
    return papers.paper(session, known, view(session, booking_id), kind, context(HEAD, **other))


def registered(region, clause=GROUP, **other: Any) -> RegisterRequest:
    asked = RegisterRequest(region.resident, "172014", clause, *YEAR, "団体の規約")
    return replace(asked, **other)


def test_a_wish_waits_and_is_granted_by_the_percent_of_the_list(session, booking_id):
    wish = asks(session, booking_id, evidence="障害者手帳", words="介助者と使います")
    (found,) = waiting(session)

    answers(session, wish)

    assert (found.wish.id, found.is_ready, found.is_late) == (wish, True, False)
    assert (found.wish.evidence, found.wish.words) == ("障害者手帳", "介助者と使います")
    assert waiting(session) == []
    assert account(session, booking_id) == Account(900, 0, 0)


def test_the_audit_says_who_wrote_it_down_and_who_decided(session, booking_id):
    answers(session, asks(session, booking_id, evidence="障害者手帳"))

    session.rollback()
    query = select(AuditLine.action, AuditLine.actor).order_by(AuditLine.seq.desc()).limit(2)
    assert session.execute(query).all() == [
        ("decide_reduction", HEAD), ("ask_reduction", CLERK),
    ]  # fmt: skip


def test_the_events_say_neither_what_was_seen_nor_why(session, booking_id):
    wish = asks(session, booking_id, evidence="障害者手帳", words="介助者と使います")
    answers(session, wish, reason="確かめた")

    session.rollback()
    query = select(Event.name, Event.body).order_by(Event.seq.desc()).limit(2)
    told = session.execute(query).all()
    assert [row.name for row in told] == ["fee.reduced", "reduction.asked"]
    assert not any(word in str(told) for word in ("手帳", "介助者", "確かめた"))


def test_what_nobody_has_seen_is_not_granted_until_the_approver_says_what_they_saw(
    session, booking_id
):
    wish = asks(session, booking_id, by="account-resident")
    (found,) = waiting(session)
    asked = DecideRequest(wish, is_granted=True)

    refused = refusal(decide, session, asked, context(HEAD))
    wrong = refusal(decide, session, replace(asked, evidence="名刺"), context(HEAD))
    answers(session, wish, evidence="障害者手帳")

    assert not found.is_ready
    assert refused == wrong == Refusal(RefusalCode.EVIDENCE_UNSEEN, kinds="障害者手帳")
    assert account(session, booking_id) == Account(900, 0, 0)


def test_a_refusal_needs_a_reason_and_leaves_the_fee(session, booking_id):
    wish = asks(session, booking_id, evidence="障害者手帳")

    without = refusal(decide, session, DecideRequest(wish, is_granted=False), context(HEAD))
    answers(session, wish, False, reason="該当しないため。")

    assert without.code is RefusalCode.REDUCTION_WRONG
    assert waiting(session) == []
    assert account(session, booking_id) == Account(1800, 0, 0)


def test_what_was_decided_is_not_decided_again_at_the_same_desk(session, booking_id):
    wish = asks(session, booking_id, evidence="障害者手帳")
    answers(session, wish)
    before = row_counts(session)

    again = refusal(
        decide, session, DecideRequest(wish, is_granted=False, reason="いいえ"), context(HEAD)
    )

    assert again.code is RefusalCode.REDUCTION_DECIDED
    assert row_counts(session) == before


def test_a_mayors_decision_is_by_the_percent_that_is_given_with_a_reason(session, booking_id):
    wish = asks(session, booking_id, MAYOR)
    (found,) = waiting(session)

    bare = refusal(decide, session, DecideRequest(wish, is_granted=True), context(HEAD))
    answers(session, wish, percent=70, reason="被災した方の集まりのため。")

    assert not found.is_ready
    assert bare.code is RefusalCode.REDUCTION_WRONG
    assert account(session, booking_id) == Account(540, 0, 0)


@pytest.mark.parametrize("has_entrance_fee", [True, None])
def test_with_an_entrance_fee_the_item_that_bars_it_cannot_be_asked_for(
    session, booking_id, has_entrance_fee
):
    asked = AskRequest(booking_id, CITY, has_entrance_fee=has_entrance_fee)

    refused = refusal(ask, session, asked, context(CLERK))

    assert refused.code is RefusalCode.ENTRANCE_FEE
    answers(session, asks(session, booking_id, CITY, has_entrance_fee=False))
    assert account(session, booking_id) == Account(0, 0, 0)


def test_the_same_is_asked_for_once_until_the_counter_has_seen_the_proof(session, booking_id):
    first = asks(session, booking_id, by="account-resident")
    again = refusal(ask, session, AskRequest(booking_id, CARD), context())

    second = asks(session, booking_id, evidence="障害者手帳")

    assert again.code is RefusalCode.REDUCTION_ASKED
    (found,) = waiting(session)
    assert (found.wish.id, found.wish.instead_of) == (second, first)


def test_an_item_that_is_not_in_the_list_cannot_be_asked_for(session, booking_id):
    refused = refusal(ask, session, AskRequest(booking_id, "第9号"), context(CLERK))

    assert refused.code is RefusalCode.REDUCTION_WRONG


def test_what_was_given_back_waits_no_more(session, booking_id):
    asks(session, booking_id, evidence="障害者手帳")

    cancel(session, CancelRequest(booking_id), context())

    assert waiting(session) == []


def test_the_oldest_wish_comes_first_and_a_late_one_is_marked(session, region, booking_id):
    other = booked(session, region.here.halves[0], region.resident, date=SATURDAY + timedelta(1))
    later = context(CLERK, now=NOW + timedelta(days=10))
    first = asks(session, booking_id, evidence="障害者手帳")
    second = str(ask(session, AskRequest(other, MAYOR), later))

    found = waiting(session, today=TODAY + timedelta(days=15))

    assert [(each.wish.id, each.is_late) for each in found] == [(first, True), (second, False)]


def test_a_grant_has_its_notice_which_stays_as_it_was_issued(session, booking_id):
    answers(session, asks(session, booking_id, evidence="障害者手帳"))

    paper = issued(session, booking_id, documents.REDUCTION)
    again = issued(session, booking_id, documents.REDUCTION, now=NOW + timedelta(days=3))

    said = pdf.text(paper.pdf)
    for words in (
        "減免決定通知書", "減第2026-01-000001-6号", "第2号障害のある方（50％）", "1,800円",
        "900円", "令和8年6月6日付けで申請", "審査請求",
    ):  # fmt: skip
        assert words in said, words
    assert again.pdf == paper.pdf


def test_a_refusal_has_a_notice_with_its_reason_and_the_way_to_appeal(session, booking_id):
    answers(session, asks(session, booking_id, MAYOR), False, reason="営利の催しのため。")

    paper = issued(session, booking_id, documents.REDUCTION_REFUSAL)

    said = pdf.text(paper.pdf)
    for words in ("減免不承認通知書", "減否第2026-01-000001-6号", "営利の催しのため。", "審査請求"):
        assert words in said, words
    assert documents.REDUCTION not in notices.kinds(session, view(session, booking_id))


def test_a_grant_after_a_refusal_is_another_paper(session, booking_id):
    answers(session, asks(session, booking_id, MAYOR), False, reason="営利の催しのため。")
    issued(session, booking_id, documents.REDUCTION_REFUSAL)
    answers(session, asks(session, booking_id, evidence="障害者手帳"))
    issued(session, booking_id, documents.REDUCTION)
    answers(session, asks(session, booking_id, CITY, has_entrance_fee=False))

    third = issued(session, booking_id, documents.REDUCTION)

    assert third.number == "減第2026-01-000001-6号その2"
    assert "全額" in pdf.text(third.pdf)


def test_a_registration_stands_for_what_is_booked_from_then_on_and_what_was(session, region):
    before = booked(session, region.here.halves[0], region.resident)
    register(session, registered(region), context(HEAD))

    after = booked(session, region.here.halves[1], region.resident, date=SATURDAY + timedelta(1))

    for booking_id in (before, after):
        found = money.statement(session, booking_id)
        assert found is not None
        assert [(each.percent, each.clause) for each in found.reductions] == [(25, GROUP)]
    session.rollback()


def test_a_registration_twice_reduces_once(session, region, booking_id):
    register(session, registered(region), context(HEAD))
    register(session, registered(region), context(HEAD))

    assert account(session, booking_id) == Account(1350, 0, 0)
    assert len(reductions.of_party(session, region.resident)) == 1


def test_once_a_registration_has_ended_what_is_booked_costs_the_whole_fee(session, region):
    register(session, registered(region), context(HEAD))
    end(session, EndRequest(region.resident, "172014", GROUP, TODAY), context(HEAD))

    booking_id = booked(session, region.here.whole, region.resident)

    assert account(session, booking_id) == Account(1800, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clause": CARD, "seen": "障害者手帳"},
        {"since": date(2027, 4, 1), "until": date(2028, 3, 31)},
        {"until": date(2030, 3, 31)},
    ],
)
def test_what_the_list_does_not_offer_today_is_not_registered(session, region, wrong):
    refused = refusal(register, session, registered(region, **wrong), context(HEAD))

    assert refused.code is RefusalCode.REDUCTION_WRONG


def test_nothing_is_registered_that_was_not_seen(session, region):
    refused = refusal(register, session, registered(region, seen=""), context(HEAD))

    assert refused == Refusal(RefusalCode.EVIDENCE_UNSEEN, kinds="団体の規約")


def test_a_registration_of_one_town_says_nothing_in_another(session, region):
    register(session, registered(region), context(HEAD))

    booking_id = booked(session, region.next_door.whole, region.resident)

    found = money.statement(session, booking_id)
    assert found is not None
    assert found.reductions == ()
    session.rollback()
