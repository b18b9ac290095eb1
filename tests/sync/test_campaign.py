"""A night of schedules: nothing piles up, a bad one ends nothing but itself, seeds are named."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref

import pytest

from sync.document import Document
from sync.simulate import campaign, schedule
from sync.simulate.actor import Actor
from sync.simulate.memory import MemoryStore
from sync.simulate.world import World
from tests.tidy.repository import ROOT

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def worlds(monkeypatch) -> list[World]:
    """The worlds of the schedules that are played, so that they can be looked at afterwards."""
    made: list[World] = []
    start = World.__init__

    def remember(self, *arguments, **more):
        start(self, *arguments, **more)
        made.append(self)

    monkeypatch.setattr(World, "__init__", remember)
    return made


def alive() -> int:
    gc.collect()
    kinds = (World, Actor, MemoryStore, Document)
    return sum(isinstance(each, kinds) for each in gc.get_objects())


def test_a_finished_schedule_leaves_nothing_behind(worlds):
    before = alive()

    outcome = schedule.run(5)
    remembered = weakref.WeakSet(worlds[0].actors.values())
    assert alive() > before + 100 and len(remembered) == 4
    worlds.clear()

    assert alive() == before and len(remembered) == 0
    assert outcome.seed == 5


def test_twenty_schedules_leave_no_more_than_one():
    schedule.run(1)
    gc.collect()
    before = len(gc.get_objects())

    for seed in range(2, 22):
        schedule.run(seed)
    gc.collect()

    assert abs(len(gc.get_objects()) - before) < 200


def test_no_schedule_piles_up_lines_or_messages_or_what_is_set_aside(worlds):
    for seed in range(5000, 5025):
        outcome = schedule.run(seed)
        world = worlds.pop()
        stores = [actor.store for actor in world.actors.values()]
        said = world.wishes + len(world.oracle.told)
        assert outcome.rounds <= 10
        assert world.count < 3000 and world.queue == []
        assert max(sum(len(c.lines) for c in store.chains_.values()) for store in stores) < 3 * said
        assert max(len(store.aside_) for store in stores) < 150


def test_a_schedule_that_raises_is_a_violation_and_the_next_one_is_played(monkeypatch, capsys):
    original = schedule.run

    def run(seed):
        if seed == 8:
            raise RuntimeError("broken")
        return original(seed)

    monkeypatch.setattr(schedule, "run", run)
    result = campaign.run(3, 7).report()

    assert result["schedules"] == 3 and result["violations"] == 1
    assert result["kinds"] == {"raised RuntimeError": 1}
    assert result["bad"] == [{"seed": 8, "violations": ["broken"]}]
    assert "python -m sync.simulate --schedules 1 --seed 8" in capsys.readouterr().err


def test_a_schedule_without_an_end_is_stopped(monkeypatch):
    def run(seed):
        while True:
            pass

    monkeypatch.setattr(schedule, "run", run)
    monkeypatch.setattr(campaign, "CPU_SECONDS_MAX", 0.2)

    assert campaign.run(1, 1).report()["kinds"] == {"raised Endless": 1}


def test_progress_names_the_kind_of_fault_that_fired_least(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "REPORT_SECONDS", 0)

    campaign.run(2, 3)

    assert "2 of 2 schedules, 0 violations" in capsys.readouterr().err


def test_two_workers_come_to_the_same_sum_as_one():
    command = [sys.executable, "-m", "sync.simulate", "--schedules", "8", "--seed", "90"]

    done = subprocess.run(
        [*command, "--workers", "2", "--json"], cwd=ROOT, capture_output=True, check=True
    )

    theirs, ours = json.loads(done.stdout), campaign.run(8, 90).report()
    for result in (theirs, ours):
        del result["cpu_seconds"], result["schedules_per_cpu_minute"]
    assert theirs == ours
