"""Sees everything, remembers every promise told, and judges outcomes, never the protocol's steps.

at each word to a person    two live promises for one thing; an answer that contradicts an
                            earlier one; a word on one medium only; a decision on absence
                            against a fact that existed
after healing               every promise at every node, or cancelled; everything answered;
                            nothing said once and heard twice;
                            the same tables everywhere; nothing occupied twice; no false fork
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sync import sheet
from sync.document import Document, Entry, Slip, canonical, is_log
from sync.simulate.memory import MemoryStore

PROMISES = ("confirm", "swap")


@dataclass(slots=True)
class Promise:
    """What a person was told: these resources are yours."""

    on: str
    owner: str
    claims: tuple[str, ...]
    line_id: str = ""
    ended_by: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Oracle:
    """The journal of one schedule, kept outside the system under test."""

    violations: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    promises: dict[tuple[str, str], Promise] = field(default_factory=dict)
    ended: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    live: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[tuple[str, str], Entry] = field(default_factory=dict)
    slips: dict[str, Slip] = field(default_factory=dict)
    told: dict[str, Document] = field(default_factory=dict)
    lines: dict[tuple[str, int], str] = field(default_factory=dict)
    unpaid: dict[str, int] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)
    frozen: dict[str, int] = field(default_factory=dict)

    def blame(self, kind: str, what: str) -> None:
        self.kinds[kind] += 1
        self.violations.append(f"{kind}: {what}")

    # While it runs

    def witnessed(self, line: Document, *, by_old_program: bool) -> None:
        """A line was taken by a witness: it exists, whether or not anybody was told yet."""
        if line.chain in self.spoiled:
            return
        if line.kind == "swap":
            self.frozen.setdefault(line.chain, line.number)
        frozen_at = self.frozen.get(line.chain, line.number)
        if line.number > frozen_at and by_old_program and line.kind != "adopt":
            self.blame("unknown kind", f"line {line.number} on {line.chain}")
        if isinstance(line, Entry) and line.frees:
            self._end(line)

    def _end(self, line: Entry) -> None:
        # A line that only a lost medium had may end a promise, and another one end it again.
        self.ended.setdefault((line.chain, line.frees), []).append(line.id)
        promise = self.promises.get((line.chain, line.frees))
        if promise:
            promise.ended_by = self.ended[line.chain, line.frees]
            for claim in promise.claims:
                if self.live.get((line.chain, claim)) == line.frees:
                    del self.live[line.chain, claim]

    def tell(self, line: Document, media: int) -> None:
        """A person hears what the line says. `media`: on how many independent ones it is."""
        if line.chain in self.spoiled:
            return
        if media < 2:
            self.blame("one medium", line.id)
        if line.id in self.told:
            return
        self.told[line.id] = line
        known = self.lines.setdefault((line.chain, line.number), line.hash)
        if known != line.hash:
            self.blame("fork", f"two lines {line.number} on {line.chain}")
        if isinstance(line, Slip):
            self.slips[line.hash] = line
            self._check_absence(line.data.get("of", ""))
            return
        assert isinstance(line, Entry)
        if line.frees:
            self._end(line)
        if "deadline" in line.data:
            self.unpaid[line.frees] = line.data["deadline"]
            self._check_absence(line.frees)
        for key in line.settles:
            earlier = self.answers.setdefault((line.chain, key), line)
            if earlier.id != line.id:
                kind = "paid twice" if key.startswith("refund:") else "two answers"
                self.blame(kind, f"{key} by {earlier.kind} and {line.kind} on {line.chain}")
        if line.kind in PROMISES and line.claims:
            self.promise(Promise(line.chain, line.settles[0], line.claims, line.id))

    def _check_absence(self, of: str) -> None:
        """S7: cancelled as unpaid, and yet somebody had been told that it was paid in time."""
        if of in self.unpaid and any(
            slip.kind == "payment" and slip.data["of"] == of and slip.at <= self.unpaid[of]
            for slip in self.slips.values()
        ):
            self.blame("decided on absence", of)

    def promise(self, promise: Promise) -> None:
        """Somebody was told, by the counter or on a paper form, that this is theirs."""
        if promise.on in self.spoiled or (promise.on, promise.owner) in self.promises:
            return
        self.promises[promise.on, promise.owner] = promise
        promise.ended_by = self.ended.get((promise.on, promise.owner), [])
        if promise.ended_by:
            # The person hears of the booking and of its end in one breath.
            return
        for claim in promise.claims:
            other = self.live.setdefault((promise.on, claim), promise.owner)
            if other != promise.owner:
                self.blame("double promise", f"{claim} on {promise.on}")

    def spoil(self, on: str) -> None:
        """A compromised holder lies on this sheet: only the fork must be seen by all."""
        self.spoiled.add(on)

    # After healing

    def judge(self, stores: Sequence[MemoryStore]) -> None:
        for store in stores:
            self._judge_sheets(store)
            self._judge_promises(store)
            self._judge_answers(store)
            self._judge_wishes(store)
        if len({digest(store) for store in stores}) > 1:
            self.blame("tables differ", f"{len({digest(store) for store in stores})} versions")

    def _judge_sheets(self, store: MemoryStore) -> None:
        for on in store.chains():
            position = store.position(on)
            if position.is_forked and on not in self.spoiled:
                self.blame("false fork", on)
            claims: dict[str, str] = {}
            for line in store.lines(on):
                change = sheet.effects(line, position)
                claims = {c: owner for c, owner in claims.items() if owner != change.frees}
                taken = {c for c in change.claims if claims.get(c, "pad:").split(":")[0] != "pad"}
                if taken:
                    self.blame("overlap", f"line {line.number} of {on}")
                claims.update(dict.fromkeys(change.claims, change.owner))
            if claims != store.chains_[on].claims:
                self.blame("wrong tables", f"what is taken on {on} is not what its lines say")
        for on in self.spoiled:
            if not store.position(on).is_forked:
                self.blame("fork not seen", on)

    def _judge_promises(self, store: MemoryStore) -> None:
        for (on, owner), promise in self.promises.items():
            if on in self.spoiled:
                continue
            stands = set(promise.claims) <= store.claims_of(on, owner)
            if not stands and not any(store.has(line_id) for line_id in promise.ended_by):
                self.blame("lost promise", f"{owner} on {on}")

    def _judge_answers(self, store: MemoryStore) -> None:
        for slip in self.slips.values():
            if slip.chain in self.spoiled or slip.sheet in self.spoiled:
                continue
            if not store.has(slip.id):
                self.blame("lost slip", slip.id)
            elif slip.asks and not store.settled(slip.sheet, [slip.hash]):
                self.blame("unsettled", slip.id)

    def _judge_wishes(self, store: MemoryStore) -> None:
        """What somebody said once is one slip, however often its place in the log was lost."""
        said: Counter[int] = Counter()
        for chain in store.chains():
            if is_log(chain):
                slips = (line for line in store.lines(chain) if isinstance(line, Slip))
                said.update(slip.data["wish"] for slip in slips)
        for wish, times in said.items():
            if times > 1:
                self.blame("said twice", f"wish {wish}")


def digest(store: MemoryStore) -> str:
    """A node's tables in one word."""
    rows = {
        chain: [
            store.position(chain).number,
            store.position(chain).hash,
            store.position(chain).is_forked,
            [] if is_log(chain) else sorted(store.chains_[chain].claims.items()),
        ]
        for chain in sorted(store.chains())
    }
    return hashlib.sha256(canonical({"rows": rows})).hexdigest()
