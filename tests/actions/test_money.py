"""収納から締めまで at one desk: facts, receipts without gaps, a drawer that adds up to the yen."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from reservations.actions import receipts
from reservations.actions.bookings import CancelRequest, ChangeRequest, cancel, change
from reservations.actions.drawers import CloseRequest, close_drawer
from reservations.actions.money import (
    HandRequest,
    PayRequest,
    RefundRequest,
    hand,
    pay,
    refund,
)
from reservations.actions.reductions import ReduceRequest, reduce
from reservations.db import Database
from reservations.errors import Refusal, RefusalCode
from reservations.models import CashDay, Event, IssuedPaper, Payment, Receipt
from reservations.queries import memory, money
from reservations.rules.money import Account, Method
from tests.printables import pdf
from tests.support.lending import a_period, booked, refusal, row_counts
from tests.town import NOW, SATURDAY, TODAY, context

CLERK = "account-clerk"
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def booking_id(session, region) -> str:
    """A whole evening for 1,800 yen."""
    return booked(session, region.here.whole, region.resident)


def at(**other):
    return context(CLERK, **other)


def pays(session, booking_id, yen=1800, *, when=None, **other) -> str:
    given = at(**({"now": when} if when else {}))
    return str(pay(session, PayRequest(booking_id, yen, **other), given))


def account(session, booking_id) -> Account:
    session.rollback()
    found = money.statement(session, booking_id)
    session.rollback()
    assert found is not None
    return found.account


def receipt(session, payment_id, *, is_copy=False, **other):
    known = memory.current(session)
    return receipts.receipt(session, known, payment_id, at(**other), is_copy=is_copy)


def names(session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Event.name).order_by(Event.seq)))


def test_a_payment_is_a_fact_with_its_event(session, booking_id):
    payment_id = pays(session, booking_id, given_yen=2000)

    session.rollback()
    kept = session.get_one(Payment, payment_id)
    assert (kept.booking_id, kept.amount_yen, kept.given_yen) == (booking_id, 1800, 2000)
    assert (kept.day, kept.actor, kept.method) == (TODAY, CLERK, "cash")
    assert names(session)[-1] == "payment.received"
    assert account(session, booking_id) == Account(1800, 1800, 0)


@pytest.mark.parametrize("yen", [0, -1, 100_000_000])
def test_what_is_no_amount_is_not_taken(session, booking_id, yen):
    before = row_counts(session)

    refused = refusal(pay, session, PayRequest(booking_id, yen), at())

    assert refused == Refusal(RefusalCode.AMOUNT_WRONG)
    assert row_counts(session) == before


def test_less_money_than_the_amount_is_not_taken(session, booking_id):
    refused = refusal(pay, session, PayRequest(booking_id, 1800, given_yen=1000), at())

    assert refused == Refusal(RefusalCode.GIVEN_TOO_LITTLE, amount_yen=1800)


def test_a_double_click_takes_the_money_once(session, booking_id):
    request = PayRequest(booking_id, 1800)

    first = pay(session, request, at(key="click", request_hash="h"))
    again = pay(session, request, at(key="click", request_hash="h"))

    assert again == first
    assert account(session, booking_id) == Account(1800, 1800, 0)


def test_money_for_a_cancelled_booking_is_taken_and_can_be_paid_back(session, booking_id):
    cancel(session, CancelRequest(booking_id), context())
    payment_id = pays(session, booking_id)
    over_yen = account(session, booking_id).over_yen

    refund(session, RefundRequest(payment_id, 1800), at())

    assert over_yen == 1800
    assert account(session, booking_id) == Account(0, 1800, 1800)


def test_a_refund_in_two_steps_never_comes_to_more_than_was_paid(session, booking_id):
    payment_id = pays(session, booking_id, 2500)
    refund(session, RefundRequest(payment_id, 300), at())
    refund(session, RefundRequest(payment_id, 400), at())

    refused = refusal(refund, session, RefundRequest(payment_id, 1), at())

    assert refused == Refusal(RefusalCode.NOT_TO_REFUND, most_yen=0)
    assert account(session, booking_id) == Account(1800, 2500, 700)


def test_a_payment_stays_refundable_after_its_booking_was_moved(session, region, booking_id):
    payment_id = pays(session, booking_id)
    morning = a_period("09:00-12:00")
    wish = ChangeRequest(booking_id, region.here.whole, SATURDAY + timedelta(days=1), morning)
    change(session, wish, context())
    over_yen = account(session, booking_id).over_yen

    refund(session, RefundRequest(payment_id, 600), at())

    assert over_yen == 600
    assert account(session, booking_id) == Account(1200, 1800, 600)


@pytest.mark.postgres
def test_two_refunds_at_the_same_moment_pay_back_what_is_over_once(postgres_region_url, region):
    database = Database(postgres_region_url, threads=4, is_durable=False)
    with database.session() as session:
        made = booked(session, region.here.whole, region.resident)
        paid = [pays(session, made), pays(session, made)]

    def tries(payment_id: str) -> str:
        with database.session() as session:
            try:
                refund(session, RefundRequest(payment_id, 1800), at())
            except Refusal as refused:
                return refused.code.value
        return "decided"

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(tries, paid))

    with database.session() as session:
        assert account(session, made) == Account(1800, 3600, 1800)
    database.dispose()
    assert answers == ["decided", "not_to_refund"]


@pytest.mark.parametrize(
    "fields",
    [
        {"percent": 0}, {"percent": 101}, {"evidence": " "}, {"approved_by": ""}, {"clause": ""},
        {"clause": "第" * 41},
    ],
)  # fmt: skip
def test_a_reduction_needs_its_reason_its_evidence_and_who_approved(session, booking_id, fields):
    whole = {"percent": 50, "clause": "第1号", "evidence": "登録証", "approved_by": "account-head"}

    refused = refusal(reduce, session, ReduceRequest(booking_id, **whole | fields), at())

    assert refused == Refusal(RefusalCode.REDUCTION_WRONG)


def test_a_receipt_has_the_next_number_and_stays_the_same_paper(session, booking_id):
    first, second = pays(session, booking_id, 1000), pays(session, booking_id, 800)

    issued = receipt(session, first)
    again = receipt(session, first, now=NOW + timedelta(days=2))
    other = receipt(session, second)

    assert (issued.number, other.number) == ("01-R000001", "01-R000002")
    assert again == issued
    assert issued.sha256 == hashlib.sha256(issued.pdf).hexdigest()
    said = pdf.text(issued.pdf)
    for part in ("領収書", "￥1,000－", "01-R000001", "01-000001-6", "となり体育館", "10%", "90円"):
        assert part in said
    assert names(session).count("receipt.numbered") == 2
    assert names(session).count("paper.issued") == 2


def test_a_copy_has_the_same_number_and_says_that_it_is_one(session, booking_id):
    payment_id = pays(session, booking_id)
    issued = receipt(session, payment_id)

    copied = receipt(session, payment_id, is_copy=True)

    assert copied.number == issued.number
    assert "再発行" in pdf.text(copied.pdf)
    assert "再発行" not in pdf.text(issued.pdf)


def test_numbers_have_no_gap_though_an_issue_was_refused(session, booking_id):
    refused = refusal(receipt, session, "nobody's payment")
    by_coupon = pays(session, booking_id, 500, method=Method.COUPON)
    elsewhere = refusal(receipt, session, by_coupon)
    for yen in (100, 200, 300):
        receipt(session, pays(session, booking_id, yen))

    session.rollback()
    serials = session.scalars(select(Receipt.serial).order_by(Receipt.serial)).all()
    assert refused.code is RefusalCode.NOT_FOUND
    assert elsewhere.code is RefusalCode.RECEIPT_ELSEWHERE
    assert serials == [1, 2, 3]


def test_a_drawer_that_adds_up_is_closed_without_a_word(session, booking_id):
    payment_id = pays(session, booking_id, 2000)
    pays(session, booking_id, 700, method=Method.ONLINE, reference="provider-1")
    back = refund(session, RefundRequest(payment_id, 200), at())
    hand(session, HandRequest(str(back)), at())

    close_drawer(session, CloseRequest(TODAY, 10_000, {10_000: 1, 1000: 1, 500: 1, 100: 3}), at())

    session.rollback()
    row = session.get_one(CashDay, (1, TODAY))
    assert (row.received_yen, row.paid_out_yen) == (2000, 200)
    assert (row.counted_yen, row.difference_yen, row.reason) == (11_800, 0, "")
    assert names(session)[-1] == "drawer.closed"


def test_a_difference_needs_its_reason(session, booking_id):
    pays(session, booking_id)
    short = CloseRequest(TODAY, 0, {1000: 1, 500: 1})

    refused = refusal(close_drawer, session, short, at())
    close_drawer(session, CloseRequest(TODAY, 0, short.counts, "つり銭の間違い"), at())

    assert refused == Refusal(RefusalCode.DIFFERENCE_UNEXPLAINED, difference_yen=-300)
    session.rollback()
    assert session.get_one(CashDay, (1, TODAY)).difference_yen == -300


def test_a_day_is_closed_once_and_never_before_it_is_here(session):
    close_drawer(session, CloseRequest(TODAY, 0, {}), at())

    again = refusal(close_drawer, session, CloseRequest(TODAY, 0, {}), at())
    early = refusal(close_drawer, session, CloseRequest(TOMORROW, 0, {}), at())

    assert (again.code, early.code) == (RefusalCode.DAY_CLOSED, RefusalCode.DAY_NOT_OVER)


@pytest.mark.parametrize("counts", [{3: 1}, {1000: -1}, {1000: 10**6}])
def test_what_is_no_coin_is_not_counted(session, counts):
    refused = refusal(close_drawer, session, CloseRequest(TODAY, 0, counts), at())

    assert refused.code is RefusalCode.AMOUNT_WRONG


def test_cash_after_the_close_is_in_the_next_day_s_drawer(session, booking_id):
    close_drawer(session, CloseRequest(TODAY, 0, {}), at())

    cash = pays(session, booking_id)
    online = pays(session, booking_id, method=Method.ONLINE, reference="provider-1")

    session.rollback()
    days = [session.get_one(Payment, each).day for each in (cash, online)]
    assert days == [TOMORROW, TODAY]
    assert money.drawer(session, 1, TOMORROW).received_yen == 1800


def test_a_day_sheet_says_what_was_taken_and_is_kept_once_the_day_is_closed(session, booking_id):
    receipt(session, pays(session, booking_id))
    pays(session, booking_id, 700, method=Method.ONLINE, reference="provider-1")
    known = memory.current(session)
    before = receipts.day_sheet(session, known, TODAY, at())
    open_sheet = pdf.text(receipts.day_document(session, known, TODAY, at()).draw().pdf)
    close_drawer(session, CloseRequest(TODAY, 0, {1000: 2}, "お預かりの間違い"), at())

    issued = receipts.day_sheet(session, known, TODAY, at())
    again = receipts.day_sheet(session, known, TODAY, at(now=NOW + timedelta(days=9)))

    assert before is None and issued is not None and again == issued
    assert "1,800円" in open_sheet and "①数えた現金②" in open_sheet
    said = pdf.text(issued.pdf)
    for part in ("01-R000001", "1,800円", "2,000円", "200円", "お預かりの間違い", "700円"):
        assert part in said
    session.rollback()
    assert session.scalar(select(func.count()).select_from(IssuedPaper)) == 2


def test_what_a_day_brought_by_budget_code_agrees_with_the_account(session, booking_id):
    payment_id = pays(session, booking_id, 2500)
    refund(session, RefundRequest(payment_id, 700), at())

    lines = money.of_day(session, TODAY)

    paid = sum(line.yen for line in lines if not line.is_refund)
    refunded = sum(line.yen for line in lines if line.is_refund)
    assert account(session, booking_id) == Account(1800, paid, refunded)
    assert money.of_day(session, TOMORROW) == []
