"""Records of a facility list: places, numbers a spreadsheet damaged, answers of yes and no."""

from __future__ import annotations

import pytest

from reservations.opendata import CellStatus, RecordStatus
from reservations.opendata.damage import is_damaged, read_corporate_number, read_house_number
from tests.opendata.files import codes, csv_of, one, read

FORUM = "石川県金沢市広坂1丁目1番1号"


@pytest.mark.parametrize(
    ("town", "code"),
    [
        ("鳳珠郡能登町", "174637"),
        ("能登町", "174637"),
        ("石川県鳳珠郡能登町", "174637"),
        ("石川県能登町", "174637"),
        (" 能登町 ", "174637"),
        ("千代田区", "131016"),
        ("東京都千代田区", "131016"),
    ],
)
def test_a_municipality_is_known_with_and_without_county_and_prefecture(town, code):
    assert one(所在地_市区町村=town).municipality_code == code


@pytest.mark.parametrize(
    ("raw", "code", "status"),
    [
        ("172014", "172014", CellStatus.OK),
        ("17201", "172014", CellStatus.REPAIRED),
        ("11002", "011002", CellStatus.REPAIRED),
        ("172014.0", "172014", CellStatus.OK),
        ("172015", None, CellStatus.UNKNOWN),
    ],
)
def test_municipality_codes_of_five_and_six_digits_are_read(raw, code, status):
    cell = one(全国地方公共団体コード=raw).cells["全国地方公共団体コード"]

    assert (cell.value, cell.status) == (code, status)


def test_a_facility_of_the_prefecture_lies_in_its_town():
    record = one(
        全国地方公共団体コード="170003", 所在地_全国地方公共団体コード="172014", 所在地_市区町村=""
    )

    assert (record.publisher_code, record.municipality) == ("170003", "金沢市")


def test_a_list_without_towns_takes_the_town_it_was_imported_for():
    file = read(
        csv_of(["名称", "緯度", "経度"], [["館", "36.56", "136.65"]]), municipality_code="172014"
    )

    assert file.records[0].municipality == "金沢市"


def test_a_town_that_nobody_knows_queues_the_record():
    record = one(所在地_市区町村="ないない町")

    assert record.status is RecordStatus.QUEUED
    assert codes(record)[0] == "municipality_unknown"


def test_an_address_in_parts_is_put_together():
    record = one(所在地_都道府県="石川県", 所在地_町字="広坂1丁目", 所在地_番地以下="1-1")

    assert record.address == "石川県金沢市広坂1丁目1-1"


@pytest.mark.parametrize(
    ("column", "raw", "value", "status"),
    [
        ("POIコード", "0801", "0801", "ok"),
        ("POIコード", "801", "0801", "repaired"),
        ("POIコード", "1003a", "1003a", "ok"),
        ("POIコード", "9999", None, "unknown"),
        ("電話番号", "(076)268-6222", "(076)268-6222", "ok"),
        ("電話番号", "０７６−２６８−６２２２", "076-268-6222", "ok"),
        ("電話番号", "762686222", "0762686222", "repaired"),
        ("電話番号", "7.62687E+08", None, "rejected"),
        ("郵便番号", "9290345", "929-0345", "ok"),
        ("郵便番号", "600001", "060-0001", "repaired"),
        ("郵便番号", "-", None, "ok"),
        ("法人番号", "2000020170003", "2000020170003", "ok"),
        ("法人番号", "2.00002E+12", None, "rejected"),
        ("法人番号", "220005004237", None, "unknown"),
        ("法人番号", "2000020170004", None, "unknown"),
    ],
)
def test_numbers_are_restored_where_that_is_certain_and_only_there(column, raw, value, status):
    cell = one(**{column: raw}).cells[column]

    assert (cell.raw, cell.value, cell.status.value) == (raw, value, status)


@pytest.mark.parametrize(
    ("raw", "address", "value"),
    [
        ("3-7", "石川県鳳珠郡能登町字宇出津新港3-7", "3-7"),
        ("3月7日", "石川県鳳珠郡能登町字宇出津新港3-7", "3-7"),
        ("Jan-43", "石川県金沢市小立野2丁目43-1", "43-1"),
        ("1月20日", "金沢市昭和町20-1", "20-1"),
        ("2003/3/1", "石川県白山市平賀町ワ3-3-1", "3-3-1"),
        ("1月4日", "石川県金沢市兼六町1番4号", "1-4"),
        ("1月2日", "石川県鹿島郡中能登町石動山ラ部1番地2", "1-2"),
        ("2025/2/1", "石川県金沢市出羽町２－１", "2-1"),
        ("3月7日", "石川県金沢市出羽町", None),
        ("3月7日", "", None),
    ],
)
def test_a_house_number_that_became_a_date_is_proved_by_the_address(raw, address, value):
    assert read_house_number(raw, address).value == value


@pytest.mark.parametrize(
    "raw", ["3-7", "11番1号", "5月町2", "Mar", "２０５番地", "1-2-3", "", "丙12"]
)
def test_an_honest_house_number_is_not_taken_for_a_date(raw):
    assert not is_damaged("所在地_番地以下", raw)


def test_a_damaged_number_that_lending_does_not_need_does_not_queue_the_record():
    record = one(法人番号="5.00002E+12")

    assert record.status is RecordStatus.IMPORTED
    assert codes(record) == ["number_rounded"]


def test_the_check_digit_of_a_corporate_number_is_checked():
    assert read_corporate_number("5220005000175").status is CellStatus.OK
    assert read_corporate_number("5220005000176").status is CellStatus.UNKNOWN


def test_answers_of_yes_and_no_are_told_from_answers_with_a_condition():
    record = one(車椅子可="可", 授乳室="無", 飲食可否="×", バリアフリートイレ="有(故障中)", 字幕="")

    assert record.accessibility == {
        "車椅子可": True,
        "授乳室": False,
        "飲食可否": False,
        "バリアフリートイレ": "有(故障中)",
    }


def test_the_second_of_two_equal_records_is_queued():
    columns = ["名称", "所在地_連結表記", "緯度", "経度"]
    row = ["湊運動公園", FORUM, "36.5612", "136.656"]

    first, second = read(csv_of(columns, [row, row])).records

    assert (first.status, second.status) == (RecordStatus.REPAIRED, RecordStatus.QUEUED)
    assert (
        second.reasons[-1].sentence() == "1件目と同じ名称・所在地です。どちらかを選んでください。"
    )


def test_a_record_without_a_name_is_queued_not_lost():
    record = one(名称="", 電話番号="076-220-2111")

    assert record.status is RecordStatus.QUEUED
    assert codes(record)[0] == "name_missing"


@pytest.mark.parametrize(
    "name", ["𠮷田会館", "髙橋ホール", "①号館", "KAM　能美市九谷焼美術館｜五彩館｜"]
)
def test_a_name_keeps_its_own_characters(name):
    assert one(名称=name).name == name


def test_hours_that_are_not_understood_queue_the_record_and_stop_the_booking():
    record = one(利用可能曜日="随時", 開始時間="9:00", 終了時間="17:00")

    assert record.status is RecordStatus.QUEUED
    assert not record.hours.is_bookable
    assert record.cells["利用可能曜日"].status is CellStatus.UNKNOWN


def test_every_reason_has_a_sentence_that_can_be_worded():
    record = one(
        利用可能曜日="随時", 緯度="", POIコード="801", 法人番号="1E+12", 所在地_市区町村=""
    )

    assert all(reason.sentence().endswith("。") for reason in record.reasons)
    assert len(codes(record)) == len(set(codes(record))) >= 5
