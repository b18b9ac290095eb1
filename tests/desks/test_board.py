"""窓口 at two desks: who decides, what waits, and a walk-in whom the other desk hears of."""

from __future__ import annotations

from sqlalchemy import select

from reservations.actions import sharing
from reservations.actions.on_behalf import BookForRequest, Guest, book_for
from reservations.models import Booking, Party
from reservations.queries import board as boards
from reservations.queries.board import Board, State
from tests.support.desks import Office, Offices
from tests.support.lending import a_wish, refreshed
from tests.town import NOW, SATURDAY, TODAY

FREE, TENTATIVE, ELSEWHERE = State.FREE, State.TENTATIVE, State.ELSEWHERE
WALK_IN = Guest("飛込　太郎", "076-200-9999")


def board_at(office: Office) -> Board:
    known = refreshed(office.session)
    place = known.catalogue.places[office.region.here.facility_id]
    return boards.board(office.session, known, office.desk, place, SATURDAY, now=NOW)


def of_the_hall(board: Board) -> list[State]:
    return [each.state for each in board.rows[0].cells]


def test_what_another_desk_holds_is_said_and_can_still_be_asked_for(offices: Offices):
    assert board_at(offices.hub).is_held
    offices.give(SATURDAY)

    there, here = board_at(offices.hub), board_at(offices.gym)
    offices.hub.books(offices.hub.region.here.whole)

    assert (there.is_held, of_the_hall(there)) == (False, [ELSEWHERE] * 3)
    assert (here.is_held, of_the_hall(here)) == (True, [FREE] * 3)
    assert of_the_hall(board_at(offices.hub)) == [ELSEWHERE, ELSEWHERE, TENTATIVE]


def test_the_other_desk_hears_who_walked_in(offices: Offices):
    offices.give(SATURDAY)
    gym = offices.gym
    request = BookForRequest(a_wish(gym.region.here.whole, ""), WALK_IN)
    booking_id = book_for(gym.session, request, gym.context(actor="account-staff"))

    for _ in range(3):
        sharing.tend(gym.desk, today=TODAY, at=3)
        sharing.tend(offices.hub.desk, today=TODAY, at=3)
        offices.meet(at=3)

    hub = offices.hub.session
    party_id = hub.scalar(select(Booking.party_id).where(Booking.id == booking_id))
    named = hub.execute(select(Party.name, Party.phone).where(Party.id == party_id)).one()
    assert tuple(named) == ("飛込　太郎", "076-200-9999")
