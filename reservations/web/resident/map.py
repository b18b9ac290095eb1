"""The prefecture as a picture made here: towns as links, with how much is free at a chosen time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import render_template, url_for
from markupsafe import Markup

from reservations.queries import nearby
from reservations.queries.memory import Memory
from reservations.queries.nearby import Search
from reservations.rules.period import Period
from reservations.web import language
from reservations.web.auth import Who, guard, viewer
from reservations.web.resident.outline import TownShape, outline
from reservations.web.resident.where import day_of, period_asked, purpose_asked
from reservations.web.services import memory, now, today
from reservations.web.templating import name_of

blueprint = APIBlueprint("map", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

# What most people ask for when they do not say: an evening.
EVENING = Period(18 * 4, 20 * 4)
# Half the width of a Japanese character on the picture.
LETTER = 7.5
LINE = 16
# Which share of a town's units is free: the shade beside its number.
SHADES = ((0.6, "many"), (0.3, "some"), (0.0, "few"))


@dataclass(frozen=True, slots=True)
class TownRow:
    """A town in the list and, where its border is known, on the picture.

    level   none, few, some, many: the shade of the town, beside its number
    """

    name: Markup
    plain_name: str
    free: int
    units: int
    address: str
    level: str
    shape: TownShape | None


@blueprint.get("/map")
def page() -> str:
    known = memory()
    day = day_of(today())
    period = period_asked() or EVENING
    purpose = purpose_asked(known.catalogue)
    drawing = outline(known.catalogue)
    shapes = {shape.code: shape for shape in drawing.towns} if drawing else {}
    rows = _rows(known, day, period, purpose, shapes)
    return render_template(
        "map.html",
        day=day,
        period=period,
        purpose=purpose,
        purposes=known.catalogue.purposes,
        drawing=drawing,
        rows=rows,
        labels=_labels(rows),
    )


def _rows(
    known: Memory, day: date, period: Period, purpose: str, shapes: dict[str, TownShape]
) -> list[TownRow]:
    """Every town of the region, the one with most free units first."""
    every = Search(day, period, purpose=purpose, limit=len(known.catalogue.units) + 1)
    found = nearby.search(known, every, now=now(), viewer=viewer())
    free = Counter(each.unit.town.code for each in found)
    lent = Counter(
        unit.town.code
        for unit in known.catalogue.units.values()
        if unit.is_bookable and (not purpose or purpose in unit.purposes)
    )
    start, _, end = str(period).partition("-")
    wish = {"date": day.isoformat(), "start": start, "end": end, "purpose": purpose}
    results = url_for("search.results")
    rows = [
        TownRow(
            name_of(town.name, town.name_en),
            language.named(town.name, town.name_en),
            free[town.code],
            lent[town.code],
            f"{results}?{urlencode({**wish, 'town': town.code}, safe=':')}",
            _level(free[town.code], lent[town.code]),
            shapes.get(town.code),
        )
        for town in known.catalogue.towns.values()
    ]
    return sorted(rows, key=lambda row: (-row.free, -row.units))


def _labels(rows: Iterable[TownRow]) -> dict[str, str]:
    """What there is room for on the picture, by town: its name and number, its number, or nothing.

    Wide towns come first; what would cover another label is left to the table.
    """
    taken: list[tuple[float, float, float, float]] = []
    found = {}
    shown = ((row, row.shape) for row in rows if row.shape is not None)
    for row, shape in sorted(shown, key=lambda pair: -pair[1].width):
        letters = sum(1 if letter.isascii() else 2 for letter in row.plain_name)
        for kind, half, height in (("name", letters / 2, LINE), ("number", 1.5, LINE / 2)):
            x, y = half * LETTER, height
            box = (shape.x - x, shape.y - y, shape.x + x, shape.y + y)
            if not any(_touch(box, other) for other in taken):
                taken.append(box)
                found[shape.code] = kind
                break
    return found


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _level(free: int, lent: int) -> str:
    if not free:
        return "none"
    return next(name for share, name in SHADES if free >= share * lent)
