"""A permit's code where the line of its booking is known, and nowhere else."""

from __future__ import annotations

from reservations.actions import signing
from reservations.queries import bookings, memory
from tests.support.desks import Offices
from tests.town import SATURDAY


def test_what_another_desk_holds_and_this_one_never_heard_of_has_no_code(offices: Offices):
    gym = offices.gym
    offices.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    view = bookings.one(gym.session, memory.current(gym.session), made)
    assert view is not None

    assert signing.permit_code(gym.session, view, gym.context()) != ""
    assert signing.permit_code(offices.hub.session, view, offices.hub.context()) == ""
    offices.meet()
    assert signing.permit_code(offices.hub.session, view, offices.hub.context()) != ""
