"""仮受付: until when somebody who was not told yes or no may expect the answer."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

NOON = time(12, 0)
BEFORE_USE = timedelta(hours=1)


def answer_by(*, now: datetime, starts_at: datetime, zone: tzinfo) -> datetime:
    """By when people hear: the next day at noon, but an hour before the use at the latest.

    Somebody who asks within that hour hears at the start: there is nothing better to promise.
    A courtesy, not a rule of the ledger: a late answer is an answer all the same.

    now, starts_at   aware instants, now < starts_at
    """
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    noon = datetime.combine(tomorrow, NOON, tzinfo=zone)
    latest = starts_at - BEFORE_USE
    return min(noon, latest) if latest > now else starts_at
