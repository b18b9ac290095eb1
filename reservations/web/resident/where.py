"""Where somebody is looking from: a point they gave, a town they chose, their home, or the middle.

The point comes from the address (`?near=lat,lng` or `?town=code`), so that every page that depends
on it can be sent to somebody else. Nothing is kept of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from flask import request

from reservations.queries.catalogue import Catalogue, Town
from reservations.queries.memory import Memory
from reservations.rules.period import Period, period_of
from reservations.web import language
from reservations.web.auth import viewer
from reservations.web.forms import folded
from reservations.web.language import gettext
from reservations.web.services import services, today


@dataclass(frozen=True, slots=True)
class Where:
    """A point with its name.

    town    the town that counts as one's own here
    chosen  whether ?town= limits the page to that town's places
    query   what keeps it in the addresses of other pages
    """

    point: tuple[float, float] | None
    label: str
    town: Town | None
    query: dict[str, str]


def where(memory: Memory) -> Where:
    """?near= wins, then ?town=, then the home of the signed-in viewer, then the region's middle."""
    catalogue = memory.catalogue
    point = point_of(request.args.get("near", ""))
    if point is not None:
        near = f"{point[0]:.4f},{point[1]:.4f}"
        return Where(point, gettext("いまいる場所"), _town_at(memory, point), {"near": near})
    chosen = catalogue.towns.get(request.args.get("town", ""))
    if chosen is not None:
        return _of_town(chosen, {"town": chosen.code})
    home = catalogue.towns.get(viewer().home_code or "")
    if home is not None:
        return _of_town(home, {})
    middle = catalogue.middle
    return _of_town(middle, {}) if middle else Where(None, "", None, {})


def _of_town(town: Town, query: dict[str, str]) -> Where:
    point = None if town.lat is None or town.lng is None else (town.lat, town.lng)
    return Where(point, language.named(town.name, town.name_en), town, query)


def point_of(text: str) -> tuple[float, float] | None:
    """`36.5,136.6` as a point of this earth, or None."""
    parts = text.split(",")
    if len(parts) != 2:
        return None
    try:
        lat, lng = float(parts[0]), float(parts[1])
    except ValueError:
        return None
    is_real = math.isfinite(lat) and math.isfinite(lng) and abs(lat) <= 90 and abs(lng) <= 180
    return (lat, lng) if is_real else None


def _town_at(memory: Memory, point: tuple[float, float]) -> Town | None:
    """The town of the nearest place: near enough for what is said first and what second."""
    for _, place_id in memory.lending.nearest(*point):
        return memory.catalogue.places[place_id].town
    return None


# Days and times of the address


def day_of(default: date) -> date:
    """?date=2026-12-05, or the three fields ?date_year= and so on; else `default`.

    An availability page is looked at, not filled in: a day that does not exist falls back to the
    default, and a day before today to today.
    """
    text = request.args.get("date", "")
    parts = [folded(request.args.get(f"date_{part}", "")) for part in ("year", "month", "day")]
    try:
        day = date(*map(int, parts)) if any(parts) else date.fromisoformat(folded(text))
    except ValueError:
        return default
    return min(max(day, today()), last_day())


def last_day() -> date:
    """The last day for which masks are made."""
    return today() + timedelta(days=services().settings.horizon_days - 1)


def period_asked() -> Period | None:
    """?start=18:00&end=20:00 when both are times on the grid."""
    start = folded(request.args.get("start", ""))
    end = folded(request.args.get("end", ""))
    return period_of(start, end) if start and end else None


def number_asked(name: str) -> int | None:
    """A whole number above 0 from the address, full-width digits welcome; None when it is none."""
    text = folded(request.args.get(name, ""))
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) > 0 else None


def purpose_asked(catalogue: Catalogue) -> str:
    """A purpose that exists, or every purpose."""
    code = request.args.get("purpose", "")
    return code if code in catalogue.purposes else ""
