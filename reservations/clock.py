"""The one place that asks what time it is. Everything else is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

# Every facility of the region lies in one time zone; rows keep local days and quarter-hours.
LOCAL = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def local(instant: datetime) -> datetime:
    """The same instant as the clocks at the facility show it."""
    return instant.astimezone(LOCAL)


def local_day(instant: datetime) -> date:
    """The facility's calendar day at `instant`."""
    return local(instant).date()
