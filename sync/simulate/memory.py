"""A store in dictionaries: transactions that a crash breaks, disks that can be copied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.document import START, Document, Slip, is_log
from sync.members import Directory
from sync.sheet import Position, effects, follow, genesis
from sync.store import Aside, Head

Image = tuple[dict[str, tuple[tuple[Document, ...], int, int]], dict[str, tuple[Document, Aside]]]


NOTHING = Head(0, START)


@dataclass(slots=True)
class Chain:
    """One chain's lines and what they add up to."""

    position: Position
    lines: list[Document] = field(default_factory=list)
    head: Head = NOTHING
    claims: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def copy(self) -> Chain:
        return Chain(
            self.position, self.lines[:], self.head, self.claims.copy(), self.settled.copy()
        )

    @property
    def witnessed(self) -> int:
        return self.head.number

    @witnessed.setter
    def witnessed(self, through: int) -> None:
        self.head = Head(through, self.lines[through - 1].hash) if through else NOTHING


class MemoryStore:
    """Implements `sync.store.Store`."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.chains_: dict[str, Chain] = {}
        self.aside_: dict[str, tuple[Document, Aside]] = {}
        self.ids: set[str] = set()
        self.by_sheet: dict[str, dict[str, Slip]] = {}
        self._before: dict[str, Chain | None] | None = None
        self._aside_before: dict[str, tuple[Document, Aside]] = {}

    @property
    def is_touched(self) -> bool:
        """Whether this transaction has changed a chain."""
        return bool(self._before)

    # Transactions

    def transaction(self) -> MemoryStore:
        """All of it or nothing: what a database promises when the power goes.

        The store is its own transaction: one at a time, a hundred thousand in a schedule.
        """
        return self

    def __enter__(self) -> MemoryStore:
        assert self._before is None, "a transaction within a transaction"
        self._before, self._aside_before = {}, self.aside_.copy()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._before is not None
        if kind is not None:
            self._roll_back(self._before)
        self._before = None

    def _roll_back(self, before: dict[str, Chain | None]) -> None:
        self.aside_ = self._aside_before
        for name, chain in before.items():
            now = self.chains_.pop(name, None)
            self._forget(now.lines if now else [])
            if chain is not None:
                self.chains_[name] = chain
                self._remember(chain.lines)

    def _touch(self, name: str) -> Chain:
        chain = self.chains_.get(name)
        if self._before is not None and name not in self._before:
            self._before[name] = chain.copy() if chain else None
        if chain is None:
            chain = self.chains_[name] = Chain(genesis(name, self.directory))
        return chain

    def _remember(self, lines: Sequence[Document]) -> None:
        for line in lines:
            self.ids.add(line.id)
            if isinstance(line, Slip):
                self.by_sheet.setdefault(line.sheet, {})[line.hash] = line

    def _forget(self, lines: Sequence[Document]) -> None:
        for line in lines:
            self.ids.discard(line.id)
            if isinstance(line, Slip):
                self.by_sheet.get(line.sheet, {}).pop(line.hash, None)

    # The disk

    def image(self) -> Image:
        """What a copy of the disk holds now."""
        return (
            {
                name: (tuple(chain.lines), chain.witnessed, chain.position.forked_at)
                for name, chain in self.chains_.items()
            },
            self.aside_.copy(),
        )

    def load(self, image: Image) -> None:
        """Become the copy, whatever it says; verifying it is the node's part (S8)."""
        lines, aside = image
        self.chains_, self.ids, self.by_sheet, self.aside_ = {}, set(), {}, aside.copy()
        for name, (each, witnessed, forked_at) in lines.items():
            chain = self.chains_[name] = Chain(genesis(name, self.directory))
            for line in each:
                self._put(chain, line, follow(chain.position, line))
            chain.witnessed = witnessed
            chain.position = replace(chain.position, forked_at=forked_at)

    def _put(self, chain: Chain, line: Document, after: Position) -> None:
        change = effects(line, after)
        if change.frees:
            chain.claims = {c: o for c, o in chain.claims.items() if o != change.frees}
        for claim in change.claims:
            chain.claims[claim] = change.owner
        chain.settled.update(change.settles)
        chain.lines.append(line)
        chain.position = after
        self._remember([line])

    # Reading

    def position(self, chain: str) -> Position:
        known = self.chains_.get(chain)
        return known.position if known else genesis(chain, self.directory)

    def chains(self) -> list[str]:
        return [name for name, chain in self.chains_.items() if chain.lines]

    def heads(self) -> dict[str, Head]:
        return {name: chain.head for name, chain in self.chains_.items() if chain.head.number}

    def head(self, chain: str) -> Head:
        known = self.chains_.get(chain)
        return known.head if known else NOTHING

    def lines(
        self, chain: str, *, after: int = 0, through: int | None = None
    ) -> Sequence[Document]:
        known = self.chains_.get(chain)
        return known.lines[after:through] if known else []

    def unwitnessed(self) -> list[str]:
        return [name for name, each in self.chains_.items() if each.head.number < len(each.lines)]

    def has(self, document_id: str) -> bool:
        return document_id in self.ids

    def pending(self, sheet: str) -> list[Slip]:
        known = self.chains_.get(sheet)
        settled = known.settled if known else set()
        slips = self.by_sheet.get(sheet, {})
        return [slip for slip in slips.values() if slip.asks and slip.hash not in settled]

    def slips(self, sheet: str) -> list[Slip]:
        return list(self.by_sheet.get(sheet, {}).values())

    def held(self, keys: Sequence[str]) -> list[str]:
        return [
            name
            for name, chain in self.chains_.items()
            if chain.lines and chain.position.holder in keys and not is_log(name)
        ]

    def sheets_waiting(self) -> list[str]:
        return [sheet for sheet in self.by_sheet if self.pending(sheet)]

    def owners(self, sheet: str, claims: Collection[str]) -> Mapping[str, str]:
        known = self.chains_.get(sheet)
        if known is None:
            return {}
        return {claim: known.claims[claim] for claim in claims if claim in known.claims}

    def claims_of(self, sheet: str, owner: str) -> frozenset[str]:
        known = self.chains_.get(sheet)
        return frozenset(c for c, o in known.claims.items() if o == owner) if known else frozenset()

    def settled(self, sheet: str, keys: Collection[str]) -> frozenset[str]:
        known = self.chains_.get(sheet)
        return frozenset(known.settled.intersection(keys)) if known else frozenset()

    # Writing

    def append(self, line: Document, after: Position, *, is_witnessed: bool) -> None:
        chain = self._touch(line.chain)
        assert len(chain.lines) == line.number - 1, "unique on chain and number"
        self._put(chain, line, after)
        if is_witnessed:
            assert chain.witnessed == line.number - 1, "witnessed lines come first"
            chain.witnessed = line.number

    def take_back(self, chain: str, after: int) -> list[Document]:
        known = self._touch(chain)
        gone = known.lines[after:]
        self._forget(gone)
        self._renew(chain, known, known.lines[:after])
        return gone[::-1]

    def rebuild(self, chain: str) -> None:
        known = self._touch(chain)
        self._renew(chain, known, known.lines)

    def _renew(self, name: str, known: Chain, lines: Sequence[Document]) -> None:
        fresh = self.chains_[name] = Chain(genesis(name, self.directory))
        for line in lines:
            self._put(fresh, line, follow(fresh.position, line))
        fresh.witnessed = min(known.witnessed, len(lines))
        fresh.position = replace(fresh.position, forked_at=known.position.forked_at)

    def set_witnessed(self, chain: str, through: int) -> None:
        known = self._touch(chain)
        assert known.witnessed <= through <= len(known.lines)
        known.witnessed = through

    def set_forked(self, chain: str, number: int) -> None:
        known = self._touch(chain)
        known.position = replace(known.position, forked_at=number)

    def set_aside(self, document: Document, why: Aside) -> None:
        self.aside_[document.id] = (document, why)

    def aside(self, chain: str | None = None, why: Aside | None = None) -> list[Document]:
        if not self.aside_:
            return []
        found = [
            document
            for document, reason in self.aside_.values()
            if (chain is None or document.chain == chain) and (why is None or reason == why)
        ]
        return sorted(found, key=lambda document: (document.chain, document.number, document.hash))

    def drop_aside(self, document_id: str) -> None:
        self.aside_.pop(document_id, None)
