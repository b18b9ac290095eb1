"""来館: from when on it may be noted that somebody has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from reservations.errors import Refusal, RefusalCode

# Whoever comes earlier waits; the clerk who notes it has the wrong booking, mostly.
EARLY_MINUTES = 60


def refusals(status: str, *, starts_at: datetime, now: datetime) -> list[Refusal]:
    """Why an arrival is not noted; [] when it may be, also long after the end: who forgot to note
    it does so later.

    status   of the booking, as in models/bookings.py
    """
    if status != "confirmed":
        return [Refusal(RefusalCode.NOT_ACTIVE)]
    if now < starts_at - timedelta(minutes=EARLY_MINUTES):
        return [Refusal(RefusalCode.NOT_BEGUN, minutes=EARLY_MINUTES)]
    return []
