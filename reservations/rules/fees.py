"""使用料: what a booking costs. Tables beat formulas.

A combined price (9:00-17:00) is a row of its own, because real ones are dearer, equal or cheaper
than the sum of their frames. Where there is no such row, the rows that fill the period are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reservations.rules.period import EVERY_DAY, Period
from reservations.rules.town import Residency, TownRules


@dataclass(frozen=True, slots=True)
class Price:
    """One row of a town's table: a frame, a combination of frames, or a rate for a time of day.

    per_minutes   None: `fee_yen` is for the whole period. Otherwise it is for each begun
                  `per_minutes` that fall into the period (an hourly rate is 60)
    """

    label: str
    period: Period
    fee_yen: int
    days: int = EVERY_DAY
    per_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A line as it is printed: which row of the table, and what it came to."""

    label: str
    period: Period
    fee_yen: int


@dataclass(frozen=True, slots=True)
class Fee:
    """The lines in printing order, and what is owed: `total_yen` >= 0."""

    lines: tuple[FeeLine, ...]
    table_yen: int
    total_yen: int
    outside_percent: int = 100


def quote(
    prices: Sequence[Price], wish: Period, *, day_bit: int, residency: Residency, rules: TownRules
) -> Fee | None:
    """What this party pays for this period by the town's table.

    A row for exactly this period wins. Otherwise the cheapest run of rows from the period's start
    to its end is added; a gap between two frames costs nothing. Parties from outside the town pay
    `rules.outside_percent` of that sum, cut below `rules.rounding_yen`; the table itself is never
    rounded.

    day_bit  the day's bit (period.py)
    returns  None when the table has no row for a part of the period: then nobody may book it
    source   fee tables of 25 towns; tests/rules/test_fees.py has worked examples
    """
    rows = [price for price in prices if price.days & day_bit]
    lines = _exact(rows, wish) or _cheapest_run(rows, wish)
    if lines is None:
        return None
    table_yen = sum(line.fee_yen for line in lines)
    percent = 100 if residency.is_local else rules.outside_percent
    total_yen = table_yen
    if percent != 100:
        raised = table_yen * percent // 100
        total_yen = raised - raised % rules.rounding_yen
    return Fee(lines, table_yen, total_yen, percent)


def _exact(rows: Sequence[Price], wish: Period) -> tuple[FeeLine, ...] | None:
    """The combination's own row, where the table has one."""
    exact = [row for row in rows if row.per_minutes is None and row.period == wish]
    if not exact:
        return None
    row = min(exact, key=lambda price: price.fee_yen)
    return (FeeLine(row.label, row.period, row.fee_yen),)


def _cheapest_run(rows: Sequence[Price], wish: Period) -> tuple[FeeLine, ...] | None:
    """The cheapest rows that fill the wish from its start to its end, in order of time."""
    best: dict[int, tuple[int, tuple[FeeLine, ...]]] = {wish.start: (0, ())}
    starts = sorted({row.period.start for row in rows} | {wish.start})
    for start in starts:
        if start not in best:
            earlier = [end for end in best if end < start]
            # Frames may leave a lunch hour open; it belongs to the booking and costs nothing.
            if not earlier or not best[max(earlier)][1]:
                continue
            best[start] = best[max(earlier)]
        for row in rows:
            line = _line(row, wish, start)
            if line is None:
                continue
            yen, lines = best[start]
            total = (yen + line.fee_yen, (*lines, line))
            if line.period.end not in best or total[0] < best[line.period.end][0]:
                best[line.period.end] = total
    found = best.get(wish.end)
    return found[1] if found else None


def _line(row: Price, wish: Period, start: int) -> FeeLine | None:
    """What `row` adds from `start` on, or None when it does not begin there inside the wish."""
    if row.per_minutes is None:
        if row.period.start != start or not wish.contains(row.period):
            return None
        return FeeLine(row.label, row.period, row.fee_yen)
    if not row.period.start <= start < min(row.period.end, wish.end):
        return None
    part = Period(start, min(row.period.end, wish.end))
    begun = -(-part.minutes // row.per_minutes)
    return FeeLine(row.label, part, begun * row.fee_yen)
