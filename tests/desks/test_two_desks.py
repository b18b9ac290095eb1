"""Cut the line, book on both sides, rejoin: nothing is promised twice, and everybody hears why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Executable, select

from reservations import projection
from reservations.actions import entering, moving
from reservations.actions.bookings import ChangeRequest, change
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking, DayMask, Letter
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.queries.audit import masks_agree
from reservations.queries.letters import listed
from sync.document import Entry
from sync.ledger import SqlStore
from tests.support.desks import Office, Offices
from tests.support.lending import a_period, the_booking
from tests.town import SATURDAY, TODAY


def lines(office: Office, offices: Offices) -> list[tuple[int, str]]:
    """What stands on Saturday's sheet at an office."""
    with office.desk.transaction() as store:
        entering.enter(store.session, office.desk, offices.sheet(SATURDAY))
        return [(line.number, line.kind) for line in store.lines(offices.sheet(SATURDAY).text)]


def letters(office: Office) -> list[tuple[str, str]]:
    office.session.rollback()
    return [(row.party_id, row.kind) for row in office.session.scalars(select(Letter))]


def test_a_booking_made_before_the_hand_over_is_known_at_the_gym(offices: Offices):
    made = offices.hub.books(offices.hub.region.here.whole)

    offices.give(SATURDAY)

    there, here = (the_booking(office.session, made) for office in (offices.gym, offices.hub))
    columns = [column.name for column in type(there).__table__.columns]
    assert [getattr(there, name) for name in columns] == [getattr(here, name) for name in columns]
    assert masks_agree(offices.gym.session) == masks_agree(offices.hub.session) == []


def test_what_was_booked_before_there_was_a_ledger_stands_on_its_first_lines(offices: Offices):
    hub = offices.hub
    made = hub.books(hub.region.here.whole)
    with write_transaction(hub.session):
        hub.session.connection().exec_driver_sql("DELETE FROM event")

    offices.give(SATURDAY)

    assert offices.gym.status(made) == "confirmed"
    assert lines(hub, offices)[:2] == [(1, "confirm"), (2, "hand over")]


def test_after_the_hand_over_the_hub_asks_and_the_gym_answers(offices: Offices):
    hub = offices.hub
    offices.give(SATURDAY)

    made = hub.books(hub.region.here.whole)
    waiting = hub.status(made)
    offices.meet()

    assert (waiting, hub.status(made), offices.gym.status(made)) == (
        "tentative", "confirmed", "confirmed",
    )  # fmt: skip
    assert letters(hub) == [(hub.region.resident, "confirmed")]
    assert masks_agree(offices.gym.session) == masks_agree(hub.session) == []


def test_a_tentative_booking_is_seen_at_the_gym_and_occupies_nothing(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    made = hub.books(hub.region.here.whole)

    hub.desk.settle()
    offices.link.sync()

    assert gym.status(made) == "tentative"
    rival = gym.books(gym.region.here.whole, "party-rival")
    assert gym.status(rival) == "confirmed"


def test_of_two_who_want_one_court_while_the_line_is_cut_the_holders_one_has_it(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    offices.link.is_cut = True

    there = gym.books(gym.region.here.whole, "party-rival")
    here = hub.books(hub.region.here.whole)
    before = (gym.status(there), hub.status(here))
    offices.link.is_cut = False
    offices.meet()

    assert before == ("confirmed", "tentative")
    for office in (hub, gym):
        assert (office.status(there), office.status(here)) == ("confirmed", "refused")
        assert masks_agree(office.session) == []
    assert letters(hub) == [(hub.region.resident, "refused")]
    known = memory.current(hub.session)
    (told,) = listed(hub.session, known)
    assert (told.kind, told.unit.id, told.name) == ("refused", hub.region.here.whole, "resident")


def test_what_is_held_elsewhere_and_known_to_be_taken_is_refused_at_once(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    gym.books(gym.region.here.whole, "party-rival")
    offices.meet()

    with pytest.raises(Refusal) as refused:
        hub.books(hub.region.here.halves[0])

    assert refused.value.code is RefusalCode.TAKEN


def test_a_wish_to_cancel_counts_from_now_on_and_the_holder_frees_the_place(offices: Offices):
    hub, gym = offices.hub, offices.gym
    made = hub.books(hub.region.here.whole)
    offices.give(SATURDAY)

    hub.cancels(made)
    wished = the_booking(hub.session, made)
    still = (wished.status, wished.cancelled_at is not None, wished.cancel_due_yen)
    offices.meet()

    assert still == ("confirmed", True, 0)
    for office in (hub, gym):
        row = the_booking(office.session, made)
        assert (row.status, row.cancel_due_yen, row.revision) == ("cancelled", 0, 1)
        assert masks_agree(office.session) == []
    assert gym.status(gym.books(gym.region.here.whole, "party-rival")) == "confirmed"


def test_a_tentative_booking_can_be_given_up_before_it_is_answered(offices: Offices):
    hub = offices.hub
    offices.give(SATURDAY)
    made = hub.books(hub.region.here.whole)

    hub.cancels(made)
    offices.meet()

    assert (hub.status(made), offices.gym.status(made)) == ("cancelled", "cancelled")
    assert masks_agree(hub.session) == masks_agree(offices.gym.session) == []


def test_changes_on_a_sheet_and_to_another_are_lines_of_both(offices: Offices):
    hub = offices.hub
    made = hub.books(hub.region.here.whole)
    to = (
        (SATURDAY, "13:00-17:00"),
        (SATURDAY + timedelta(days=1), "18:00-21:00"),
        (SATURDAY, "09:00-12:00"),
    )

    for day, text in to:
        request = ChangeRequest(made, hub.region.here.whole, day, a_period(text))
        change(hub.session, request, hub.context())
    offices.give(SATURDAY)
    offices.give(SATURDAY + timedelta(days=1))

    assert lines(offices.gym, offices) == [
        (1, "confirm"), (2, "confirm"), (3, "cancel"), (4, "confirm"), (5, "hand over"),
    ]  # fmt: skip
    there = the_booking(offices.gym.session, made)
    assert (there.date, there.start_slot, there.revision) == (SATURDAY, 36, 3)
    assert masks_agree(offices.gym.session) == masks_agree(hub.session) == []


def test_a_holder_confirms_while_its_line_is_cut_and_the_hub_hears_later(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    offices.link.is_cut = True

    made = gym.books(gym.region.here.halves[0])
    gym.cancels(gym.books(gym.region.here.halves[1], "party-rival"))
    offices.link.is_cut = False
    offices.meet()

    assert hub.status(made) == "confirmed"
    assert masks_agree(hub.session) == []


def test_the_sheet_comes_back_with_everything_on_it(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    made = gym.books(gym.region.here.whole)

    moving.hand_back(gym.desk, TODAY, at=5)
    offices.meet()

    assert hub.status(made) == "confirmed"
    rival = hub.books(hub.region.here.whole, "party-rival", period=a_period("13:00-17:00"))
    asked = gym.books(gym.region.here.whole, "party-third", period=a_period("09:00-12:00"))
    assert (hub.status(rival), gym.status(asked)) == ("confirmed", "tentative")


def test_a_witness_has_the_line_before_anybody_is_told(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)

    made = gym.books(gym.region.here.whole)

    at_witness = gym.desk.witness_of("gym-witness").after(witnessed.sheet(SATURDAY).text, 0)
    kinds = [line.kind for line in at_witness if isinstance(line, Entry)]
    assert kinds == ["hand over", "confirm"]
    assert the_booking(gym.session, made).is_told


def test_while_the_witness_is_silent_a_booking_holds_its_place_and_nobody_is_told(
    witnessed: Offices,
):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    made = gym.books(gym.region.here.whole)
    untold = the_booking(gym.session, made).is_told
    with pytest.raises(Refusal):
        gym.books(gym.region.here.whole, "party-rival")
    aside.rename(medium)
    gym.desk.settle()

    assert (untold, the_booking(gym.session, made).is_told) == (False, True)


def test_the_same_documents_give_the_same_tables(offices: Offices):
    """I7: all lines once more on a desk that has forgotten its tables."""
    hub, gym = offices.hub, offices.gym
    made = [
        hub.books(hub.region.here.halves[0]),
        hub.books(hub.region.next_door.whole, "party-rival"),
    ]
    hub.cancels(made[0])
    offices.give(SATURDAY)
    gym.books(gym.region.here.halves[1], "party-third")
    offices.meet()
    before = tables_of(gym)

    with gym.desk.transaction() as store:
        store.session.connection().exec_driver_sql("DELETE FROM letter")
        store.session.connection().exec_driver_sql("DELETE FROM booking")
        store.session.connection().exec_driver_sql("UPDATE day_mask SET am = 0, pm = 0")
        again(gym, store, offices)

    assert tables_of(gym) == before


def again(office: Office, store: SqlStore, offices: Offices) -> None:
    projection.again(store.session, office.desk, offices.sheet(SATURDAY))


def rows(office: Office, query: Executable) -> list[tuple[object, ...]]:
    return [tuple(row) for row in office.session.execute(query)]


def tables_of(office: Office) -> dict[str, list[tuple[object, ...]]]:
    office.session.rollback()
    found = {
        "booking": rows(office, select(table_of(Booking)).order_by(Booking.id)),
        "day_mask": rows(
            office,
            select(DayMask.date, DayMask.part_id, DayMask.am, DayMask.pm, DayMask.is_held).order_by(
                DayMask.date, DayMask.part_id
            ),
        ),
    }
    office.session.rollback()
    return found
