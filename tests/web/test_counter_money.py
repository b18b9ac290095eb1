"""料金 at the counter: cash, change, receipt, refund, reduction, the close; without scripts."""

from __future__ import annotations

import pytest

from reservations.models import Payment
from tests.printables import pdf


@pytest.fixture
def desk(counter):
    """A clerk who has a booking of 1,800 yen before them."""
    counter.books(counter.region.here.whole, name="resident")
    return counter.signed_in("staff").opens("/money").presses("予約をさがす", number="01-000001-6")


def said(desk) -> str:
    """The page's words without what stands between them."""
    return "".join(desk.text.split())


def test_only_staff_see_money(counter):
    for page in ("/money", "/money/day", "/money/day/2026-06-06.csv"):
        assert counter.stranger().opens(page).address.startswith("/sign-in?next=")
        assert counter.signed_in("resident").opens(page).status == 403


def test_the_page_says_what_is_still_to_be_paid(desk):
    assert "残りの額1,800円" in said(desk)


def test_cash_is_taken_and_the_change_is_told(desk):
    desk.presses("お金を受け取る", amount="1,800", given="２０００")

    for words in ("1,800円を受け取りました。", "おつり200円", "残りの額0円"):
        assert words in said(desk)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"amount": "", "given": ""}, "円の整数で入れてください"),
        ({"amount": "１，８００．５"}, "円の整数で入れてください"),
        ({"amount": "0"}, "1円から99,999,999円まで"),
        ({"amount": "1800", "given": "1000"}, "1800円に足りません"),
    ],
)
def test_what_cannot_be_taken_is_told_in_words(counter, desk, typed, told):
    desk.presses("お金を受け取る", **typed)

    assert desk.status == 422
    assert told in desk.text
    with counter.database.session() as session:
        assert session.query(Payment).count() == 0


def test_a_receipt_opens_from_the_payment(desk):
    desk.presses("お金を受け取る", amount="1800").follows("領収書を開く（PDF） 1,800円")

    assert desk.answer.content_type == "application/pdf"
    assert "￥1,800－" in pdf.text(desk.answer.data)
    assert "receipt-01-R000001.pdf" in desk.answer.headers["Content-Disposition"]


def test_what_was_paid_twice_is_paid_back_and_handed_over(desk):
    desk.presses("お金を受け取る", amount="1800").presses("お金を受け取る", amount="1800")
    over = said(desk)

    desk.presses("還付を決める").presses("現金を渡した 1,800円")

    assert "納めすぎ1,800円" in over
    assert "に渡しました" in desk.text
    assert "残りの額0円" in said(desk)


def test_a_reduction_lowers_what_is_owed(desk):
    desk.presses(
        "減免を決める", percent="50", clause="第8条第1号", evidence="登録証", approved_by="館長"
    )

    assert "納める料金900円" in said(desk)


def test_a_day_is_counted_explained_and_printed(desk):
    desk.presses("お金を受け取る", amount="1800").opens("/money/day")
    desk.presses("この日を締める", coin_1000="1", coin_500="1")
    asked = (desk.status, "差が-300円あります" in desk.text)

    desk.presses("この日を締める", coin_1000="1", coin_500="1", reason="つり銭の間違い")

    assert asked == (422, True)
    assert "過不足-300円" in said(desk)
    desk.follows("日計表を開く（PDF）")
    assert "つり銭の間違い" in pdf.text(desk.answer.data)


def test_the_papers_of_a_booking_lead_to_its_money(desk):
    desk.opens("/papers?number=01-000001-6").follows("受け取る・還付する")

    assert "残りの額1,800円" in said(desk)


def test_in_english_the_page_is_english(desk):
    desk.opens("/money?number=01-000001-6&lang=en")

    assert "Still to pay" in desk.text and "残りの額" not in desk.text


def test_a_day_goes_to_the_book_keeping_as_a_table(desk):
    desk.presses("お金を受け取る", amount="1800").opens("/money/day/2026-06-06.csv")

    assert "2026-06-06,172014,となり市,,使用料,01,収納,現金,1,1800" in desk.answer.text
