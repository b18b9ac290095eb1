"""Addresses of pages that a list links to a hundred times: built once, then filled in as text."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from reservations.queries.catalogue import LentUnit
from reservations.rules.period import Period, clock_text
from reservations.web.templating import address

CHECK = "flow.check"


class Addresses:
    """The addresses of one answer; what was wished (purpose, headcount) travels along."""

    def __init__(self, *, purpose: str = "", headcount: int | None = None) -> None:
        self._check = address(CHECK) or "/book"
        self._unit = address("places.unit", unit_id=0)
        self._facility = address("places.facility", facility_id=0)
        wish = {"purpose": purpose, "headcount": str(headcount or "")}
        self._wish = {name: value for name, value in wish.items() if value}

    def check(self, unit: LentUnit, day: date, period: Period) -> str:
        """The page that asks: this one? From there it is one tap."""
        times = f"date={day}&start={clock_text(period.start)}&end={clock_text(period.end)}"
        wish = f"&{urlencode(self._wish)}" if self._wish else ""
        return f"{self._check}?unit={unit.id}&{times}{wish}"

    def unit(self, unit_id: int, **query: str) -> str:
        return _filled(self._unit, unit_id, query | self._wish)

    def facility(self, facility_id: int, **query: str) -> str:
        return _filled(self._facility, facility_id, query)


def _filled(pattern: str | None, number: int, query: dict[str, str]) -> str:
    assert pattern is not None
    path = f"{pattern.removesuffix('0')}{number}"
    return f"{path}?{urlencode(query, safe=':')}" if query else path
