"""確認 and booking on the page: the frame is kept, a click counts once, a no comes with offers."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from reservations.models import Booking
from tests import town
from tests.support.site import PASSWORD


def bookings_of(site) -> int:
    with site.database.session() as session:
        found: int = session.scalar(select(func.count()).select_from(Booking)) or 0
    return found


def test_the_chosen_frame_is_kept_through_signing_in(site):
    person = site.stranger().opens(site.check_address(site.region.here.whole))

    assert person.address.startswith("/sign-in?next=/book")
    assert "となり体育館" in person.text
    assert "令和8年（2026年）6月13日（土）" in person.text

    person.presses("ログインする", login="resident@example.jp", password=PASSWORD)

    assert person.address == site.check_address(site.region.here.whole)
    assert "この内容で予約しますか" in person.text


def test_the_check_page_says_what_where_when_how_much_and_until_when(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    for words in (
        "となり体育館全面 となり市",
        "令和8年（2026年）6月13日（土）18:00〜21:00",
        "1,800円",
        "6月6日（土）いっぱいまで",
        "予約してから30分以内なら、いつでも無料で取り消せます。",
    ):
        assert words in person.text
    assert "の枠で貸し出します" not in person.text


def test_a_time_inside_a_frame_is_shown_as_the_frame(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole, end="20:00"))

    assert "18:00〜21:00 の枠で貸し出します。" in person.text
    assert person.form_of("予約する").values["end"] == "21:00"


def test_one_press_on_the_check_page_books(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    person.presses("予約する", headcount="12")

    assert person.address.startswith("/bookings/")
    assert "予約できました" in person.text
    assert "12人" in person.text
    assert bookings_of(site) == 1


def test_a_double_click_is_one_booking(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))
    form = person.form_of("予約する")

    first = person.client.post(form.action, data=form.values)
    second = person.client.post(form.action, data=form.values)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert bookings_of(site) == 1


def test_a_frame_that_was_lost_is_answered_with_offers_and_keeps_what_was_typed(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))
    site.books(site.region.here.halves[0])

    person.presses("予約する", headcount="12")

    assert person.status == 422
    assert "ほかの方の予約が先に入りました。下の空きから選んでください。" in person.text
    offers = [label for label, where in person.links if "/book?" in where and "円" in label]
    assert offers[0].startswith("となり体育館 2/2面")
    assert any(
        label.startswith("かなた体育館") and "1.9 km 先・同じ時間・空きあり" in label
        for label in offers
    )
    assert all("headcount=12" in where for label, where in person.links if label in offers)
    assert bookings_of(site) == 1


def test_an_offer_is_two_taps_from_its_confirmation(site):
    site.books(site.region.here.whole)
    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    person.follows("かなた体育館").presses("予約する")

    assert "予約できました" in person.text
    assert "かなた体育館" in person.text


def test_a_refused_page_lists_every_reason(site):
    day = (town.TODAY.replace(month=9)).isoformat()
    unit = site.region.here.whole

    person = site.signed_in().opens(f"/book?unit={unit}&date={day}&start=02:00&end=03:00")

    assert "この時間は予約できません" in person.text
    assert "予約の受付は7月8日（水）からです。" in person.text
    assert "この日は休館日です。別の日を選んでください。" in person.text
    assert "この室場は決まった時間帯で貸し出しています。時間帯を選んでください。" in person.text
    assert not [form for form in person.forms if any("予約する" in b[0] for b in form.buttons)]


def test_too_many_people_is_said_at_the_field_and_can_be_mended(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    person.presses("予約する", headcount="500")

    assert person.status == 422
    assert 'href="#field-headcount"' in person.html
    assert "定員は100人です。人数を減らすか、広い室場を選んでください。" in person.text
    assert person.form_of("予約する").values["headcount"] == "500"
    assert "予約できました" in person.presses("予約する", headcount="50").text


@pytest.mark.parametrize("typed", ["たくさん", "-1", "1.5", "１００人"])
def test_a_head_count_that_is_no_number_keeps_what_was_typed(site, typed):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    person.presses("予約する", headcount=typed)

    assert person.status == 422
    assert person.form_of("予約する").values["headcount"] == typed
    assert bookings_of(site) == 0


def test_purpose_and_head_count_are_those_of_last_time(site):
    site.books(site.region.here.halves[0], name="resident", start="09:00", end="12:00",
               purpose="badminton", headcount=8)  # fmt: skip

    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    assert person.form_of("予約する").values["headcount"] == "8"
    assert person.form_of("予約する").values["purpose"] == "badminton"


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("unit=9999&date=2026-06-13&start=18:00&end=21:00", 404, "この室場は見つかりません。"),
        ("unit=x&date=2026-06-13&start=18:00&end=21:00", 422, "室場は、数字で入力してください。"),
        (
            "unit=1&date=2026-02-30&start=18:00&end=21:00",
            422,
            "日付は、2000年から2099年までの、暦にある日",
        ),
        ("unit=1&date=2026-06-13&start=18:10&end=21:00", 422, "時刻は15分きざみで"),
        ("unit=1&date=2026-06-13&start=18:00", 422, "終わりの時刻を入力してください。"),
        ("unit=1&date=0001-01-01&start=18:00&end=21:00", 422, "2000年から2099年までの、暦にある日"),
        ("unit=1&date=2000-01-01&start=18:00&end=21:00", 200, "これからの日時を選んで"),
        ("unit=1&date=2099-12-31&start=18:00&end=21:00", 200, "予約の受付は"),
        ("unit=1&date=9999-12-31&start=18:00&end=21:00", 422, "2000年から2099年までの、暦にある日"),
    ],
)
def test_an_address_that_makes_no_sense_is_answered_in_words(site, query, status, sentence):
    person = site.signed_in().opens(f"/book?{query}")

    assert person.status == status
    assert sentence in person.text


def test_what_i_have_booked_myself_is_not_said_to_be_taken_by_others(site):
    booking_id = site.books(site.region.here.whole, name="resident")

    person = site.signed_in().opens(site.check_address(site.region.here.halves[0]))

    assert "同じ時間に、別の予約をお持ちです。" in person.text
    assert "ほかの方の予約" not in person.text
    assert person.follows("予約番号 01-000001-6").address == f"/bookings/{booking_id}"


def test_a_session_that_ran_out_comes_back_to_the_same_frame(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))
    form = person.form_of("予約する")
    person.client.delete_cookie("tonari_session")

    answer = person.client.post(form.action, data=form.values)

    assert answer.status_code == 303
    assert person.opens(answer.location).text.count("となり体育館") >= 1
    person.presses("ログインする", login="resident@example.jp", password=PASSWORD)
    assert person.address == site.check_address(site.region.here.whole)


def test_the_language_link_of_a_refused_form_leads_back_to_its_check_page(site):
    person = site.signed_in().opens(site.check_address(site.region.here.whole))
    site.books(site.region.here.whole)

    person.presses("予約する")

    english = next(where for label, where in person.links if label == "English")
    assert english.startswith("/book?unit=")
