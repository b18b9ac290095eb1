"""来館 at two desks: a fact that everybody hears, in whatever order (I7)."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from sqlalchemy import delete, select

from reservations import attendance_feed
from reservations.actions.attendance import ArrivalRequest, arrive
from reservations.models import Arrival
from reservations.models.base import table_of
from tests.support.desks import Office, Offices
from tests.town import NOW, SATURDAY

BEGINS = NOW + timedelta(days=7, hours=6)


def comes(office: Office, booking_id: str, *, minutes: int = 0) -> None:
    given = office.context(now=BEGINS + timedelta(minutes=minutes))
    arrive(office.session, ArrivalRequest(booking_id), given)


def rows(office: Office) -> list[tuple[object, ...]]:
    office.session.rollback()
    query = select(Arrival.booking_id, Arrival.at, Arrival.node_no)
    found = [tuple(row) for row in office.session.execute(query.order_by(Arrival.booking_id))]
    office.session.rollback()
    return found


def test_who_was_noted_at_two_desks_with_the_line_cut_came_when_first_seen(offices: Offices):
    hub, gym = offices.hub, offices.gym
    made = hub.books(hub.region.here.whole)
    offices.give(SATURDAY)
    offices.link.is_cut = True
    comes(hub, made, minutes=9)
    comes(gym, made, minutes=3)
    offices.link.is_cut = False

    offices.meet()

    assert rows(hub) == rows(gym) == [(made, BEGINS + timedelta(minutes=3), 2)]


def test_any_order_and_any_repetition_gives_the_same(offices: Offices):
    hub, gym = offices.hub, offices.gym
    halves = hub.region.here.halves
    ids = [hub.books(halves[0]), hub.books(halves[1], "party-rival")]
    offices.give(SATURDAY)
    for each in ids:
        comes(hub, each, minutes=9)
        comes(gym, each, minutes=3)
    offices.meet()
    before = rows(gym)
    with gym.desk.transaction() as store:
        slips = [
            each
            for each in store.slips(offices.sheet(SATURDAY).text)
            if each.kind == attendance_feed.ARRIVED
        ]

    for seed in range(10):
        told = [*slips, *slips]
        Random(seed).shuffle(told)
        with gym.desk.transaction() as store:
            store.session.connection().execute(delete(table_of(Arrival)))
            for slip in told:
                attendance_feed.take(store.session, slip)
        assert rows(gym) == before, seed
    assert len(before) == 2
