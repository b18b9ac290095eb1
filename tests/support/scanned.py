"""PDFs as a multifunction printer makes them, and some that no printer makes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from functools import cache

import pikepdf
from PIL import Image


def as_pdf(pages: Sequence[Image.Image], *, dpi: float = 216) -> bytes:
    """Pictures of pages in one file, as JPEGs of their own size."""
    out = io.BytesIO()
    first, *others = (page.convert("L") for page in pages)
    first.save(out, "PDF", resolution=dpi, save_all=True, append_images=others, quality=75)
    return out.getvalue()


def locked(pdf: bytes) -> bytes:
    """The same under a password."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


def many(count: int) -> bytes:
    """So many white pages."""
    out, made = io.BytesIO(), pikepdf.new()
    for _ in range(count):
        made.add_blank_page(page_size=(595, 842))
    made.save(out)
    return out.getvalue()


def huge() -> bytes:
    """One page that says it is five metres wide."""
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page(page_size=(14_400, 14_400))
    made.save(out)
    return out.getvalue()


@cache
def bomb() -> bytes:
    """A fifth of a megabyte that becomes a thousand times as much, and more in memory."""
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page(page_size=(595, 842))
    packer = zlib.compressobj(9)
    strokes = b"0 0 m 595 842 l S 0 0 595 842 re f\n" * 100_000
    content = b"".join(packer.compress(strokes) for _ in range(60)) + packer.flush()
    stream = pikepdf.Stream(made, content)
    stream.Filter = pikepdf.Name.FlateDecode
    made.pages[0].Contents = stream
    made.save(out)
    return out.getvalue()
