"""使用料: what a booking costs. Tables beat formulas.

A combined price (9:00-17:00) is a row of its own, because real ones are dearer, equal or cheaper
than the sum of their frames. Where there is no such row, the rows that fill the period are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reservations.rules.period import EVERY_DAY, Period
from reservations.rules.town import Residency, Rounding, TownRules


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


@dataclass(frozen=True, order=True, slots=True)
class FeeLine:
    """A line as it is printed: which row of the table, and what it came to."""

    label: str
    period: Period
    fee_yen: int


# Lines that reach a certain time: what they come to, how many they are, and they themselves.
Run = tuple[int, int, tuple[FeeLine, ...]]


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
    `rules.outside_percent` of that sum, rounded as the town does (`share`); the table itself is
    never rounded.

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
    return Fee(lines, table_yen, share(table_yen, percent, rules), percent)


def share(amount_yen: int, percent: int, rules: TownRules) -> int:
    """`percent` of an amount, in whole multiples of `rules.rounding_yen`.

    Rounding takes nothing back: what is raised never falls below the amount, what is lowered never
    rises above it, and 100 % is the amount itself.

    source   摂津市民文化ホール rounds up to ten yen, most towns cut (surcharge_reduction_facts.csv)
    """
    if percent == 100:
        return amount_yen
    # In hundredths of a yen, so that nothing is lost before it is rounded.
    exact, step = amount_yen * percent, rules.rounding_yen * 100
    more = {Rounding.DOWN: 0, Rounding.HALF_UP: step // 2, Rounding.UP: step - 1}[rules.rounding]
    rounded = (exact + more) // step * rules.rounding_yen
    return max(rounded, amount_yen) if percent > 100 else min(rounded, amount_yen)


def _exact(rows: Sequence[Price], wish: Period) -> tuple[FeeLine, ...] | None:
    """The combination's own row, where the table has one."""
    exact = [row for row in rows if row.per_minutes is None and row.period == wish]
    if not exact:
        return None
    row = min(exact, key=lambda price: (price.fee_yen, price.label))
    return (FeeLine(row.label, row.period, row.fee_yen),)


def _cheapest_run(rows: Sequence[Price], wish: Period) -> tuple[FeeLine, ...] | None:
    """The cheapest rows that fill the wish from its start to its end, in order of time.

    Equally cheap runs: the one with fewer lines, then the one whose lines sort first, so that the
    order of the rows does not matter.
    """
    usable = [row for row in rows if _is_usable(row, wish)]
    starts = sorted({row.period.start for row in usable if row.period.start > wish.start})
    ends = {min(row.period.end, wish.end) for row in usable}
    points = sorted({wish.start, *starts, *ends})
    best: dict[int, Run] = {wish.start: (0, 0, ())}
    for at in points:
        if at not in best or at == wish.end:
            continue
        yen, count, lines = best[at]
        following = [line for row in usable for line in _lines(row, wish, at, points)]
        runs: list[tuple[int, Run]] = [
            (line.period.end, (yen + line.fee_yen, count + 1, (*lines, line))) for line in following
        ]
        if lines and not following:
            # Nothing begins here: a lunch hour between two frames belongs to the booking and
            # costs nothing. Time that has a row of its own is never passed over.
            runs = [(start, best[at]) for start in starts if start > at][:1]
        for end, run in runs:
            best[end] = min(run, best.get(end, run))
    found = best.get(wish.end)
    return found[2] if found else None


def _is_usable(row: Price, wish: Period) -> bool:
    """Whether any of the row can be paid within the wish: a frame only as a whole."""
    return wish.contains(row.period) if row.per_minutes is None else row.period.overlaps(wish)


def _lines(row: Price, wish: Period, at: int, points: Sequence[int]) -> list[FeeLine]:
    """What `row` may add from `at` on; a rate may give way to any row that begins later."""
    if row.per_minutes is None:
        return [FeeLine(row.label, row.period, row.fee_yen)] if row.period.start == at else []
    if not row.period.start <= at < row.period.end:
        return []
    last = min(row.period.end, wish.end)
    parts = [Period(at, end) for end in points if at < end <= last]
    return [
        FeeLine(row.label, part, -(-part.minutes // row.per_minutes) * row.fee_yen)
        for part in parts
    ]
