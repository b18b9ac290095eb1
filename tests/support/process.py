"""Start a program for a test and end exactly that program, whatever happens to the test."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A worker that is killed outright leaves no server behind (Linux only, elsewhere nothing)."""
    parent = os.getpid()
    if not sys.platform.startswith("linux"):
        return lambda: None
    library = ctypes.CDLL(None)

    def arrange() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(sign))
        if os.getppid() != parent:
            os._exit(1)

    return arrange


@contextlib.contextmanager
def running(
    command: list[str],
    *,
    log: Path,
    stop: signal.Signals = signal.SIGTERM,
    stop_seconds: float = 10,
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in a process group of its own, its output in `log`, until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", output),
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent(stop),
            **options,
        )
    try:
        yield process
    finally:
        _end(process, stop, stop_seconds)


def _end(process: subprocess.Popen[bytes], stop: signal.Signals, seconds: float) -> None:
    if process.poll() is None:
        process.send_signal(stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    # Children of its group may have outlived it; the group is ours, because we made the session.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    if process.stdout:
        process.stdout.close()


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float, log: Path
) -> None:
    """Poll `ready` until it says yes; fail with the log's end if the process ends or time does."""
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            how = f"ended with {process.returncode}" if ended else f"was not ready in {seconds} s"
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise RuntimeError(f"{process.args!r} {how}:\n{tail}")
        time.sleep(0.03)
