"""What generated tests share: one profile, and times, frames and tables of prices to draw from.

CI tries the same examples every time; at a desk each run tries others. No example has a deadline,
because a loaded machine is slow without being wrong.
"""

from __future__ import annotations

import itertools
import os
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from reservations.rules.fees import Price
from reservations.rules.period import Frame, Period
from reservations.rules.town import TownRules

settings.register_profile(
    "tonari", deadline=None, derandomize=os.environ.get("CI", "").lower() in ("1", "true")
)
settings.load_profile("tonari")

dates = st.dates(date(2025, 1, 1), date(2028, 12, 31))
days_bits = st.integers(1, 255)


@st.composite
def periods(draw: st.DrawFn, *, last: int = 192) -> Period:
    """Any period; with last=96 one that ends at midnight at the latest."""
    start = draw(st.integers(0, 95))
    return Period(start, draw(st.integers(start + 1, max(last, start + 1))))


@st.composite
def days_of_frames(draw: st.DrawFn) -> tuple[Frame, ...]:
    """The frames of one day in order, some with gaps between them, none overlapping."""
    cuts = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=9)))
    pairs = list(itertools.pairwise(cuts))
    kept = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    chosen = [pair for pair, is_kept in zip(pairs, kept, strict=True) if is_kept] or pairs[:1]
    return tuple(Frame(f"コマ{start}", Period(start, end)) for start, end in chosen)


@st.composite
def prices(draw: st.DrawFn, *, rates: bool = True) -> list[Price]:
    """A few rows of a table within one day, overlapping as real ones do."""
    rows = []
    for number in range(draw(st.integers(1, 6))):
        minutes = draw(st.sampled_from([None, 30, 60])) if rates else None
        period = draw(periods(last=96))
        rows.append(Price(f"行{number}", period, draw(st.integers(0, 3000)), per_minutes=minutes))
    return rows


def some_rules(**fields: object) -> TownRules:
    """A town's rules with the defaults, but for `fields`."""
    return TownRules(1, date(2026, 4, 1), **fields)  # type: ignore[arg-type]


def days_from(first: date, count: int) -> list[date]:
    """`count` days in a row."""
    return [first + timedelta(days=offset) for offset in range(count)]
