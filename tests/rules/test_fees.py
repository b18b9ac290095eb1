"""使用料: worked examples from real towns, and what holds for any table.

The figures are rows of the towns' published tables as collected in fees/fee_frames_facts.csv
(source_url beside each example).
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reservations.rules.fees import Fee, FeeLine, Price, quote, share
from reservations.rules.period import HOLIDAY, WEEKDAYS, WEEKEND, Period, period_of
from reservations.rules.town import Residency, Rounding
from tests.support.properties import periods, prices, some_rules

MONDAY = 1
RULES = some_rules()


def a_period(text: str) -> Period:
    found = period_of(*text.split("-"))
    assert found is not None
    return found


def a_table(**rows: int) -> list[Price]:
    """`a_table(**{"09:00-12:00": 1200})`: a row for each, labelled by its time."""
    return [Price(text, a_period(text), yen) for text, yen in rows.items()]


def a_quote(rows: list[Price], wish: Period | str, **other: object) -> Fee | None:
    asked = {"day_bit": MONDAY, "residency": Residency.RESIDENT, "rules": RULES} | other
    period = a_period(wish) if isinstance(wish, str) else wish
    return quote(rows, period, **asked)  # type: ignore[arg-type]


def yen(rows: list[Price], wish: Period | str, **other: object) -> int | None:
    fee = a_quote(rows, wish, **other)
    return None if fee is None else fee.total_yen


# kc-sks.jp/hamasen 中体育室: all day is 13 hours at 1,740, the gaps at noon and evening included.
HAMASEN = a_table(
    **{"09:00-12:00": 5220, "13:00-17:00": 6960, "18:00-22:00": 6960, "09:00-22:00": 22620}
)
# 西脇市天神池 half court (REQUIREMENTS 3.2): every combination has its own, cheaper row.
NISHIWAKI = a_table(
    **{
        "09:00-12:00": 1370,
        "13:00-17:00": 1720,
        "18:00-22:00": 1950,
        "09:00-17:00": 2740,
        "13:00-22:00": 3440,
        "09:00-22:00": 4690,
    }
)
# 摂津市民文化ホール 練習室2・3, settsu-bunka-h.com: every combination is just the sum.
SETTSU = a_table(
    **{
        "09:00-12:00": 800,
        "13:00-17:00": 1000,
        "18:00-22:00": 1300,
        "09:00-17:00": 1800,
        "13:00-22:00": 2300,
        "09:00-22:00": 3100,
    }
)
# 南砺市井波社会体育館 アリーナ全面 大会(有料), paperzz.com/doc/5642989: dearer, equal and cheaper.
NANTO = a_table(
    **{
        "09:00-12:30": 11100,
        "13:00-17:30": 14810,
        "18:00-21:30": 12960,
        "09:00-17:30": 25920,
        "13:00-21:30": 27770,
        "09:00-21:30": 38880,
    }
)
# クローバープラザ 体育館, cloverplaza.jp a001: half of 4,570 would be 2,285, the table says 2,290.
CLOVER_WHOLE = a_table(**{"09:00-12:00": 3820, "13:00-17:00": 5100, "18:00-21:00": 4570})
CLOVER_HALF = a_table(**{"09:00-12:00": 1910, "13:00-17:00": 2550, "18:00-21:00": 2290})
# 益田運動公園 競技場全面, masuda-undoukouen.com/pages/37: an odd sum for each begun hour.
MASUDA = [
    Price("昼", a_period("09:00-17:00"), 1445, per_minutes=60),
    Price("夜", a_period("17:00-22:00"), 2200, per_minutes=60),
]
# 京都市地域体育館 大体育館全面, expydoc.com/doc/8492130: another rate on holidays.
KYOTO = [
    Price("平日", a_period("09:00-21:00"), 1540, WEEKDAYS, per_minutes=60),
    Price("土日祝", a_period("09:00-21:00"), 1850, WEEKEND | HOLIDAY, per_minutes=60),
]


@pytest.mark.parametrize(
    ("table", "wish", "expected"),
    [
        (HAMASEN, "09:00-22:00", 22620),  # dearer than its frames, 19,140
        (HAMASEN, "09:00-17:00", 5220 + 6960),  # without a row of its own: the sum
        (HAMASEN, "13:00-22:00", 6960 + 6960),
        (NISHIWAKI, "09:00-17:00", 2740),  # the sum would be 3,090
        (NISHIWAKI, "13:00-22:00", 3440),  # 3,670
        (NISHIWAKI, "09:00-22:00", 4690),  # 5,040
        (SETTSU, "09:00-22:00", 3100),
        (NANTO, "09:00-17:30", 25920),  # ten yen dearer than the sum
        (NANTO, "13:00-21:30", 27770),  # exactly the sum
        (NANTO, "09:00-21:30", 38880),  # ten yen dearer than the three frames
        (CLOVER_WHOLE, "18:00-21:00", 4570),
        (CLOVER_HALF, "18:00-21:00", 2290),
        (MASUDA, "15:00-19:00", 2 * 1445 + 2 * 2200),
        (MASUDA, "09:00-10:15", 2 * 1445),  # a begun hour counts whole
        (MASUDA, "16:30-17:30", 1445 + 2200),
        (KYOTO, "09:00-11:00", 2 * 1540),
    ],
)
def test_a_real_table_gives_the_published_fee(table: list[Price], wish: str, expected: int):
    assert yen(table, wish) == expected


def test_the_fee_on_a_holiday_is_that_of_the_holidays_row():
    assert yen(KYOTO, "09:00-11:00", day_bit=HOLIDAY) == 2 * 1850


def test_the_lines_are_printed_in_order_of_time():
    fee = a_quote(HAMASEN, "09:00-17:00")

    assert fee == Fee(
        (
            FeeLine("09:00-12:00", a_period("09:00-12:00"), 5220),
            FeeLine("13:00-17:00", a_period("13:00-17:00"), 6960),
        ),
        12180,
        12180,
    )


def test_people_from_outside_pay_the_towns_percentage_cut_below_ten_yen():
    # 藤枝市: 市外の団体 1.5 倍 (surcharge_reduction_facts.csv); 2,285 and a half would be 3,427.
    fee = a_quote(a_table(**{"09:00-12:00": 2285}), "09:00-12:00", residency=Residency.OUTSIDE)

    assert fee == Fee((FeeLine("09:00-12:00", a_period("09:00-12:00"), 2285),), 2285, 3420, 150)


def test_people_who_work_or_study_in_the_town_pay_what_residents_pay():
    for residency in (Residency.WORKS, Residency.STUDIES):
        assert yen(MASUDA, "09:00-10:00", residency=residency) == 1445


def test_a_town_that_charges_outsiders_nothing_more_does_not_round():
    rules = some_rules(outside_percent=100)

    assert yen(MASUDA, "09:00-10:00", residency=Residency.OUTSIDE, rules=rules) == 1445


@pytest.mark.parametrize(
    ("amount", "percent", "rounding", "yen_unit", "expected"),
    [
        # 摂津市民文化ホール: a rehearsal is x0.7, the total is rounded up to ten yen.
        (3150, 70, Rounding.UP, 10, 2210),
        (3150, 70, Rounding.DOWN, 10, 2200),
        (3100, 70, Rounding.UP, 10, 2170),
        # 仙台市イズミティ21: a change costs 20 %, rounded up to 100 yen.
        (12340, 20, Rounding.UP, 100, 2500),
        # 長門市: cut below ten yen.
        (2285, 150, Rounding.DOWN, 10, 3420),
        (2285, 150, Rounding.HALF_UP, 10, 3430),
        (2283, 150, Rounding.HALF_UP, 10, 3420),
        # A fraction of a yen counts too.
        (201, 150, Rounding.UP, 1, 302),
        (5, 50, Rounding.UP, 10, 5),
    ],
)
def test_a_share_is_rounded_as_the_town_does(amount, percent, rounding, yen_unit, expected):
    rules = some_rules(rounding_yen=yen_unit, rounding=rounding)

    assert share(amount, percent, rules) == expected


def test_people_from_outside_pay_rounded_up_where_the_town_says_so():
    table = a_table(**{"09:00-12:00": 2285})
    rules = some_rules(rounding=Rounding.UP)

    assert yen(table, "09:00-12:00", rules=rules, residency=Residency.OUTSIDE) == 3430
    assert yen(table, "09:00-12:00", rules=rules) == 2285


@given(
    st.integers(0, 100_000),
    st.integers(101, 400),
    st.sampled_from([1, 10, 50, 100]),
    st.sampled_from(Rounding),
)
def test_rounding_moves_a_raised_fee_by_less_than_its_unit(amount, percent, unit, rounding):
    exact = amount * percent / 100
    found = share(amount, percent, some_rules(rounding_yen=unit, rounding=rounding))

    assert abs(found - exact) < unit
    assert found >= amount
    if rounding is Rounding.UP:
        assert found >= exact
    elif rounding is Rounding.DOWN:
        assert found <= exact
    else:
        assert abs(found - exact) <= unit / 2 or found == amount


def test_a_time_without_a_row_has_no_price():
    assert yen(HAMASEN, "08:00-12:00") is None
    assert yen(HAMASEN, "18:00-23:00") is None
    assert yen([], "09:00-12:00") is None
    assert yen(KYOTO[:1], "09:00-11:00", day_bit=HOLIDAY) is None


def test_time_that_has_a_row_is_never_passed_over_as_a_gap():
    table = a_table(
        **{"08:00-09:00": 100, "09:00-12:00": 900, "11:00-13:00": 10, "13:00-17:00": 1600}
    )

    assert yen(table, "08:00-17:00") == 100 + 900 + 1600


def test_a_rate_gives_way_to_a_frame_that_begins_later():
    table = [
        Price("時間", a_period("09:00-21:00"), 1000, per_minutes=60),
        Price("昼", a_period("12:00-13:00"), 200),
    ]

    assert yen(table, "11:00-14:00") == 1000 + 200 + 1000


@given(prices(), periods(last=96))
def test_the_fee_is_the_cheapest_run_that_anybody_could_put_together(
    table: list[Price], wish: Period
):
    exact = [row.fee_yen for row in table if row.per_minutes is None and row.period == wish]

    assert yen(table, wish) == (min(exact) if exact else _cheapest_by_trying_all(table, wish))


@given(prices(), periods(last=96))
def test_the_lines_follow_each_other_from_the_start_to_the_end(table: list[Price], wish: Period):
    fee = a_quote(table, wish)
    assume(fee is not None)
    assert fee is not None

    edges = [(line.period.start, line.period.end) for line in fee.lines]

    assert (edges[0][0], edges[-1][1]) == (wish.start, wish.end)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(edges))
    assert fee.total_yen == fee.table_yen == sum(line.fee_yen for line in fee.lines)


@given(prices(), periods(last=96), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(table: list[Price], wish: Period, random):
    shuffled = random.sample(table, len(table))

    assert a_quote(shuffled, wish) == a_quote(table, wish)


@given(prices(), periods(last=96), st.data())
def test_a_fee_never_rises_when_a_row_becomes_cheaper(
    table: list[Price], wish: Period, data: st.DataObject
):
    before = yen(table, wish)
    at = data.draw(st.integers(0, len(table) - 1))
    cheaper = data.draw(st.integers(0, table[at].fee_yen))
    after = yen([*table[:at], replace(table[at], fee_yen=cheaper), *table[at + 1 :]], wish)

    assert (before is None) == (after is None)
    assert before is None or after is None or after <= before


@given(prices(), periods(last=96), st.integers(0, 5000))
def test_a_row_for_exactly_the_wish_wins_whatever_the_others_come_to(
    table: list[Price], wish: Period, price: int
):
    others = [row for row in table if row.period != wish or row.per_minutes is not None]

    assert yen([*others, Price("全日", wish, price)], wish) == price


@given(prices(), periods(last=96), st.integers(100, 400), st.sampled_from([1, 10, 50, 100]))
def test_outsiders_pay_at_least_what_residents_pay_and_more_in_no_odd_yen(
    table: list[Price], wish: Period, percent: int, rounding: int
):
    rules = some_rules(outside_percent=percent, rounding_yen=rounding)
    local = yen(table, wish, rules=rules)
    outside = yen(table, wish, rules=rules, residency=Residency.OUTSIDE)

    assert (local is None) == (outside is None)
    if local is not None and outside is not None:
        assert local <= outside <= local * percent / 100
        assert outside == local or outside % rounding == 0


@given(prices(), periods(last=96), st.integers(100, 300), st.integers(0, 100))
def test_the_fee_of_outsiders_never_rises_when_the_town_lowers_their_percentage(
    table: list[Price], wish: Period, percent: int, less: int
):
    high = yen(
        table, wish, residency=Residency.OUTSIDE, rules=some_rules(outside_percent=percent + less)
    )
    low = yen(table, wish, residency=Residency.OUTSIDE, rules=some_rules(outside_percent=percent))

    assert high is None or low is None or low <= high


@given(st.integers(0, 3000), st.sampled_from([30, 60]), st.data())
def test_an_hour_longer_at_a_rate_never_costs_less(rate: int, minutes: int, data: st.DataObject):
    start = data.draw(st.integers(36, 80))
    end = data.draw(st.integers(start + 1, 83))
    table = [Price("時間", Period(36, 84), rate, per_minutes=minutes)]

    shorter, longer = yen(table, Period(start, end)), yen(table, Period(start, end + 1))

    assert shorter is not None and longer is not None
    assert shorter <= longer <= shorter + rate


def _cheapest_by_trying_all(table: list[Price], wish: Period) -> int | None:
    """Every run of rows from the start to the end, written down without cleverness."""
    usable = [
        row
        for row in table
        if (row.period.overlaps(wish) if row.per_minutes else wish.contains(row.period))
    ]
    ends = {row.period.end for row in usable} | {row.period.start for row in usable} | {wish.end}

    def runs(at: int, has_lines: bool) -> list[int]:
        if at == wish.end:
            return [0]
        found = []
        goes_on = False
        for row in usable:
            if row.per_minutes is None and row.period.start == at:
                goes_on = True
                found += [row.fee_yen + rest for rest in runs(row.period.end, True)]
            if row.per_minutes is not None and row.period.start <= at < row.period.end:
                goes_on = True
                for end in ends:
                    if at < end <= min(row.period.end, wish.end):
                        begun = -(-(end - at) * 15 // row.per_minutes)
                        found += [begun * row.fee_yen + rest for rest in runs(end, True)]
        later = [row.period.start for row in usable if row.period.start > at]
        if not goes_on and has_lines and later:
            found += runs(min(later), True)
        return found

    return min(runs(wish.start, False), default=None)
