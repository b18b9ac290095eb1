"""My bookings: the page that can be kept, changing, giving back, the calendar file, one tap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from reservations.models import Booking, Rating
from tests import town

SOMEBODY_ELSES = (
    "",
    "/cancel",
    "/change",
    "/calendar.ics",
    "/change/check?date=2026-06-14&start=09:00&end=12:00",
)


@pytest.fixture
def booked(site) -> str:
    """The resident's own booking of the whole hall on the Saturday evening."""
    return str(site.books(site.region.here.whole, name="resident", purpose="badminton"))


def booking_in(site, booking_id: str) -> Booking:
    with site.database.session() as session:
        found: Booking = session.get_one(Booking, booking_id)
    return found


def test_the_confirmation_says_everything_and_can_be_opened_again(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}")

    for words in (
        "予約番号01-000001-6",
        "令和8年（2026年）6月13日（土）18:00〜21:00",
        "となり体育館全面 となり市",
        "料金1,800円",
        "無料で取り消せる期限 6月6日（土）いっぱいまで",
        "バドミントン",
    ):
        assert words in person.text
    assert ("地図で見る （国土地理院の地図）", "https://maps.gsi.go.jp/#17/36.56/136.65/") in (
        person.links
    )
    assert site.signed_in().opens(f"/bookings/{booked}").text == person.text


@pytest.mark.parametrize("page", SOMEBODY_ELSES)
def test_somebody_elses_booking_does_not_exist(site, booked, page):
    assert site.signed_in("resident").opens(f"/bookings/{booked}{page}").status == 200

    person = site.signed_in("neighbour").opens(f"/bookings/{booked}{page}")

    assert person.status == 404
    assert "01-000001-6" not in person.html


@pytest.mark.parametrize("page", ["cancel", "change", "rating"])
def test_nobody_acts_on_somebody_elses_booking(site, booked, page):
    site.app.config["WTF_CSRF_ENABLED"] = False
    data = {"score": "5", "date": "2026-06-14", "start": "09:00", "end": "12:00"}

    answer = site.signed_in("neighbour").client.post(f"/bookings/{booked}/{page}", data=data)

    assert answer.status_code == 404
    assert booking_in(site, booked).revision == 0


def test_a_stranger_is_asked_to_sign_in_and_comes_back(site, booked):
    person = site.stranger().opens(f"/bookings/{booked}")

    assert person.address == f"/sign-in?next=/bookings/{booked}"


def test_what_comes_back_is_said_before_cancelling(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}/cancel")

    assert "この予約を取り消しますか" in person.text
    assert "予約してから30分以内なので、料金はかかりません。" in person.text


def test_later_only_half_comes_back_and_the_page_says_so(site, booked):
    site.now = town.NOW + timedelta(days=3)

    person = site.signed_in().opens(f"/bookings/{booked}/cancel")

    assert "900円が戻ります。900円は戻りません。" in person.text

    person.presses("取り消す")

    assert "この予約は取り消されています" in person.text
    assert "料金900円は戻りません。" in person.text


def test_cancelling_twice_is_cancelling_once(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}/cancel")
    form = person.form_of("取り消す")

    answers = [person.client.post(form.action, data=form.values) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert booking_in(site, booked).revision == 1


def test_a_booking_moves_to_another_free_time_with_its_new_price(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}").follows("時間を変える")
    assert "18:00〜21:00 いまの予約" in person.text

    person.follows("09:00〜12:00")
    assert "いまより600円安くなります。" in person.text
    person.presses("この時間に変える")

    assert "予約の時間を変えました" in person.text
    assert "09:00〜12:00" in person.text
    assert "料金1,200円" in person.text
    assert "予約番号01-000001-6" in person.text


def test_a_change_that_loses_the_race_keeps_the_old_time(site, booked):
    person = site.signed_in().opens(
        f"/bookings/{booked}/change/check?date=2026-06-13&start=09:00&end=12:00"
    )
    site.books(site.region.here.halves[1], start="09:00", end="12:00")

    person.presses("この時間に変える")

    assert person.status == 422
    assert "ほかの方の予約が先に入りました" in person.text
    assert "いまの予約はそのままです" in person.text
    assert booking_in(site, booked).start_slot == 72


def test_another_day_is_chosen_by_three_number_fields(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}/change")

    person.presses("この日から見る", since_year="2026", since_month="６", since_day="20")
    assert "6月20日（土）" in person.text

    person.presses("この日から見る", since_year="2026", since_month="6", since_day="31")
    assert person.status == 422
    assert "その日付はありません" in person.text
    assert person.form_of("この日から見る").values["since_day"] == "31"


@pytest.mark.parametrize("since", ["9999-12-31", "0001-01-01", "soon", ""])
def test_any_day_in_the_address_shows_some_week(site, booked, since):
    assert site.signed_in().opens(f"/bookings/{booked}/change?since={since}").status == 200


def test_the_calendar_file_says_where_and_when(site, booked):
    answer = site.signed_in().opens(f"/bookings/{booked}/calendar.ics").answer

    assert answer.mimetype == "text/calendar"
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event.decoded("dtstart") == datetime(2026, 6, 13, 9, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 6, 13, 12, tzinfo=UTC)
    assert str(event["summary"]) == "となり体育館 全面"
    assert str(event["url"]) == f"http://localhost/bookings/{booked}"
    assert (event["status"], event["sequence"]) == ("CONFIRMED", 0)
    assert "01-000001-6" in str(event["description"])


def test_the_calendar_file_of_a_cancelled_booking_takes_it_back(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}/cancel").presses("取り消す")

    answer = person.opens(f"/bookings/{booked}/calendar.ics").answer

    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert (event["status"], event["sequence"]) == ("CANCELLED", 1)
    assert event["uid"] == f"{booked}@tonari"


def test_one_tap_rates_and_words_may_follow(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}")

    person.presses("とても良い")
    assert "「とても良い」と受け取りました。" in person.text
    person.presses("送る", words="わかりやすい")

    with site.database.session() as session:
        rating = session.scalars(select(Rating)).one()
    assert (rating.score, rating.words) == (5, "わかりやすい")


def test_words_that_are_too_long_are_kept_and_the_limit_is_said(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}").presses("悪い")

    person.presses("送る", words="長" * 2001)

    assert person.status == 422
    assert "文章は、2000文字までにしてください。" in person.text
    assert person.form_of("送る").values["words"] == "長" * 2001


def test_the_list_has_what_is_to_come_and_what_was(site, booked):
    person = site.signed_in().opens("/bookings")
    assert "6月13日（土） 18:00〜21:00" in person.text

    site.now = town.NOW + timedelta(days=10)
    person.opens("/bookings")
    assert "これからの予約はありません。" in person.text
    person.follows("これまで")
    assert "となり体育館 全面" in person.text

    person.follows("もう一度予約する")
    assert "令和8年（2026年）6月20日（土）18:00〜21:00" in person.text
    assert "予約する" in person.text


def test_a_booking_that_has_begun_cannot_be_changed_here(site, booked):
    site.now = datetime(2026, 6, 13, 9, 30, tzinfo=UTC)
    person = site.signed_in()

    assert "取り消す" not in person.opens(f"/bookings/{booked}").text
    assert "ここでは取り消せません" in person.opens(f"/bookings/{booked}/cancel").text
    assert "もう変えられません" in person.opens(f"/bookings/{booked}/change").text
