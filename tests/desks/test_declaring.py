"""災害時の宣言: said at one desk, heard at every other, and felt by the next action."""

from __future__ import annotations

import pytest

from reservations.actions.declaring import DeclareRequest, declare
from reservations.errors import Refusal, RefusalCode
from reservations.rules.modes import Mode
from tests.support.desks import Offices
from tests.town import NOW, SATURDAY


def test_after_a_declaration_nothing_is_booked_at_any_desk_that_has_heard_of_it(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    offices.link.is_cut = True
    declare(hub.session, DeclareRequest(Mode.DISASTER), hub.context())

    before = gym.books(gym.region.here.whole)
    offices.link.is_cut = False
    offices.meet()

    assert gym.status(before) == "confirmed"
    for office in (hub, gym):
        with pytest.raises(Refusal) as refused:
            office.books(office.region.here.halves[0], "party-rival")
        assert refused.value.code is RefusalCode.MODE


def test_the_end_of_a_disaster_is_declared_too(offices: Offices):
    hub = offices.hub
    declare(hub.session, DeclareRequest(Mode.DISASTER), hub.context())
    later = NOW.replace(hour=9)
    declare(hub.session, DeclareRequest(Mode.NORMAL), hub.context(now=later))

    made = hub.books(hub.region.here.whole)

    assert hub.status(made) == "confirmed"
