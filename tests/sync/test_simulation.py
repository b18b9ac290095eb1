"""The simulation: nothing is violated, every kind of fault fires, a seed repeats to the last bit.

I1 to I14 are its oracle's words; tests/sync/test_mutants.py shows that it can say each of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from sync.simulate import campaign, schedule
from sync.simulate.faults import FAULTS
from sync.simulate.schedule import Outcome
from tests.tidy.repository import ROOT

SCHEDULES = 60
# What the oracle says when the invariant does not hold.
INVARIANTS = {
    "i1_no_two_confirmed_overlap_on_a_node": ["overlap"],
    "i2_no_two_live_promises_overlap_anywhere": ["double promise"],
    "i3_one_valid_line_per_number_or_forked": ["fork", "false fork", "fork not seen"],
    "i4_every_promise_told_is_everywhere_or_cancelled": ["lost promise", "lost slip"],
    "i5_told_means_on_two_media": ["one medium"],
    "i6_one_final_answer_per_slip": ["two answers"],
    "i6_what_was_said_once_is_heard_once": ["said twice"],
    "i7_the_same_documents_give_the_same_tables": ["tables differ", "wrong tables"],
    "i8_nothing_is_paid_out_twice": ["paid twice"],
    "i13_everything_tentative_settles": ["unsettled"],
    "s7_nothing_is_decided_on_absence_too_early": ["decided on absence"],
    "s13_nobody_writes_on_what_it_does_not_know": ["unknown kind"],
}


@cache
def outcomes() -> tuple[Outcome, ...]:
    return tuple(schedule.run(seed) for seed in range(7001, 7001 + SCHEDULES))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_holds(name):
    kinds: Counter[str] = sum((outcome.kinds for outcome in outcomes()), Counter())

    assert {kind: kinds[kind] for kind in INVARIANTS[name]} == dict.fromkeys(INVARIANTS[name], 0)


@pytest.mark.timeout(300)
def test_nothing_at_all_is_violated_and_promises_were_made():
    assert [outcome.violations for outcome in outcomes() if outcome.violations] == []
    assert sum(outcome.promises for outcome in outcomes()) > 10 * SCHEDULES


@pytest.mark.parametrize(
    "seed",
    [
        50137,  # a copy of a node and the node itself both posted again what both remembered
        50344,  # so did a node from an old disk
        1001424,  # a slip that the disk had changed was signed again as news
        1016312,  # an old machine that still ran said what its successor said as well
        1034454,  # so did another one, while the successor's disk was full
    ],
)
def test_a_seed_that_once_said_a_wish_twice_says_it_once(seed):
    assert schedule.run(seed).violations == []


def test_a_seed_whose_sheet_nobody_could_adopt_is_settled():
    # A line of a former key got to the next one's witness, and the officers signed no more.
    assert schedule.run(1037802).violations == []


@pytest.mark.timeout(300)
def test_i14_the_clocks_were_wrong_all_the_time():
    faults: Counter[str] = sum((outcome.faults for outcome in outcomes()), Counter())

    assert faults["clock jump"] > 10 and faults["clock drift"] > 10


@pytest.mark.timeout(300)
def test_every_kind_of_fault_fires():
    faults: Counter[str] = sum((outcome.faults for outcome in outcomes()), Counter())
    expected = set(FAULTS) | {
        "loss", "duplicate", "reorder", "late", "bit flip on the wire", "torn tail",
        "paper misread", "paper typed twice", "form lost", "witness refused",
        "adoption by officers", "message cut off",
    }  # fmt: skip

    assert len(expected) >= 24
    assert expected - set(faults) == set()


@pytest.mark.timeout(300)
def test_a_seed_repeats_to_the_last_bit():
    code = "from sync.simulate import schedule; print(repr(schedule.run(11)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            timeout=200,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert len(said) == 1


@pytest.mark.timeout(300)
def test_the_command_says_what_came_of_it():
    command = [sys.executable, "-m", "sync.simulate", "--schedules", "2", "--seed", "5", "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=200)

    said = json.loads(done.stdout)
    assert said["schedules"] == 2 and said["violations"] == said["double_promises"] == 0
    assert said["lost_promises"] == said["unsettled"] == 0
    assert {"faults", "cpu_seconds"} <= set(said)
    assert campaign.run(2, 5).report()["faults"] == said["faults"]
