"""Places in order of distance: exactly the sorted whole, without sorting it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from reservations.queries import nearness
from reservations.queries.nearness import Grid
from reservations.rules.nearby import distance_m
from tests.support import properties  # noqa: F401 - loads the profile


@dataclass(frozen=True)
class Spot:
    id: int
    lat: float | None
    lng: float | None


# Japan; a town, where many places share a box; and a few corners where distances tie.
japan = st.tuples(st.floats(24, 46), st.floats(122, 154))
town = st.tuples(st.floats(36.5, 36.6), st.floats(136.6, 136.7))
corners = st.tuples(st.sampled_from([36.5, 36.52, 36.54]), st.sampled_from([136.5, 136.52]))
points = st.lists(japan | town | corners, max_size=60)
anywhere = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


def spots(found: list[tuple[float, float]]) -> list[Spot]:
    return [Spot(number, *point) for number, point in enumerate(found, 1)]


@given(points, japan | town | corners | anywhere)
def test_places_come_in_the_order_of_the_sorted_whole(
    found: list[tuple[float, float]], point: tuple[float, float]
):
    places = spots(found)
    expected = sorted(
        (distance_m(*point, each.lat or 0.0, each.lng or 0.0), each.id) for each in places
    )

    assert list(Grid(places).nearest(*point)) == expected


def test_a_place_without_a_point_is_left_out():
    grid = Grid([Spot(1, None, None), Spot(2, 36.5, 136.5), Spot(3, 36.5, None)])

    assert [place_id for _, place_id in grid.nearest(36.5, 136.5)] == [2]


def test_an_empty_map_has_no_nearest_place():
    assert list(Grid([]).nearest(36.5, 136.5)) == []


def test_many_places_at_one_point_come_by_id():
    grid = Grid(Spot(number, 36.5, 136.5) for number in range(100, 0, -1))

    assert [place_id for _, place_id in grid.nearest(36.5, 136.5)] == list(range(1, 101))


def test_the_nearest_ten_cost_no_more_in_a_region_five_times_as_large(monkeypatch):
    def looked_at(side: int, point: tuple[float, float]) -> int:
        grid = Grid(
            Spot(row * side + column, 36 + row * 0.01, 136 + column * 0.01)
            for row in range(side)
            for column in range(side)
        )
        measured = 0

        def measure(*places: float) -> int:
            nonlocal measured
            measured += 1
            return distance_m(*places)

        with monkeypatch.context() as patch:
            patch.setattr(nearness, "distance_m", measure)
            first: Iterator[tuple[int, int]] = islice(grid.nearest(*point), 10)
            assert len(list(first)) == 10
        return measured

    assert looked_at(71, (36.15, 136.15)) <= 1.5 * looked_at(32, (36.15, 136.15))
    # A point on the other side of the world, where rings of squares would never end.
    assert looked_at(71, (0.0, 0.0)) < 500
