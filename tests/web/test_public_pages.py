"""What anybody may see: availability before identity, words for every status, nothing private."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from reservations.actions.horizon import raise_catalogue_version
from reservations.db import write_transaction
from reservations.models import Facility, Unit
from reservations.rules.availability import Status
from reservations.web.statuses import SIGNS
from tests import town
from tests.support.house import saturday_evening
from tests.town import SATURDAY

HERE, NEXT_DOOR = "172014", "172120"


def pages(site) -> list[str]:
    here = site.region.here
    return [
        "/",
        f"/?date={SATURDAY}",
        f"/search?{saturday_evening()}",
        f"/facilities/{here.facility_id}?date={SATURDAY}",
        f"/facilities/{here.facility_id}?view=week",
        f"/units/{here.whole}?date={SATURDAY}",
        f"/units/{here.whole}?view=week",
        f"/towns/{HERE}",
        "/map",
        "/about",
    ]


def test_every_availability_page_is_open_to_a_stranger(site):
    client = site.app.test_client()

    assert {path: client.get(path).status_code for path in pages(site)} == dict.fromkeys(
        pages(site), 200
    )


def test_home_lists_free_frames_that_lead_straight_to_the_check(site):
    html = site.stranger().opens("/?purpose=badminton").html

    first = re.search(r'href="(/book\?unit=\d+&amp;date=[\d-]+&amp;start=[\d:]+[^"]*)"', html)
    assert first is not None
    assert "purpose=badminton" in first[1]
    assert html.index("となり体育館") < html.index("かなた体育館")


def test_free_comes_first_then_what_is_full_then_the_next_town(site):
    for start, end in (("09:00", "12:00"), ("13:00", "17:00"), ("18:00", "21:00")):
        site.books(site.region.here.whole, start=start, end=end)

    html = site.stranger().opens(f"/?date={SATURDAY}").html

    order = [html.index(f">{words}") for words in ("この日いっぱいの施設", "となりの町の空き<")]
    assert order == sorted(order)
    assert order[1] < html.index("かなた体育館")


def test_a_full_evening_is_answered_with_the_next_town_and_the_reason(site):
    site.books(site.region.here.whole)

    person = site.stranger().opens(f"/search?{saturday_evening(HERE)}")

    assert "この時間、近くはいっぱいです。代わりの空きを下にならべました。" in person.text
    assert "1.9 km 先・同じ時間・空きあり・同じ料金" in person.text
    assert "予約できない所とその理由" in person.text


def test_a_wider_frame_is_said_so(site):
    person = site.stranger().opens(f"/search?{saturday_evening()}")

    assert "18:00〜21:00" in person.text
    assert "ご希望の18:00〜20:00を含む時間帯で貸し出しています" in person.text


def test_a_price_says_whose_it_is(site):
    address = f"/search?{saturday_evening()}"

    assert "市内の方の料金" in site.stranger().opens(address).text
    signed_in = site.signed_in().opens(address).text
    assert "あなたの料金（市内）" in signed_in
    assert "あなたの料金（市外）" in signed_in
    assert "市内の方の料金" not in signed_in


def test_a_search_without_a_time_lists_the_whole_day(site):
    person = site.stranger().opens(f"/search?date={SATURDAY}&purpose=badminton")

    assert {"09:00〜12:00", "13:00〜17:00", "18:00〜21:00"} <= set(
        re.findall(r"\d\d:\d\d〜\d\d:\d\d", person.text)
    )


@pytest.mark.parametrize(
    ("query", "words", "field"),
    [
        ("date_year=2026&date_month=2&date_day=30", "その日付はありません", "date"),
        ("date_year=2026&date_month=1&date_day=5", "過ぎた日です", "date"),
        ("date_year=2031&date_month=1&date_day=5", "まだ予定がありません", "date"),
        ("start=18:00", "両方をえらんで", "end"),
        ("start=20:00&end=18:00", "始まりより後に", "end"),
        ("start=18:07&end=20:00", "15分きざみ", "start"),
        ("headcount=abc", "人数を1以上", "headcount"),
    ],
)
def test_a_search_that_cannot_be_read_says_so_above_and_at_the_field(site, query, words, field):
    answer = site.app.test_client().get(f"/search?{query}")

    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert f'href="#field-{field}"' in answer.text
    assert f'id="field-{field}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'id="error-{field}"' in answer.text


def test_digits_may_be_full_width(site):
    answer = site.app.test_client().get(
        "/search?date_year=２０２６&date_month=６&date_day=１３&start=１８:００&end=20：00&headcount=８"
    )

    assert answer.status_code == 200
    assert "6月13日（土） 18:00〜20:00" in answer.text


def test_every_status_has_a_word_and_a_shape_of_its_own():
    assert {status.value for status in Status} <= set(SIGNS)
    assert [name for name, sign in SIGNS.items() if not sign.mark or not sign.text] == []
    assert len({sign.text for sign in SIGNS.values()}) == len(SIGNS)


def test_a_closed_day_says_when_it_opens_again(site):
    with site.database.session() as session, write_transaction(session):
        closed = [{"weekday": SATURDAY.weekday()}]
        gym = town.a_gym(session, HERE, "土曜休館体育館", town.HERE, closings=closed)
        town.open_for(session, town.TODAY, 40)

    person = site.stranger().opens(f"/units/{gym.whole}?date={SATURDAY}")

    assert "休館" in person.text
    assert "次は6/14（日）" in person.text


def test_a_frame_that_is_not_open_yet_says_from_when(site):
    with site.database.session() as session, write_transaction(session):
        town.a_town(session, "172065", "おそい市", town.FAR, opens_days_before=3)
        gym = town.a_gym(session, "172065", "おそい体育館", town.FAR)
        town.open_for(session, town.TODAY, 40)

    person = site.stranger().opens(f"/units/{gym.whole}?date={SATURDAY}")

    assert "受付前" in person.text
    assert "6/10（水）から受付" in person.text


def test_a_taken_frame_leads_to_what_is_free_at_that_time(site):
    site.books(site.region.here.whole)
    unit = site.region.here.whole

    html = site.stranger().opens(f"/units/{unit}?date={SATURDAY}").html
    taken = re.search(r'class="cell is-taken" href="([^"]+)"', html)
    assert taken is not None
    person = site.stranger().opens(taken[1].replace("&amp;", "&"))

    assert "18:00〜21:00の、となりの空き" in person.text
    assert "かなた体育館" in person.text


def test_every_cell_names_unit_day_time_status_and_price(site):
    html = site.stranger().opens(f"/facilities/{site.region.here.facility_id}?date={SATURDAY}").html

    names = re.findall(r'class="cell [^>]*><span class="unseen">([^<]+)</span>', html)
    assert len(names) == 9
    assert "となり体育館 全面、6月13日（土）、18:00〜21:00、空き、1,800円" in names


def test_whole_and_halves_stand_in_one_group(site):
    html = site.stranger().opens(f"/facilities/{site.region.here.facility_id}").html

    assert html.count("同じ床を分けて貸します") == 1


def test_days_and_weeks_lead_on_but_not_into_the_past(site):
    unit = site.region.here.whole

    first = site.stranger().opens(f"/units/{unit}?date={town.TODAY}").html
    later = site.stranger().opens(f"/units/{unit}?date={SATURDAY}").html

    assert 'rel="prev"' not in first
    assert f"date={SATURDAY - timedelta(days=1)}" in later
    assert f"date={SATURDAY + timedelta(days=1)}" in later


def test_invented_rooms_and_approximate_places_say_so(site):
    with site.database.session() as session, write_transaction(session):
        session.get_one(Unit, site.region.here.whole).is_invented = True
        session.get_one(Facility, site.region.here.facility_id).coordinate_status = "proposed"
        raise_catalogue_version(session)

    unit = site.stranger().opens(f"/units/{site.region.here.whole}").text

    assert "デモ用に作った室場です" in unit
    assert "位置はおおよそ" in unit
    assert "位置はおおよそ" in site.stranger().opens(f"/search?{saturday_evening()}").text


def test_no_page_shows_a_mail_address(site):
    with site.database.session() as session, write_transaction(session):
        place = session.get_one(Facility, site.region.here.facility_id)
        place.access = {"mail": "gym@example.jp"}
        place.description = "問い合わせ: gym@example.jp"
        raise_catalogue_version(session)
    client = site.signed_in().client

    assert [path for path in pages(site) if "@" in client.get(path).text] == []


def test_language_is_chosen_by_link_and_kept(site):
    client = site.app.test_client()

    english = client.get("/?lang=en").text
    assert '<html lang="en">' in english
    assert "Find a place near you" in english
    assert 'href="/?lang=ja" lang="ja" hreflang="ja">日本語</a>' in english
    assert '<html lang="en">' in client.get("/about").text


def test_english_pages_mark_what_stays_japanese(site):
    html = site.stranger().opens("/?lang=en").html
    marked = r'<(\w+)[^>]*lang="ja"[^>]*>.*?</\1>'

    assert '<span lang="ja">となり体育館</span>' in html
    assert re.findall(r"[ぁ-んァ-ヶ一-龠]+", re.sub(marked, "", html)) == []


@pytest.mark.parametrize("address", ["/", "/search?date=2026-06-13", "/map", "/about"])
def test_help_stands_in_the_same_place(site, address):
    html = site.stranger().opens(address).html
    footer = html[html.index("<footer") :]

    assert footer.index("お困りのときは") < footer.index("このページで困ったこと")
    assert "/problem?page=" in footer


def test_near_takes_a_point_and_distances_count_from_there(site):
    lat, lng = town.NEXT_DOOR
    html = site.stranger().opens(f"/?near={lat},{lng}").html

    assert "いまいる場所の近く" in html
    assert html.index("かなた体育館") < html.index("となり体育館")


@pytest.mark.parametrize("near", ["x", "1", "91,0", "nan,nan", "1,2,3", "1e999,0"])
def test_a_point_that_is_none_is_left_aside(site, near):
    assert site.app.test_client().get(f"/?near={near}").status_code == 200


@pytest.mark.parametrize("date", ["x", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_shows_a_day_that_is(site, date):
    unit = site.region.here.whole

    for path in (f"/?date={date}", f"/units/{unit}?date={date}&view=week", f"/map?date={date}"):
        assert site.app.test_client().get(path).status_code == 200


def test_a_search_asks_the_database_at_most_twice(site):
    client = site.app.test_client()
    asked: list[str] = []
    client.get(f"/search?{saturday_evening()}")
    event.listen(
        site.database.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_more: asked.append(statement),
    )

    client.get(f"/search?{saturday_evening()}")

    assert 1 <= len([each for each in asked if each.startswith("SELECT")]) <= 2


def test_the_map_draws_towns_as_links_and_says_the_same_in_a_table(site):
    html = site.stranger().opens(f"/map?date={SATURDAY}").html

    assert html.count("<path class=") == 2 + 1
    assert "国土数値情報" in html
    for code in (HERE, NEXT_DOOR):
        assert html.count(f"town={code}") == 2


def test_pages_travel_packed(site):
    client = site.app.test_client()

    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]
