"""Places in order of distance from a point, nearest first, without sorting them all.

A grid of small squares; rings of squares around the point are opened one after the other, and a
place is handed out once every square that could hold a nearer one has been opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from math import cos, radians
from typing import Protocol

from reservations.rules.nearby import distance_m

SQUARE_DEGREES = 0.02
METRES_PER_DEGREE = 111_195


class Located(Protocol):
    """Anything with an id and perhaps a point."""

    @property
    def id(self) -> int: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lng(self) -> float | None: ...


class Grid:
    """An index over places; those without a point are left out."""

    def __init__(self, places: Iterable[Located]) -> None:
        self._squares: dict[tuple[int, int], list[tuple[int, float, float]]] = defaultdict(list)
        for place in places:
            if place.lat is not None and place.lng is not None:
                square = _square(place.lat, place.lng)
                self._squares[square].append((place.id, place.lat, place.lng))
        rows = [square[0] for square in self._squares]
        columns = [square[1] for square in self._squares]
        self._bounds = (min(rows), max(rows), min(columns), max(columns)) if self._squares else None

    def nearest(self, lat: float, lng: float) -> Iterator[tuple[int, int]]:
        """(metres, place id) in order of distance, ties by id; every located place comes once."""
        if self._bounds is None:
            return
        row, column = _square(lat, lng)
        rings = max(
            abs(row - self._bounds[0]),
            abs(row - self._bounds[1]),
            abs(column - self._bounds[2]),
            abs(column - self._bounds[3]),
        )
        # A square is narrower than high; the ring's inner edge is at least this far away.
        width = SQUARE_DEGREES * METRES_PER_DEGREE * min(cos(radians(abs(lat) + 1)), 1.0)
        waiting: list[tuple[int, int]] = []
        for ring in range(rings + 1):
            for square in _ring(row, column, ring):
                for place_id, other_lat, other_lng in self._squares.get(square, ()):
                    heappush(waiting, (distance_m(lat, lng, other_lat, other_lng), place_id))
            safe = ring * width
            while waiting and waiting[0][0] < safe:
                yield heappop(waiting)
        while waiting:
            yield heappop(waiting)


def _square(lat: float, lng: float) -> tuple[int, int]:
    return int(lat // SQUARE_DEGREES), int(lng // SQUARE_DEGREES)


def _ring(row: int, column: int, ring: int) -> Iterator[tuple[int, int]]:
    if ring == 0:
        yield row, column
        return
    for across in range(column - ring, column + ring + 1):
        yield row - ring, across
        yield row + ring, across
    for down in range(row - ring + 1, row + ring):
        yield down, column - ring
        yield down, column + ring
