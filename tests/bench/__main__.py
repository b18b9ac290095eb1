"""`./run bench`: measure, print, write JSON, and say by the exit status whether the bars stand."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import measures, nodes, rush
from tests.bench.bars import judge, show
from tests.bench.freshness import freshness
from tests.bench.measures import Effort
from tests.bench.paper import paper
from tests.bench.servers import both
from tests.support import postgres
from tests.support.postgres import Cluster

ROOT = Path(__file__).parents[2]
FULL = Effort(slices=5, seconds=4.0, rounds=10)
QUICK = Effort(slices=2, seconds=1.0, rounds=2)
PAGES = ["/", "/search", "/my/bookings", "/facilities/1", "/units/1"]
RUSHES = {
    "random rivals": rush.random_rivals,
    "adjacent rivals": rush.adjacent_rivals,
    "whole against halves": rush.whole_against_halves,
}


def main() -> int:
    options = _options()
    effort = QUICK if options.quick else FULL
    started = time.monotonic()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    found: dict[str, Any] = {
        "machine": machine,
        "load_before": round(os.getloadavg()[0], 2),
        "is_quick": options.quick,
        "engines": {},
    }
    missed_by_nodes: list[str] = []
    is_nodes = options.nodes is not None
    if is_nodes:
        with tempfile.TemporaryDirectory(dir=_disk()) as folder:
            found["nodes"] = nodes.measure(Path(folder), only=options.nodes, is_quick=options.quick)
        missed_by_nodes = nodes.show(found["nodes"])
    engines = [] if is_nodes else ["sqlite", "postgresql"]
    for engine in options.engine or engines:
        with _engine(engine) as cluster, tempfile.TemporaryDirectory(dir=_disk()) as folder:
            found["engines"][engine] = measure(Path(folder), cluster, effort)
        show(engine, found["engines"][engine])
    if not options.nodes:
        found["paper"] = paper(is_quick=options.quick)
    found["seconds"] = round(time.monotonic() - started)
    target = ROOT / f"bench-{time.strftime('%Y%m%d-%H%M%S')}.json"
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"{found['seconds']} s; written to {target.name}")
    missed = [line for engine in found["engines"].values() for line in judge(engine) if not line.ok]
    return 1 if missed or missed_by_nodes or found.get("paper", {}).get("missed") else 0


def measure(folder: Path, cluster: Cluster | None, effort: Effort) -> dict[str, Any]:
    """Everything on one engine."""
    found: dict[str, Any] = {}
    with both(folder / "small", 1_000, cluster) as (region, tonari, floor):
        measures.same_answers(tonari, floor, region)
        asked = measures.availability(region)
        for clients in (8, 1):
            found[f"availability, {clients} clients"] = measures.compare(
                tonari, floor, asked, clients=clients, effort=effort
            )
        creation = measures.creation(region)
        for clients in (1, 8, 32):
            found[f"create, {clients} clients"] = measures.compare(
                tonari, floor, creation, clients=clients, effort=effort
            )
        for name, wishes in RUSHES.items():
            found[f"stampede, {name}"] = rush.rounds(
                tonari, floor, region, wishes, clients=200, count=effort.rounds
            )
        found["2,000 clients"] = rush.rounds(
            tonari, floor, region, rush.crowd, clients=2_000, count=max(2, effort.rounds // 3)
        )
        found["freshness"] = freshness(tonari, region, times=effort.rounds * 5)
        found["pages"] = measures.pages(tonari, PAGES, effort)
    with both(folder / "large", 5_000, cluster) as (region, tonari, floor):
        measures.same_answers(tonari, floor, region)
        for name, asked in (
            ("availability, 5,000 rooms", measures.availability(region)),
            ("nearest free, 5,000 rooms × 14 days", measures.nearest(region)),
            ("create, 5,000 rooms", measures.creation(region)),
        ):
            found[name] = measures.compare(tonari, floor, asked, clients=8, effort=effort)
    return found


@contextmanager
def _engine(name: str) -> Iterator[Cluster | None]:
    """PostgreSQL with fsync, as a server that keeps its promises; SQLite needs nothing."""
    if name == "sqlite":
        yield None
        return
    with postgres.postgres_cluster(fsync=True) as cluster:
        yield cluster


def _disk() -> str | None:
    """A folder on a disk: where /tmp is memory, a commit would cost nothing."""
    return os.environ.get("TMPDIR") or "/var/tmp"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke check in under 3 minutes")
    parser.add_argument("--engine", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument(
        "--nodes", nargs="*", choices=nodes.STEPS, help="nodes over mailboxes, alone; or some of it"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
