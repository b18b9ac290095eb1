"""災害時の宣言: said at one desk, heard at every other, and felt by the next action."""

from __future__ import annotations

import pytest

from reservations.actions.declaring import DeclareRequest, declare
from reservations.errors import Refusal, RefusalCode
from reservations.queries import declaring
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


def test_why_is_heard_at_every_desk_and_who_is_known_where_it_was_said(offices: Offices):
    hub, gym = offices.hub, offices.gym
    declare(hub.session, DeclareRequest(Mode.DISASTER, "震度6弱の地震"), hub.context())

    offices.meet()

    heard = declaring.standing(gym.session)
    assert heard is not None
    assert (heard.reason, heard.node, heard.login) == ("震度6弱の地震", "hub", "")
    assert heard.mode is Mode.DISASTER


def test_two_who_declare_at_once_are_told_of_each_other(offices: Offices):
    hub = offices.hub
    asked = DeclareRequest(Mode.DISASTER, "地震", after="")
    declare(hub.session, asked, hub.context())

    with pytest.raises(Refusal) as refused:
        declare(hub.session, asked, hub.context())

    assert refused.value.code is RefusalCode.CHANGED_MEANWHILE
