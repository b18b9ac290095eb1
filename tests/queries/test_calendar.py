"""The board of a facility: every frame of a day with its status, price and opening day."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from reservations.actions.bookings import ClosureRequest, close
from reservations.actions.step import Context
from reservations.db import write_transaction
from reservations.queries import calendar, parties
from reservations.queries.calendar import UnitDay
from reservations.rules.availability import Kind, Status
from reservations.rules.town import Residency
from tests.support.lending import a_period, booked, refreshed
from tests.town import NOW, SATURDAY, TODAY, Gym, Region, a_gym, context, open_for

FREE, TAKEN, NOT_OPEN, CLOSED = Status.FREE, Status.TAKEN, Status.NOT_OPEN, Status.CLOSED
STAFF: Context = context("account-staff")


def the_board(
    session: Session,
    gym: Gym,
    first: date = SATURDAY,
    *,
    count: int = 1,
    viewer: parties.Viewer = parties.ANYBODY,
) -> list[list[UnitDay]]:
    known = refreshed(session)
    place = known.catalogue.places[gym.facility_id]
    units = known.catalogue.units_of_place[place.id]
    return calendar.days(session, known, place, units, first, count=count, now=NOW, viewer=viewer)


def statuses(board: list[list[UnitDay]]) -> list[list[Status]]:
    return [[cell.status for cell in day.cells] for unit in board for day in unit]


def test_a_booked_half_is_shown_on_the_hall_and_not_on_the_other_half(
    session: Session, region: Region
):
    booked(session, region.here.halves[0], region.resident)

    board = the_board(session, region.here)

    assert statuses(board) == [[FREE, FREE, TAKEN], [FREE, FREE, TAKEN], [FREE, FREE, FREE]]
    assert [unit[0].status for unit in board] == [Status.PARTLY_FREE, Status.PARTLY_FREE, FREE]
    assert [cell.fee and cell.fee.total_yen for cell in board[0][0].cells] == [1200, 1600, None]


def test_what_has_begun_today_is_past_booking(session: Session, region: Region):
    # It is Saturday noon; the morning is over and the afternoon begins in an hour.
    board = the_board(session, region.here, TODAY)

    assert statuses(board)[0] == [NOT_OPEN, FREE, FREE]
    assert [cell.opens_on for cell in board[0][0].cells] == [None, None, None]


def test_a_day_that_opens_later_says_when(session: Session, region: Region):
    day = TODAY + timedelta(days=35)
    viewer = parties.Viewer("party", residencies={"172014": Residency.RESIDENT})

    here = the_board(session, region.here, day, viewer=viewer)
    there = the_board(session, region.next_door, day, viewer=viewer)

    assert statuses(here)[0] == [FREE] * 3
    assert statuses(there)[0] == [NOT_OPEN] * 3
    assert {cell.opens_on for cell in there[0][0].cells} == {day - timedelta(days=30)}


def test_a_day_beyond_the_masks_is_closed(session: Session, region: Region):
    assert statuses(the_board(session, region.here, TODAY + timedelta(days=50)))[0] == [CLOSED] * 3


def test_a_week_has_its_days_in_order(session: Session, region: Region):
    board = the_board(session, region.here, count=7)

    assert [day.date for day in board[0]] == [
        SATURDAY + timedelta(days=offset) for offset in range(7)
    ]


def test_a_repair_past_midnight_is_a_repair_on_both_days(session: Session, region: Region):
    with write_transaction(session):
        gym = a_gym(
            session,
            "172014",
            "夜の館",
            (36.56, 136.65),
            parts=1,
            hours=("18:00", "02:00"),
            frames=(("夜間", "18:00", "22:00", 1000), ("未明", "00:00", "02:00", 500)),
        )
        open_for(session, TODAY, 40)
    request = ClosureRequest(gym.whole, SATURDAY, a_period("22:00-02:00"), Kind.MAINTENANCE)
    close(session, request, STAFF)

    board = the_board(session, gym, SATURDAY + timedelta(days=1))

    assert statuses(board) == [[Status.MAINTENANCE, FREE]]


def test_without_frames_a_day_is_shown_hour_by_hour(session: Session, region: Region):
    with write_transaction(session):
        hours = ("08:30", "11:30")
        gym = a_gym(session, "172014", "小さな館", (36.5, 136.6), frames=(), hours=hours)
        open_for(session, TODAY, 40)

    board = the_board(session, gym)

    assert [cell.label for cell in board[0][0].cells] == ["09:00-10:00", "10:00-11:00"]
