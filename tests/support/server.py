"""The application as its users meet it: `tonari serve` in a process of its own, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.process import free_port, running, wait_until

ROOT = Path(__file__).parents[2]
TONARI = [sys.executable, "-P", "-m", "reservations.cli"]


@dataclass(frozen=True)
class Server:
    """A running application."""

    url: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes]


def environment(
    data_dir: Path, database_url: str | None, more: Mapping[str, str]
) -> dict[str, str]:
    """This process's environment without its TONARI_ settings, and with those of the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONARI_")}
    chosen = {"TONARI_DATA_DIR": str(data_dir), **more}
    if database_url:
        chosen["TONARI_DATABASE_URL"] = database_url
    return kept | chosen


def tonari(
    *arguments: str, data_dir: Path, database_url: str | None = None, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; the caller looks at `returncode`, `stdout` and `stderr`."""
    return subprocess.run(
        [*TONARI, *arguments],
        env=environment(data_dir, database_url, {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextlib.contextmanager
def running_server(
    data_dir: Path,
    *,
    database_url: str | None = None,
    arguments: tuple[str, ...] = (),
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    seconds: float = 20,
) -> Iterator[Server]:
    """Serve what lies in `data_dir` (and `database_url`) until the block ends."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    port = port or free_port()
    command = [*TONARI, "serve", "--host", "127.0.0.1", "--port", str(port), *arguments]
    env = environment(data_dir, database_url, settings or {})
    with running(command, log=log, env=env, cwd=ROOT) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/api/v1/node"), process, seconds=seconds, log=log)
        yield Server(url, data_dir, log, process)


@contextlib.contextmanager
def running_demo(
    data_dir: Path, *, arguments: tuple[str, ...] = (), seconds: float = 60
) -> Iterator[dict[str, Any]]:
    """`tonari demo --json`; yields the line it prints once it serves."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "demo.log"
    command = [*TONARI, "demo", "--json", "--port", str(free_port()), *arguments]
    env = environment(data_dir, None, {})
    with running(command, log=log, env=env, cwd=ROOT, stdout=subprocess.PIPE) as process:
        line = first_line(process, seconds=seconds)
        if not line:
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise RuntimeError(f"the demo printed nothing in {seconds} s:\n{tail}")
        yield json.loads(line)


def first_line(process: subprocess.Popen[bytes], *, seconds: float) -> bytes:
    """The first line on its stdout; what there is of it if the process or the time ends first."""
    assert process.stdout is not None
    deadline = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0, deadline - time.monotonic())):
            piece = os.read(process.stdout.fileno(), 1)
            if not piece:
                break
            line += piece
    return line


def answers(url: str) -> bool:
    """Whether a GET gets any 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
