"""Whatever people write, every paper is drawn: text stays in its box or goes to the extra sheet.

The drawing layer raises where a text is larger than its box: drawing at all is half of the proof.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printables.registry import PAPERS
from tests.printables import pdf

HARD = "あアｱ漢、。「」（ー…Wi 1,.-/\n　髙𠮷é\u3099葛\U000e0100〓\u0007"
WRITTEN = st.text(alphabet=HARD, max_size=40) | st.integers(1, 40).map(lambda n: "長い文。W" * n)
# What is chosen from a list or made by the program.
NOT_WRITTEN = {"code", "corner", "appeal", "audience", "grade", "form_number", "marking"}


@cache
def widest(name: str) -> Any:
    return PAPERS[name].samples()["longest"]


def rewritten(value: object, text: str, kept: frozenset[str]) -> Any:
    """The record with this text wherever somebody wrote one."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(rewritten(each, text, kept) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in dataclasses.fields(value) if each.name not in kept]
        changes = {name: rewritten(getattr(value, name), text, kept) for name in names}
        return dataclasses.replace(value, **changes)
    return value


def kept(name: str) -> frozenset[str]:
    choices = PAPERS[name].unprinted - {"rows", "people"}
    return frozenset(NOT_WRITTEN | choices)


@pytest.mark.parametrize("name", PAPERS)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(text=WRITTEN)
def test_every_paper_takes_any_text(name, text):
    record = rewritten(widest(name), text, kept(name))

    assert PAPERS[name].draw(record).pdf.startswith(b"%PDF-1.7")
    assert all(pdf.squeezed(line) is not None for line in PAPERS[name].text(record).splitlines())


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.parametrize("text", ["長い説明の文。" * 25, "W" * 120, "改\u0007行" * 9])
def test_a_paper_full_of_long_text_is_still_in_order(name, text):
    drawn = PAPERS[name].draw(rewritten(widest(name), text, kept(name)))

    assert pdf.faults(drawn.pdf) == []
    assert pdf.escapes(drawn.pdf) == []
