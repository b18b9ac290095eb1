"""Seals as pictures: ink or no ink, so that a fax, a copier and an archive all keep them.

A stamp has one colour. The picture that a town gives becomes a stencil through which that colour is
drawn: no transparency in the file, sharp at any size, and the text below stays text.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError

SIDE_MIN, SIDE_MAX = 600, 1200  # dots: a seal of 24 mm at the finest a desk's printer gives
INK = 128
DATA_PNG = "data:image/png;base64,"
COLOURS = {"grey": (0.3, 0.3, 0.3), "red": (0.75, 0.1, 0.12)}


class NoPicture(ValueError):  # noqa: N818 - said to the person who edits a form
    """The file is no picture, or nothing is on it."""


@dataclass(frozen=True)
class Picture:
    """A stencil: rows of bits, 0 where ink goes."""

    width: int
    height: int
    bits: bytes

    def fitted(self, side: float) -> tuple[float, float]:
        """Width and height of the picture in a square of this side."""
        longest = max(self.width, self.height)
        return side * self.width / longest, side * self.height / longest

    def png(self, colour: str) -> bytes:
        """The same for a browser."""
        stencil = Image.frombytes("1", (self.width, self.height), self.bits)
        red, green, blue = (round(part * 255) for part in COLOURS[colour])
        shown = Image.new("RGBA", stencil.size, (red, green, blue, 255))
        shown.putalpha(ImageChops.invert(stencil.convert("L")))
        out = io.BytesIO()
        shown.save(out, "PNG", optimize=True)
        return out.getvalue()


@lru_cache(maxsize=32)
def stencil(data: bytes) -> Picture:
    """A picture file's ink: what is dark or coloured, and not transparent.

    raises   NoPicture
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError) as fault:
        raise NoPicture("the seal is no picture file") from fault
    red, green, blue, opaque = image.split()
    # The weakest channel: red ink is as much ink as black is.
    paper = ImageChops.darker(ImageChops.darker(red, green), blue)
    ink = ImageChops.multiply(ImageChops.invert(paper), opaque)
    longest = max(ink.size)
    scale = max(SIDE_MIN / longest, 1.0) if longest < SIDE_MIN else min(SIDE_MAX / longest, 1.0)
    size = (max(1, round(ink.width * scale)), max(1, round(ink.height * scale)))
    ink = ink.resize(size, Image.Resampling.LANCZOS)
    if not any(ink.histogram()[INK:]):
        raise NoPicture("there is no ink on the seal")
    mask = ink.point(lambda value: 0 if value >= INK else 255).convert("1")
    return Picture(*mask.size, mask.tobytes())


def load(source: str | bytes, folder: Path | None) -> Picture:
    """The stencil of a file beside the town's own file, or of the bytes themselves, which may be
    written out as a data: address."""
    if isinstance(source, bytes):
        return stencil(source)
    if source.startswith(DATA_PNG):
        try:
            return stencil(base64.b64decode(source.removeprefix(DATA_PNG), validate=True))
        except binascii.Error as fault:
            raise NoPicture("the seal is not written whole") from fault
    try:
        return stencil(((folder or Path()) / source).read_bytes())
    except OSError as fault:
        raise NoPicture(f"{source}: {fault.strerror}") from fault
