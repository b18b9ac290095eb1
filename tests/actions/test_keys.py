"""Idempotency-Key: a second click is the first one's answer."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.actions.step import RETRIED_STATES, TRIES, Context, action
from reservations.db import Database
from reservations.errors import Refusal, RefusalCode
from reservations.events import SignedOut
from reservations.models import AuditLine, Booking, Event
from reservations.queries.audit import masks_agree
from tests.support.lending import a_period, a_wish, everything, refusal, row_counts
from tests.town import Region, context

MORNING = a_period("09:00-12:00")


def with_key(key: str = "k1", request_hash: str = "h1", actor: str = "account-resident") -> Context:
    return context(actor, key=key, request_hash=request_hash)


def test_the_same_key_twice_is_one_booking_with_one_id(session: Session, region: Region):
    wish = a_wish(region.here.whole, region.resident)
    first = book(session, wish, with_key())
    before = everything(session)

    second = book(session, wish, with_key())

    assert second == first
    assert everything(session) == before


def test_a_key_that_was_used_for_something_else_is_refused(session: Session, region: Region):
    wish = a_wish(region.here.whole, region.resident)
    booking_id = book(session, wish, with_key())
    before = everything(session)

    other_request = refusal(book, session, wish, with_key(request_hash="h2"))
    other_action = refusal(cancel, session, CancelRequest(booking_id), with_key())

    assert other_request == other_action == Refusal(RefusalCode.KEY_REUSED)
    assert everything(session) == before


def test_two_people_may_use_the_same_key(session: Session, region: Region):
    one = book(session, a_wish(region.here.whole, region.resident), with_key())
    morning = a_wish(region.here.whole, region.resident, period=MORNING)

    other = book(session, morning, with_key(actor="account-other"))

    assert one != other


def test_a_refused_request_may_be_sent_again_with_its_key(session: Session, region: Region):
    wish = a_wish(region.here.whole, region.resident, headcount=500)
    refusal(book, session, wish, with_key())

    booking_id = book(session, a_wish(region.here.whole, region.resident), with_key())

    assert session.get(Booking, booking_id) is not None


def test_requests_without_a_key_are_each_done(session: Session, region: Region):
    book(session, a_wish(region.here.whole, region.resident), context())
    book(session, a_wish(region.here.whole, region.resident, period=MORNING), context())

    assert row_counts(session)["booking"] == 2


def test_ten_clicks_at_once_are_one_booking_with_one_id(database: Database, region: Region):
    wish = a_wish(region.here.whole, region.resident)
    found: list[object] = []
    lined_up = threading.Barrier(10)

    def click() -> None:
        with database.session() as session:
            lined_up.wait(20)
            try:
                found.append(book(session, wish, with_key()))
            except Exception as error:  # noqa: BLE001 - whatever a click gets is compared below
                found.append(error)

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.session() as session:
        ids = session.execute(select(Booking.id)).scalars().all()
        assert masks_agree(session) == []
        for table in (AuditLine, Event):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1
    assert found == list(ids) * 10


class DeadlockError(Exception):
    """What PostgreSQL says to the loser of a deadlock."""

    sqlstate = "40P01"


@pytest.mark.parametrize(("failures", "is_done"), [(TRIES - 1, True), (TRIES, False)])
def test_the_loser_of_a_deadlock_is_tried_again(session: Session, failures: int, is_done: bool):
    assert DeadlockError.sqlstate in RETRIED_STATES
    left = [None] * failures

    @action("sign_out")
    def sign_out(_session: Session, _request: None, _context: Context, subject: str) -> SignedOut:
        if left:
            left.pop()
            raise DBAPIError("UPDATE", {}, DeadlockError())
        return SignedOut(subject=subject)

    before = row_counts(session)
    if is_done:
        sign_out(session, None, context())
    else:
        with pytest.raises(DBAPIError):
            sign_out(session, None, context())

    written = 1 if is_done else 0
    after = row_counts(session)
    assert after == before | {"audit_line": written, "event": written}
