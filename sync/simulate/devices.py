"""Keys that cost nothing, and a witness that can be silent, slow to answer or lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b

from sync.document import START, Document, key_id
from sync.store import Head
from sync.witness import Answer, Silent, compare


class PaperKey:
    """Signs with a keyed hash: as good as Ed25519 in a world without attackers on mathematics."""

    def __init__(self, name: str) -> None:
        self.public = f"public key of {name}"
        self.id = key_id(self.public)

    def sign(self, message: bytes) -> str:
        return seal_of(self.public, message)


def seal_of(public: str, message: bytes) -> str:
    """The one signature that `verify` accepts."""
    return blake2b(message, key=_secret_of(public), digest_size=16).hexdigest()


@lru_cache(maxsize=256)
def _secret_of(public: str) -> bytes:
    return blake2b(public.encode()).digest()


def verify(public: str, message: bytes, signature: str) -> bool:
    """The simulation's verifier."""
    return seal_of(public, message) == signature


class Device:
    """The medium of a witness. `on_io` may raise, as when the node dies in the middle."""

    def __init__(self, name: str, on_taken: Callable[[Document], None]) -> None:
        self.name = name
        self.lines: dict[str, list[Document]] = {}
        self.is_lost = False
        self.is_silent = False
        self.loses_answers = False
        self.refused = 0
        self._on_taken = on_taken

    def append(self, chain: str, lines: Sequence[Document]) -> Answer:
        self._must_answer()
        here = self.lines.get(chain, [])
        known = compare([line.hash for line in here], lines)
        if known is None:
            self.refused += 1
        else:
            here = self.lines.setdefault(chain, [])
            for line in lines[known:]:
                here.append(line)
                self._on_taken(line)
        if self.loses_answers:
            raise Silent("the answer was lost")
        return Answer(known is not None, self._head(chain))

    def after(self, chain: str, number: int) -> list[Document]:
        self._must_answer()
        return self.lines.get(chain, [])[number:]

    def heads(self) -> dict[str, Head]:
        self._must_answer()
        return {chain: self._head(chain) for chain in self.lines}

    def has(self, line: Document) -> bool:
        here = self.lines.get(line.chain, [])
        return len(here) >= line.number and here[line.number - 1].hash == line.hash

    def _head(self, chain: str) -> Head:
        here = self.lines.get(chain)
        return Head(len(here), here[-1].hash) if here else Head(0, START)

    def _must_answer(self) -> None:
        if self.is_lost or self.is_silent:
            raise Silent(self.name)


class Connection:
    """A node's way to a device: the node may die before a call or after it, or be cut off."""

    def __init__(self, device: Device, before_io: Callable[[str], None]) -> None:
        self._device = device
        self._before_io = before_io

    def append(self, chain: str, lines: Sequence[Document]) -> Answer:
        self._before_io(self._device.name)
        answer = self._device.append(chain, lines)
        self._before_io(self._device.name)
        return answer

    def after(self, chain: str, number: int) -> list[Document]:
        self._before_io(self._device.name)
        return self._device.after(chain, number)

    def heads(self) -> dict[str, Head]:
        self._before_io(self._device.name)
        return self._device.heads()
