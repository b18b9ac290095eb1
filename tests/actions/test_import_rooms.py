"""Rooms and prices taken in: which can be lent at once, and what waits for a clerk."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from reservations.models import FramePrice, Part, Unit, UnitFrame
from tests import town
from tests.support.lists import count, rooms
from tests.town import TODAY


@pytest.fixture
def database(database_url):
    database = town.an_empty_database(database_url)
    yield database
    database.dispose()


ROOMS = (
    "room_id,municipality,building,room,capacity,address\r\n"
    "r1,野々市市,となり公民館,ホール,80,石川県野々市市三納"
)
FEES = "room_id,municipality,facility,room,frame,start,end,day_type,fee_yen\r\n"
MORNING = "r1,野々市市,となり公民館,ホール,午前,09:00,12:00,all,{}\r\n"
ALL_DAY = "r1,野々市市,となり公民館,ホール,全日,09:00,17:00,all,2500\r\n"
AFTERNOON = "r1,野々市市,となり公民館,ホール,午後,13:00,17:00,all,1600\r\n"


def fee_table(*lines: str) -> bytes:
    return (FEES + "".join(lines)).encode()


def test_a_room_with_frames_and_prices_can_be_lent(database):
    fees = fee_table(MORNING.format(1200), AFTERNOON, ALL_DAY)

    report = rooms(database, ROOMS.encode(), fees=fees)

    with database.session() as session:
        unit = session.scalars(select(Unit)).one()
        frames = session.execute(select(UnitFrame.label, UnitFrame.start_slot)).all()
        prices = session.execute(select(FramePrice.label, FramePrice.fee_yen)).all()
    assert (unit.is_bookable, unit.capacity, unit.kind) == (True, 80, "hall")
    assert sorted(map(tuple, frames)) == [("午前", 36), ("午後", 52)]
    assert sorted(map(tuple, prices)) == [("全日", 2500), ("午前", 1200), ("午後", 1600)]
    assert report.totals["records"] == 4


def test_frames_that_overlap_leave_the_room_unbookable(database):
    overlapping = MORNING.format(1200).replace("12:00", "14:00")

    report = rooms(database, ROOMS.encode(), fees=fee_table(overlapping, AFTERNOON))

    with database.session() as session:
        assert session.scalars(select(Unit.is_bookable)).one() is False
    assert report.totals["queued"] == 2
    assert count(database, FramePrice) == 0


def test_a_price_without_times_leaves_the_room_unbookable(database):
    fees = b"room_id,room,frame_label,weekday_fee_yen,holiday_fee_yen\r\n" + (
        "r1,ホール,午前,1200,1400\r\n".encode()
    )

    report = rooms(database, ROOMS.encode(), fees=fees)

    with database.session() as session:
        assert session.scalars(select(Unit.is_bookable)).one() is False
    told = {each["code"] for row in report.rows for each in row["reasons"]}
    assert "frame_without_times" in told


# 目黒区の体育館: four frames with twenty minutes between them (fees/fee_frames_facts.csv).
MEGURO = "".join(
    f"r1,野々市市,となり公民館,ホール,{frame},all,{yen}\r\n"
    for frame, yen in (
        ("1,09:00,12:00", 12300),
        ("2,12:20,15:20", 15400),
        ("3,15:40,18:40", 15400),
        ("4,19:00,22:00", 18400),
    )
)


def off_grid_sentences(report) -> set[str]:
    return {
        each["sentence"]
        for row in report.rows
        for each in row["reasons"]
        if each["code"] == "frame_off_grid"
    }


def test_a_frame_off_the_grid_waits_with_the_widened_frame_as_a_proposal(database):
    report = rooms(database, ROOMS.encode(), fees=fee_table(MEGURO))

    assert off_grid_sentences(report) == {
        "コマ「2」の時刻12:20〜15:20が15分きざみではありません。15分きざみに広げた12:15〜15:30を案と"
        "しました。ほかのコマとは重なりません。確認してください。",
        "コマ「3」の時刻15:40〜18:40が15分きざみではありません。15分きざみに広げた15:30〜18:45を案と"
        "しました。ほかのコマとは重なりません。確認してください。",
    }
    with database.session() as session:
        assert session.scalars(select(Unit.is_bookable)).one() is False
    assert count(database, FramePrice) == 0


def test_a_frame_that_would_cut_into_the_next_is_not_proposed(database):
    close = MEGURO.replace("15:40", "15:25")

    report = rooms(database, ROOMS.encode(), fees=fee_table(close))

    assert [text for text in off_grid_sentences(report) if "案としました" in text] == []
    assert len(off_grid_sentences(report)) == 2


def test_a_new_table_holds_from_today_beside_the_old_one(database):
    rooms(database, ROOMS.encode(), fees=fee_table(MORNING.format(1200)))
    rooms(database, ROOMS.encode(), fees=fee_table(MORNING.format(1200)))

    rooms(database, ROOMS.encode(), fees=fee_table(MORNING.format(1500)))

    with database.session() as session:
        found = session.execute(
            select(FramePrice.valid_from, FramePrice.fee_yen).order_by(FramePrice.id)
        )
        assert list(map(tuple, found)) == [(date(2000, 1, 1), 1200), (TODAY, 1500)]
    assert count(database, Unit) == count(database, Part) == 1
