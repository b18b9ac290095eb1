"""収納・還付・減免: paid = fees + refunds + due, whatever happens in whatever order (I8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.rules import money
from reservations.rules.money import FACES_YEN, Account, Paid
from reservations.rules.town import Rounding
from tests.support.properties import some_rules

NOON = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)

yen = st.integers(0, 300_000)
payments = st.lists(
    st.builds(
        Paid,
        st.sampled_from("abcdefgh"),
        st.integers(1, 50_000),
        st.integers(0, 99).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
town_rules = st.builds(
    lambda step, way: some_rules(rounding_yen=step, rounding=way),
    st.sampled_from((1, 10, 50, 100)),
    st.sampled_from(Rounding),
)


def test_two_payments_of_one_fee_are_one_too_many():
    paid = [Paid("first", 1800, NOON), Paid("second", 1800, NOON + timedelta(minutes=5))]

    account = money.account(1800, paid, 0)

    assert account == Account(fees_yen=1800, paid_yen=3600, refunded_yen=0)
    assert (account.open_yen, account.over_yen) == (0, 1800)
    assert money.pay_back(account, paid, {}) == [("second", 1800)]


def test_half_of_a_fee_is_cut_to_ten_yen_and_the_greater_reduction_counts():
    rules = some_rules(rounding_yen=10, rounding=Rounding.DOWN)

    assert money.reduced(1250, [25, 50], rules) == 620


@pytest.mark.parametrize(
    ("status", "cancel_due_yen", "owed_yen"),
    [
        ("confirmed", None, 900),
        ("tentative", None, 0),
        ("refused", None, 0),
        ("cancelled", 0, 0),
        ("cancelled", 900, 450),
        ("cancelled", 1800, 900),
        ("confirmed", 900, 450),
    ],
)
def test_a_reduced_booking_owes_by_how_it_stands(
    status: str, cancel_due_yen: int | None, owed_yen: int
):
    assert money.owed(1800, 900, status, cancel_due_yen) == owed_yen


@given(yen, payments, yen)
def test_paid_is_fees_and_refunds_and_due(fees_yen: int, paid: list[Paid], refunded_yen: int):
    account = money.account(fees_yen, paid, refunded_yen)

    assert account.paid_yen == account.fees_yen + account.refunded_yen + account.due_yen
    assert account.due_yen == account.over_yen - account.open_yen
    assert min(account.over_yen, account.open_yen) == 0


@given(yen, payments, st.randoms())
def test_payments_in_any_order_and_any_repetition_are_the_same_account(
    fees_yen: int, paid: list[Paid], random
):
    again = [*paid, *paid]
    random.shuffle(again)

    assert money.account(fees_yen, again, 0) == money.account(fees_yen, paid, 0)


@given(yen, payments)
def test_what_is_paid_back_settles_the_account_and_no_payment_pays_more_than_it_brought(
    fees_yen: int, paid: list[Paid]
):
    account = money.account(fees_yen, paid, 0)

    back = money.pay_back(account, paid, {})

    brought = {each.id: each.amount_yen for each in paid}
    assert sum(amount for _, amount in back) == account.over_yen
    assert all(0 < amount <= brought[payment_id] for payment_id, amount in back)
    refunded_yen = sum(amount for _, amount in back)
    after = money.account(fees_yen, paid, refunded_yen)
    assert after.over_yen == 0 and money.pay_back(after, paid, dict(back)) == []


@given(yen, payments, st.integers(0, 50_000))
def test_one_payment_pays_back_at_most_itself_and_what_is_over(
    fees_yen: int, paid: list[Paid], refunded_yen: int
):
    account = money.account(fees_yen, paid, refunded_yen)

    for each in paid:
        most = money.may_refund(account, each.amount_yen, refunded_yen)
        assert 0 <= most <= min(each.amount_yen, account.over_yen)


@given(yen, st.lists(st.integers(0, 100), max_size=4), town_rules)
def test_a_reduction_never_raises_a_fee_and_its_order_does_not_matter(
    fee_yen: int, percents: list[int], rules
):
    left = money.reduced(fee_yen, percents, rules)

    assert 0 <= left <= fee_yen
    assert left == money.reduced(fee_yen, percents[::-1], rules)
    assert left <= money.reduced(fee_yen, percents[1:], rules)


@given(yen, st.integers(0, 100), st.integers(0, 100), town_rules)
def test_what_stays_owed_lies_between_nothing_and_the_reduced_fee(
    fee_yen: int, percent: int, share: int, rules
):
    left = money.reduced(fee_yen, [percent], rules)
    due_yen = fee_yen - fee_yen * share // 100

    owed = money.owed(fee_yen, left, "cancelled", due_yen)

    assert 0 <= owed <= left
    if percent == 0:
        assert owed == due_yen


def test_change_is_given_only_for_enough():
    assert [money.change_yen(1800, given) for given in (2000, 1800, 1799)] == [200, 0, None]


def test_a_drawer_is_counted_by_note_and_coin():
    assert money.counted_yen(dict.fromkeys(FACES_YEN, 1)) == 18_666
    assert money.counted_yen({1000: 3, 500: 1, 10: 2}) == 3520


def test_the_tax_within_a_price_is_cut_below_one_yen():
    assert money.tax_within_yen(1400, 10) == 127


@pytest.mark.parametrize(
    ("within", "before", "last"),
    [
        (8, 8, date(2026, 6, 9)),
        (3, 8, date(2026, 6, 4)),
        (None, 5, date(2026, 6, 12)),
        (8, None, date(2026, 6, 9)),
        # Whoever books late has the day of the booking, at least.
        (None, 30, date(2026, 6, 1)),
        (None, None, None),
    ],
)
def test_a_fee_is_paid_by_the_earlier_of_two_days(within, before, last):
    rules = some_rules(pay_within_days=within, pay_days_before=before)

    assert money.pay_by(date(2026, 6, 1), date(2026, 6, 17), rules) == last
