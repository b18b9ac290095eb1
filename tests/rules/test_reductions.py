"""減免: real towns' lists, which answer counts, and for which year a group registers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.errors import Refusal, RefusalCode
from reservations.rules import money, reductions
from reservations.rules.reductions import Answer
from reservations.rules.town import Clause, TownRules

DAY = date(2026, 6, 6)
AT = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)

# REQUIREMENTS 3.8, with the towns' own words shortened.
IWAKI = TownRules(
    1,
    DAY,
    reductions=(
        Clause("1", "市が主催する行事", 100),
        Clause("2", "市が後援する行事", 25),
        Clause("3", "半数以上が手帳を持つ専用使用", 100, ("障害者手帳",)),
    ),
)
NISHI_HARIMA = TownRules(
    1,
    DAY,
    reduced_steps=((0, 50), (1000, 100)),
    reductions=(
        Clause("1", "障害のある方", 50, ("障害者手帳",)),
        Clause("2", "介助者", 100, ("障害者手帳",)),
        Clause("3", "障害者の団体", 75, ("障害者手帳",)),
        Clause("4", "70歳以上の方", 50, ("健康保険の資格確認書", "免許証")),
    ),
)
NAGATO = TownRules(
    1,
    DAY,
    reductions=(
        Clause("1", "市の行事", 100, bars_entrance_fee=True),
        Clause("2", "社会教育団体", 50, bars_entrance_fee=True),
        Clause("3", "市長が認めるとき", None, bars_entrance_fee=True),
    ),
)
TSURUGASHIMA = Clause("1", "登録団体", 50, ("団体の規約",), is_yearly=True, renewed_in=(1, 2))


@pytest.mark.parametrize(
    ("fee_yen", "percent", "left_yen"),
    [
        # Below 1,000 yen: 0-49 is cut, 50-99 is 50. From 1,000 yen on it is cut below 100.
        (1850, 50, 900),
        (1900, 50, 950),
        (1980, 50, 950),
        (2000, 50, 1000),
        (2540, 50, 1200),
        (4570, 75, 1100),
        (3820, 75, 950),
        (3820, 100, 0),
        (90, 50, 0),
    ],
)
def test_nishi_harima_rounds_by_what_is_left(fee_yen, percent, left_yen):
    assert money.reduced(fee_yen, [percent], NISHI_HARIMA) == left_yen


@pytest.mark.parametrize(
    ("rules", "clause", "fee_yen", "left_yen"),
    [
        (IWAKI, "1", 4570, 0),
        (IWAKI, "2", 4570, 3420),
        (IWAKI, "3", 4570, 0),
        (NAGATO, "2", 1250, 620),
        (NAGATO, "2", 15, 0),
    ],
)
def test_most_towns_cut_below_ten_yen(rules, clause, fee_yen, left_yen):
    found = reductions.clause_of(rules, clause)
    assert found.percent is not None

    assert money.reduced(fee_yen, [found.percent], rules) == left_yen


@given(fee_yen=st.integers(0, 100_000), percents=st.lists(st.integers(0, 100)))
def test_a_step_never_makes_a_fee_greater_than_it_was(fee_yen, percents):
    assert 0 <= money.reduced(fee_yen, percents, NISHI_HARIMA) <= fee_yen


@pytest.mark.parametrize("said", [True, None])
def test_nagato_reduces_nothing_where_people_pay_to_enter_or_nobody_asked(said):
    with pytest.raises(Refusal) as refused:
        reductions.check_wish(NAGATO.reductions[0], has_entrance_fee=said)

    assert refused.value.code is RefusalCode.ENTRANCE_FEE
    reductions.check_wish(NAGATO.reductions[0], has_entrance_fee=False)


def test_nothing_is_granted_before_what_is_asked_for_was_seen():
    clause = NISHI_HARIMA.reductions[3]

    with pytest.raises(Refusal) as refused:
        reductions.granted_percent(clause, None, evidence="", reason="")

    kinds = "健康保険の資格確認書、免許証"
    assert refused.value == Refusal(RefusalCode.EVIDENCE_UNSEEN, kinds=kinds)
    assert reductions.granted_percent(clause, 90, evidence="免許証", reason="") == 50


@pytest.mark.parametrize(("percent", "reason"), [(None, "被災"), (0, "被災"), (101, "x"), (70, "")])
def test_a_mayors_decision_needs_a_percent_and_a_reason(percent, reason):
    with pytest.raises(Refusal) as refused:
        reductions.granted_percent(NAGATO.reductions[2], percent, evidence="", reason=reason)

    assert refused.value.code is RefusalCode.REDUCTION_WRONG


def test_a_mayors_decision_is_by_its_percent():
    mayors = NAGATO.reductions[2]

    assert reductions.granted_percent(mayors, 70, evidence="", reason="被災者") == 70


@given(
    answers=st.lists(
        st.builds(
            Answer,
            id=st.text("ab", min_size=1, max_size=3),
            percent=st.sampled_from((0, 50, 100)),
            decided_at=st.sampled_from((AT, AT + timedelta(hours=1))),
        ),
        unique_by=lambda each: each.id,
        min_size=1,
    ),
    data=st.data(),
)
def test_which_answer_counts_does_not_depend_on_their_order(answers, data):
    shuffled = data.draw(st.permutations(answers))

    found = reductions.counting(shuffled)

    assert found == reductions.counting(answers)
    assert found is not None
    assert found.percent == max(each.percent for each in answers)


def test_a_wish_is_late_after_the_days_of_the_town():
    rules = TownRules(1, DAY, reduction_days=7)

    assert not reductions.is_late(DAY, today=DAY + timedelta(days=7), rules=rules)
    assert reductions.is_late(DAY, today=DAY + timedelta(days=8), rules=rules)


def test_tsurugashimas_groups_register_for_the_next_year_in_january_and_february():
    next_year = (date(2026, 4, 1), date(2027, 3, 31))

    assert reductions.years(TSURUGASHIMA, date(2026, 2, 1))[0] == next_year
    assert reductions.years(TSURUGASHIMA, DAY) == ((DAY, date(2027, 3, 31)),)
    assert next_year not in reductions.years(TSURUGASHIMA, date(2026, 3, 1))
