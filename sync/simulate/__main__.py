"""python -m sync.simulate --schedules N --seed S [--json]: play schedules, say what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter

from sync.simulate import schedule

LOST = ("lost promise", "lost slip")


def simulate(schedules: int, seed: int) -> dict[str, object]:
    """Play `schedules` schedules from `seed` on and add up."""
    started = time.process_time()
    kinds: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    promises, bad, rounds = 0, [], 0
    for number in range(seed, seed + schedules):
        outcome = schedule.run(number)
        kinds += outcome.kinds
        faults += outcome.faults
        promises += outcome.promises
        rounds = max(rounds, outcome.rounds)
        if outcome.violations:
            bad.append({"seed": number, "violations": outcome.violations[:5]})
    return {
        "schedules": schedules,
        "violations": sum(kinds.values()),
        "double_promises": kinds["double promise"],
        "lost_promises": sum(kinds[kind] for kind in LOST),
        "unsettled": kinds["unsettled"],
        "kinds": dict(sorted(kinds.items())),
        "promises": promises,
        "rounds_max": rounds,
        "faults": dict(sorted(faults.items())),
        "bad": bad[:20],
        "cpu_seconds": round(time.process_time() - started, 2),
    }


def main() -> int:
    """The command; it fails if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m sync.simulate", description=__doc__)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    result = simulate(arguments.schedules, arguments.seed)
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        for name, value in result.items():
            sys.stdout.write(f"{name:16} {value}\n")
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
