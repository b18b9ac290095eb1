"""Processes that are killed at random moments lose nothing that they told.

A thousand rounds: `python -m tests.sync.killed --rounds 1000`.
"""

from __future__ import annotations

import pytest

from tests.sync import killed


@pytest.mark.timeout(300)
def test_nothing_that_was_told_is_lost_when_the_processes_are_killed():
    counts = killed.play(16, 3)

    assert counts["rounds"] == 16 and counts["judged"] == 1
    assert counts["told"] > 50 and counts["entries"] > 20


def test_a_desk_at_work_opens_no_database_but_its_own(tmp_path):
    # While another process writes, SQLite refuses at once to change a file's journal mode.
    for name in killed.NAMES:
        folder = tmp_path / name
        folder.mkdir()

        killed.a_town(folder, [name])[name].node.start()

        assert [path.name for path in folder.glob("*.db")] == [f"{name}.db"]
