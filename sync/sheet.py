"""The rules S1 to S13: who may write the next line, what it must say, and what follows from it.

Pure functions of values. A chain's `Position` is all that must be remembered to judge its next
line, together with a `Book`: what is occupied on the sheet and what has been settled. The same
functions judge a line before it is written here and when it comes from another node, so that both
sides of a cut decide alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync.document import START, Document, Entry, Slip, is_log
from sync.members import Directory, adoption_statement


class Fault(StrEnum):
    """Why a line may not be written, or why one that came is kept apart."""

    NOT_NEXT = "not the next number"
    NOT_HOLDER = "not by the holder"
    FORKED = "the sheet is forked"
    UNKNOWN_KIND = "the sheet has lines that this program does not know"
    CLOSED = "the sheet is closed"
    TAKEN = "something of it is taken"
    SETTLED = "answered already"
    INCOMPLETE = "the line lacks something that its kind needs"
    NOT_OWNED = "it frees what nobody has"
    FORMS_MISSING = "not all forms of the pad are accounted for"
    MAY_NOT_ADOPT = "may not adopt"
    SUSPENDED = "this node is suspended"


@dataclass(frozen=True, slots=True)
class Pad:
    """A pad of numbered forms that was lent a share of the sheet (S12)."""

    name: str
    first: int
    last: int

    @property
    def owner(self) -> str:
        return f"pad:{self.name}"

    @property
    def forms(self) -> list[str]:
        return [form_key(self.name, number) for number in range(self.first, self.last + 1)]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a chain stands after its line `number`, whose hash is `hash`."""

    chain: str
    number: int
    hash: str
    at: int
    holder: str
    witness: str
    is_closed: bool = False
    is_understood: bool = True
    forked_at: int = 0
    pads: tuple[Pad, ...] = ()

    @property
    def is_forked(self) -> bool:
        """S11: there are several valid lines `forked_at`, so none of them stands."""
        return self.forked_at > 0


class Book(Protocol):
    """What the lines of a sheet add up to."""

    def owners(self, sheet: str, claims: Collection[str]) -> Mapping[str, str]:
        """Those of the claims that are occupied, and by whom."""

    def claims_of(self, sheet: str, owner: str) -> frozenset[str]:
        """What this owner occupies."""

    def settled(self, sheet: str, keys: Collection[str]) -> frozenset[str]:
        """Those of the keys that a line has settled."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a line of this kind must have. True: needed; None: allowed; False: must be empty."""

    settles: bool | None = False
    claims: bool | None = False
    frees: bool | None = False
    to: bool | None = False
    is_allowed_when_closed: bool = False


KINDS: Mapping[str, Kind] = {
    "confirm": Kind(settles=True, claims=True, frees=None),
    "refuse": Kind(settles=True, is_allowed_when_closed=True),
    "cancel": Kind(settles=None, frees=True),
    "record": Kind(settles=True, is_allowed_when_closed=True),
    "hand over": Kind(to=True, is_allowed_when_closed=True),
    "adopt": Kind(to=True, is_allowed_when_closed=True),
    "close": Kind(),
    "pad": Kind(claims=True),
    "form": Kind(settles=True, claims=None),
    "pad back": Kind(frees=True),
}
MOVES = ("hand over", "adopt")


def form_key(pad: str, number: int) -> str:
    """The key that a paper form settles: typed twice, it is settled once."""
    return f"form:{pad}:{number}"


def genesis(chain: str, directory: Directory) -> Position:
    """Before its first line a sheet is held by the region's home, a log by the key of its name.

    A log has one holder until a later incarnation adopts it, which ends it (S9).
    """
    holder = chain.rsplit("/", 1)[-1] if is_log(chain) else directory.home
    member = directory.member(holder)
    return Position(chain, 0, START, 0, holder, member.witness if member else "")


def follows(position: Position, document: Document) -> bool:
    """Whether the line is the next one: its number, and the hash of the line before it."""
    return document.number == position.number + 1 and document.previous == position.hash


def may_write(position: Position, key: str) -> Fault | None:
    """S1, S11, S13: why this key may not write the next line, or None."""
    if position.is_forked:
        return Fault.FORKED
    if position.holder != key:
        return Fault.NOT_HOLDER
    if not position.is_understood:
        return Fault.UNKNOWN_KIND
    return None


def judge(position: Position, line: Document, book: Book, directory: Directory) -> Fault | None:
    """Why this line may not stand after `position`, or None.

    Unknown kinds, and what stands on them, are judged only by who wrote them (S13).
    """
    if not follows(position, line):
        return Fault.NOT_NEXT
    if not isinstance(line, Entry):
        return None if position.holder == line.author else Fault.NOT_HOLDER
    if line.kind == "adopt":
        return _judge_adoption(position, line, directory)
    if position.holder != line.author or is_log(position.chain):
        return Fault.NOT_HOLDER
    kind = KINDS.get(line.kind)
    if kind is None or not position.is_understood:
        # S13: after a line that is not understood here, nobody here knows what is occupied.
        return None
    return _judge_shape(kind, position, line) or _judge_content(position, line, book)


def _judge_shape(kind: Kind, position: Position, entry: Entry) -> Fault | None:
    fields = (
        (kind.settles, entry.settles),
        (kind.claims, entry.claims),
        (kind.frees, entry.frees),
        (kind.to, entry.to),
        (kind.to, entry.witness),
    )
    if any(need is not None and need is not bool(value) for need, value in fields):
        return Fault.INCOMPLETE
    if position.is_closed and not kind.is_allowed_when_closed:
        return Fault.CLOSED
    return None


def _judge_adoption(position: Position, entry: Entry, directory: Directory) -> Fault | None:
    """S10: through the lost holder's witness, or with two officers' signatures."""
    if entry.to != entry.author or not entry.witness:
        return Fault.MAY_NOT_ADOPT
    if not directory.may_adopt(entry.author, position.holder):
        return Fault.MAY_NOT_ADOPT
    officers = entry.data.get("officers")
    if officers is None:
        return None
    is_agreed = isinstance(officers, Mapping) and directory.officers_agree(
        adoption_statement(entry), officers
    )
    return None if is_agreed else Fault.MAY_NOT_ADOPT


def _judge_content(position: Position, entry: Entry, book: Book) -> Fault | None:
    if already_settled(entry, book):
        return Fault.SETTLED
    match entry.kind:
        case "form":
            return _judge_form(position, entry, book)
        case "pad":
            if pad_of(entry) is None:
                return Fault.INCOMPLETE
        case "close":
            return Fault.FORMS_MISSING if position.pads else None
        case "pad back":
            pad = next((pad for pad in position.pads if pad.owner == entry.frees), None)
            if pad is None:
                return Fault.NOT_OWNED
            return forms_missing(pad, book, position.chain)
    if entry.frees and not book.claims_of(position.chain, entry.frees):
        return Fault.NOT_OWNED
    return overlaps(entry, book)


def already_settled(entry: Entry, book: Book) -> bool:
    """S4, S6: one final answer a slip, one pay-out a payment, one line a form."""
    return bool(book.settled(entry.chain, entry.settles))


def overlaps(entry: Entry, book: Book) -> Fault | None:
    """Nothing is occupied twice; what the same line frees may be taken again."""
    taken = book.owners(entry.chain, entry.claims)
    others = {claim for claim, owner in taken.items() if owner != entry.frees}
    return Fault.TAKEN if others else None


def _judge_form(position: Position, entry: Entry, book: Book) -> Fault | None:
    """A form settles its own number, and occupies only what its pad was lent."""
    pad = next((pad for pad in position.pads if set(pad.forms) & set(entry.settles)), None)
    if pad is None:
        return Fault.INCOMPLETE
    owners = book.owners(entry.chain, entry.claims)
    is_lent = all(owners.get(claim) == pad.owner for claim in entry.claims)
    return None if is_lent else Fault.TAKEN


def forms_missing(pad: Pad, book: Book, sheet: str) -> Fault | None:
    """S12: a pad's share returns only when every form is accounted for."""
    is_whole = book.settled(sheet, pad.forms) == set(pad.forms)
    return None if is_whole else Fault.FORMS_MISSING


def pad_of(entry: Entry) -> Pad | None:
    """The pad that a line of the kind "pad" lends, or None if it does not say which."""
    name, first, last = (entry.data.get(word) for word in ("pad", "first", "last"))
    if not isinstance(name, str) or not isinstance(first, int) or not isinstance(last, int):
        return None
    return Pad(name, first, last) if name and 0 < first <= last else None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a line changes in the book: first the freeing, then the occupying."""

    frees: str = ""
    claims: tuple[str, ...] = ()
    owner: str = ""
    settles: tuple[str, ...] = ()


def effects(line: Document, after: Position) -> Effects:
    """Nothing for a slip, nor from the first line on that is not understood here (S13)."""
    if not isinstance(line, Entry) or not after.is_understood:
        return Effects()
    pad = pad_of(line) if line.kind == "pad" else None
    owner = pad.owner if pad else line.settles[0] if line.settles else ""
    return Effects(line.frees, line.claims, owner, line.settles)


def follow(position: Position, line: Document) -> Position:
    """Where the chain stands after this line, which has been judged."""
    holder, witness = position.holder, position.witness
    is_closed, is_understood, pads = position.is_closed, position.is_understood, position.pads
    if isinstance(line, Entry):
        if line.kind in MOVES:
            holder, witness = line.to, line.witness
        elif line.kind == "close":
            is_closed = True
        elif line.kind == "pad" and (pad := pad_of(line)):
            pads = (*pads, pad)
        elif line.kind == "pad back":
            pads = tuple(pad for pad in pads if pad.owner != line.frees)
        elif line.kind not in KINDS:
            is_understood = False
    return Position(
        position.chain,
        line.number,
        line.hash,
        line.at,
        holder,
        witness,
        is_closed,
        is_understood,
        position.forked_at,
        pads,
    )


def replay(chain: str, lines: Iterable[Document], directory: Directory) -> Position:
    """The position after lines that were judged when they came."""
    position = genesis(chain, directory)
    for line in lines:
        assert follows(position, line), f"a gap in {chain} before line {line.number}"
        position = follow(position, line)
    return position


def in_order(slips: Iterable[Slip]) -> list[Slip]:
    """S4: the order in which slips are answered, the same on every node and by any clock.

    At the same instant a log's own order counts: who gives up what they asked for asked first.
    """
    return sorted(slips, key=lambda slip: (slip.rank, slip.at, slip.chain, slip.number))


def has_reported(logs: Mapping[str, Position], node: str, after: int, directory: Directory) -> bool:
    """S7: whether every slip that `node` can have written up to the label `after` is here.

    The log of a former incarnation is complete once its successor has adopted it: nothing can be
    written there any more.

    logs    where each of the node's logs stands here, by the key that began it
    """
    *former, newest = [member.key for member in directory.incarnations(node)] or [""]
    if newest not in logs or logs[newest].at <= after:
        return False
    return all(key in logs and logs[key].holder != key for key in former)
