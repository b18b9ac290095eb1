"""となり: the published cost, and what holds for every ranking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.rules.nearby import (
    Candidate,
    Wish,
    cost_floor,
    distance_m,
    offer,
    order,
    rank,
    travel_minutes,
)

candidates = st.builds(
    Candidate,
    unit_id=st.integers(1, 50),
    start=st.integers(0, 95),
    end=st.integers(96, 96),
    distance_m=st.integers(0, 60_000),
    shift_minutes=st.integers(-180, 180),
    fee_yen=st.none() | st.integers(0, 20_000),
    is_free=st.booleans(),
    capacity=st.none() | st.integers(1, 500),
    is_part=st.booleans(),
)
wishes = st.builds(
    Wish, st.none() | st.integers(0, 20_000), st.none() | st.integers(1, 200), st.booleans()
)
HERE = Candidate(1, 72, 84, 0, 0, 1800, is_free=True, capacity=100)
WISH = Wish(1800, 100)


@pytest.mark.parametrize(
    ("candidate", "cost_minutes"),
    [
        (HERE, 0),
        (replace(HERE, distance_m=2000), 2000 / 400 + 3),
        (replace(HERE, shift_minutes=-60), 30),
        (replace(HERE, fee_yen=2100), 15),
        (replace(HERE, fee_yen=900), 0),
        (replace(HERE, capacity=150), 5),
        (replace(HERE, capacity=1000), 15),
        (replace(HERE, capacity=None), 0),
        (replace(HERE, distance_m=2000, shift_minutes=60, fee_yen=2100, capacity=150), 58),
    ],
)
def test_the_cost_is_the_published_one(candidate: Candidate, cost_minutes: float):
    assert offer(candidate, WISH).cost_minutes == cost_minutes


def test_whoever_wanted_a_whole_hall_is_offered_whole_ones_before_cheaper_halves():
    half = replace(HERE, unit_id=2, fee_yen=900, is_part=True)
    whole = replace(HERE, unit_id=3, distance_m=2000)

    assert [each.candidate for each in rank([half, whole], Wish(1800), limit=2)] == [whole, half]


@pytest.mark.parametrize("wish", [Wish(1800, 100), Wish(1800, is_part=True)])
def test_whoever_said_for_how_many_or_wanted_a_part_is_offered_parts_as_they_lie(wish: Wish):
    half = replace(HERE, unit_id=2, is_part=True)

    assert offer(half, wish).cost_minutes == 0


def test_an_offer_says_the_way_and_the_difference_in_price():
    found = offer(replace(HERE, distance_m=2100, fee_yen=2100), WISH)

    assert (found.travel_minutes, found.fee_difference_yen) == (9, 300)


def test_without_a_price_of_the_wish_there_is_no_difference():
    assert offer(HERE, Wish(None, None)).fee_difference_yen is None


@given(st.lists(candidates, max_size=30), wishes, st.integers(1, 10))
def test_what_is_taken_or_unpriced_or_too_small_is_never_offered(
    found: list[Candidate], wish: Wish, limit: int
):
    ranked = rank(found, wish, limit=limit)

    assert all(each.candidate.is_free for each in ranked)
    assert all(each.candidate.fee_yen is not None for each in ranked)
    if wish.headcount is not None:
        sizes = [each.candidate.capacity for each in ranked]
        assert all(size is None or size >= wish.headcount for size in sizes)


@given(st.lists(candidates, max_size=30), wishes, st.integers(1, 10))
def test_the_ranking_is_the_first_of_the_sorted_whole(
    found: list[Candidate], wish: Wish, limit: int
):
    whole = rank(found, wish, limit=len(found) + 1)

    assert rank(found, wish, limit=limit) == whole[:limit]
    assert [order(each) for each in whole] == sorted(order(each) for each in whole)


unlike = st.lists(candidates, max_size=20, unique_by=lambda each: (each.unit_id, each.start))


@given(unlike, wishes, st.randoms(use_true_random=False))
def test_the_ranking_does_not_depend_on_the_order_in_which_places_were_found(
    found: list[Candidate], wish: Wish, random
):
    shuffled = random.sample(found, len(found))

    assert rank(shuffled, wish, limit=20) == rank(found, wish, limit=20)


@given(unlike, wishes)
def test_no_two_offers_have_the_same_rank(found: list[Candidate], wish: Wish):
    keys = [order(each) for each in rank(found, wish, limit=20)]

    assert len(set(keys)) == len(keys)


@given(candidates, wishes, st.integers(0, 60_000))
def test_nearer_is_never_ranked_worse_with_all_else_equal(
    candidate: Candidate, wish: Wish, metres: int
):
    farther = replace(candidate, distance_m=candidate.distance_m + metres)

    assert order(offer(candidate, wish)) <= order(offer(farther, wish))


@given(candidates, wishes, st.integers(0, 180))
def test_a_time_farther_from_the_wished_one_never_costs_less(
    candidate: Candidate, wish: Wish, minutes: int
):
    sign = 1 if candidate.shift_minutes >= 0 else -1
    later = replace(candidate, shift_minutes=candidate.shift_minutes + sign * minutes)

    assert offer(candidate, wish).cost_minutes <= offer(later, wish).cost_minutes


@given(candidates, wishes, st.integers(0, 20_000))
def test_a_dearer_place_never_costs_less(candidate: Candidate, wish: Wish, yen: int):
    dearer = replace(candidate, fee_yen=(candidate.fee_yen or 0) + yen)
    same = replace(candidate, fee_yen=candidate.fee_yen or 0)

    assert offer(same, wish).cost_minutes <= offer(dearer, wish).cost_minutes


@given(candidates, wishes, st.integers(0, 500))
def test_a_larger_room_than_needed_never_costs_less(candidate: Candidate, wish: Wish, people: int):
    capacity = max(candidate.capacity or 0, wish.headcount or 1)
    fitting = replace(candidate, capacity=capacity)
    larger = replace(candidate, capacity=capacity + people)

    assert offer(fitting, wish).cost_minutes <= offer(larger, wish).cost_minutes


@given(candidates, wishes, st.integers(0, 60_000))
def test_no_place_costs_less_than_the_floor_of_its_distance(
    candidate: Candidate, wish: Wish, metres: int
):
    farther = replace(candidate, distance_m=candidate.distance_m + metres)

    assert offer(farther, wish).cost_minutes >= cost_floor(candidate.distance_m)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_longer_way_never_takes_less_time(one: int, other: int):
    near, far = sorted((one, other))

    assert travel_minutes(near) <= travel_minutes(far)
    assert travel_minutes(0) == 0


points = st.tuples(st.floats(20, 46), st.floats(122, 154))


@given(points, points)
def test_a_way_is_as_long_as_the_way_back(one: tuple[float, float], other: tuple[float, float]):
    assert distance_m(*one, *other) == distance_m(*other, *one)
    assert distance_m(*one, *one) == 0


def test_kanazawa_to_nanao_is_about_sixty_kilometres():
    assert round(distance_m(36.5613, 136.6562, 37.0430, 136.9674) / 1000) == 60
