"""部屋を閉める at two desks: done by whoever holds the sheet, told by whoever knows the people."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from reservations.actions import notices
from reservations.actions.closing import ClosureRequest, ReopenRequest, close, reopen
from reservations.actions.money import PayRequest, pay
from reservations.actions.offers import OfferRequest, take_offer
from reservations.documents import REFUSAL
from reservations.models import Booking, Letter, Refund
from reservations.queries import bookings, closing, money, papers
from reservations.queries.audit import masks_agree
from reservations.rules.availability import Kind
from reservations.rules.money import Account
from tests.support.desks import Office, Offices
from tests.support.lending import EVENING, a_period, free_units, refreshed
from tests.support.people import Three
from tests.town import SATURDAY

WHOLE_DAY = a_period("09:00-21:00")


def closes(office: Office, *seen: str, unit_id: int = 0, **other: Any) -> str:
    rooms = unit_id or office.region.here.whole
    seen_keys = frozenset(f"{each}:0" for each in seen)
    request = ClosureRequest(
        rooms, SATURDAY, WHOLE_DAY, Kind.MAINTENANCE, "床の張替え", seen_keys, **other
    )
    return str(close(office.session, request, office.context(actor="account-staff")))


def letters_at(office: Office) -> list[tuple[str, str]]:
    office.session.rollback()
    found = office.session.execute(select(Letter.booking_id, Letter.kind))
    return [(row.booking_id, row.kind) for row in found]


def tables_of(office: Office) -> list[tuple[Any, ...]]:
    office.session.rollback()
    columns = (
        Booking.id,
        Booking.status,
        Booking.kind,
        Booking.cancel_due_yen,
        Booking.revision,
        Booking.note,
    )
    return [tuple(row) for row in office.session.execute(select(*columns).order_by(Booking.id))]


@pytest.fixture
def two(offices: Offices) -> tuple[str, str]:
    """One booked at the hub and one at the gym, on a sheet that the gym holds."""
    first = offices.hub.books(offices.hub.region.here.halves[0])
    offices.give(SATURDAY)
    second = offices.gym.books(offices.gym.region.here.halves[1], "party-rival")
    offices.meet()
    return first, second


def test_the_hub_asks_and_the_gym_closes_the_room_over_both(offices: Offices, two: tuple[str, str]):
    hub, gym = offices.hub, offices.gym

    closure_id = closes(hub, *two)
    before = hub.status(closure_id), hub.status(two[0])
    offices.meet()

    assert before == ("tentative", "confirmed")
    for office in (hub, gym):
        assert office.status(closure_id) == "confirmed"
        assert [office.status(each) for each in two] == ["cancelled", "cancelled"]
        assert office.region.here.whole not in free_units(office.session)
    assert masks_agree(gym.session) == []
    assert tables_of(hub) == tables_of(gym)


def test_each_hears_of_it_from_the_desk_where_they_booked(offices: Offices, two: tuple[str, str]):
    closure_id = closes(offices.hub, *two)
    offices.meet()

    known = refreshed(offices.hub.session)
    closure = bookings.one(offices.hub.session, known, closure_id)
    assert closure is not None
    lost = closing.lost_to(offices.hub.session, known, closure)
    assert [(each.booking.id, each.letter) for each in lost] == [(two[0], "to_send"), (two[1], "")]
    assert letters_at(offices.hub) == [(two[0], "cancelled")]
    assert letters_at(offices.gym) == [(two[1], "cancelled")]


def test_what_was_paid_is_paid_back_where_it_was_received(offices: Offices, two: tuple[str, str]):
    hub, gym = offices.hub, offices.gym
    pay(hub.session, PayRequest(two[0], 900), hub.context())
    pay(gym.session, PayRequest(two[1], 900), gym.context())
    offices.meet()

    closes(hub, *two)
    offices.meet()

    for office in (hub, gym):
        rows = office.session.execute(select(Refund.booking_id, Refund.node_no, Refund.status))
        assert {tuple(row) for row in rows} == {(two[0], 1, "decided"), (two[1], 2, "decided")}
        for each in two:
            found = money.statement(office.session, each)
            assert found is not None
            assert found.account == Account(0, 900, 900)


def test_with_the_line_cut_it_waits_and_who_booked_meanwhile_keeps_the_room(
    offices: Offices, two: tuple[str, str]
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    morning = a_period("09:00-12:00")
    later = gym.books(gym.region.here.whole, "party-third", period=morning)

    closure_id = closes(hub, *two)
    offices.link.is_cut = False
    offices.meet()

    for office in (hub, gym):
        assert office.status(closure_id) == "refused"
        assert [office.status(each) for each in (*two, later)] == ["confirmed"] * 3
    again = closes(hub, *two, later)
    offices.meet()
    assert gym.status(again) == "confirmed"
    assert tables_of(hub) == tables_of(gym)


def test_a_shelter_that_the_asking_desk_has_not_heard_of_stays_open(
    offices: Offices, two: tuple[str, str]
):
    hub, gym = offices.hub, offices.gym
    for each in two:
        gym.cancels(each)
    offices.link.is_cut = True
    opened = ClosureRequest(gym.region.here.whole, SATURDAY, WHOLE_DAY, Kind.EMERGENCY)
    shelter = close(gym.session, opened, gym.context(actor="account-staff"))

    closure_id = closes(hub, *two)
    offices.link.is_cut = False
    offices.meet()

    assert (hub.status(str(shelter)), hub.status(closure_id)) == ("confirmed", "refused")


def test_a_closure_is_ended_from_the_desk_that_does_not_hold_the_sheet(
    offices: Offices, two: tuple[str, str]
):
    hub, gym = offices.hub, offices.gym
    closure_id = closes(hub, *two)
    offices.meet()

    reopen(hub.session, ReopenRequest(closure_id), hub.context())
    offices.meet()

    assert (hub.status(closure_id), gym.status(closure_id)) == ("cancelled", "cancelled")
    assert gym.region.here.whole in free_units(gym.session)


def test_a_closure_that_was_thought_better_of_before_its_answer_displaces_nobody(
    offices: Offices, two: tuple[str, str]
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    closure_id = closes(hub, *two)
    reopen(hub.session, ReopenRequest(closure_id), hub.context())
    offices.link.is_cut = False
    offices.meet()

    assert (hub.status(closure_id), gym.status(closure_id)) == ("cancelled", "cancelled")
    assert [gym.status(each) for each in two] == ["confirmed", "confirmed"]


def test_at_a_desk_with_a_witness_all_of_it_is_told_together(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    pay(gym.session, PayRequest(made, 1800), gym.context())

    closure_id = closes(gym, made)
    witnessed.meet()

    for office in (witnessed.hub, gym):
        assert (office.status(made), office.status(closure_id)) == ("cancelled", "confirmed")
        office.session.rollback()
        assert office.session.scalars(select(Refund.status)).all() == ["decided"]


def test_three_desks_and_the_place_next_door_instead(region: Three):
    """The gym closes; the resident takes the hall of the next town, which a third desk holds."""
    hub, gym, hall = region.offices
    made = gym.books(gym.region.here.whole)
    region.meet()
    closes(gym, made)
    region.meet()

    offer = OfferRequest(made, gym.region.resident, gym.region.next_door.whole, SATURDAY, EVENING)
    instead = str(take_offer(gym.session, offer, gym.context()))
    region.meet()

    for office in (hub, gym, hall):
        assert (office.status(made), office.status(instead)) == ("cancelled", "confirmed")


def test_a_wish_that_waited_is_told_that_the_room_was_closed(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    offices.link.is_cut = True
    made = hub.books(hub.region.here.whole)
    closes(gym)
    offices.link.is_cut = False
    offices.meet()

    assert hub.status(made) == "refused"
    assert papers.refused_for(hub.session, made) == "closed"
    known = refreshed(hub.session)
    booking = bookings.one(hub.session, known, made)
    assert booking is not None
    drawn = notices.document(hub.session, known, booking, REFUSAL, hub.context())
    assert drawn is not None
    assert "施設を閉めることとし" in drawn.record.reasons[0]
