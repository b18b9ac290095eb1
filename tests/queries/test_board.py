"""窓口の一日: who is in which frame, what can be lent here, and what waits."""

from __future__ import annotations

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import ClosureRequest, close
from reservations.db import Database, write_transaction
from reservations.models import Booking, Party
from reservations.models.base import table_of
from reservations.queries import board as boards
from reservations.queries import parties
from reservations.queries.board import Board, State
from reservations.rules.availability import Kind, Status
from tests.support.lending import EVENING, a_period, booked, refreshed, the_booking
from tests.town import NOW, SATURDAY, Gym, Region, a_resident, context

FREE, OTHER, TENTATIVE = State.FREE, State.OTHER, State.TENTATIVE


def the_board(session: Session, gym: Gym) -> Board:
    known = refreshed(session)
    place = known.catalogue.places[gym.facility_id]
    return boards.board(session, known, None, place, SATURDAY, now=NOW)


def states(board: Board) -> list[list[State]]:
    return [[each.state for each in row.cells] for row in board.rows]


def test_a_booked_half_is_seen_on_the_hall_with_who_has_it(session: Session, region: Region):
    booking_id = booked(session, region.here.halves[0], region.resident)

    board = the_board(session, region.here)

    assert states(board) == [[FREE, FREE, OTHER], [FREE, FREE, OTHER], [FREE, FREE, FREE]]
    hall, half, other = (row.cells[2] for row in board.rows)
    assert [use.booking_id for use in hall.uses] == [booking_id]
    assert half.uses == hall.uses
    assert other.uses == ()
    party = hall.uses[0].party
    assert party is not None
    assert (party.id, party.name, hall.uses[0].made_at) == (region.resident, "resident", NOW)


def test_a_closure_says_why(session: Session, region: Region):
    request = ClosureRequest(region.here.whole, SATURDAY, EVENING, Kind.MAINTENANCE, "床の修理")
    close(session, request, context("account-staff"))

    evening = the_board(session, region.here).rows[1].cells[2]

    assert evening.cell.status is Status.MAINTENANCE
    assert [(use.note, use.party) for use in evening.uses] == [("床の修理", None)]


def test_a_wish_that_waits_is_shown_and_occupies_nothing(session: Session, region: Region):
    booking_id = booked(session, region.here.halves[0], region.resident)
    wish = the_booking(session, booking_id)
    with write_transaction(session):
        values = {"date": SATURDAY, "start_slot": 36, "end_slot": 48, "status": "tentative"}
        row = {each.name: getattr(wish, each.name) for each in table_of(Booking).columns}
        session.add(Booking(**{**row, **values, "id": "waits", "serial": 99}))

    board = the_board(session, region.here)

    assert [each.state for each in board.rows[0].cells] == [TENTATIVE, FREE, OTHER]
    assert board.rows[0].cells[0].uses[0].is_tentative
    unit = board.rows[0].unit
    assert board.first_in(unit, a_period("09:00-12:00")) is None


def test_it_is_known_who_was_first(session: Session, region: Region):
    booking_id = booked(session, region.here.halves[0], region.resident)

    board = the_board(session, region.here)
    first = board.first_in(board.rows[0].unit, EVENING)

    assert first is not None
    assert (first.booking_id, first.made_at) == (booking_id, NOW)


def test_a_frame_that_has_begun_is_past_booking(session: Session, region: Region):
    known = refreshed(session)
    place = known.catalogue.places[region.here.facility_id]

    board = boards.board(session, known, None, place, NOW.date(), now=NOW)

    assert [each.state for each in board.rows[0].cells] == [OTHER, FREE, FREE]


@pytest.mark.parametrize("count", [1, 3])
def test_a_board_costs_two_statements_with_one_booking_and_with_three(
    database: Database, session: Session, region: Region, count: int
):
    frames = ("09:00-12:00", "13:00-17:00", "18:00-21:00")
    with write_transaction(session):
        for number in range(count):
            a_resident(session, f"r{number}", home="172014")
    for number in range(count):
        period = a_period(frames[number])
        booked(session, region.here.whole, f"party-r{number}", period=period)
    known = refreshed(session)
    place = known.catalogue.places[region.here.facility_id]
    boards.board(session, known, None, place, SATURDAY, now=NOW)
    session.rollback()
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_others) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    found = boards.board(session, known, None, place, SATURDAY, now=NOW)

    assert len(found.uses) == count
    assert len(asked) == 2, asked


@pytest.fixture
def people(session: Session, region: Region) -> None:
    with write_transaction(session):
        for name, kana, phone in (
            ("隣野　一郎", "となりの いちろう", "076-200-0001"),
            ("隣野　花子", "となりの はなこ", "090-0000-0001"),
            ("彼方_クラブ", "かなたくらぶ", "(076) 200-0003"),
        ):
            made = a_resident(session, name, home="172014")
            session.execute(
                update(Party).where(Party.id == made).values(kana=kana, phone=phone, name=name)
            )


def names(found: list[parties.Called]) -> list[str]:
    return [each.name for each in found]


def test_people_are_found_by_telephone_however_it_is_written(session: Session, people: None):
    assert names(parties.by_phone(session, "0762000001")) == ["隣野　一郎"]
    assert names(parties.by_phone(session, "0762000003")) == ["彼方_クラブ"]
    assert names(parties.by_phone(session, "0001")) == ["隣野　一郎", "隣野　花子"]
    assert parties.by_phone(session, "001") == []


def test_people_are_found_by_how_kana_or_name_begin(session: Session, people: None):
    assert names(parties.by_words(session, "となりの", "となりの")) == ["隣野　一郎", "隣野　花子"]
    assert names(parties.by_words(session, "となりのは", "-")) == ["隣野　花子"]
    assert names(parties.by_words(session, "-", "彼方_")) == ["彼方_クラブ"]
    assert parties.by_words(session, "_", "%") == []
    assert parties.by_words(session, "", "") == []


def test_people_are_found_by_the_number_of_a_booking(
    session: Session, region: Region, people: None
):
    booking = the_booking(session, booked(session, region.here.whole, region.resident))

    found = parties.by_booking(session, booking.node_no, booking.serial)

    assert names(found) == ["resident"]
    assert parties.by_booking(session, 9, 9) == []
