"""室場 made of 面: a unit is any set of parts, and booking it occupies them all.

Whole, half, third and diagonal courts are no tree: 1/3 + 2/3 and two diagonals of one floor can
stand side by side. Two units touch when they share a part; nothing else matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def touch(one: Iterable[int], other: Iterable[int]) -> bool:
    """Whether two units, given by their parts, cannot be lent at the same time."""
    return not set(one).isdisjoint(other)


def touching(unit_id: int, parts: Mapping[int, frozenset[int]]) -> frozenset[int]:
    """The other units that a booking of `unit_id` takes out of the market.

    parts    unit id to its parts
    """
    own = parts[unit_id]
    return frozenset(
        other for other, theirs in parts.items() if other != unit_id and touch(own, theirs)
    )
