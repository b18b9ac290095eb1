"""来館: that somebody has come is noted once, from an hour before the use."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.attendance import ArrivalRequest, arrive
from reservations.actions.bookings import CancelRequest, ClosureRequest, cancel, close
from reservations.actions.step import Context
from reservations.errors import Refusal, RefusalCode
from reservations.models import Arrival
from reservations.queries import bookings
from reservations.rules.availability import Kind
from tests.support.lending import EVENING, booked, refusal
from tests.town import NOW, SATURDAY, Region, context

STAFF = "account-staff"
# The use begins on Saturday at 18:00.
BEGINS = NOW + timedelta(days=7, hours=6)


def at(instant: datetime) -> Context:
    return context(STAFF, now=instant)


@pytest.fixture
def made(session: Session, region: Region) -> str:
    return str(booked(session, region.here.whole, region.resident))


@pytest.mark.parametrize("minutes", [-60, 0, 15, 600])
def test_it_is_noted_with_its_time_and_by_whom(session: Session, made: str, minutes: int):
    when = BEGINS + timedelta(minutes=minutes)

    arrive(session, ArrivalRequest(made), at(when))

    row = session.execute(select(Arrival.booking_id, Arrival.at, Arrival.actor)).one()
    assert tuple(row) == (made, when, STAFF)


def test_the_first_time_stands(session: Session, made: str):
    arrive(session, ArrivalRequest(made), at(BEGINS))

    arrive(session, ArrivalRequest(made), at(BEGINS + timedelta(minutes=5)))

    assert bookings.arrived_at(session, made) == BEGINS


def test_days_before_it_is_somebody_elses_booking(session: Session, made: str):
    answer = refusal(arrive, session, ArrivalRequest(made), at(BEGINS - timedelta(minutes=61)))

    assert answer == Refusal(RefusalCode.NOT_BEGUN, minutes=60)


def test_nobody_comes_to_what_was_given_back_or_closed(session: Session, region: Region, made: str):
    cancel(session, CancelRequest(made), context())
    closed = ClosureRequest(region.here.whole, SATURDAY, EVENING, Kind.CLOSURE)
    closure = close(session, closed, context(STAFF))

    given_back = refusal(arrive, session, ArrivalRequest(made), at(BEGINS))
    shut = refusal(arrive, session, ArrivalRequest(str(closure)), at(BEGINS))

    assert given_back == Refusal(RefusalCode.NOT_ACTIVE)
    assert shut == Refusal(RefusalCode.NOT_FOUND)
