"""窓口: booking, changing and cancelling for others, with links and forms alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reservations.actions.bookings import ClosureRequest, close
from reservations.db import write_transaction
from reservations.models import (
    AuditLine,
    Booking,
    CatalogueVersion,
    Party,
    TownRulesVersion,
)
from reservations.rules.availability import Kind
from reservations.rules.period import period_of
from tests import town
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import SATURDAY

PHONE = "076-200-0000"


def board_of(site: Site) -> str:
    return f"/board?facility={site.region.here.facility_id}&date={SATURDAY}"


def form_of(site: Site, unit_id: int) -> str:
    return f"/board?unit={unit_id}&date={SATURDAY}&start=18:00&end=21:00"


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


@pytest.fixture
def known(counter: Site) -> None:
    """The resident and the neighbour have telephones and readings."""
    with counter.database.session() as session, write_transaction(session):
        for name, kana, phone in (
            ("resident", "となりの はるか", PHONE),
            ("neighbour", "となりの けんた", "076-200-0001"),
        ):
            named = update(Party).where(Party.id == f"party-{name}")
            session.execute(named.values(kana=kana, phone=phone))


def bookings_of(site: Site) -> list[Booking]:
    with site.database.session() as session:
        return list(session.scalars(select(Booking).order_by(Booking.made_at, Booking.serial)))


def limit_to(site: Site, active_max: int) -> None:
    with site.database.session() as session, write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"active_max": active_max}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


def test_a_clerk_arrives_at_the_board_of_a_facility(counter: Site):
    person = clerk(counter).opens("/")

    assert person.address == "/board"
    assert "となり体育館" in person.text or "かなた体育館" in person.text


def test_only_staff_see_the_board(counter: Site):
    assert counter.stranger().opens("/board").address.startswith("/sign-in?next=")
    assert counter.signed_in("resident").opens("/board").status == 403


def test_the_board_says_who_has_what_and_why_it_is_closed(counter: Site):
    counter.books(counter.region.here.halves[0], name="resident")
    morning = period_of("09:00", "12:00")
    assert morning is not None
    with counter.database.session() as session:
        closure = ClosureRequest(
            counter.region.here.whole, SATURDAY, morning, Kind.MAINTENANCE, "床の修理"
        )
        close(session, closure, town.context("account-staff"))

    person = clerk(counter).opens(board_of(counter))

    assert "全面、18:00〜21:00、予約済み、resident" in person.text
    assert "全面、09:00〜12:00、点検・行事、床の修理" in person.text
    assert "全面、13:00〜17:00、空き、1,600円" in person.text
    assert "1/2面、18:00〜21:00、予約済み、resident" in person.text
    assert "2/2面、18:00〜21:00、空き、900円" in person.text


def test_the_parts_of_a_hall_unfold_below_it(counter: Site):
    page = clerk(counter).opens(board_of(counter)).html

    folded = page.index("分けて貸す")
    assert page.index("全面、18:00") < folded < page.index("1/2面、18:00")


def test_the_days_and_the_facilities_beside_are_links(counter: Site):
    person = clerk(counter).opens(board_of(counter))

    person.follows("次の日")

    assert f"date={SATURDAY + timedelta(days=1)}" in person.address
    person.follows("前の日")
    assert f"date={SATURDAY}" in person.address


def test_another_day_and_town_are_chosen_in_a_form(counter: Site):
    person = clerk(counter).opens(board_of(counter))

    person.presses("表を開く", town="172120", day_day="14")

    assert "かなた体育館" in person.text
    assert "6月14日" in person.text


def test_a_day_that_is_none_is_said_at_its_field(counter: Site):
    person = clerk(counter).opens(board_of(counter))

    person.presses("表を開く", day_month="2", day_day="30")

    assert person.status == 422
    assert "その日付はありません" in person.text


def test_a_walk_in_is_booked_with_name_and_telephone(counter: Site):
    person = clerk(counter).opens(board_of(counter)).follows("全面、18:00〜21:00")

    person.presses("次へ", who="０７６-200-9999", name="飛込　太郎")

    assert "予約できました" in person.text
    assert "飛込 太郎" in person.text
    assert "076-200-9999" in person.text
    booking = bookings_of(counter)[0]
    assert (booking.unit_id, booking.fee_yen) == (counter.region.here.whole, 1800)
    assert "使用許可書を開く（PDF）" in person.text
    assert "01-000001-6" in person.text


def test_a_walk_in_from_outside_pays_what_the_form_said(counter: Site):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))
    assert "市外 2,700円" in person.text

    person.presses("次へ", who=PHONE, name="飛込　太郎", residency="outside")

    assert bookings_of(counter)[0].fee_yen == 2700


def test_a_telephone_that_nobody_has_asks_for_the_name(counter: Site):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who=PHONE)

    assert person.status == 422
    assert "この電話の方は登録がありません" in person.text
    person.presses("次へ", name="飛込　太郎")
    assert "予約できました" in person.text


@pytest.mark.parametrize("who", ["だれもいない", "12", ""])
def test_without_a_telephone_nobody_new_is_booked(counter: Site, who: str):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who=who, name="飛込　太郎")

    assert person.status == 422
    assert bookings_of(counter) == []


@pytest.mark.parametrize("who", [PHONE, "0762000000", "0000", "となりのは", "トナリノハ", "ﾄﾅﾘﾉ ﾊ"])
def test_somebody_known_is_shown_with_the_price_before_it_is_booked(
    counter: Site, known: None, who: str
):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who=who)

    assert "resident となりの はるか" in person.text
    assert "1,800円" in person.text
    assert bookings_of(counter) == []
    person.presses("予約する")
    assert "予約できました" in person.text
    assert bookings_of(counter)[0].party_id == "party-resident"


def test_several_of_a_name_are_offered_to_choose_from(counter: Site, known: None):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who="となりの")

    person.presses("neighbour")
    person.presses("予約する")
    assert bookings_of(counter)[0].party_id == "party-neighbour"


def test_the_number_of_a_booking_finds_its_party(counter: Site):
    counter.books(counter.region.here.halves[0], name="resident", start="09:00", end="12:00")
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who="01-000001-6").presses("予約する")

    assert [each.party_id for each in bookings_of(counter)] == ["party-resident"] * 2


def test_a_new_person_may_share_a_telephone_with_somebody_known(counter: Site, known: None):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who="0762000000", name="飛込　太郎")

    assert "resident となりの はるか" in person.text
    person.presses("はじめての方として予約する")
    assert "飛込 太郎" in person.text
    assert "予約できました" in person.text


def test_the_second_clerk_hears_who_was_first_and_what_is_free_instead(counter: Site, known: None):
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))
    counter.books(counter.region.here.halves[0], name="neighbour")

    person.presses("次へ", who=PHONE)

    assert "12:00に、別の予約（01-000001-6 1/2面）が先に入りました" in person.text
    person.presses("2/2面")
    assert "resident となりの はるか" in person.text
    person.presses("予約する")
    assert bookings_of(counter)[-1].unit_id == counter.region.here.halves[1]


def test_of_two_clerks_with_the_same_frame_open_the_second_loses_nothing(counter: Site):
    one, other = clerk(counter), clerk(counter)
    for person in (one, other):
        person.opens(form_of(counter, counter.region.here.whole))

    one.presses("次へ", who=PHONE, name="先の人")
    other.presses("次へ", who="076-200-0009", name="後の人")

    assert "予約できました" in one.text
    assert other.status == 422
    assert "先に入りました" in other.text
    assert len(bookings_of(counter)) == 1
    other.presses("かなた体育館 全面")
    assert other.form_of("次へ").values["name"] == "後の人"
    other.presses("次へ")
    assert "予約できました" in other.text


def test_a_limit_is_shown_and_needs_a_reason(counter: Site, known: None):
    limit_to(counter, 1)
    counter.books(counter.region.here.whole, name="resident", start="09:00", end="12:00")
    person = clerk(counter).opens(form_of(counter, counter.region.here.whole))

    person.presses("次へ", who=PHONE)
    assert "この方の予約は1件で、この町の上限の1件に達しています。" in person.text

    person.presses("予約する")
    assert person.status == 422
    assert "理由を200文字までで書いてください" in person.text

    person.presses("予約する", reason="市の共催事業")
    assert "予約できました" in person.text
    with counter.database.session() as session:
        said = select(AuditLine.actor, AuditLine.reason).where(AuditLine.action == "book_for")
        assert session.execute(said).all() == [("account-staff", "limit_reached: 市の共催事業")]


def test_a_booking_is_given_back_after_its_price_was_shown(counter: Site):
    booking_id = counter.books(counter.region.here.whole, name="resident")
    person = clerk(counter).opens(board_of(counter)).follows("全面、18:00〜21:00")
    assert person.address == f"/board/bookings/{booking_id}"

    person.follows("取り消す")
    assert "料金はかかりません" in person.text or "料金は" in person.text
    person.presses("取り消す")

    assert "取消ずみ" in person.text
    assert bookings_of(counter)[0].status == "cancelled"


def test_a_booking_is_moved_on_the_board_after_its_price_was_shown(counter: Site):
    booking_id = counter.books(counter.region.here.whole, name="resident")
    person = clerk(counter).opens(f"/board/bookings/{booking_id}")

    person.follows("時間や室場を変える")
    assert "予約を移す先の空きを選んでください" in person.text
    person.follows("全面、09:00〜12:00")
    assert "いまより600円安くなります" in person.text
    person.presses("この時間に変える")

    assert "予約の時間を変えました" in person.text
    booking = bookings_of(counter)[0]
    assert (booking.start_slot, booking.fee_yen) == (36, 1200)


def test_a_frame_that_was_taken_meanwhile_leaves_the_booking_where_it_was(counter: Site):
    booking_id = counter.books(counter.region.here.whole, name="resident")
    person = clerk(counter).opens(
        f"/board/bookings/{booking_id}/change?unit={counter.region.here.whole}"
        f"&date={SATURDAY}&start=09:00&end=12:00"
    )
    counter.books(counter.region.here.whole, name="neighbour", start="09:00", end="12:00")

    person.presses("この時間に変える")

    assert person.status == 422
    assert "先に予約が入っています" in person.text
    assert "変えられませんでした。いまの予約はそのままです" in person.text
