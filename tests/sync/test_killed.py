"""Processes that are killed at random moments lose nothing that they told.

A thousand rounds: `python -m tests.sync.killed --rounds 1000`.
"""

from __future__ import annotations

import pytest

from tests.sync import killed


@pytest.mark.timeout(300)
def test_nothing_that_was_told_is_lost_when_the_processes_are_killed():
    counts = killed.play(24, 3)

    assert counts["rounds"] == 24 and counts["judged"] == 2
    assert counts["told"] > 50 and counts["entries"] > 20
