"""The audit over desks: looks at a cut-off gym come to the hub, and its seals are known there."""

from __future__ import annotations

from sqlalchemy import select

from reservations.actions import trail
from reservations.actions.bookings import book
from reservations.models import AuditLine
from reservations.queries import trail as trail_query
from tests.support.desks import Office, Offices
from tests.support.lending import a_wish
from tests.support.people import Three


def seals(office: Office) -> None:
    assert trail.seal(office.database, office.context()) is not None


def looks(office: Office, party: str, page: str = "board") -> None:
    trail.note_looks(office.session, {party}, page, office.context())


def test_what_a_cut_off_gym_looked_at_is_read_at_the_hub_once_the_line_is_back(region: Three):
    looks(region.gym, "party-1")
    seals(region.gym)
    assert trail_query.looks(region.hub.session, "party-1") == []

    region.meet()
    region.meet()

    (look,) = trail_query.looks(region.hub.session, "party-1")
    assert (look.node, look.page) == (region.gym.desk.name, "board")
    # Who it was stays with the gym.
    query = select(AuditLine.actor).where(AuditLine.action == "look")
    assert region.hub.session.scalars(query).all() == []


def test_the_hubs_own_looks_stay_at_the_hub(region: Three):
    looks(region.hub, "party-1")
    seals(region.hub)
    region.meet()

    assert len(trail_query.looks(region.hub.session, "party-1")) == 1
    assert trail_query.looks(region.gym.session, "party-1") == []


def test_many_looks_travel_in_several_slips(region: Three):
    parties = {f"party-{number:04}" for number in range(2 * trail.LOOKS_A_SLIP + 1)}
    trail.note_looks(region.gym.session, parties, "board", region.gym.context())
    seals(region.gym)
    region.meet()

    known = {each for each in parties if trail_query.looks(region.hub.session, each)}
    assert known == parties


def test_the_hub_sees_that_the_gyms_seals_follow_each_other(region: Three):
    for number in range(3):
        looks(region.gym, f"party-{number}")
        seals(region.gym)
    region.meet()

    for office in (region.hub, region.gym):
        assert trail_query.verify(office.session, office.desk).faults == ()


def test_a_desk_that_said_two_things_of_one_seal_is_named_at_the_hub(region: Three, monkeypatch):
    looks(region.gym, "party-1")
    seals(region.gym)
    looks(region.gym, "party-2")
    # The gym forgets its first seal and makes it anew.
    monkeypatch.setattr(trail_query, "last_seal", lambda _session: trail_query.Seal())
    monkeypatch.setattr(trail, "insert", lambda _table: _nothing())
    seals(region.gym)
    monkeypatch.undo()
    region.meet()

    faults = trail_query.verify(region.hub.session, region.hub.desk).faults

    assert [(each.kind, each.node, each.no) for each in faults] == [
        ("other", region.gym.desk.name, 1)
    ]


def _nothing():
    from sqlalchemy import text  # noqa: PLC0415 - for this one lie

    return text("SELECT 1")


def test_two_desks_that_do_ordinary_things_find_nothing_wrong(offices: Offices, region: Three):
    hub = region.hub
    book(hub.session, a_wish(hub.region.here.whole, hub.region.resident), hub.context())
    seals(hub)
    region.meet()

    assert trail_query.verify(hub.session, hub.desk).faults == ()
