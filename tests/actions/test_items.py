"""鍵と備品: never more out than there are, on both engines, also for two clerks at once."""

from __future__ import annotations

import threading
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.items import (
    HandOutRequest,
    ItemRequest,
    TakeBackRequest,
    hand_out,
    set_item,
    take_back,
)
from reservations.actions.step import Context
from reservations.clock import LOCAL
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Item
from reservations.queries import items
from tests.support.lending import booked, refusal
from tests.town import SATURDAY, Region, context

EVENING = datetime.combine(SATURDAY, time(17, 50), LOCAL)


def clerk(now: datetime = EVENING) -> Context:
    return context("account-staff", now=now)


def there_are(session: Session, region: Region, count: int, name: str = "支柱") -> int:
    kind = "key" if name.endswith("鍵") else "equipment"
    set_item(session, ItemRequest(region.here.facility_id, kind, name, count), clerk())
    session.rollback()
    found = session.scalar(select(Item.id).where(Item.name == name))
    session.rollback()
    assert found is not None
    return found


def is_handed(session: Session, item_id: int, booking_id: str, quantity: int = 1) -> str:
    return str(hand_out(session, HandOutRequest(item_id, booking_id, quantity), clerk()))


def out(session: Session, item_id: int) -> int:
    session.rollback()
    found = items.item(session, item_id)
    session.rollback()
    assert found is not None
    return int(found.out)


def test_what_went_out_comes_back_once(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    key = there_are(session, region, 1, "競技場の鍵")

    handed = is_handed(session, key, booking_id)
    before = out(session, key)
    for _ in range(2):
        take_back(session, TakeBackRequest(handed), clerk())

    assert (before, out(session, key)) == (1, 0)


def test_never_more_goes_out_than_there_are(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    posts = there_are(session, region, 4)
    is_handed(session, posts, booking_id, 3)

    told = refusal(is_handed, session, posts, booking_id, 2)

    assert told == Refusal(RefusalCode.ITEMS_OUT, left=1)
    assert out(session, posts) == 3


def test_eight_clerks_at_once_hand_out_the_last_three(
    database: Database, session: Session, region: Region
):
    booking_id = booked(session, region.here.whole, region.resident)
    posts = there_are(session, region, 3)
    answers: list[str] = []

    def hands_one() -> None:
        with database.session() as own:
            try:
                is_handed(own, posts, booking_id)
                answers.append("handed")
            except Refusal as told:
                answers.append(told.code.value)

    clerks = [threading.Thread(target=hands_one) for _ in range(8)]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()

    assert sorted(answers) == ["handed"] * 3 + ["items_out"] * 5
    assert out(session, posts) == 3


def test_the_database_itself_refuses_more_than_there_are(session: Session, region: Region):
    posts = there_are(session, region, 3)

    with pytest.raises(IntegrityError), write_transaction(session):
        session.execute(update(Item).where(Item.id == posts).values(out=4))


def test_the_count_is_changed_by_name_and_never_below_what_is_out(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    posts = there_are(session, region, 4)
    is_handed(session, posts, booking_id, 3)

    told = refusal(there_are, session, region, 2)

    assert told == Refusal(RefusalCode.ITEMS_OUT, left=0)
    assert there_are(session, region, 3) == posts


@pytest.mark.parametrize(("name", "count"), [("", 1), ("あ" * 41, 1), ("網", -1), ("網", 10_000)])
def test_what_is_not_whole_is_not_written_down(
    session: Session, region: Region, name: str, count: int
):
    told = refusal(there_are, session, region, count, name)

    assert told == Refusal(RefusalCode.ITEM_WRONG, most=40)


def test_things_go_out_on_the_day_for_a_booking_that_stands_in_the_same_house(
    session: Session, region: Region
):
    posts = there_are(session, region, 3)
    there = booked(session, region.next_door.whole, region.resident)
    cancel(session, CancelRequest(there), context())
    given_back = booked(session, region.here.whole, region.resident)
    early = HandOutRequest(posts, given_back)
    day_before = clerk(EVENING - timedelta(days=1))

    assert refusal(hand_out, session, early, day_before).code is RefusalCode.NOT_THE_DAY
    assert refusal(is_handed, session, posts, there).code is RefusalCode.NOT_FOUND
    cancel(session, CancelRequest(given_back), context())
    assert refusal(is_handed, session, posts, given_back).code is RefusalCode.NOT_ACTIVE


def test_the_book_has_what_is_overdue_on_top(session: Session, region: Region):
    morning = booked(session, region.here.halves[0], region.resident)
    posts, key = there_are(session, region, 3), there_are(session, region, 1, "競技場の鍵")
    back = is_handed(session, posts, morning)
    take_back(session, TakeBackRequest(back), clerk())
    late = is_handed(session, key, morning)
    session.rollback()

    def book(now: datetime) -> list[tuple[str, bool]]:
        found = items.of_day(session, region.here.facility_id, now.date(), now=now)
        session.rollback()
        return [(line.id, line.is_overdue(now)) for line in found]

    assert book(EVENING) == [(late, False), (back, False)]
    assert book(EVENING + timedelta(days=1)) == [(late, True)]
