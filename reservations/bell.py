"""A bell between the processes of one machine: somebody has written, so the desk need not wait.

Losing a ring costs a second, never a line: the desk looks by itself at least that often.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
from pathlib import Path

NAME = "bell"
RINGS_READ = 4096


class Bell:
    """The listening end, a named pipe; one process a machine has it, the one at the desk."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        if not path.exists() or not stat.S_ISFIFO(path.stat().st_mode):
            path.unlink(missing_ok=True)
            os.mkfifo(path, 0o600)
        # Open at both ends: a pipe without a writer would always be ready, with nothing to read.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def wait(self, seconds: float) -> bool:
        """Until somebody rings, at most so long; all rings until then are one."""
        ready, _, _ = select.select([self._pipe], [], [], seconds)
        if ready:
            os.read(self._pipe, RINGS_READ)
        return bool(ready)

    def close(self) -> None:
        os.close(self._pipe)


def ring(folder: Path) -> None:
    """Ring, if there is a bell and somebody at the desk."""
    with contextlib.suppress(OSError):
        pipe = os.open(folder / NAME, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b"!")
        finally:
            os.close(pipe)
