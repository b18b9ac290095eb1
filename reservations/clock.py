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


class NationalHolidays:
    """国民の祝日 of any year, from the calendar library: `day in holidays`."""

    def __init__(self) -> None:
        self._years: dict[int, frozenset[date]] = {}

    def __contains__(self, day: date, /) -> bool:
        return day in self._of(day.year)

    def _of(self, year: int) -> frozenset[date]:
        if year not in self._years:
            # Imported late: the rules of all years take 20 ms that most commands do not need.
            import jpholiday  # noqa: PLC0415

            found = jpholiday.JPHoliday().year_holidays(year)
            self._years[year] = frozenset(holiday.date for holiday in found)
        return self._years[year]


HOLIDAYS = NationalHolidays()
