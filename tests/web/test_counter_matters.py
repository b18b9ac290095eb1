"""食い違い: one page of what was promised and does not stand, until somebody has seen to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations.actions.bookings import CancelRequest, ClosureRequest, cancel, close
from reservations.actions.money import PayRequest, RefundRequest, pay, refund
from reservations.models import SeenTo
from reservations.rules.availability import Kind
from tests import town
from tests.support.forms import Person
from tests.support.lending import a_period
from tests.support.site import Site
from tests.town import SATURDAY


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


@pytest.fixture
def displaced(counter: Site) -> str:
    """The resident's booking, which a closure took."""
    booking_id = str(counter.books(counter.region.here.whole, name="resident"))
    request = ClosureRequest(
        counter.region.here.whole,
        SATURDAY,
        a_period("09:00-21:00"),
        Kind.MAINTENANCE,
        "床の張替え",
        frozenset({f"{booking_id}:0"}),
    )
    with counter.database.session() as session:
        close(session, request, town.context("account-staff"))
    counter.now += timedelta(minutes=10)
    return booking_id


def pays(site: Site, booking_id: str, times: int = 1) -> str:
    with site.database.session() as session:
        for _ in range(times):
            paid = pay(session, PayRequest(booking_id, 1800), town.context("account-staff"))
    return str(paid)


def test_a_calm_desk_has_nothing_and_says_so_nowhere_else(counter: Site):
    counter.books(counter.region.here.whole, name="resident")

    person = clerk(counter).opens("/matters")

    assert "残っている食い違いはありません" in person.text
    assert "食い違い 1件" not in person.opens("/board").text


def test_who_lost_a_place_stands_there_with_why_and_what_is_free(counter: Site, displaced: str):
    person = clerk(counter).opens("/board")

    person.follows("食い違い 1件")

    assert "場所を失った方 1件" in person.text
    assert "01-000001-6 resident" in person.text
    assert "お約束: 予約 6月13日（土） 18:00〜21:00 となり体育館 全面" in person.text
    assert "理由: 施設の修繕・点検（床の張替え）のため。" in person.text
    assert "かなた体育館 全面 18:00〜21:00" in person.text
    person.follows("かわりを予約する").presses("かなた体育館 全面")
    assert "残っている食い違いはありません" in person.opens("/matters").text


def test_seen_to_it_leaves_the_list_with_who_and_what_was_agreed(counter: Site, displaced: str):
    person = clerk(counter).opens("/matters")

    person.presses("済み", note="電話で伝えた。来週にする。")

    assert "残っている食い違いはありません" in person.text
    assert "電話で伝えた。来週にする。" in person.text
    with counter.database.session() as session:
        assert session.scalars(select(SeenTo.actor)).all() == ["account-staff"]


def test_of_two_clerks_the_first_note_stands(counter: Site, displaced: str):
    one, other = clerk(counter).opens("/matters"), clerk(counter).opens("/matters")

    one.presses("済み", note="先")
    other.presses("済み", note="後")

    with counter.database.session() as session:
        assert session.scalars(select(SeenTo.note)).all() == ["先"]


def test_a_note_that_is_too_long_is_said_and_kept(counter: Site, displaced: str):
    person = clerk(counter).opens("/matters").presses("済み", note="長" * 201)

    assert person.status == 422
    assert "200文字まで" in person.text
    assert person.form_of("済み").values["note"] == "長" * 201


def test_what_was_paid_twice_stands_there_until_it_is_paid_back(counter: Site):
    booking_id = str(counter.books(counter.region.here.whole, name="resident"))
    paid = pays(counter, booking_id, times=2)

    person = clerk(counter).opens("/matters")
    assert "入金が2回あり、1,800円多く納められています" in person.text
    with counter.database.session() as session:
        refund(session, RefundRequest(paid, 1800), town.context("account-staff"))

    person.opens("/matters")
    assert "還付1,800円が決まりました。まだ渡していません。" in person.text
    person.follows("還付を渡す")
    assert person.address == "/money?number=01-000001-6"


def test_a_payment_more_is_a_matter_of_its_own(counter: Site):
    booking_id = str(counter.books(counter.region.here.whole, name="resident"))
    pays(counter, booking_id, times=2)
    person = clerk(counter).opens("/matters").presses("済み", note="次回に充てる")
    assert "残っている食い違いはありません" in person.text

    pays(counter, booking_id)

    assert "入金が3回あり、3,600円多く" in person.opens("/matters").text


def test_what_somebody_gave_up_and_had_paid_is_theirs(counter: Site):
    booking_id = str(counter.books(counter.region.here.whole, name="resident"))
    pays(counter, booking_id)
    with counter.database.session() as session:
        cancel(session, CancelRequest(booking_id), town.context())

    assert "1,800円多く納められています" in clerk(counter).opens("/matters").text


def test_the_number_at_the_top_is_the_number_of_the_list(counter: Site, displaced: str):
    other = str(counter.books(counter.region.next_door.whole, name="neighbour"))
    pays(counter, other, times=2)

    person = clerk(counter).opens("/matters")

    assert "食い違い 2件" in person.text
    assert len(re.findall("済みにする", person.text)) == 2
