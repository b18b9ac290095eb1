"""Rooms and prices: one file, two files, scraped lists, frames that cannot both be right."""

from __future__ import annotations

from collections import Counter

import pytest

from reservations.opendata import CellStatus, FileRefused, RecordStatus, packaged, read_rooms
from reservations.opendata.fees import read_yen
from tests.opendata.files import csv_of, real

FRAMES = ["facility", "room", "frame", "start", "end", "day_type", "user_class", "fee_yen"]


def rooms(name: str, **options):
    return read_rooms(real(name), name, reference=packaged(), **options)


def frames(*rows):
    """Fees of one hall: (label, start, end, price)."""
    table = [
        ["会館", "ホール", label, start, end, "all", "", fee] for label, start, end, fee in rows
    ]
    return read_rooms(csv_of(FRAMES, table).encode(), "a.csv", reference=packaged()).fees


def test_every_room_of_the_twelve_towns_is_read():
    file = rooms("tokyo_rooms.csv")

    assert file.totals["records"] == 591 == file.totals["imported"]
    assert Counter(r.municipality for r in file.rooms)["目黒区"] == 177


def test_a_position_that_is_only_the_towns_is_a_proposal():
    statuses = Counter(r.coordinate_status for r in rooms("tokyo_rooms.csv").rooms)

    assert statuses == {CellStatus.PROPOSED: 375, CellStatus.UNKNOWN: 216}


def test_rooms_and_their_prices_come_together():
    file = rooms("tokyo_rooms.csv", fees=real("tokyo_room_fees.csv"), fees_filename="fees.csv")

    assert (file.kind, file.totals["records"], file.orphans) == ("both", 591 + 983, ())
    hall = next(r for r in file.rooms if r.facility == "アクト２１" and r.room == "ホール")
    assert [(f.frame, f.weekday_fee_yen) for f in hall.fees][:2] == [("午前", 6400), ("午後", 6400)]
    assert sum("fees_missing" in map(str, r.reasons) for r in file.rooms) == 591 - 354 + 1


def test_prices_alone_are_read():
    file = rooms("tokyo_room_fees.csv")

    assert (file.kind, file.totals["records"], file.totals["queued"]) == ("fees", 983, 0)
    assert Counter(f.unit_minutes for f in file.fees if f.kind == "hourly") == {60: 85, 120: 7}


def test_the_overlapping_frames_of_minato_are_queued_and_nothing_else_of_it():
    minato = [f for f in rooms("fee_frames.csv").fees if f.facility == "港区スポーツセンター"]

    queued = [f for f in minato if f.status is RecordStatus.QUEUED]
    assert Counter(f.frame for f in queued) == {"2": 16, "3": 16}
    assert {str(reason) for f in queued for reason in f.reasons} == {"frames_overlap"}


def test_a_combined_frame_is_a_price_of_its_own():
    morning, afternoon, whole = frames(
        ("午前", "9:00", "12:00", "1000"),
        ("午後", "13:00", "17:00", "1500"),
        ("昼間", "9:00", "17:00", "3000"),
    )

    assert [f.kind for f in (morning, afternoon, whole)] == ["frame", "frame", "combined"]
    assert whole.weekday_fee_yen == 3000
    assert whole.status is RecordStatus.IMPORTED


def test_two_prices_for_one_frame_are_queued():
    fees = frames(("午前", "9:00", "12:00", "1000"), ("午前", "9:00", "12:00", "1200"))

    assert {f.status for f in fees} == {RecordStatus.QUEUED}


def test_a_frame_that_ends_before_it_starts_is_queued():
    (fee,) = frames(("午前", "12:00", "9:00", "1000"))

    assert fee.status is RecordStatus.QUEUED


@pytest.mark.parametrize(
    ("raw", "yen"),
    [
        ("1,200円", 1200),
        ("￥１２００", 1200),
        ("無料", 0),
        ("1200.0", 1200),
        ("", None),
        ("応相談", None),
    ],
)
def test_an_amount_in_yen_is_read_or_not_understood(raw, yen):
    assert read_yen(raw).value == yen


def test_a_scraped_list_gives_rooms_with_their_prices():
    file = rooms("tokyo-arakawa.json")

    assert file.totals["records"] == 67 == file.totals["imported"]
    assert {r.municipality for r in file.rooms} == {"荒川区"}
    assert len(file.fees) == 256


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[1, 2]", "not_a_table"),
        (b"[{", "not_a_table"),
        (b"[]", "not_a_table"),
        (b"", "empty_file"),
        ("名称,住所\r\n館,金沢市\r\n".encode(), "header_not_found"),
    ],
)
def test_what_is_no_list_of_rooms_is_refused(data, code):
    with pytest.raises(FileRefused) as refused:
        read_rooms(data, "a.csv", reference=packaged())

    assert refused.value.code == code
