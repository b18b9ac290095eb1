"""The screens of staff: only for staff, the voices, and the records that wait."""

from __future__ import annotations

import pytest

from reservations.db import write_transaction
from reservations.models import Facility, ImportFile, ImportRecord, OpeningVersion, Problem, Rating
from tests import town
from tests.support.site import PASSWORD

UNREAD = "「火曜のあと」を読めません。"
PAGES = ("/", "/imports", "/voices", "/ledger", "/imports/f1/12")


@pytest.fixture
def waiting(counter) -> str:
    """A record whose hours were not understood; its facility cannot be booked."""
    with counter.database.session() as session, write_transaction(session):
        facility_id = counter.region.here.facility_id
        session.add(
            ImportFile(
                id="f1", kind="facilities", name="施設一覧.csv", sha256="-", encoding="cp932",
                at=town.NOW, totals={},
            )
        )  # fmt: skip
        session.add(
            ImportRecord(
                file_id="f1",
                record_no=12,
                status="queued",
                reasons=[{"code": "hours_not_understood", "sentence": UNREAD}],
                cells={
                    "名称": cell("となり体育館", "となり体育館", "ok"),
                    "利用可能曜日": cell("火曜のあと", None, "rejected", "hours_not_understood"),
                },
                target_kind="facility",
                target_id=facility_id,
            )
        )
        session.query(OpeningVersion).filter_by(facility_id=facility_id).delete()
        town.open_for(session, town.TODAY, 40)
    return "/imports/f1/12"


def cell(raw, value, status, reason=None) -> dict[str, str | None]:
    return {"raw": raw, "value": value, "status": status, "reason": reason}


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_asked_to_sign_in(counter, waiting, page):
    assert counter.stranger().opens(page).address.startswith("/sign-in?next=")


@pytest.mark.parametrize("page", PAGES)
def test_a_resident_may_not_read_what_staff_read(counter, waiting, page):
    assert counter.signed_in("staff").opens(page).status == 200

    assert counter.signed_in("resident").opens(page).status == 403


def test_staff_sign_in_and_arrive_at_the_board(counter):
    person = counter.stranger().opens("/")

    person.presses("ログインする", login="staff@example.jp", password=PASSWORD)

    assert person.address == "/board"


def test_staff_read_what_waits(counter, waiting):
    person = counter.signed_in("staff").opens("/imports")

    assert "決めるまで使えないもの 1件、確かめたいもの 0件" in person.text
    assert "「火曜のあと」を読めません。" in person.text


def test_a_record_shows_the_raw_cell_beside_what_was_read_and_why(counter, waiting):
    person = counter.signed_in("staff").opens(waiting)

    assert "利用可能曜日火曜のあと—「火曜のあと」を読めません。" in person.text.replace(" ", "")
    assert "名称となり体育館となり体育館" in person.text.replace(" ", "")


def test_hours_that_a_clerk_types_open_the_facility(counter, waiting):
    person = counter.signed_in("staff").opens(waiting)

    person.presses("この時間で確認する", days="月火水木金土日", start="9:00", end="21:00")

    assert "開館日と時間を確認しました。" in person.text
    assert "確認を待つものはありません。" in person.opens("/imports").text
    assert counter.books(counter.region.here.whole, name="resident")


def test_hours_that_nobody_understands_are_kept_in_the_form(counter, waiting):
    person = counter.signed_in("staff").opens(waiting)

    person.presses("この時間で確認する", days="火曜のあと", start="9:00", end="21:00")

    assert person.status == 422
    assert person.form_of("この時間で確認する").values["days"] == "火曜のあと"
    assert "このファイルは読めません" not in person.text


def test_a_position_that_a_clerk_checked_is_certain(counter, waiting):
    person = counter.signed_in("staff").opens(waiting)

    person.presses("この位置で確認する", lat="３６.5613", lng="136.6562")

    assert "位置を確認しました。" in person.text
    with counter.database.session() as session:
        place = session.get_one(Facility, counter.region.here.facility_id)
    assert (place.lat, place.lng, place.coordinate_status) == (36.5613, 136.6562, "ok")
    assert "決めるまで使えないもの 1件" in person.opens("/imports").text


@pytest.mark.parametrize(("lat", "lng"), [("136.6", "36.5"), ("x", "136"), ("", ""), ("nan", "1")])
def test_a_position_outside_japan_is_refused(counter, waiting, lat, lng):
    person = counter.signed_in("staff").opens(waiting)

    person.presses("この位置で確認する", lat=lat, lng=lng)

    assert person.status == 422
    with counter.database.session() as session:
        assert session.get_one(Facility, counter.region.here.facility_id).lat == town.HERE[0]


def test_voices_are_listed_newest_first(counter):
    booking_id = counter.books(counter.region.here.whole, name="resident")
    with counter.database.session() as session, write_transaction(session):
        session.add(
            Problem(
                id="p", ticket="HJC4AX2", page="/map", words="<b>字</b>が小さい", locale="ja",
                at=town.NOW,
            )
        )  # fmt: skip
        session.add(Rating(booking_id=booking_id, score=5, words="", at=town.NOW.replace(hour=5)))

    person = counter.signed_in("staff").opens("/voices")

    assert person.text.index("とても良い（5） となり体育館 全面") < person.text.index("HJC4AX2")
    assert "<b>字</b>が小さい" in person.text
    assert "<b>字</b>" not in person.html


def test_staff_and_residents_of_one_host_do_not_sign_each_other_out(counter):
    person = counter.stranger()
    person.client.set_cookie("tonari_session", "token-of-the-resident")

    person.opens("/").presses("ログインする", login="staff@example.jp", password=PASSWORD)

    assert person.client.get_cookie("tonari_counter") is not None
    assert person.client.get_cookie("tonari_session").value == "token-of-the-resident"


def test_the_ledger_says_that_a_desk_on_its_own_holds_everything(counter):
    person = counter.signed_in("staff").opens("/ledger")

    assert "ほかの拠点はありません" in person.text
    assert "知らせる人" in person.text
