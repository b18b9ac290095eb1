"""Positions: notations, whole columns, and what stays a clerk's decision."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.opendata import CellStatus, RecordStatus, packaged
from reservations.opendata.coordinates import Point, packed_degrees, place, read_angle
from tests.opendata.files import codes, csv_of, one, read, real, rows_of

KANAZAWA = "172014"


COLUMNS = ["名称", "所在地_連結表記", "所在地_都道府県", "所在地_市区町村", "緯度", "経度"]


def rows_in(town: str) -> list[dict[str, str]]:
    rows = rows_of(real("ishikawa_facilities.csv"))
    return [{c: row[c] for c in COLUMNS} for row in rows if row["所在地_市区町村"] == town]


def packed(degrees: str) -> str:
    """Degrees, minutes, seconds and hundredths in one decimal number, as one town writes them."""
    minutes, hundredths = divmod(round(float(degrees) * 360_000), 6_000)
    return f"{minutes // 60}.{minutes % 60:02}{hundredths:04}"


def moved(change, town="金沢市"):
    """The records of one town after `change` was made to each of their rows."""
    rows = rows_in(town)
    for row in rows:
        change(row)
    return read(csv_of(COLUMNS, [list(row.values()) for row in rows])).records


@pytest.mark.parametrize(
    ("written", "degrees"),
    [
        ("36.5612", 36.5612),
        ("３６．５６１２", 36.5612),
        ("36,5612", 36.5612),
        ("N36.5612", 36.5612),
        ("36.5612N", 36.5612),
        ("北緯36.5612", 36.5612),
        ("36.5612度", 36.5612),
        ("36°33'40.3\"", 36.5611944),
        ("36°33′40.3″", 36.5611944),
        ("３６度３３分４０．３秒", 36.5611944),
        ("北緯36度33分40.3秒", 36.5611944),
        ("36:33:40.3", 36.5611944),
        ("36.33.40.3", 36.5611944),
        ("36゜33'40''", 36.5611111),
        ("36度33.5分", 36.5583333),
    ],
)
def test_an_angle_is_read_in_every_notation(written, degrees):
    angle = read_angle(written)

    assert angle is not None
    assert angle.value == pytest.approx(degrees, abs=1e-7)


@pytest.mark.parametrize("written", ["", " ", "-", "不明", "北", "36度99分", "36.5.5.5.5", "1,2,3"])
def test_what_is_no_angle_is_not_read(written):
    assert read_angle(written) is None


@given(st.text(max_size=30))
def test_reading_an_angle_never_raises(text):
    read_angle(text)


@given(st.integers(20, 45), st.integers(0, 59), st.integers(0, 59))
def test_packed_degrees_are_unpacked(whole, minutes, seconds):
    packed = packed_degrees(f"{whole}.{minutes:02}{seconds:02}")

    assert packed == pytest.approx(whole + minutes / 60 + seconds / 3600, abs=1e-6)


def test_a_swapped_town_is_swapped_back():
    def swap(row):
        row["緯度"], row["経度"] = row["経度"], row["緯度"]

    records = moved(swap)

    assert {(r.coordinate_status, r.coordinate_method) for r in records} == {
        (CellStatus.REPAIRED, "swapped")
    }


def test_a_town_without_decimal_points_gets_them_back():
    def strip(row):
        row["緯度"], row["経度"] = row["緯度"].replace(".", ""), row["経度"].replace(".", "")

    records = moved(strip)

    assert {r.coordinate_method for r in records} == {"decimal_point_lost"}
    assert [r.lat for r in records] == [float(row["緯度"]) for row in rows_in("金沢市")]


def test_a_town_in_seconds_is_converted():
    def convert(row):
        for column in ("緯度", "経度"):
            row[column] = f"{float(row[column]) * 3600:.3f}"

    assert {r.coordinate_method for r in moved(convert)} == {"seconds"}


def test_a_town_in_degrees_minutes_and_seconds_is_converted():
    def convert(row):
        for column, letter in (("緯度", "N"), ("経度", "E")):
            minutes, seconds = divmod(round(float(row[column]) * 3600), 60)
            degrees, minutes = divmod(minutes, 60)
            row[column] = f"{letter}{degrees}°{minutes}′{seconds}″"

    records = moved(convert)

    assert {r.coordinate_method for r in records} == {"degrees_minutes_seconds"}
    assert {r.coordinate_status for r in records} == {CellStatus.REPAIRED}


def test_packed_degrees_are_believed_even_where_a_few_rows_are_wrong_otherwise():
    numbers = iter(range(10_000))

    def pack(row):
        row["緯度"], row["経度"] = packed(row["緯度"]), packed(row["経度"])
        if next(numbers) % 20 == 0:
            row["緯度"], row["経度"] = "35.0", "135.0"

    records = moved(pack)

    wrong = [r for r in records if r.raw["緯度"] == "35.0"]
    assert len(wrong) == 56
    assert all(r.status is RecordStatus.QUEUED for r in wrong)
    assert {r.coordinate_method for r in records if r not in wrong} == {"packed_degrees"}


@pytest.mark.parametrize("town", ["金沢市", "白山市", "輪島市"])
def test_packed_degrees_are_read_right_even_where_misreading_them_stays_inside_the_border(town):
    def pack(row):
        row["緯度"], row["経度"] = packed(row["緯度"]), packed(row["経度"])

    records = moved(pack, town)

    for record, row in zip(records, rows_in(town), strict=True):
        assert record.lat == pytest.approx(float(row["緯度"]), abs=1e-5)
        assert record.lng == pytest.approx(float(row["経度"]), abs=1e-5)


def test_scattered_errors_are_flagged_and_not_guessed():
    numbers = iter(range(10_000))

    def shift(row):
        row["緯度"] = str(round(float(row["緯度"]) + 0.3 + next(numbers) % 17 / 50, 6))

    records = moved(shift)

    assert not any(r.coordinate_status is CellStatus.REPAIRED for r in records)


def test_coordinates_in_one_cell_are_divided():
    record = one(緯度="36.5612, 136.6560", 経度="")

    assert (record.lat, record.lng) == (36.5612, 136.656)
    assert record.coordinate_status is CellStatus.REPAIRED


def test_nought_nought_is_missing_not_a_place_in_the_sea():
    record = one(緯度="0", 経度="0", 所在地_連結表記="石川県金沢市広坂1丁目1番1号")

    assert codes(record) == ["coordinates_missing", "position_proposed_from_town"]
    assert record.status is RecordStatus.PROPOSED


def test_a_position_without_a_known_town_is_queued():
    record = one(緯度="", 経度="", 所在地_連結表記="石川県金沢市ないない町1")

    assert record.status is RecordStatus.QUEUED
    assert (record.lat, record.lng) == (None, None)


def test_a_position_on_a_quay_beyond_the_simplified_border_is_good():
    point = Point("37.850448", "136.917461", "172049", "海士町")

    (position,) = place([point], packaged())

    assert position.status is CellStatus.OK


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=5))
def test_placing_never_raises_and_answers_for_every_point(pairs):
    points = [Point(lat, lng, KANAZAWA, "広坂1丁目") for lat, lng in pairs]

    assert len(place(points, packaged())) == len(points)


@given(st.floats(36.3, 36.7), st.floats(136.5, 136.9))
def test_a_plain_position_is_kept_to_the_last_digit_or_flagged(lat, lng):
    (position,) = place([Point(repr(lat), repr(lng), KANAZAWA, "広坂1丁目")], packaged())

    assert position.flagged or (position.lat, position.lng) == (lat, lng)
