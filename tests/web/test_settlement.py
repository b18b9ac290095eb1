"""精算 on the counter's screens: what towns owe each other, a month closed, the sheet and table."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import insert

from reservations.db import write_transaction
from reservations.models import Payment
from reservations.models.base import table_of
from tests.printables import pdf
from tests.town import NOW

HERE, THERE = "172014", "172120"
JULY_1 = datetime(2026, 7, 1, 3, 0, tzinfo=NOW.tzinfo)


@pytest.fixture
def desk(counter):
    """となり市 has 2,700 yen of かなた町, which has 500 of the other's; July has come."""
    with counter.database.session() as session, write_transaction(session):
        for name, giver, taker, yen in (("a", HERE, THERE, 2700), ("b", THERE, HERE, 500)):
            row = {"id": name, "booking_id": name, "town": taker, "facility_id": 1}
            row |= {"date": date(2026, 6, 13), "method": "cash", "amount_yen": yen, "node_no": 1}
            row |= {"received_at": NOW, "day": date(2026, 6, 6), "account_town": giver}
            session.connection().execute(insert(table_of(Payment)), row)
    counter.now = JULY_1
    return counter.signed_in("staff").opens("/settlement?month=2026-06")


def said(desk) -> str:
    return "".join(desk.text.split())


def test_the_page_has_both_directions_and_their_difference(desk):
    for words in (
        "となり市→かなた町2,700円1件",
        "かなた町→となり市500円",
        "となり市→かなた町2,200円",
    ):
        assert words in said(desk)
    assert "まだ締めていない分があります" in desk.text


def test_without_a_month_it_is_the_last_one(desk):
    assert "2,700円" in desk.opens("/settlement").text


def test_a_town_closes_its_month_once(desk):
    desk.presses("この町の令和8年6月を締める となり市")
    closed = said(desk)
    with pytest.raises(AssertionError):
        desk.form_of("この町の令和8年6月を締める となり市")

    assert "に締めました。" in closed
    desk.presses("この町の令和8年6月を締める かなた町")
    assert "まだ締めていない分があります" not in desk.text


def test_a_month_that_is_not_over_offers_no_closing(desk):
    desk.opens("/settlement?month=2026-07")

    assert "この月は、まだ終わっていません。" in desk.text
    assert "月を締める" not in desk.text


def test_the_sheet_opens_from_the_pair(desk):
    desk.presses("この町の令和8年6月を締める となり市")

    desk.follows("精算書を開く（PDF） となり市 → かなた町")

    text = pdf.text(desk.answer.data)
    for words in ("市町間精算書", "令和8年6月分", "2,700円", "収納"):
        assert words in text


def test_the_table_has_every_line(desk):
    desk.opens("/settlement/2026-06.csv")

    lines = desk.answer.text.splitlines()
    assert [line.split(",")[8:] for line in lines[1:]] == [["2700", "未締め"], ["500", "未締め"]]


def test_in_english_the_page_is_english(desk):
    assert "Settlement between towns" in desk.opens("/settlement?month=2026-06&lang=en").text
