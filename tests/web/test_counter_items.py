"""鍵と備品 at the counter: what there is, who has it, what should be back; without scripts."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from reservations.clock import LOCAL
from tests.printables import pdf
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import SATURDAY

EVENING = datetime.combine(SATURDAY, time(17, 50), LOCAL)


@pytest.fixture
def desk(counter: Site) -> Person:
    """A clerk on the evening of a booking, in a house with one key and four posts."""
    booking_id = counter.books(counter.region.here.whole, name="resident")
    counter.now = EVENING
    person = counter.signed_in("staff")
    for kind, name, count in (("key", "競技場", "1"), ("equipment", "支柱", "４")):
        person.opens(f"/items?facility={counter.region.here.facility_id}")
        person.presses("台帳に書く", kind=kind, name=name, count=count)
    return person.opens(f"/board/bookings/{booking_id}")


def book_of(counter: Site) -> str:
    return f"/items?facility={counter.region.here.facility_id}"


def hands_out(desk: Person, name: str, quantity: str = "1") -> None:
    names = {"競技場": "1", "支柱": "2"}
    desk.presses("渡す", item=names[name], quantity=quantity)


def test_only_staff_see_the_book(counter: Site):
    assert counter.stranger().opens("/items").address.startswith("/sign-in?next=")
    assert counter.signed_in("resident").opens("/items").status == 403


def test_a_key_goes_out_with_a_booking_and_comes_back(counter: Site, desk: Person):
    hands_out(desk, "競技場")
    out = desk.text
    desk.opens(book_of(counter))
    assert "resident 01-000001-6" in desk.text
    assert "期限切れ" not in desk.text

    desk.presses("戻った 競技場 01-000001-6")

    assert "競技場 1個 戻った" in out
    assert "1個のうち0個が出ています" in desk.text


def test_what_is_not_back_at_the_end_is_overdue(counter: Site, desk: Person):
    hands_out(desk, "競技場")
    counter.now = EVENING + timedelta(days=1)

    morning = counter.signed_in("staff").opens(book_of(counter))

    assert "期限切れ 6月13日（土） 21:00" in morning.text


def test_more_than_there_are_is_refused_in_words(desk: Person):
    hands_out(desk, "支柱", "３")

    hands_out(desk, "支柱", "2")

    assert desk.status == 422
    assert "今渡せるのは1個です" in desk.text


def test_a_name_that_is_missing_is_told_at_its_field(counter: Site, desk: Person):
    desk.opens(book_of(counter)).presses("台帳に書く", name="", count="1")

    assert desk.status == 422
    assert "名前は40文字まで" in desk.text


def test_the_key_book_prints_who_has_which_key(counter: Site, desk: Person):
    hands_out(desk, "競技場")

    desk.opens(book_of(counter)).follows("鍵受払簿を開く（PDF）")

    assert desk.answer is not None
    words = "".join(pdf.text(desk.answer.data).split())
    assert "鍵受払簿" in words
    assert "01-000001-6" in words
    assert "resident" in words
