"""部屋を閉める: people who have booked it lose it in one act, with their money and a letter."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, ChangeRequest, cancel, change
from reservations.actions.closing import (
    ClosureRequest,
    ReopenRequest,
    Room,
    close,
    reopen,
)
from reservations.actions.money import PayRequest, pay
from reservations.actions.offers import OfferRequest, take_offer
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import AuditLine, Booking, Event, Letter, Refund
from reservations.queries import bookings, money
from reservations.queries.audit import masks_agree
from reservations.rules.availability import Kind
from reservations.rules.money import Account, Method
from reservations.rules.period import Period
from tests.support.lending import (
    EVENING,
    a_period,
    booked,
    everything,
    free_units,
    refreshed,
    refusal,
    the_booking,
)
from tests.town import NOW, SATURDAY, Region, a_resident, context

STAFF = "account-staff"
WHOLE_DAY = a_period("09:00-21:00")
MORNING = a_period("09:00-12:00")


def a_closure(unit_id: int, *seen: str, period=WHOLE_DAY, **other: Any):
    return ClosureRequest(
        unit_id, SATURDAY, period, Kind.MAINTENANCE, "床の張替え", frozenset(seen), **other
    )


@pytest.fixture
def two(session: Session, region: Region) -> tuple[str, str]:
    """The resident has one half in the evening, a rival the other half in the morning."""
    with write_transaction(session):
        a_resident(session, "rival", home="172120")
    first = booked(session, region.here.halves[0], region.resident)
    second = booked(session, region.here.halves[1], "party-rival", period=MORNING)
    return str(first), str(second)


def keys(*booking_ids: str) -> list[str]:
    return [f"{each}:0" for each in booking_ids]


def test_who_is_in_the_way_loses_the_place_and_the_room_is_closed(
    session: Session, region: Region, two: tuple[str, str]
):
    closure_id = close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))

    assert [the_booking(session, each).status for each in two] == ["cancelled", "cancelled"]
    assert the_booking(session, closure_id).status == "confirmed"
    assert free_units(session) == [region.next_door.whole, *region.next_door.halves]
    assert masks_agree(session) == []


def test_each_gets_a_letter_with_the_reason_and_one_line_says_who_closed(
    session: Session, region: Region, two: tuple[str, str]
):
    closure_id = close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))

    letters = session.execute(select(Letter.booking_id, Letter.kind, Letter.body)).all()
    assert {row.booking_id: row.kind for row in letters} == dict.fromkeys(two, "cancelled")
    reasons = {(row.body["reason"], row.body["due_yen"]) for row in letters}
    assert reasons == {("施設の修繕・点検（床の張替え）のため。", 0)}
    told = select(AuditLine.actor, AuditLine.subject, AuditLine.reason)
    line = session.execute(told.where(AuditLine.action == "close")).one()
    assert tuple(line) == (STAFF, closure_id, "床の張替え")
    names = session.scalars(select(Event.name).order_by(Event.seq)).all()
    assert names[-3:] == ["booking.cancelled", "booking.cancelled", "booking.confirmed"]


def test_everything_that_was_paid_is_paid_back_the_way_it_came(
    session: Session, region: Region, two: tuple[str, str]
):
    pay(session, PayRequest(two[0], 900), context(STAFF))
    pay(session, PayRequest(two[1], 900, Method.TRANSFER, "t-1"), context(STAFF))

    close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))

    found = session.execute(select(Refund.booking_id, Refund.method, Refund.amount_yen)).all()
    assert {tuple(row) for row in found} == {(two[0], "cash", 900), (two[1], "transfer", 900)}
    for each in two:
        statement = money.statement(session, each)
        assert statement is not None
        assert statement.account == Account(0, 900, 900)


def test_who_came_after_the_clerk_looked_keeps_the_place_and_nothing_is_done(
    session: Session, region: Region, two: tuple[str, str]
):
    before = everything(session)

    answer = refusal(close, session, a_closure(region.here.whole, keys(*two)[0]), context(STAFF))

    assert answer == Refusal(RefusalCode.NOT_SEEN, count=1)
    assert everything(session) == before


def test_a_booking_that_was_moved_since_it_was_seen_is_shown_again(
    session: Session, region: Region, two: tuple[str, str]
):
    moved = ChangeRequest(two[0], region.here.halves[0], SATURDAY, MORNING)
    change(session, moved, context())

    answer = refusal(close, session, a_closure(region.here.whole, *keys(*two)), context(STAFF))

    assert answer == Refusal(RefusalCode.NOT_SEEN, count=1)


def test_what_was_given_back_meanwhile_is_no_obstacle(
    session: Session, region: Region, two: tuple[str, str]
):
    cancel(session, CancelRequest(two[0]), context())

    close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))

    assert the_booking(session, two[1]).status == "cancelled"
    kinds = session.scalars(select(Letter.booking_id)).all()
    assert kinds == [two[1]]


def test_who_is_beside_the_closed_part_or_time_stays(
    session: Session, region: Region, two: tuple[str, str]
):
    close(session, a_closure(region.here.halves[0], keys(two[0])[0]), context(STAFF))

    assert the_booking(session, two[0]).status == "cancelled"
    assert the_booking(session, two[1]).status == "confirmed"


def test_a_shelter_is_never_displaced(session: Session, region: Region):
    opened = ClosureRequest(region.here.halves[0], SATURDAY, WHOLE_DAY, Kind.EMERGENCY)
    shelter = close(session, opened, context(STAFF))

    answer = refusal(close, session, a_closure(region.here.whole, f"{shelter}:0"), context(STAFF))

    assert answer == Refusal(RefusalCode.PROTECTED)
    assert the_booking(session, shelter).status == "confirmed"


def test_a_closure_that_reaches_farther_is_not_opened_by_another(session: Session, region: Region):
    first = close(session, a_closure(region.here.whole), context(STAFF))

    part = a_closure(region.here.halves[0], f"{first}:0", period=EVENING)
    answer = refusal(close, session, part, context(STAFF))

    assert answer == Refusal(RefusalCode.CLOSED_ALREADY)


def test_a_smaller_closure_is_taken_over_by_a_larger_one(session: Session, region: Region):
    first = close(session, a_closure(region.here.halves[0], period=EVENING), context(STAFF))

    close(session, a_closure(region.here.whole, f"{first}:0"), context(STAFF))

    assert the_booking(session, first).status == "cancelled"
    assert masks_agree(session) == []


def test_several_rooms_of_a_house_are_closed_together_or_not_at_all(
    session: Session, region: Region, two: tuple[str, str]
):
    first, second = region.here.halves
    other = (Room(second, WHOLE_DAY),)

    half_seen = a_closure(first, keys(*two)[0], more=other)
    answer = refusal(close, session, half_seen, context(STAFF))
    untouched = [the_booking(session, each).status for each in two]
    close(session, a_closure(first, *keys(*two), more=other), context(STAFF))

    assert (answer.code, untouched) == (RefusalCode.NOT_SEEN, ["confirmed", "confirmed"])
    closed = select(Booking.unit_id).where(Booking.kind == "maintenance").order_by(Booking.unit_id)
    assert session.scalars(closed).all() == [first, second]


def test_what_is_in_use_is_closed_too_and_what_is_over_is_not(
    session: Session, region: Region, two: tuple[str, str]
):
    during = NOW + timedelta(days=7, hours=7)
    late = a_period("19:00-21:00")

    over = refusal(
        close, session, a_closure(region.here.whole, period=MORNING), context(STAFF, now=during)
    )
    close(
        session, a_closure(region.here.whole, *keys(*two), period=late), context(STAFF, now=during)
    )

    assert over == Refusal(RefusalCode.PAST)
    assert the_booking(session, two[0]).status == "cancelled"
    assert the_booking(session, two[1]).status == "confirmed"


def test_opened_again_it_is_free_and_nobody_gets_it_back_by_itself(
    session: Session, region: Region, two: tuple[str, str]
):
    closure_id = close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))
    begun = context(STAFF, now=NOW + timedelta(days=7))

    reopen(session, ReopenRequest(str(closure_id)), begun)

    assert region.here.whole in free_units(session)
    assert the_booking(session, two[0]).status == "cancelled"
    again = refusal(reopen, session, ReopenRequest(str(closure_id)), begun)
    assert again == Refusal(RefusalCode.NOT_ACTIVE)
    people = refusal(reopen, session, ReopenRequest(two[0]), begun)
    assert people == Refusal(RefusalCode.NOT_FOUND)


def test_the_place_next_door_is_taken_instead_at_its_own_price(
    session: Session, region: Region, two: tuple[str, str]
):
    close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))
    offer = OfferRequest(two[0], region.resident, region.next_door.halves[0], SATURDAY, EVENING)

    made = take_offer(session, offer, context(now=NOW + timedelta(hours=1)))
    twice = refusal(take_offer, session, offer, context())

    session.rollback()
    view = bookings.one(session, refreshed(session), made)
    assert view is not None
    assert (view.instead_of, view.is_offer, view.status) == (two[0], True, "confirmed")
    assert view.fee_yen == 1350
    old = bookings.one(session, refreshed(session), two[0])
    assert old is not None
    assert (old.status, old.replaced_by) == ("cancelled", made)
    assert twice == Refusal(RefusalCode.REPLACED)


def test_only_who_lost_a_place_takes_another_instead(
    session: Session, region: Region, two: tuple[str, str]
):
    there = (region.next_door.halves[0], SATURDAY, EVENING)
    standing = refusal(
        take_offer, session, OfferRequest(two[0], region.resident, *there), context()
    )
    cancel(session, CancelRequest(two[0]), context())

    own = refusal(take_offer, session, OfferRequest(two[0], region.resident, *there), context())
    close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))
    other = refusal(take_offer, session, OfferRequest(two[1], region.resident, *there), context())

    assert standing == own == other == Refusal(RefusalCode.NOT_FOUND)


def test_a_click_of_the_resident_and_of_the_clerk_at_once_is_one_booking(
    database: Database, session: Session, region: Region, two: tuple[str, str]
):
    close(session, a_closure(region.here.whole, *keys(*two)), context(STAFF))
    halves = region.next_door.halves
    with database.session() as clerk:
        first = OfferRequest(two[0], region.resident, halves[0], SATURDAY, EVENING)
        second = OfferRequest(two[0], region.resident, halves[1], SATURDAY, EVENING)
        take_offer(session, first, context())

        answer = refusal(take_offer, clerk, second, context(STAFF))

    assert answer == Refusal(RefusalCode.REPLACED)


def test_while_people_book_a_room_is_closed_over_those_who_were_seen_or_not_at_all(
    database: Database, region: Region
):
    """Bookers and a clerk at once: whoever is told yes has the place, or a letter that says why."""
    lined_up = threading.Barrier(5)
    closed: list[Refusal | None] = []

    def books(period: Period, unit: int) -> None:
        with database.session() as session:
            lined_up.wait(20)
            with contextlib.suppress(Refusal):
                booked(session, unit, region.resident, period=period)

    def closes() -> None:
        with database.session() as session:
            lined_up.wait(20)
            for _ in range(8):
                found = select(Booking.id).where(Booking.status == "confirmed")
                seen = keys(*session.scalars(found))
                try:
                    close(session, a_closure(region.here.whole, *seen), context(STAFF))
                    closed.append(None)
                    return
                except Refusal as refused:
                    closed.append(refused)

    afternoon = a_period("13:00-17:00")
    wishes = [(MORNING, 0), (afternoon, 0), (EVENING, 0), (EVENING, 1)]
    people = [
        threading.Thread(target=books, args=(period, region.here.halves[half]))
        for period, half in wishes
    ]
    people.append(threading.Thread(target=closes))
    for each in people:
        each.start()
    for each in people:
        each.join()

    assert closed[-1] is None
    assert {each.code for each in closed if each is not None} <= {RefusalCode.NOT_SEEN}
    with database.session() as session:
        assert masks_agree(session) == []
        standing = select(Booking.kind).where(Booking.status == "confirmed")
        assert session.scalars(standing).all() == ["maintenance"]
        lost = select(Booking.id).where(Booking.status == "cancelled")
        told = session.scalars(select(Letter.booking_id)).all()
        assert sorted(session.scalars(lost)) == sorted(told)
