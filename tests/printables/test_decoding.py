"""Codes are read from scans, faxes, copies and photos as often as was promised.

A few pictures of each kind; `./run bench` takes many and prints the table.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.printables.decoding import SCANS, Rate, rates

PROMISED = [scan for scan, (_, _, form, _) in SCANS.items() if form is not None]


@cache
def measured() -> list[Rate]:
    return list(rates(2, seed=20, is_promised=True))


@pytest.mark.parametrize("scan", PROMISED)
def test_the_codes_are_read_as_often_as_was_promised(scan):
    found = [rate for rate in measured() if rate.scan == scan]

    assert found != []
    assert [rate.line for rate in found if not rate.is_kept] == []
