"""Serving: granian over the application, and the one process beside it that runs the jobs.

The parent only watches. It imports the application once and forks, so that workers start at once
and share what they read; no thread runs in it before a fork. Workers and the process beside end
with the parent, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import multiprocessing
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import Interfaces
from granian.server.mp import MPServer

from reservations.config import Settings

BACKLOG = 2048
PORTS_TRIED = 50
READY_SECONDS = 30
STOP_SECONDS = 8
PR_SET_PDEATHSIG = 1
# How long a thread may hold the interpreter while others wait: Python's own 5 ms would let a search
# keep a booking, which holds the writers' lock, waiting after each of its statements.
SWITCH_SECONDS = 0.0005

# Forking is what makes two workers start in the time of one; granian's workers do the same.
FORK = multiprocessing.get_context("fork")


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    audience: str = "resident",
    workers: int | None = None,
    has_jobs: bool = True,
    on_ready: Callable[[], None] | None = None,
    others: tuple[Any, ...] = (),
) -> None:
    """Serve until SIGTERM or Ctrl-C; then everything that was started has ended.

    on_ready   called in the process beside, once the application answers
    others     processes, not yet started, that live as long as this one (made with FORK)
    """
    # Imported before the fork, once for all workers.
    import reservations.app  # noqa: F401, PLC0415 - and not at all by those who only ask is_free

    granian = _Server(
        "reservations.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or settings.workers,
        blocking_threads=settings.threads,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_enabled=False,
    )
    beside = FORK.Process(
        target=_beside, args=(settings, host, port, has_jobs, on_ready), name="tonari-jobs"
    )
    for process in (beside, *others):
        granian.on_startup(process.start)
        granian.on_shutdown(partial(_stop, process))
    gc.freeze()
    load = partial(_load, settings, audience, os.getpid())
    granian.serve(target_loader=load, wrap_loader=False)


class _Server(MPServer):
    """granian, told to stop once only: a second signal would wait for the first one's lock."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if not self.interrupt_signal:
            super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


def _load(settings: Settings, audience: str, parent: int) -> Any:
    """The application, in a worker."""
    end_with_parent(parent)
    sys.setswitchinterval(SWITCH_SECONDS)
    from reservations.app import create_app  # noqa: PLC0415 - already loaded by the parent

    return create_app(settings, audience=audience)


def _beside(
    settings: Settings,
    host: str,
    port: int,
    has_jobs: bool,
    on_ready: Callable[[], None] | None,
) -> None:
    """Say when the application answers, then run the jobs."""
    end_with_parent(os.getppid())
    # Ctrl-C goes to the whole group; the parent decides when to stop, and says so by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if on_ready is not None and wait_until_it_answers(host, port):
        on_ready()
    if has_jobs:
        from reservations import jobs  # noqa: PLC0415 - the scheduler is dear, and only needed here

        jobs.run(settings)


def wait_until_it_answers(host: str, port: int) -> bool:
    """Ask for the smallest page until there is an answer of any kind."""
    url = f"{base_url(host, port)}/api/v1/node"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.02)
    return False


def _stop(process: Any) -> None:
    if process.pid is None:
        return
    process.terminate()
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def base_url(host: str, port: int) -> str:
    """The address to open: a wildcard is reached through the loopback."""
    name = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{name}:{port}"


def free_port(host: str, port: int) -> int:
    """`port` if nobody listens there, else the next one that is free.

    raises   OSError when none of the next fifty is, or when the address is not ours
    """
    for candidate in range(port, min(port + PORTS_TRIED, 65_536)):
        if is_free(host, candidate):
            return candidate
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def is_free(host: str, port: int) -> bool:
    """Whether we may listen there. granian itself would share the port with whoever has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def end_with_parent(parent: int) -> None:
    """Have the kernel stop this process when the parent is gone (Linux; elsewhere nothing)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        os._exit(1)
