"""The objects of a PDF file: numbered, packed in streams, found by a cross-reference stream.

The structure tree of a tagged form is some two hundred small objects a page; packed together they
take a tenth of the room. Streams end with an end of line before `endstream`, as PDF/A demands.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PACK_MAX = 200  # objects in one stream: a reader unpacks all to see one
LEVEL = 6


class Objects:
    """Objects on their way into a file, filled now or later."""

    def __init__(self) -> None:
        self._held: list[bytes] = [b""]
        self._loose: set[int] = set()

    def add(self, text: bytes = b"", *, is_loose: bool = False) -> int:
        """A new object's number; a loose one can be read without unpacking anything."""
        self._held.append(text)
        if is_loose:
            self._loose.add(len(self._held) - 1)
        return len(self._held) - 1

    def add_stream(self, content: bytes, entries: str = "", *, packed: bool = True) -> int:
        """A stream with its dictionary's entries."""
        return self.add(stream(content, entries, packed=packed), is_loose=True)

    def fill(self, number: int, text: str) -> None:
        self._held[number] = text.encode("ascii")

    def write(self, root: int, info: int, fingerprint: str) -> bytes:
        """The file; its parts are let go as they are written."""
        out = bytearray(HEAD)
        places: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}
        for number in sorted(self._loose):
            places[number] = (1, len(out), 0)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, self._held[number])
            self._held[number] = b""
        count = len(self._held)
        for numbers in self._packs():
            places[count] = (1, len(out), 0)
            places |= {number: (2, count, index) for index, number in enumerate(numbers)}
            out += b"%d 0 obj\n%s\nendobj\n" % (count, self._packed(numbers))
            count += 1
        places[count] = (1, len(out), 0)
        table = b"".join(struct.pack(">BLH", *places[number]) for number in range(count + 1))
        entries = (
            f"/Type /XRef /Size {count + 1} /W [1 4 2] /Root {root} 0 R /Info {info} 0 R"
            f" /ID [<{fingerprint}> <{fingerprint}>]"
        )
        start = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (count, stream(table, entries))
        out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(out)

    def _packs(self) -> Iterator[list[int]]:
        held = [number for number in range(1, len(self._held)) if number not in self._loose]
        for start in range(0, len(held), PACK_MAX):
            yield held[start : start + PACK_MAX]

    def _packed(self, numbers: list[int]) -> bytes:
        places, body = [], bytearray()
        for number in numbers:
            places.append(f"{number} {len(body)}")
            body += self._held[number] + b"\n"
        head = " ".join(places).encode("ascii") + b"\n"
        entries = f"/Type /ObjStm /N {len(numbers)} /First {len(head)}"
        return stream(head + bytes(body), entries)


def stream(content: bytes, entries: str, *, packed: bool = True) -> bytes:
    """A stream object's text."""
    if packed:
        content, entries = zlib.compress(content, LEVEL), f"{entries} /Filter /FlateDecode"
    head = f"<< {entries} /Length {len(content)} >>\nstream\r\n"
    return head.encode("ascii") + content + b"\r\nendstream"
