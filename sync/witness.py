"""The witness (控え): compare-and-append on a medium that does not die with the node.

A witness keeps every line that a node told anybody. It takes the next line of a chain only on top
of the last one it has, so a machine that was restored, cloned or replaced cannot write twice: its
line is refused, and the tail it does not know is here to be read. A witness is never asked what
time it is, and knows neither holders nor signatures.

A lost witness is retired, never started again empty: `FileWitness` opens only what `create` made.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sync.document import START, Document, Malformed, packed, read, wire
from sync.store import Head

MARK = b"tonari witness 1\n"


class Silent(Exception):  # noqa: N818 - an outage, not an error: the answer stays tentative
    """The witness does not answer, or cannot keep what it is given."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the lines were taken, and where the chain stands at the witness."""

    is_taken: bool
    head: Head


class Witness(Protocol):
    """What a node needs of its witness. Every call may raise Silent."""

    def append(self, chain: str, lines: Sequence[Document]) -> Answer:
        """Take consecutive lines, all or none, if they stand on the last one here.

        Lines that are here already are taken again without harm.
        """

    def after(self, chain: str, number: int) -> list[Document]:
        """The lines beyond `number`, in order."""

    def heads(self) -> dict[str, Head]:
        """Where each chain stands."""


def compare(hashes: Sequence[str], lines: Sequence[Document]) -> int | None:
    """How many of the lines are here already, or None if they do not fit on what is here."""
    start = lines[0].number - 1
    if start > len(hashes) or (hashes[start - 1] if start else START) != lines[0].previous:
        return None
    known = hashes[start : start + len(lines)]
    if any(line.hash != each for line, each in zip(lines, known, strict=False)):
        return None
    pairs = pairwise(lines)
    if any(b.previous != a.hash or b.number != a.number + 1 for a, b in pairs):
        return None
    return len(known)


class FileWitness:
    """A witness in one append-only file, on another disk, a stick, or another machine's share.

    Several processes may use the same file; each append is one write and one fsync.
    """

    def __init__(self, path: Path) -> None:
        """Open what `create` made.

        raises   Silent if it is not there or not whole; then it must be retired, not replaced
        """
        self._path = path
        self._hashes: dict[str, list[str]] = {}
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._read_to = 0
        with self._locked(fcntl.LOCK_EX) as file:
            self._read_on(file, is_start=True)

    @classmethod
    def create(cls, path: Path) -> FileWitness:
        """A new, empty witness. An existing file is never overwritten."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(MARK)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return cls(path)

    def append(self, chain: str, lines: Sequence[Document]) -> Answer:
        with self._locked(fcntl.LOCK_EX) as file:
            self._read_on(file)
            known = compare(self._hashes.get(chain, ()), lines)
            if known is not None and known < len(lines):
                file.seek(self._read_to)
                try:
                    file.write(b"".join(map(_record, lines[known:])))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    # What is half written must not stand before the next record.
                    file.truncate(self._read_to)
                    raise
                self._read_on(file)
            return Answer(known is not None, self._head(chain))

    def after(self, chain: str, number: int) -> list[Document]:
        with self._locked(fcntl.LOCK_SH) as file:
            self._read_on(file)
            found = []
            for place, length in self._places.get(chain, [])[number:]:
                file.seek(place)
                found.append(_document(file.read(length)))
            return found

    def heads(self) -> dict[str, Head]:
        with self._locked(fcntl.LOCK_SH) as file:
            self._read_on(file)
            return {chain: self._head(chain) for chain in self._hashes}

    def _head(self, chain: str) -> Head:
        hashes = self._hashes.get(chain)
        return Head(len(hashes), hashes[-1]) if hashes else Head(0, START)

    @contextmanager
    def _locked(self, how: int) -> Iterator[BinaryIO]:
        try:
            with self._path.open("r+b") as file:
                fcntl.flock(file, how)
                yield file
        except OSError as error:
            raise Silent(str(error)) from error

    def _read_on(self, file: BinaryIO, *, is_start: bool = False) -> None:
        """Index what was appended since, by this process or another.

        A last record without its end was never acknowledged: a power cut tore it, and it is cut
        off at the next start. Anything else that is not whole makes the witness unreadable.
        """
        if is_start:
            if file.read(len(MARK)) != MARK:
                raise Silent("this is no witness")
            self._read_to = len(MARK)
        file.seek(self._read_to)
        rest = file.read()
        for record in rest.splitlines(keepends=True):
            try:
                line = _document(record)
            except Malformed as error:
                if not rest.endswith(record) or not _is_torn(record):
                    raise Silent(f"damaged at byte {self._read_to}") from error
                if is_start:
                    file.truncate(self._read_to)
                return
            hashes = self._hashes.setdefault(line.chain, [])
            if compare(hashes, [line]) != 0:
                raise Silent(f"out of order at byte {self._read_to}")
            hashes.append(line.hash)
            self._places.setdefault(line.chain, []).append((self._read_to, len(record)))
            self._read_to += len(record)


def _record(line: Document) -> bytes:
    body = packed(line)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _is_torn(record: bytes) -> bool:
    """Whether a last record lacks its end. One whose very end was changed had been acknowledged."""
    try:
        _document(record[:-1] + b"\n")
    except Malformed:
        return not record.endswith(b"\n")
    return False


def _document(record: bytes) -> Document:
    checksum, _, body = record.removesuffix(b"\n").partition(b" ")
    if not record.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        raise Malformed("a record that is not whole")
    return read(body)


# Another node as the witness: the same calls as one request and one reply, over any transport.

Reply = Mapping[str, Any]


def serve(witness: Witness, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one request of a `RemoteWitness`. Who may ask is the transport's affair.

    raises   Malformed, Silent
    """
    chain, number = request.get("chain"), request.get("number", 0)
    match request.get("call"):
        case "append" if isinstance(chain, str) and isinstance(request.get("lines"), list):
            lines = [read(parcel) for parcel in request["lines"]]
            if not lines or any(line.chain != chain for line in lines):
                raise Malformed("lines of another chain")
            answer = witness.append(chain, lines)
            return {"is_taken": answer.is_taken, "head": [answer.head.number, answer.head.hash]}
        case "after" if isinstance(chain, str) and isinstance(number, int) and number >= 0:
            return {"lines": [wire(line) for line in witness.after(chain, number)]}
        case "heads":
            return {"heads": {c: [h.number, h.hash] for c, h in witness.heads().items()}}
    raise Malformed("no request to a witness")


class RemoteWitness:
    """A witness at another node. `ask` carries one request there and brings the reply.

    `ask` raises OSError when nobody answers, also after a request that did arrive: the same lines
    are then appended again, which is harmless.
    """

    def __init__(self, ask: Callable[[dict[str, Any]], Reply]) -> None:
        self._ask = ask

    def append(self, chain: str, lines: Sequence[Document]) -> Answer:
        parcels = [wire(line) for line in lines]
        reply = self._reply({"call": "append", "chain": chain, "lines": parcels})
        number, digest = reply["head"]
        return Answer(reply["is_taken"] is True, Head(number, digest))

    def after(self, chain: str, number: int) -> list[Document]:
        reply = self._reply({"call": "after", "chain": chain, "number": number})
        return [read(parcel) for parcel in reply["lines"]]

    def heads(self) -> dict[str, Head]:
        reply = self._reply({"call": "heads"})
        return {chain: Head(number, digest) for chain, (number, digest) in reply["heads"].items()}

    def _reply(self, request: dict[str, Any]) -> Reply:
        try:
            return self._ask(request)
        except OSError as error:
            raise Silent(str(error)) from error
