"""What a peer lacks, and what came from it: in any order, as often as it likes, applied once.

A document that fits is applied; one whose predecessor is missing waits; one that cannot be right
is set aside where staff can see it, and never stops the others. The same documents lead to the
same tables, whatever the order and the carrier (I7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sync import sheet
from sync.document import START, Document
from sync.members import Directory
from sync.store import Aside, Head, Store

Scope = Callable[[str], bool]
BATCH = 500


@dataclass(slots=True)
class Receipt:
    """What receiving changed: first `gone` disappears, then `applied` happens, both in order.

    gone      lines that stood here and do not any more: our own unwitnessed ones that gave way,
              or the branches of a sheet that turned out to be forked
    """

    applied: list[Document] = field(default_factory=list)
    gone: list[Document] = field(default_factory=list)
    waiting: int = 0
    refused: int = 0
    duplicates: int = 0
    forked: list[str] = field(default_factory=list)


def merge(into: Receipt, more: Receipt) -> None:
    """Add what a later receipt changed."""
    into.applied += more.applied
    into.gone += more.gone
    into.forked += more.forked
    into.waiting += more.waiting
    into.refused += more.refused
    into.duplicates += more.duplicates


def receive(store: Store, directory: Directory, documents: Iterable[Document]) -> Receipt:
    """Take what a carrier, a witness or a bundle brought. All of it was witnessed by its author."""
    receipt = Receipt()
    for document in documents:
        _take(store, directory, document, receipt)
    return receipt


def retry(store: Store, directory: Directory) -> Receipt:
    """Take again what waited for a certificate, its signer's or its adopter's, after one came."""
    receipt = Receipt()
    waited = [*store.aside(why=Aside.UNKNOWN_SIGNER), *store.aside(why=Aside.NOT_ALLOWED)]
    for document in waited:
        store.drop_aside(document.id)
        _take(store, directory, document, receipt)
    return receipt


def verify(store: Store, directory: Directory) -> Receipt:
    """S8: read every chain again. A line that is not what was signed ends its chain here.

    What is cut off comes again from the witness and the peers, as if it had never been here. Lines
    of a kind that an earlier program did not know are understood from now on (S13).
    """
    receipt = Receipt()
    for chain in store.chains():
        _verify_chain(store, directory, chain, receipt)
        if not store.position(chain).is_understood:
            store.rebuild(chain)
    return receipt


def _verify_chain(store: Store, directory: Directory, chain: str, receipt: Receipt) -> None:
    position = sheet.genesis(chain, directory)
    for line in store.lines(chain):
        if not sheet.follows(position, line) or directory.check(line) is not None:
            receipt.gone += store.take_back(chain, position.number)
            return
        position = sheet.follow(position, line)


def _take(store: Store, directory: Directory, document: Document, receipt: Receipt) -> None:
    """One document, and then those that waited for it."""
    arrived = [document]
    while arrived:
        line = arrived.pop(0)
        if store.has(line.id):
            _confirm_own(store, directory, line, receipt)
        elif (why := directory.check(line)) is not None:
            is_known = why == "bad signature"
            store.set_aside(line, Aside.BAD_SIGNATURE if is_known else Aside.UNKNOWN_SIGNER)
            receipt.refused += 1
        elif (place := _place(store, directory, line, receipt)) is Aside.WAITING:
            store.set_aside(line, Aside.WAITING)
            receipt.waiting += 1
        elif place is not None:
            store.set_aside(line, place)
            receipt.refused += 1
            if place is Aside.FORK:
                arrived += _fork(store, line, receipt)
        else:
            _apply(store, line, receipt)
            arrived += _successors(store, line)


def _confirm_own(store: Store, directory: Directory, line: Document, receipt: Receipt) -> None:
    """Our own line came back from the witness whose answer was lost: so it was taken.

    A line of ours with a signature that is not ours came from nowhere.
    """
    receipt.duplicates += 1
    is_news = line.number > store.head(line.chain).number
    if is_news and directory.check(line) is None:
        store.set_witnessed(line.chain, line.number)


def _place(store: Store, directory: Directory, line: Document, receipt: Receipt) -> Aside | None:
    """None where the line may stand now, else why not."""
    position = store.position(line.chain)
    if position.is_forked and line.number >= position.forked_at:
        return Aside.FORK
    if line.number <= position.number:
        # Another line of ours has this number; or our disk has changed one that was right.
        _verify_chain(store, directory, line.chain, receipt)
        position = store.position(line.chain)
    if line.number > position.number + 1 or not stands_on(store, line):
        return Aside.WAITING
    if line.number <= position.number:
        if not _could_write(store, directory, line):
            return Aside.NOT_ALLOWED
        if line.number <= store.head(line.chain).number:
            # S11: two valid lines with one number, also if the second one comes late.
            return Aside.FORK
        # What we wrote there ourselves was never told to anybody, and gives way (S2).
        receipt.gone += store.take_back(line.chain, line.number - 1)
    before = store.position(line.chain)
    fault = sheet.judge(before, line, store, directory)
    if fault is None:
        return None
    # The holder wrote what nobody may write: that is evidence, and the sheet stops here.
    return Aside.FORK if line.author == before.holder else Aside.NOT_ALLOWED


def stands_on(store: Store, line: Document) -> bool:
    """Whether the line before it, here, is the one that it names."""
    if line.number == 1:
        return line.previous == START
    before = store.lines(line.chain, after=line.number - 2, through=line.number - 1)
    return bool(before) and before[0].hash == line.previous


def _could_write(store: Store, directory: Directory, line: Document) -> bool:
    """Whether its author was entitled to a line at this number, whatever the line says."""
    earlier = store.lines(line.chain, through=line.number - 1)
    before = sheet.replay(line.chain, earlier, directory)
    if line.author == before.holder:
        return True
    return line.kind == "adopt" and sheet.judge(before, line, store, directory) is None


def _fork(store: Store, line: Document, receipt: Receipt) -> list[Document]:
    """Keep the common beginning; every branch is evidence. Returns what waited beyond it."""
    position = store.position(line.chain)
    if position.is_forked and line.number >= position.forked_at:
        # What waited beyond it was taken up when the sheet stopped; doing so again for each of
        # a thousand lines of evidence would make a million of them.
        return []
    if line.number <= position.number:
        gone = store.take_back(line.chain, line.number - 1)
        for each in gone:
            store.set_aside(each, Aside.FORK)
        receipt.gone += gone
    store.set_forked(line.chain, line.number)
    receipt.forked.append(line.chain)
    return [each for each in store.aside(line.chain, Aside.WAITING) if each.number >= line.number]


def _apply(store: Store, line: Document, receipt: Receipt) -> None:
    """Put it in its place. Whoever wrote on top of a line of ours had it from our witness."""
    if store.head(line.chain).number < line.number - 1:
        store.set_witnessed(line.chain, line.number - 1)
    store.drop_aside(line.id)
    store.append(line, sheet.follow(store.position(line.chain), line), is_witnessed=True)
    receipt.applied.append(line)


def _successors(store: Store, line: Document) -> list[Document]:
    waiting = store.aside(line.chain, Aside.WAITING)
    return [each for each in waiting if each.number <= line.number + 1]


def lacking(
    store: Store,
    theirs: Mapping[str, Head],
    *,
    scope: Scope = lambda chain: True,
    limit: int = BATCH,
) -> list[Document]:
    """What a peer with these heads lacks: whole chains in order, at most `limit` documents.

    scope   which chains the peer carries; nothing else is ever offered to it (I11)
    """
    found: list[Document] = []
    ours = store.heads()
    for chain in sorted(each for each in ours if ours[each] != theirs.get(each) and scope(each)):
        head, known = ours[chain], theirs.get(chain, Head(0, START))
        after = known.number
        if not _is_ours(store, chain, known):
            # Theirs is another branch: the whole chain shows them where it parted.
            after = 0 if known.number <= head.number else head.number
        found += store.lines(chain, after=after, through=min(head.number, after + limit))
        if len(found) >= limit:
            break
    # Evidence travels too, so that every node sees the same fork.
    found += [
        each for each in store.aside(why=Aside.FORK) if scope(each.chain) and each not in found
    ]
    return found[:limit]


def _is_ours(store: Store, chain: str, head: Head) -> bool:
    """Whether a peer's head is one of the lines that stand here."""
    if head.number == 0:
        return True
    here = store.lines(chain, after=head.number - 1, through=head.number)
    return bool(here) and here[0].hash == head.hash


@dataclass(frozen=True, slots=True)
class Audit:
    """The completeness audit: how a peer's heads differ from ours, apart from any transport.

    behind      lines that the peer has and we lack
    ahead       lines that we have and the peer lacks
    differing   chains where the peer's head is another line than ours of the same number
    """

    behind: dict[str, range]
    ahead: dict[str, range]
    differing: list[str]

    @property
    def wanted(self) -> list[str]:
        """Chains to be fetched, in order."""
        return sorted([*self.behind, *self.differing])

    @property
    def is_complete(self) -> bool:
        """Whether both have the same."""
        return not (self.behind or self.ahead or self.differing)


def audit(store: Store, theirs: Mapping[str, Head]) -> Audit:
    """Compare heads: gaps are found even where the transport believes that it sent everything."""
    ours, found = store.heads(), Audit({}, {}, [])
    for chain in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(chain, Head(0, START)), theirs.get(chain, Head(0, START))
        if mine.number < other.number:
            found.behind[chain] = range(mine.number + 1, other.number + 1)
        elif not _is_ours(store, chain, other):
            found.differing.append(chain)
        elif other.number < mine.number:
            found.ahead[chain] = range(other.number + 1, mine.number + 1)
    return found


def gaps(store: Store) -> dict[str, range]:
    """Lines that are missing before something that waits: what to fetch by number."""
    found: dict[str, range] = {}
    for line in store.aside(why=Aside.WAITING):
        head = store.head(line.chain).number
        if line.number > head + 1 and line.chain not in found:
            found[line.chain] = range(head + 1, line.number)
    return found
