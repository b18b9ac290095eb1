"""Codes are read from scans, faxes, copies and photos as often as was promised.

A few pictures of each kind; `./run bench` takes many and prints the table.
"""

from __future__ import annotations

import pytest

from tests.printables.decoding import rates

RATES = list(rates(2, seed=20))


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.code}, {rate.scan}")
def test_a_code_is_read_as_often_as_was_promised(rate):
    assert rate.is_kept, rate.line
