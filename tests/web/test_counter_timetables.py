"""Timetables at the counter: found by name, printed for the door or for the desk."""

from __future__ import annotations

import pytest

from tests.printables import pdf
from tests.town import SATURDAY, TODAY


@pytest.fixture
def board(counter) -> str:
    """The address of となり体育館's board on a day on which the resident is there."""
    counter.books(counter.region.here.whole, name="resident")
    return f"/facilities/{counter.region.here.facility_id}/timetable"


def test_only_staff_may_see_who_comes(counter, board):
    for path in (board, f"{board}.pdf", "/timetables"):
        assert counter.stranger().opens(path).address.startswith("/sign-in?next=")
        assert counter.signed_in("resident").opens(path).status == 403
        assert counter.signed_in("staff").opens(path).status == 200


def test_residents_have_no_such_page(site):
    path = f"/facilities/{site.region.here.facility_id}/timetable.pdf"

    assert site.signed_in("staff").opens(path).status == 404


def test_a_clerk_finds_a_facility_and_prints_its_day(counter, board):
    person = counter.signed_in("staff").opens("/imports").follows("利用日程表")
    person.presses("さがす", name="となり", date_year="2026", date_month="6", date_day="13")

    assert "令和8年（2026年）6月13日（土）" in person.text
    assert "かなた体育館" not in person.text
    links = dict(person.links)
    answer = person.opens(links["1日の表 となり体育館（PDF）"]).answer

    assert answer.content_type == "application/pdf"
    assert "令和8年6月13日（土）" in pdf.text(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "timetable-1-2026-06-13-day.pdf" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("form", ["", ".pdf"])
def test_names_are_only_on_the_board_that_asks_for_them(counter, board, form):
    client = counter.signed_in("staff").client

    def said(audience: str) -> str:
        answer = client.get(f"{board}{form}?date={SATURDAY}{audience}")
        return pdf.text(answer.data) if form else answer.text

    assert "resident" in said("&audience=staff")
    assert "resident" not in said("")
    assert "resident" not in said("&audience=nonsense")
    assert "予約あり" in said("&audience=public")


def test_a_week_and_a_day_that_is_over_or_no_day(counter, board):
    client = counter.signed_in("staff").client

    week = client.get(f"{board}?date={SATURDAY}&view=week").text

    assert "6月13日（土）" in week and "6月19日（金）" in week
    for wrong in ("2020-01-01", "nonsense", ""):
        assert "令和8年6月6日（土）" in client.get(f"{board}?date={wrong}").text
    assert TODAY.isoformat() == "2026-06-06"


def test_a_day_that_does_not_exist_is_said_at_the_field(counter):
    person = counter.signed_in("staff").opens("/timetables")

    person.presses("さがす", date_year="2026", date_month="2", date_day="30")

    assert person.status == 422
    assert "入力を確かめてください" in person.text


def test_a_facility_that_does_not_exist_has_no_board(counter):
    person = counter.signed_in("staff")

    assert person.opens("/facilities/999/timetable").status == 404
    assert "この条件の施設はありません。" in person.opens("/timetables?name=なし").text
