"""Boards: what a room is used for and by whom, and what the door must not show."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reservations.actions.approval import GrantRequest, grant
from reservations.actions.bookings import ClosureRequest, close
from reservations.actions.papers import timetable
from reservations.db import write_transaction
from reservations.documents import Board
from reservations.models import Booking, Party, Unit
from reservations.queries import memory
from reservations.queries import timetable as timetable_query
from reservations.rules.availability import Kind
from reservations.rules.period import Period
from tests import town
from tests.printables import pdf
from tests.support.approving import looks_first
from tests.support.lending import a_period, booked, refreshed
from tests.town import NOW, SATURDAY, context

MORNING, NIGHT = a_period("09:00-12:00"), a_period("18:00-21:00")
PUBLIC, STAFF = Board(NOW, False, "hub"), Board(NOW, True, "hub")


def board(session, region, which, *, is_week=False, day=SATURDAY):
    known = refreshed(session)
    place = known.catalogue.places[region.here.facility_id]
    return timetable(session, known, place, day, which, is_week=is_week)


def words(document) -> list[list[str]]:
    """Each row's slots as text, without what only the printed page adds."""
    return [
        [" ".join(map(told, slot.uses)) or slot.word for slot in row.slots]
        for row in document.record.rows
    ]


def told(use) -> str:
    parts = (use.time, use.name, use.purpose, use.note, *use.staff_lines)
    return " ".join(filter(None, parts))


@pytest.fixture
def used(session, region):
    """The first half on Saturday morning, the whole hall in the evening; with a telephone."""
    with write_transaction(session):
        party = session.get_one(Party, region.resident)
        party.name, party.phone = "わかば会", "090-0000-0000"
    booked(
        session, region.here.halves[0], region.resident, period=MORNING, purpose="badminton",
        headcount=8,
    )  # fmt: skip
    booked(session, region.here.whole, region.resident, period=NIGHT)


def test_a_day_for_the_desk_has_rooms_by_frames_with_who_and_how_to_reach_them(
    session, region, used
):
    document = board(session, region, STAFF)

    assert document.record.heads == (
        "午前　09:00〜12:00", "午後　13:00〜17:00", "夜間　18:00〜21:00",
    )  # fmt: skip
    assert words(document) == [
        [
            "09:00〜12:00　1/2面で予約", "空き",
            "18:00〜21:00 わかば会 01-000002-4　1,800円 電話 090-0000-0000",
        ],
        [
            "09:00〜12:00 わかば会 バドミントン 8人 01-000001-6　600円 電話 090-0000-0000",
            "空き", "18:00〜21:00　全面で予約",
        ],
        ["空き", "空き", "18:00〜21:00　全面で予約"],
    ]  # fmt: skip


def test_the_desk_reads_what_is_not_permitted_yet_and_the_door_does_not(session, region):
    looks_first(session)
    with write_transaction(session):
        session.get_one(Party, region.resident).name = "わかば会"
    made = booked(session, region.here.whole, region.resident, period=NIGHT)

    before = [str(words(board(session, region, each))) for each in (STAFF, PUBLIC)]
    grant(session, GrantRequest(made, 0), context("account-staff"))
    after = str(words(board(session, region, STAFF)))

    assert [text.count("審査中") > 0 for text in before] == [True, False]
    assert "わかば会（審査中）" in before[0]
    assert "わかば会" in after
    assert "審査中" not in after


@pytest.mark.parametrize("is_week", [False, True])
def test_a_board_for_the_door_names_nobody(session, region, used, is_week):
    staff = board(session, region, STAFF, is_week=is_week)
    public = board(session, region, PUBLIC, is_week=is_week)

    for secret in ("わかば会", "090-0000-0000", "01-000002-4", "1,800円"):
        assert secret in staff.json()
        assert secret in pdf.text(staff.draw().pdf)
        assert secret not in public.json()
        assert secret not in public.html()
    assert "予約あり" in public.html()
    assert "掲示用" in public.html()
    assert "職員用（掲示禁止）" in staff.html()


def test_a_week_has_rooms_by_days(session, region, used):
    document = board(session, region, PUBLIC, is_week=True)

    assert len(document.record.heads) == 7
    assert document.record.heads[0] == "6月13日（土）"
    assert words(document)[0][:2] == ["18:00〜21:00 予約あり 09:00〜12:00 1/2面で予約", "空き"]
    assert words(document)[2][:2] == ["18:00〜21:00\n全面で予約", "空き"]


def test_a_closure_says_what_it_is_and_only_staff_read_why(session, region):
    request = ClosureRequest(region.here.whole, SATURDAY, MORNING, Kind.MAINTENANCE, "床の塗替え")
    close(session, request, context("account-staff"))

    assert words(board(session, region, PUBLIC))[0][0] == "09:00〜12:00 保守点検"
    assert words(board(session, region, STAFF))[0][0] == "09:00〜12:00 保守点検 床の塗替え"


def test_without_common_frames_the_day_has_three_parts(session, region):
    with write_transaction(session):
        town.a_unit(session, region.here.facility_id, "卓球室", (), [("昼", "11:00", "14:00", 100)])
        town.open_for(session, SATURDAY, 1)

    document = board(session, region, PUBLIC)

    assert document.record.heads == (
        "午前　12:00まで", "午後　12:00〜18:00", "夜間　18:00から",
    )  # fmt: skip


def test_what_runs_past_midnight_is_on_both_days(session, region):
    booking_id = booked(session, region.here.whole, region.resident)
    with write_transaction(session):
        session.get_one(Booking, booking_id).end_slot = 100
    known = memory.current(session)
    place = known.catalogue.places[region.here.facility_id]

    both = timetable_query.uses(session, known, place, SATURDAY, count=2, is_named=True)
    sunday = SATURDAY + timedelta(days=1)
    after = timetable_query.uses(session, known, place, sunday, count=1, is_named=True)

    assert [(use.date, use.period) for use in both] == [
        (SATURDAY, Period(72, 100)),
        (SATURDAY + timedelta(days=1), Period(0, 4)),
    ]
    assert [use.period for use in after] == [Period(0, 4)]


def test_a_board_fits_its_sheet(session, region, used):
    for is_week in (False, True):
        drawn = board(session, region, STAFF, is_week=is_week).draw()

        assert drawn.pages == 1
        assert (pdf.faults(drawn.pdf), pdf.escapes(drawn.pdf)) == ([], [])


def test_an_unconfirmed_town_s_board_is_marked_in_its_title(session, region):
    assert "利用日程表（見本）" in board(session, region, PUBLIC).html()


def test_a_facility_with_many_rooms_goes_on_on_the_next_sheet(session, region):
    with write_transaction(session):
        for number in range(30):
            session.add(Unit(facility_id=region.here.facility_id, name=f"{number}号室"))
        town.open_for(session, SATURDAY, 1)

    drawn = board(session, region, PUBLIC, is_week=True).draw()

    assert drawn.pages > 1
    assert pdf.escapes(drawn.pdf) == []
