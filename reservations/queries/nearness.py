"""Places in order of distance from a point, nearest first, without sorting them all.

The map is halved, and each half again, until a box holds few places. A search opens the box that
could hold the nearest place first, and hands a place out once no box that could hold a nearer one
is left. What it costs grows with the places handed out, not with the map: a point on the other
side of the world, or an island far from the rest, makes it no slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import cos, hypot, radians
from typing import Protocol

from reservations.rules.nearby import EARTH_RADIUS_M, distance_m

PLACES_PER_BOX = 8


class Located(Protocol):
    """Anything with an id and perhaps a point."""

    @property
    def id(self) -> int: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lng(self) -> float | None: ...


Point = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around some places: two smaller boxes, or the places themselves."""

    south: float
    north: float
    west: float
    east: float
    halves: tuple[Box, ...]
    points: tuple[Point, ...]

    def metres(self, lat: float, lng: float) -> int:
        """No place in the box is nearer to the point than this."""
        north = max(self.south - lat, 0.0, lat - self.north)
        east = max(self.west - lng, 0.0, lng - self.east)
        # distance_m measures degrees of longitude at the mean latitude, narrower towards a pole.
        narrow = min(cos(radians((lat + self.south) / 2)), cos(radians((lat + self.north) / 2)))
        bound = EARTH_RADIUS_M * hypot(radians(north), radians(east) * max(narrow, 0.0))
        # A metre less, for what rounding may take.
        return max(0, int(bound) - 1)


class Grid:
    """An index over places; those without a point are left out."""

    def __init__(self, places: Iterable[Located]) -> None:
        points = [
            (place.lat, place.lng, place.id)
            for place in places
            if place.lat is not None and place.lng is not None
        ]
        self._root = _box(points) if points else None

    def nearest(self, lat: float, lng: float) -> Iterator[tuple[int, int]]:
        """(metres, place id) in order of distance, ties by id; every located place comes once."""
        if self._root is None:
            return
        # Boxes and places wait in one heap. At the same distance a box comes before a place, for
        # it may hold a place with a smaller id.
        waiting: list[tuple[int, int, int, Box | None]] = [(0, 0, 0, self._root)]
        boxes = 0
        while waiting:
            metres, _, number, box = heappop(waiting)
            if box is None:
                yield metres, number
                continue
            for half in box.halves:
                boxes += 1
                heappush(waiting, (half.metres(lat, lng), 0, boxes, half))
            for point in box.points:
                heappush(waiting, (distance_m(lat, lng, point[0], point[1]), 1, point[2], None))


def _box(points: list[Point]) -> Box:
    """The box around `points`, which are not none, halved along its longer side."""
    south, north = min(point[0] for point in points), max(point[0] for point in points)
    west, east = min(point[1] for point in points), max(point[1] for point in points)
    if len(points) <= PLACES_PER_BOX:
        return Box(south, north, west, east, (), tuple(points))
    axis = 0 if north - south >= east - west else 1
    points = sorted(points, key=lambda point: point[axis])
    middle = len(points) // 2
    halves = (_box(points[:middle]), _box(points[middle:]))
    return Box(south, north, west, east, halves, ())
