"""Many schedules, on several processors: each violation with its seed at once, one sum at the end.

A schedule that raises, never ends or fills the memory is a violation too, and ends nothing but
itself. Time is read here to say how fast it goes; no schedule ever sees it.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from types import FrameType

from sync.simulate import schedule

BATCH = 20
BAD_MAX = 20
# A schedule takes a tenth of a second and a megabyte; these are no matter of a slow machine.
CPU_SECONDS_MAX = 60.0
MEMORY_BYTES_MAX = 2 * 1024**3
REPORT_SECONDS = 60.0
LOST = ("lost promise", "lost slip")
RESTORES = ("announced restore", "silent restore", "replacement", "lost fsync", "clone")


class Endless(Exception):  # noqa: N818 - a finding about a schedule
    """The schedule has used more processor time than a thousand others."""


@dataclass(slots=True)
class Tally:
    """What several schedules came to."""

    schedules: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    promises: int = 0
    rounds: int = 0
    bad: list[dict[str, object]] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def add(self, more: Tally) -> None:
        self.schedules += more.schedules
        self.kinds += more.kinds
        self.faults += more.faults
        self.promises += more.promises
        self.rounds = max(self.rounds, more.rounds)
        self.bad += more.bad
        self.cpu_seconds += more.cpu_seconds

    @property
    def per_cpu_minute(self) -> int:
        return round(60 * self.schedules / self.cpu_seconds) if self.cpu_seconds else 0

    def report(self) -> dict[str, object]:
        """What the command prints. `faults` says how often each kind fired."""
        return {
            "schedules": self.schedules,
            "violations": sum(self.kinds.values()),
            "double_promises": self.kinds["double promise"],
            "lost_promises": sum(self.kinds[kind] for kind in LOST),
            "unsettled": self.kinds["unsettled"],
            "kinds": dict(sorted(self.kinds.items())),
            "promises": self.promises,
            "restores": sum(self.faults[kind] for kind in RESTORES),
            "rounds_max": self.rounds,
            "fault_kinds": len(self.faults),
            "faults": dict(sorted(self.faults.items())),
            "bad": sorted(self.bad, key=lambda each: str(each["seed"]))[:BAD_MAX],
            "cpu_seconds": round(self.cpu_seconds, 2),
            "schedules_per_cpu_minute": self.per_cpu_minute,
        }


def run(schedules: int, seed: int, *, workers: int = 1) -> Tally:
    """Play the schedules from `seed` on; an interrupt ends it early, with what there is."""
    total, started = Tally(), time.monotonic()
    due = started + REPORT_SECONDS
    with _pool(workers) as pool:
        try:
            for part in _parts(schedules, seed, pool):
                total.add(part)
                if time.monotonic() >= due:
                    due += REPORT_SECONDS
                    _say_progress(total, schedules, time.monotonic() - started)
        except KeyboardInterrupt:
            if isinstance(pool, Executor):
                pool.shutdown(cancel_futures=True)
            sys.stderr.write("interrupted\n")
    return total


def _pool(workers: int) -> ProcessPoolExecutor | nullcontext[None]:
    if workers <= 1:
        return nullcontext()
    return ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=limit_memory
    )


def _parts(schedules: int, seed: int, pool: Executor | None) -> Iterator[Tally]:
    batches = [
        range(first, min(first + BATCH, seed + schedules))
        for first in range(seed, seed + schedules, BATCH)
    ]
    if pool is None:
        yield from map(play, batches)
    else:
        futures = [pool.submit(play, batch) for batch in batches]
        for future in as_completed(futures):
            yield future.result()


def play(seeds: range) -> Tally:
    """Play these seeds in this process."""
    tally, started = Tally(), time.process_time()
    for seed in seeds:
        tally.schedules += 1
        try:
            with _cpu_limit():
                outcome = schedule.run(seed)
        except Exception as error:  # noqa: BLE001 - whatever it raises is a finding, with its seed
            _blame(tally, seed, Counter([f"raised {type(error).__name__}"]), [str(error)])
            continue
        tally.faults += outcome.faults
        tally.promises += outcome.promises
        tally.rounds = max(tally.rounds, outcome.rounds)
        if outcome.violations:
            _blame(tally, seed, outcome.kinds, outcome.violations)
    # A world is full of cycles; a batch of them is as much as may lie about.
    gc.collect()
    tally.cpu_seconds = time.process_time() - started
    return tally


def _blame(tally: Tally, seed: int, kinds: Counter[str], violations: list[str]) -> None:
    tally.kinds += kinds
    tally.bad.append({"seed": seed, "violations": violations[:5] or sorted(kinds)})
    said = "; ".join(violations[:3]) or ", ".join(kinds)
    sys.stderr.write(
        f"VIOLATION in seed {seed}: {said}\n"
        f"  to repeat: python -m sync.simulate --schedules 1 --seed {seed}\n"
    )
    sys.stderr.flush()


def _say_progress(total: Tally, schedules: int, seconds: float) -> None:
    rarest = min(total.faults.items(), key=lambda item: item[1], default=("none", 0))
    sys.stderr.write(
        f"{seconds / 60:6.1f} min: {total.schedules} of {schedules} schedules, "
        f"{sum(total.kinds.values())} violations, {total.per_cpu_minute} per CPU-minute, "
        f"{len(total.faults)} kinds of fault, rarest {rarest[0]} {rarest[1]} times\n"
    )
    sys.stderr.flush()


def limit_memory() -> None:
    """What no schedule needs is refused to this process, and not to the whole machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_BYTES_MAX if hard == resource.RLIM_INFINITY else min(hard, MEMORY_BYTES_MAX)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


@contextmanager
def _cpu_limit() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Endless(f"more than {CPU_SECONDS_MAX:.0f} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
