"""平常時・孤立時・災害時: what is done in which mode."""

from __future__ import annotations

import pytest

from reservations.rules.modes import TABLE, Mode, may


def test_everything_is_done_in_normal_times():
    assert [name for name in TABLE if not may(name, Mode.NORMAL)] == []


def test_a_node_that_is_cut_off_does_what_it_always_does():
    assert [n for n in TABLE if may(n, Mode.ISOLATED) != may(n, Mode.NORMAL)] == []


def test_in_a_disaster_nobody_books_or_is_missed_but_everybody_can_give_back():
    refused = {name for name in TABLE if not may(name, Mode.DISASTER)}

    assert refused == {"book", "book_for", "change", "change_for", "take_offer", "ask_strike"}
    assert may("cancel", Mode.DISASTER) and may("cancel_for", Mode.DISASTER)


def test_an_action_without_a_row_is_a_bug():
    with pytest.raises(KeyError):
        may("dance", Mode.NORMAL)
