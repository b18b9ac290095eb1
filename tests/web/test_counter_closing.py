"""部屋を閉める at the counter, with links and forms alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations.actions.bookings import ClosureRequest, close
from reservations.actions.money import PayRequest, pay
from reservations.db import write_transaction
from reservations.models import Booking, Letter, Refund
from reservations.rules.availability import Kind
from tests import town
from tests.support.forms import Person
from tests.support.lending import a_period
from tests.support.site import Site
from tests.town import SATURDAY


def form_of(site: Site) -> str:
    return f"/board/close?facility={site.region.here.facility_id}&date={SATURDAY}"


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


def statuses(site: Site) -> dict[str, str]:
    with site.database.session() as session:
        return {row.id: row.status for row in session.execute(select(Booking.id, Booking.status))}


@pytest.fixture
def three(counter: Site) -> list[str]:
    """Three people in となり体育館 on the Saturday; one of them has paid."""
    halves = counter.region.here.halves
    with counter.database.session() as session, write_transaction(session):
        town.a_resident(session, "third", home="172014")
    made = [
        counter.books(halves[0], name="resident"),
        counter.books(halves[1], name="neighbour"),
        counter.books(counter.region.here.whole, name="third", start="09:00", end="12:00"),
    ]
    with counter.database.session() as session:
        pay(session, PayRequest(made[0], 900), town.context("account-staff"))
    return [str(each) for each in made]


def test_the_board_leads_to_the_form_which_asks_for_little(counter: Site):
    board = f"/board?facility={counter.region.here.facility_id}&date={SATURDAY}"

    person = clerk(counter).opens(board).follows("部屋を閉める")

    form = person.form_of("だれに関わるかを見る")
    assert (form.values["room"], form.values["kind"]) == ("all", "maintenance")
    assert (form.values["first_month"], form.values["first_day"]) == ("6", "13")


def test_the_check_page_says_who_loses_what_and_what_each_may_have_instead(
    counter: Site, three: list[str]
):
    person = clerk(counter).opens(form_of(counter))

    person.presses("だれに関わるかを見る", note="床の張替え")

    assert "3件の予約を取り消して閉めます" in person.text
    assert "01-000001-6 resident" in person.text
    assert "入金900円を全額還付します" in person.text
    assert "料金1,200円は未納です" in person.text
    assert "知らせ: 窓口から電話か手紙" in person.text
    assert person.text.count("かなた体育館") >= 3
    assert "施設の修繕・点検（床の張替え）のため。" in person.text
    assert set(statuses(counter).values()) == {"confirmed"}


def test_one_button_does_all_of_it_and_the_notices_are_there(counter: Site, three: list[str]):
    person = (
        clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る", note="床の張替え")
    )

    person.presses("3件を取り消して閉める")

    assert "閉めました" in person.text
    assert "取り消された予約 3件" in person.text
    assert "還付900円" in person.text
    found = statuses(counter)
    assert [found[each] for each in three] == ["cancelled"] * 3
    with counter.database.session() as session:
        assert set(session.scalars(select(Letter.booking_id))) == set(three)
        assert session.execute(select(Refund.amount_yen, Refund.status)).all() == [(900, "decided")]
    person.follows("取消通知書（PDF）")
    assert person.answer is not None
    assert person.answer.mimetype == "application/pdf"


def test_who_came_between_the_page_and_the_button_is_shown_and_keeps_the_place(counter: Site):
    counter.books(counter.region.here.whole, name="resident")
    person = clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る")
    late = counter.books(counter.region.here.whole, name="neighbour", start="09:00", end="12:00")

    person.presses("1件を取り消して閉める")

    assert person.status == 422
    assert "見ている間に予約が1件増えたか、変わりました" in person.text
    assert "2件の予約を取り消して閉めます" in person.text
    assert set(statuses(counter).values()) == {"confirmed"}
    person.presses("2件を取り消して閉める")
    assert statuses(counter)[late] == "cancelled"


def test_several_days_are_closed_at_the_times_that_were_typed(counter: Site):
    person = clerk(counter).opens(form_of(counter))
    last = SATURDAY + timedelta(days=2)

    person.presses(
        "だれに関わるかを見る",
        room=str(counter.region.here.halves[0]),
        kind="official",
        last_year="2026",
        last_month="6",
        last_day=str(last.day),
        start="９:00",
        end="12:00",
    ).presses("閉める")

    assert "3日分を閉めました" in person.text
    with counter.database.session() as session:
        rows = session.execute(
            select(
                Booking.date, Booking.unit_id, Booking.kind, Booking.start_slot, Booking.end_slot
            )
        )
        days = [SATURDAY + timedelta(days=each) for each in range(3)]
        half = counter.region.here.halves[0]
        assert [tuple(row) for row in rows] == [(day, half, "official", 36, 48) for day in days]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"first_day": "31"}, "その日付はありません"),
        ({"start": "9:10", "end": "12:00"}, "15分きざみ"),
        ({"start": "9:00"}, "15分きざみ"),
        ({"last_year": "2026", "last_month": "6", "last_day": "12"}, "続きの日"),
        ({"note": "長" * 101}, "100文字まで"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(
    counter: Site, typed: dict[str, str], words: str
):
    person = clerk(counter).opens(form_of(counter))

    person.presses("だれに関わるかを見る", **({"note": "床の張替え"} | typed))

    assert person.status == 422
    assert words in person.text
    kept = person.form_of("だれに関わるかを見る").values
    assert {name: kept[name] for name in typed} == typed


def test_a_shelter_has_no_button(counter: Site):
    with counter.database.session() as session:
        opened = ClosureRequest(
            counter.region.here.halves[0], SATURDAY, a_period("09:00-21:00"), Kind.EMERGENCY
        )
        close(session, opened, town.context("account-staff"))

    person = clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る")

    assert "避難所などの災害対応に使われているため、閉められません" in person.text
    assert "閉める" not in [label for form in person.forms for label, _, _ in form.buttons]


def test_a_closure_is_found_on_the_board_and_opened_again(counter: Site):
    clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る").presses("閉める")
    board = f"/board?facility={counter.region.here.facility_id}&date={SATURDAY}"

    person = clerk(counter).opens(board).follows("全面、18:00〜21:00")
    person.presses("閉めるのをやめて開ける")

    assert "閉めるのをやめました" in person.text
    assert "全面、18:00〜21:00、空き" in person.opens(board).text


def test_a_double_click_closes_once(counter: Site, three: list[str]):
    person = clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る")
    form = person.form_of("3件を取り消して閉める")

    answers = [person.client.post(form.action, data=form.values) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    with counter.database.session() as session:
        query = select(Booking.status).where(Booking.kind == "maintenance")
        assert session.scalars(query).all() == ["confirmed"]


def test_the_clerk_books_the_offered_place_instead_by_one_button(counter: Site, three: list[str]):
    person = (
        clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る", note="床の張替え")
    )
    person.presses("3件を取り消して閉める")
    counter.now += timedelta(minutes=10)

    person.follows("01-000001-6 resident")
    assert "施設の修繕・点検（床の張替え）のため。" in person.text
    person.presses("かなた体育館 1/2面")

    assert "予約できました" in person.text
    assert "1,350円" in person.text
    assert "取れなかった予約のかわりの予約です" in person.text
    person.opens(f"/board/bookings/{three[0]}")
    assert "かわりの予約があります" in person.text
    assert "かわりの空き" not in person.text


def test_an_offer_that_somebody_took_first_is_told_and_others_are_shown(
    counter: Site, three: list[str]
):
    person = clerk(counter).opens(form_of(counter)).presses("だれに関わるかを見る")
    person.presses("3件を取り消して閉める").opens(f"/board/bookings/{three[0]}")
    counter.now += timedelta(minutes=10)
    counter.books(counter.region.next_door.halves[0], name="third")

    person.presses("かなた体育館 1/2面")

    assert person.status == 422
    assert "ほかの方の予約が先に入りました" in person.text
    person.presses("かなた体育館 2/2面")
    assert "予約できました" in person.text
