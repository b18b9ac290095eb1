"""Does the checker see? Every seeded fault in the protocol is noticed within 200 schedules."""

from __future__ import annotations

import pytest

from sync.simulate import schedule
from tests.sync.mutants import MUTANTS

SCHEDULES = 200


def noticed_at(name: str) -> int | None:
    """The first seed whose schedule shows that something is broken."""
    with pytest.MonkeyPatch.context() as patch:
        MUTANTS[name](patch)
        for seed in range(1, SCHEDULES + 1):
            try:
                outcome = schedule.run(seed)
            except AssertionError:
                return seed
            if outcome.violations:
                return seed
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_is_killed(name):
    assert noticed_at(name) is not None


def test_there_are_enough_mutants():
    assert len(MUTANTS) >= 20
