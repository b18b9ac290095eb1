"""A town's papers in general words: true of any town, and filled in with what is known of this."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reservations.rules import papers
from reservations.rules.town import RefundStep, TownRules

RULES = TownRules(1, date(2026, 4, 1))


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("使用許可", ("使用", "許可")),
        ("利用承認", ("利用", "承認")),
        ("許可", ("使用", "許可")),
        ("利用", ("使用", "利用")),
    ],
)
def test_a_permit_s_word_is_what_is_done_and_how_it_is_allowed(word, parts):
    assert papers.words_of(word) == parts


@pytest.mark.parametrize(
    ("town", "head"),
    [
        ("金沢市", "金沢市長"),
        ("文京区", "文京区長"),
        ("檜原村", "檜原村長"),
        ("東京都", "東京都知事"),
        ("石川県", "石川県知事"),
    ],
)
def test_the_head_of_a_town_has_its_title(town, head):
    assert papers.head_of(town) == head


def test_conditions_have_a_sentence_for_every_refund_step():
    rules = TownRules(1, date(2026, 4, 1), refund_steps=(RefundStep(7, 100), RefundStep(0, 50)))

    (told,) = [each for each in papers.conditions(rules) if "還付は、{use}日" in each]

    assert told == (
        "取りやめたときの{fee}の還付は、{use}日の7日前までは全額、{use}の始まりまでは50％です。"
        "それより後は還付しません。"
    )


@given(some.text("金沢市町村区", min_size=1, max_size=8), some.text(max_size=20))
def test_nothing_of_the_model_town_is_left_in_the_words(town, contact):
    made = papers.forms(town, RULES, contact=contact)

    assert "隣野" not in repr(made)
    assert made["words"]["contact"] == contact
    assert made["issuers"]["default"]["lines"] == [papers.head_of(town)]


def test_a_town_is_unconfirmed_until_it_says_otherwise():
    assert papers.marking(RULES) == "見本"
    assert papers.marking(TownRules(1, date(2026, 4, 1), has_confirmed_forms=True)) == ""
