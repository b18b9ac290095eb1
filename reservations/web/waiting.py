"""仮受付 on screens: waiting a moment for the holder, and what could be had at once instead."""

from __future__ import annotations

import time

from reservations import desk as desks
from reservations.actions.step import Done
from reservations.events import BookingAsked
from reservations.events.counter import ClosureAsked
from reservations.queries import bookings as bookings_query
from reservations.queries import ledger, nearby
from reservations.queries.bookings import BookingView
from reservations.queries.nearby import Alternative
from reservations.web import auth
from reservations.web.services import memory, now, services, session

# How long a page waits for a holder that is in reach; and how often it looks.
ANSWER_SECONDS_MAX = 2.0
LOOK_SECONDS = 0.02


def wait_for_answer(done: Done) -> None:
    """Give the holder a moment, so that most people never read 仮受付. Cut off, nobody waits."""
    if not isinstance(done.fact, BookingAsked | ClosureAsked):
        return
    if ledger.contact(services().desk).is_cut_off(now()):
        return
    end = time.monotonic() + ANSWER_SECONDS_MAX
    while time.monotonic() < end:
        session().rollback()
        if not bookings_query.is_tentative(session(), done.fact.subject):
            return
        time.sleep(LOOK_SECONDS)


def instead(booking: BookingView, *, is_lost: bool = False, limit: int = 5) -> list[Alternative]:
    """For a booking that waits: the nearest that this desk can confirm. For one that was refused:
    the nearest that is free.

    is_lost   the town has taken it back, which is as if it had been refused
    """
    if not is_lost and (booking.status not in ("tentative", "refused") or booking.is_change):
        # Whoever changes a booking has a place; taking another would make two of one.
        return []
    held = desks.holdings(session())
    return nearby.alternatives(
        memory(),
        booking.unit,
        booking.date,
        booking.period,
        now=now(),
        viewer=auth.viewer(),
        purpose=booking.purpose,
        headcount=booking.headcount,
        limit=limit,
        is_held=held.is_held if booking.status == "tentative" else None,
    )
