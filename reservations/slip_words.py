"""The words of slips and lines as values: another desk wrote them, so each is looked at first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def sheet(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that name a sheet.

    raises   KeyError, TypeError, ValueError where they are not whole; so do all of these
    """
    day = date.fromisoformat(data["date"])
    return {
        "town": text(data["town"]),
        "facility_id": number(data["facility_id"]),
        "date": day,
    }


def text(value: Any) -> str:
    """Words, and some."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError(value)
    return value


def number(value: Any) -> int:
    """A whole number from 0 on that a column can hold."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise TypeError(value)
    return value


def instant(value: Any) -> datetime:
    """An aware instant."""
    found = datetime.fromisoformat(text(value))
    if found.tzinfo is None:
        raise ValueError(value)
    return found
