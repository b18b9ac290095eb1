"""A booking on sheets of two holders: the old place is never lost before the new one is had."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations import documents
from reservations.actions import moving, notices
from reservations.actions.bookings import ChangeRequest, change
from reservations.clock import LOCAL
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking, Letter
from reservations.queries import bookings as bookings_query
from reservations.queries import memory, parties
from reservations.queries.audit import masks_agree
from reservations.queries.bookings import BookingView
from reservations.sheets import SheetName
from tests.support.desks import Office, Offices
from tests.support.lending import EVENING, a_period, the_booking
from tests.support.many_desks import Desks
from tests.town import NOW, SATURDAY, TODAY

RIVAL = "party-rival"


def view(office: Office, booking_id: str) -> BookingView:
    office.session.rollback()
    office.session.expire_all()
    found = bookings_query.one(office.session, memory.current(office.session), booking_id)
    assert found is not None
    return found


def instead_of(office: Office, booking_id: str) -> str:
    """The booking that was made in the place of this one."""
    office.session.rollback()
    found = office.session.scalar(select(Booking.id).where(Booking.instead_of == booking_id))
    assert found is not None
    return found


def letters(office: Office) -> list[tuple[str, str]]:
    office.session.rollback()
    rows = office.session.scalars(select(Letter).order_by(Letter.at, Letter.id))
    return [(row.booking_id, row.kind) for row in rows]


def all_is_well(desks: Desks) -> bool:
    """Masks and bookings agree at every desk, and nothing waits."""
    waiting = select(Booking.id).where(Booking.status == "tentative")
    found: list[object] = []
    for office in desks.offices.values():
        office.session.rollback()
        found += masks_agree(office.session)
        found += office.session.scalars(waiting).all()
    return not found


# A change from here to next door, by who holds which.

HOLDERS = {
    "from a sheet of one's own to another's": ("hub", "next"),
    "from another's to one of one's own": ("gym", "hub"),
    "from one foreign holder to another": ("gym", "next"),
    "between two sheets of one foreign holder": ("gym", "gym"),
}


def given(desks: Desks, old: str, new: str) -> str:
    """The resident has the hall here on Saturday; then both sheets go to their holders."""
    made = desks.hub.books(desks.hub.region.here.whole, headcount=20)
    for where, holder in (("here", old), ("next_door", new)):
        if holder != "hub":
            desks.give(desks.sheet(where), holder)
    return made


@pytest.mark.parametrize("holders", HOLDERS.values(), ids=list(HOLDERS))
def test_a_change_over_two_holders_keeps_the_old_place_until_the_new_one_is_had(
    desks: Desks, holders: tuple[str, str]
):
    old = given(desks, *holders)

    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)
    kept = view(desks.hub, old), the_booking(desks.hub.session, old).status
    desks.heal()

    is_at_once = holders[1] == "hub"
    assert (kept[0].status, kept[1]) == ("cancelling" if is_at_once else "changing", "confirmed")
    assert kept[0].replaced_by == new
    assert desks.statuses(old) == ["cancelled"] * 3
    assert desks.statuses(new) == ["confirmed"] * 3
    assert all_is_well(desks)
    rival = desks.offices[holders[0]].books(desks.hub.region.here.whole, RIVAL)
    assert desks.offices[holders[0]].status(rival) == "confirmed"


def test_the_new_booking_keeps_the_conditions_of_the_old_one_and_only_its_own_fee_is_owed(
    desks: Desks,
):
    old = given(desks, "gym", "next")

    desks.changes("hub", old, desks.hub.region.next_door.whole)
    desks.heal()

    for office in desks.offices.values():
        before = the_booking(office.session, old)
        after = the_booking(office.session, instead_of(office, old))
        assert (before.fee_yen, before.cancel_due_yen, after.fee_yen) == (1800, 0, 2700)
        assert (after.made_at, after.headcount, after.party_id) == (
            before.made_at, 20, desks.hub.region.resident,
        )  # fmt: skip


def test_its_permit_says_that_it_was_decided_when_it_was_changed(desks: Desks):
    old = desks.hub.books(desks.hub.region.next_door.whole)
    desks.give(desks.sheet("here"), "gym")
    office = desks.hub
    tomorrow = office.context(now=NOW + timedelta(days=1))
    request = ChangeRequest(old, office.region.here.whole, SATURDAY, EVENING)
    change(office.session, request, tomorrow)
    desks.heal()
    new = view(office, instead_of(office, old))

    known = memory.current(office.session)
    document = notices.document(office.session, known, new, documents.PERMIT, tomorrow)

    assert document is not None
    permit = document.record
    assert (permit.decided_on, permit.permit_number) == (TODAY + timedelta(days=1), new.number)


def test_by_the_start_of_the_old_place_at_the_latest_the_answer_is_promised(desks: Desks):
    old = desks.hub.books(desks.hub.region.here.whole, date=TODAY, period=a_period("18:00-21:00"))
    desks.give(desks.sheet("next_door"), "next")

    desks.changes("hub", old, desks.hub.region.next_door.whole)

    told = view(desks.hub, old).answer_by
    assert told is not None
    assert told.astimezone(LOCAL).strftime("%d %H:%M") == "06 17:00"


def test_when_the_new_place_is_refused_the_old_one_stands_and_the_person_is_told(desks: Desks):
    old = given(desks, "gym", "next")
    rival = desks.next.books(desks.hub.region.next_door.whole, RIVAL)

    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)
    desks.heal()

    assert desks.statuses(old) == desks.statuses(rival) == ["confirmed"] * 3
    assert desks.statuses(new) == ["refused"] * 3
    assert letters(desks.hub) == [(new, "refused")]
    kept = view(desks.hub, old)
    assert (kept.status, kept.replaced_by, kept.was_kept) == ("confirmed", None, True)
    assert all_is_well(desks)


def test_within_one_foreign_sheet_the_new_place_may_overlap_the_old_one(desks: Desks):
    old = given(desks, "gym", "hub")

    desks.changes("hub", old, desks.hub.region.here.halves[0])
    new = instead_of(desks.hub, old)
    desks.heal()

    assert (desks.statuses(old), desks.statuses(new)) == (["cancelled"] * 3, ["confirmed"] * 3)
    assert all_is_well(desks)
    other = desks.gym.books(desks.hub.region.here.halves[1], RIVAL)
    assert desks.gym.status(other) == "confirmed"


def test_what_others_have_on_a_foreign_sheet_is_refused_at_once_also_beside_ones_own_place(
    desks: Desks,
):
    left, right = desks.hub.region.here.halves
    old = desks.hub.books(left)
    desks.hub.books(right, RIVAL)
    desks.give(desks.sheet("here"), "gym")

    with pytest.raises(Refusal) as refused:
        desks.changes("hub", old, right)

    assert refused.value.code is RefusalCode.TAKEN


@pytest.mark.parametrize("order", [("gym", "hub", "next"), ("next", "hub", "gym")])
@pytest.mark.parametrize("first", ["gym", "next"])
def test_a_cut_between_the_steps_delays_them_and_loses_nothing(
    desks: Desks, first: str, order: tuple[str, ...]
):
    """One line comes back and is cut again before the other one comes back."""
    old = given(desks, "gym", "next")
    desks.cut("gym", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)

    desks.mend(first)
    for _ in range(3):
        desks.tend()
        desks.carry(first)
    desks.cut(first)
    between = desks.hub.status(old), desks.hub.status(new)
    taken_at_gym = view(desks.gym, old).status in ("confirmed", "changing")
    desks.heal(order)

    assert between == (
        ("confirmed", "confirmed") if first == "next" else ("confirmed", "tentative")
    )
    assert taken_at_gym
    assert (desks.statuses(old), desks.statuses(new)) == (["cancelled"] * 3, ["confirmed"] * 3)
    assert all_is_well(desks)


def test_what_has_begun_is_not_given_up_any_more(desks: Desks):
    """The answer came late: the old place is being used, and the new one stands too."""
    old = desks.hub.books(desks.hub.region.here.whole, date=TODAY, period=EVENING)
    desks.give(desks.sheet("next_door"), "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)

    desks.now = EVENING.starts_at(TODAY, LOCAL)
    desks.heal()

    assert desks.statuses(old)[0] == "confirmed" and desks.statuses(new) == ["confirmed"] * 3
    assert masks_agree(desks.hub.session) == []


def test_a_second_click_with_the_same_key_is_one_change(desks: Desks):
    old = given(desks, "gym", "next")
    office = desks.hub
    request = ChangeRequest(old, office.region.next_door.whole, SATURDAY, EVENING)
    keyed = office.context(key="once", request_hash="-")

    done = [change(office.session, request, keyed) for _ in range(2)]
    desks.heal()

    assert [str(each) for each in done] == [old, old]
    made = office.session.scalars(select(Booking.id).where(Booking.instead_of == old)).all()
    assert len(made) == 1 and desks.statuses(old) == ["cancelled"] * 3


def test_a_booking_whose_change_waits_is_not_changed_again(desks: Desks):
    old = given(desks, "hub", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)

    with pytest.raises(Refusal) as refused:
        desks.changes("hub", old, desks.hub.region.here.halves[0])

    assert refused.value.code is RefusalCode.CHANGING


def test_while_changing_the_party_holds_one_booking_and_not_two(desks: Desks):
    old = given(desks, "gym", "gym")
    desks.changes("hub", old, desks.hub.region.here.whole, period=a_period("09:00-12:00"))

    standing, _ = parties.standing(
        desks.hub.session, desks.hub.region.resident, "172014",
        day=SATURDAY, period=EVENING, today=TODAY,
    )  # fmt: skip

    assert (standing.active_count, standing.has_overlap) == (1, True)


# Thinking better of it.


def test_who_gives_up_a_change_in_time_keeps_the_old_place(desks: Desks):
    old = given(desks, "gym", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)

    desks.hub.cancels(new)
    desks.heal()

    assert (desks.statuses(old), desks.statuses(new)) == (["confirmed"] * 3, ["cancelled"] * 3)
    assert letters(desks.hub) == [] and all_is_well(desks)


def test_who_gives_up_a_change_too_late_has_the_new_place_and_never_none(desks: Desks):
    old = given(desks, "gym", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)
    desks.tend("hub")
    desks.carry()
    desks.tend("next")

    desks.hub.cancels(new)
    desks.heal()

    assert (desks.statuses(old), desks.statuses(new)) == (["cancelled"] * 3, ["confirmed"] * 3)
    assert the_booking(desks.hub.session, new).cancelled_at is None
    assert all_is_well(desks)


@pytest.mark.parametrize("is_answered", [False, True])
def test_who_gives_up_the_old_place_wants_no_new_one_in_its_stead(desks: Desks, is_answered: bool):
    old = given(desks, "gym", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)
    if is_answered:
        desks.tend("hub")
        desks.carry()
        desks.tend("next")

    desks.hub.cancels(old)
    desks.heal()

    assert desks.statuses(old) == desks.statuses(new) == ["cancelled"] * 3
    assert all_is_well(desks)


def test_two_changes_of_one_booking_at_two_desks_that_do_not_hear_each_other_are_two_bookings(
    desks: Desks,
):
    old = given(desks, "gym", "next")
    desks.cut("gym", "next")
    desks.changes("hub", old, desks.hub.region.next_door.whole)
    desks.changes("next", old, desks.hub.region.next_door.whole, period=a_period("09:00-12:00"))

    desks.heal()

    made = desks.hub.session.scalars(select(Booking.id).where(Booking.instead_of == old)).all()
    assert [desks.statuses(each) for each in made] == [["confirmed"] * 3] * 2
    assert desks.statuses(old) == ["cancelled"] * 3 and all_is_well(desks)


def test_a_wish_to_cancel_follows_a_booking_that_was_moved_meanwhile(desks: Desks):
    old = given(desks, "gym", "gym")
    desks.cut("gym")
    desks.hub.cancels(old)
    desks.changes("gym", old, desks.hub.region.next_door.whole)

    desks.heal()

    assert desks.statuses(old) == ["cancelled"] * 3 and all_is_well(desks)
    assert the_booking(desks.gym.session, old).cancelled_at == NOW


def test_nobody_frees_the_old_place_before_the_witness_has_the_new_one(witnessed: Offices):
    hub, gym = witnessed.hub, witnessed.gym
    old = hub.books(hub.region.next_door.whole)
    moving.hand_over(hub.desk, {next_door(hub): "gym"}, at=1)
    witnessed.meet()
    moving.hand_over(gym.desk, {next_door(gym): "hub"}, at=1)
    witnessed.give(SATURDAY)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    wish = ChangeRequest(old, gym.region.here.whole, SATURDAY, EVENING)
    change(gym.session, wish, gym.context())
    witnessed.meet()
    untold = hub.status(old), view(gym, old).status, gym.status(instead_of(gym, old))
    aside.rename(medium)
    witnessed.meet()

    assert untold == ("confirmed", "changing", "confirmed")
    new = instead_of(hub, old)
    assert [each.status(old) for each in (hub, gym)] == ["cancelled"] * 2
    assert [each.status(new) for each in (hub, gym)] == ["confirmed"] * 2


def next_door(office: Office) -> SheetName:
    return SheetName("172120", office.region.next_door.facility_id, SATURDAY)


def test_a_holder_that_does_not_hear_of_the_other_town_frees_the_old_place_all_the_same(
    desks: Desks,
):
    old = given(desks, "gym", "hub")
    desks.lines["gym"].scope = lambda chain: chain.startswith("172014-")

    desks.changes("hub", old, desks.hub.region.next_door.whole)
    new = instead_of(desks.hub, old)
    desks.heal()

    assert desks.statuses(old) == ["cancelled"] * 3 and desks.hub.status(new) == "confirmed"
    assert desks.gym.session.get(Booking, new) is None
    assert masks_agree(desks.gym.session) == []
