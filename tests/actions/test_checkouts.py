"""Checkouts under many hands: one row, one payment, whoever is quicker, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from reservations.actions import checkouts as actions
from reservations.actions.checkouts import BeginRequest, Ended, Heard, Noted, Opened
from reservations.actions.money import PayRequest, pay
from reservations.db import Database
from reservations.errors import Refusal, RefusalCode
from reservations.models import Checkout, Event, Payment
from reservations.queries import checkouts as query
from reservations.queries import money
from reservations.rules.money import Account
from tests.support.lending import booked, refusal
from tests.town import NOW, context

AT_ONCE = 8


@pytest.fixture
def booking_id(session, region) -> str:
    """A whole evening for 1,800 yen."""
    return booked(session, region.here.whole, region.resident)


def begins(session, booking_id: str) -> str:
    return actions.begun(session, BeginRequest(booking_id, "ja"), context())


def heard(booking_id: str, checkout_id: str, reference: str = "p-1", yen: int = 1800) -> Heard:
    return Heard(checkout_id, booking_id, reference, yen, NOW)


def together(database: Database, work: Any) -> list[Any]:
    """The same from as many browsers as there are, each with a session of its own."""

    def one(_: int) -> Any:
        with database.session() as session:
            return work(session)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def row(session, checkout_id: str) -> Any:
    session.rollback()
    found = query.one(session, checkout_id)
    session.rollback()
    return found


def account(session, booking_id: str) -> Account:
    session.rollback()
    found = money.statement(session, booking_id)
    session.rollback()
    assert found is not None
    return found.account


def test_many_clicks_at_once_are_one_checkout(database: Database, session, booking_id):
    found = together(database, lambda each: begins(each, booking_id))

    assert len(set(found)) == 1
    assert session.scalar(select(func.count()).select_from(Checkout)) == 1


def test_one_payment_that_is_told_by_many_at_once_is_one(database: Database, session, booking_id):
    checkout_id = begins(session, booking_id)

    together(
        database,
        lambda each: actions.hear_payment(each, heard(booking_id, checkout_id), context("system")),
    )

    assert account(session, booking_id) == Account(1800, 1800, 0)
    assert session.scalar(select(func.count()).select_from(Payment)) == 1
    assert row(session, checkout_id).state == "paid"


def test_nothing_is_begun_where_nothing_is_owed(session, booking_id):
    pay(session, PayRequest(booking_id, 1800), context("account-clerk"))

    refused = refusal(actions.begin_checkout, session, BeginRequest(booking_id, "ja"), context())

    assert refused == Refusal(RefusalCode.NOTHING_TO_PAY)


def test_another_amount_is_another_checkout(session, booking_id):
    first = begins(session, booking_id)
    pay(session, PayRequest(booking_id, 300), context("account-clerk"))

    second = begins(session, booking_id)

    assert first != second
    assert row(session, second).amount_yen == 1500


def test_what_was_paid_is_recorded_as_it_is(session, booking_id):
    checkout_id = begins(session, booking_id)

    actions.hear_payment(session, heard(booking_id, checkout_id, yen=2000), context("system"))

    assert account(session, booking_id) == Account(1800, 2000, 0)
    names = session.scalars(select(Event.name).order_by(Event.seq)).all()
    assert names[-2:] == ["checkout.begun", "payment.received"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "/pay", "ftp://x/"])
def test_a_browser_is_led_nowhere_but_to_the_web(session, booking_id, address):
    checkout_id = begins(session, booking_id)

    refused = refusal(
        actions.open_checkout, session, Opened(checkout_id, "p-1", address), context()
    )

    assert refused.code is RefusalCode.NOT_FOUND
    assert row(session, checkout_id).address == ""


def test_paid_is_for_ever(session, booking_id):
    checkout_id = begins(session, booking_id)
    actions.hear_payment(session, heard(booking_id, checkout_id), context("system"))

    actions.end_checkout(session, Ended(checkout_id, "failed"), context("system"))
    actions.open_checkout(session, Opened(checkout_id, "p-1", "https://late/"), context())
    later = context("system", now=NOW + timedelta(hours=1))
    actions.note_checkout(session, Noted(checkout_id, "late"), later)

    found = row(session, checkout_id)
    assert (found.state, found.next_at) == ("paid", None)
