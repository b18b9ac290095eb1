"""室場 and 面: which units cannot be lent at the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reservations.rules.parts import touch, touching

units = st.dictionaries(
    st.integers(1, 9), st.frozensets(st.integers(1, 6), min_size=1), min_size=1, max_size=9
)


@given(units)
def test_touching_goes_both_ways_and_never_to_itself(parts: dict[int, frozenset[int]]):
    pairs = {(one, other) for one in parts for other in touching(one, parts)}

    assert pairs == {(other, one) for one, other in pairs}
    assert all(one != other for one, other in pairs)


@given(units)
def test_two_units_touch_when_they_share_a_part(parts: dict[int, frozenset[int]]):
    for one in parts:
        shared = {other for other in parts if other != one and parts[one] & parts[other]}

        assert touching(one, parts) == shared
        assert all(touch(parts[one], parts[other]) for other in shared)


def test_one_third_stands_beside_two_thirds_but_not_beside_the_whole():
    parts = {
        1: frozenset({1, 2, 3}),  # whole
        2: frozenset({1}),  # one third
        3: frozenset({2, 3}),  # two thirds
        4: frozenset({1, 3}),  # diagonal
    }

    assert touching(2, parts) == {1, 4}
    assert touching(3, parts) == {1, 4}
