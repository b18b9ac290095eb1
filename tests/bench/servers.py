"""The two applications as processes, and what their processes use of the processor."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.bench import region as regions
from tests.bench.load import one, request
from tests.bench.region import Region
from tests.support.postgres import Cluster
from tests.support.process import free_port, running, wait_until
from tests.support.server import ROOT, environment, running_server

WORKERS, THREADS = 2, 6
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """One application over its own copy of the rows."""

    name: str
    port: int
    session_id: int
    url: str

    def cpu_seconds(self) -> float:
        """What its processes have used so far, all of them together."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.session_id:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS


@contextlib.contextmanager
def both(
    folder: Path, rooms: int, cluster: Cluster | None
) -> Iterator[tuple[Region, Served, Served]]:
    """Tonari and the floor, each over the same rows in a database of its own."""
    with contextlib.ExitStack() as stack:
        folder.mkdir(parents=True)
        first, second = _two_databases(stack, folder, cluster)
        region = regions.build(first, rooms)
        if cluster is None:
            _copy(first, second)
        else:
            regions.build(second, rooms)
        data = folder / "tonari"
        settings = {
            "TONARI_WORKERS": str(WORKERS),
            "TONARI_THREADS": str(THREADS),
            "TONARI_HORIZON_DAYS": str(regions.DAYS),
        }
        server = stack.enter_context(
            running_server(data, database_url=first, settings=settings, seconds=60)
        )
        port = int(server.url.rpartition(":")[2])
        tonari = Served("tonari", port, server.process.pid, first)
        yield region, tonari, stack.enter_context(_floor(folder, second))


def _two_databases(
    stack: contextlib.ExitStack, folder: Path, cluster: Cluster | None
) -> tuple[str, str]:
    if cluster is None:
        return f"sqlite:///{folder / 'tonari.db'}", f"sqlite:///{folder / 'floor.db'}"
    return (
        stack.enter_context(cluster.fresh_database()),
        stack.enter_context(cluster.fresh_database()),
    )


def _copy(source: str, target: str) -> None:
    """The file and what of it still stands in its log."""
    origin, copied = make_url(source).database, make_url(target).database
    assert origin and copied
    for suffix in ("", "-wal"):
        if os.path.exists(origin + suffix):
            shutil.copyfile(origin + suffix, copied + suffix)


@contextlib.contextmanager
def _floor(folder: Path, url: str) -> Iterator[Served]:
    port, log = free_port(), folder / "floor.log"
    command = [sys.executable, "-P", "-m", "tests.bench.floor", url, str(port)]
    env = environment(folder, None, {"PYTHONPATH": str(ROOT)})
    with running(command, log=log, cwd=ROOT, env=env) as process:
        wait_until(lambda: _answers(port), process, seconds=60, log=log)
        yield Served("floor", port, process.pid, url)


def _answers(port: int) -> bool:
    try:
        return one(port, request("GET", "/"))[0] == 404
    except OSError:
        return False
