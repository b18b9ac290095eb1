"""A scanned PDF as pictures, one page after the other; the way of a multifunction printer.

A stranger's PDF is opened in a process of its own, which may take so much memory and time and no
more: whatever the file does to it, who asked gets an answer. Nothing is written to disk.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator
from enum import IntEnum
from pathlib import Path
from typing import IO, Any

from PIL import Image

BYTES_MAX, PAGES_MAX = 40_000_000, 50
SECONDS_MAX = 90.0  # for a whole file, what is done with its pages included
PROCESSOR_SECONDS_MAX, MEMORY_MAX = 60, 1_500_000_000
SCALE = 3.0  # 216 dots an inch: what a signed code wants
SIDE_MAX = 2600  # dots, however large a page says it is
MARK = b"%PDF-"


class Reason(IntEnum):
    """Why a PDF gives no pictures; also the process's exit status."""

    BROKEN = 3
    LOCKED = 4
    TOO_LONG = 5
    TOO_HEAVY = 6  # more memory or time than a scanned file takes


class NoPages(Exception):  # noqa: N818 - an answer to whoever brought the file
    """The PDF gives no pictures, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name.lower())
        self.reason = reason


def is_pdf(head: bytes) -> bool:
    """Whether a file that begins so is a PDF; some writers put a line before it."""
    return MARK in head[:1024]


def pictures(pdf: bytes, *, seconds_max: float = SECONDS_MAX) -> Generator[Image.Image]:
    """Every page in greys, as it is asked for.

    seconds_max   from the first page's asking to the last's; the time between counts
    raises        NoPages, for a broken page after those before it
    """
    if len(pdf) > BYTES_MAX:
        raise NoPages(Reason.TOO_HEAVY)
    command = [sys.executable, "-P", str(Path(__file__))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Timer(seconds_max, child.kill)
        late.start()
        try:
            _send(child.stdin, pdf)
            while head := child.stdout.readline():
                width, height = map(int, head.split())
                dots = child.stdout.read(width * height)
                if len(dots) < width * height:
                    break
                yield Image.frombytes("L", (width, height), dots)
            status = child.wait()
        finally:
            late.cancel()
            child.kill()
    if status:
        known = status in list(Reason)
        raise NoPages(Reason(status) if known else Reason.TOO_HEAVY)


def _send(stream: IO[bytes], pdf: bytes) -> None:
    try:
        stream.write(pdf)
        stream.close()
    except BrokenPipeError:
        # The process has ended already; its status says why.
        pass


# The process of its own: needs nothing of ours, so that it starts fast


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on every system

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS_MAX, PROCESSOR_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _write_pages(source: IO[bytes], target: IO[bytes]) -> int:
    """Each page as a line with its width and height and then its dots; an exit status."""
    import pypdfium2  # noqa: PLC0415 - only here may it fall over

    try:
        document = pypdfium2.PdfDocument(source.read())
    except pypdfium2.PdfiumError as fault:
        is_locked = fault.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        return Reason.LOCKED if is_locked else Reason.BROKEN
    if len(document) > PAGES_MAX:
        return Reason.TOO_LONG
    for index in range(len(document)):
        try:
            dots = _dots(document[index])
        except pypdfium2.PdfiumError:
            return Reason.BROKEN
        target.write(b"%d %d\n" % dots.size)
        target.write(dots.tobytes())
    return 0 if len(document) else Reason.BROKEN


def _dots(page: Any) -> Image.Image:
    scale = min(SCALE, SIDE_MAX / max(1.0, *page.get_size()))
    picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return picture


def _main() -> int:
    _limit()
    try:
        return _write_pages(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        return Reason.TOO_HEAVY
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(_main())
