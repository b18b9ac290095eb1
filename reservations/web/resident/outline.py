"""The region's outline as SVG paths, drawn once a process: borders, places, and where names go.

Borders come from the packaged reference data (国土数値情報). Coordinates are whole numbers of a
drawing 600 wide, each path in relative steps, so that a prefecture takes a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from statistics import median

from reservations.opendata import reference
from reservations.queries.catalogue import Catalogue

WIDTH = 600
# A corner that lies closer than this to the line around it is left out, in drawing units.
TOLERANCE = 1.2
# Islands this many times farther out than most towns would shrink the rest to nothing.
FAR_FACTOR = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TownShape:
    """One town: its path, where its name stands, and how wide it is there."""

    code: str
    path: str
    x: int
    y: int
    width: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A region as it is drawn. `dots` is one path with a dot for each place that lends."""

    width: int
    height: int
    towns: tuple[TownShape, ...]
    dots: str
    is_cut: bool


_drawn: dict[int, Outline | None] = {}


def outline(catalogue: Catalogue) -> Outline | None:
    """The drawing of this catalogue's region; None where no border is known."""
    key = id(catalogue)
    if key not in _drawn:
        _drawn.clear()
        _drawn[key] = _draw(catalogue)
    return _drawn[key]


def _draw(catalogue: Catalogue) -> Outline | None:
    borders = reference.packaged().borders
    known = {code: borders[code] for code in catalogue.towns if code in borders}
    shown = _without_far_islands(known)
    if not shown:
        return None
    # A small island far out at sea does not set the scale; it is drawn if it happens to fit.
    corners = [point for border in shown.values() for point in max(border.rings, key=_size)]
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    south, north = min(y for _, y in corners), max(y for _, y in corners)
    narrow = cos(radians((north + south) / 2))
    scale = WIDTH / ((east - west) * narrow)

    def place(lng: float, lat: float) -> Point:
        return (lng - west) * narrow * scale, (north - lat) * scale

    towns = tuple(
        _shape(code, [[place(*point) for point in ring] for ring in border.rings])
        for code, border in shown.items()
    )
    height = round((north - south) * scale)
    lent = (catalogue.places[place_id] for place_id in catalogue.units_of_place)
    points = [place(each.lng, each.lat) for each in lent if each.lat and each.lng]
    on_map = [(round(x), round(y)) for x, y in points if 0 <= x <= WIDTH and 0 <= y <= height]
    dots = "".join(f"M{x} {y}h0" for x, y in sorted(set(on_map)))
    return Outline(WIDTH, height, towns, dots, is_cut=len(shown) < len(known))


def _without_far_islands(borders: dict[str, reference.Border]) -> dict[str, reference.Border]:
    """Towns whose middle lies far beyond the others' are in the list beside the map only."""
    middles = {
        code: ((each.west + each.east) / 2, (each.south + each.north) / 2)
        for code, each in borders.items()
    }
    if len(middles) < 5:
        return borders
    lng = median(x for x, _ in middles.values())
    lat = median(y for _, y in middles.values())
    away = {code: hypot(x - lng, y - lat) for code, (x, y) in middles.items()}
    usual = median(away.values())
    return {code: each for code, each in borders.items() if away[code] <= FAR_FACTOR * usual}


def _shape(code: str, rings: list[list[Point]]) -> TownShape:
    largest = max(rings, key=_size)
    path = "".join(_path(ring) for ring in rings if ring is largest or _is_island(ring))
    x, y = _middle(largest)
    xs = [each for each, _ in largest]
    return TownShape(code, path, round(x), round(y), round(max(xs) - min(xs)))


def _is_island(ring: Sequence[Point]) -> bool:
    """Large enough to be seen, and on the sheet."""
    return _size(ring) > 12 and all(x >= 0 and y >= 0 for x, y in ring)


def _middle(ring: Sequence[Point]) -> Point:
    """The centre of gravity of the area, where a name stands best."""
    area = east = south = 0.0
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        cross = ax * by - bx * ay
        area += cross
        east += (ax + bx) * cross
        south += (ay + by) * cross
    return (east / (3 * area), south / (3 * area)) if area else ring[0]


def _size(ring: Sequence[Point]) -> float:
    """The area of the box around a ring."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def _path(ring: list[Point]) -> str:
    whole = [(round(x), round(y)) for x, y in _simplified(ring)]
    steps = []
    last = whole[0]
    for x, y in whole[1:]:
        if (x, y) != last:
            steps.append(f"{x - last[0]} {y - last[1]}")
            last = (x, y)
    return f"M{whole[0][0]} {whole[0][1]}l{' '.join(steps)}z" if steps else ""


def _simplified(ring: list[Point]) -> Iterator[Point]:
    """Ramer, Douglas and Peucker, without recursion. Neighbouring towns keep the same corners
    where they share them, because the rule looks at nothing else."""
    kept = {0, len(ring) - 1}
    waiting = [(0, len(ring) - 1)]
    # A closed ring begins and ends at one corner; its farthest corner splits it.
    while waiting:
        first, last = waiting.pop()
        worst, at = 0.0, -1
        for position in range(first + 1, last):
            away = _distance(ring[position], ring[first], ring[last])
            if away > worst:
                worst, at = away, position
        if worst > TOLERANCE:
            kept.add(at)
            waiting += [(first, at), (at, last)]
    return (ring[position] for position in sorted(kept))


def _distance(point: Point, start: Point, end: Point) -> float:
    (x, y), (ax, ay), (bx, by) = point, start, end
    length = hypot(bx - ax, by - ay)
    if length == 0:
        return hypot(x - ax, y - ay)
    return abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
