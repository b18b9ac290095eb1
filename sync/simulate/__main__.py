"""python -m sync.simulate --schedules N --seed S [--workers W] [--json]

Plays schedules and says what came of them; fails if anything was violated. Progress goes to stderr
every minute, a violation at once, with the command that repeats it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys

from sync.simulate import campaign


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m sync.simulate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="the first one; the others follow")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    # Whoever ends a long night early still hears how far it came.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    campaign.limit_memory()
    total = campaign.run(arguments.schedules, arguments.seed, workers=arguments.workers)
    result = total.report()
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        for name, value in result.items():
            sys.stdout.write(f"{name:24} {value}\n")
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
