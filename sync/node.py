"""One node: who it is, what it may write, and how a line becomes a promise.

    write    in the caller's transaction: the line, what it occupies, what it settles
    settle   afterwards: compare-and-append at the witness; only what this returns is told (S2)

Between the two the line is here and nowhere else. If the witness is silent it stays tentative; if
the witness refuses, somebody else has written, and the line is taken back. Time, ids of people and
the rules of what may be lent are arguments; the transaction and the witnesses are injected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sync import again, exchange, sheet
from sync.document import Document, Entry, Key, Slip, is_log, log_of, scope_of, seal
from sync.exchange import Receipt, merge
from sync.members import Directory, Member
from sync.sheet import Fault, Position
from sync.store import Aside, Head, Store
from sync.witness import Silent, Witness

ROUNDS_MAX = 5


class NotWritten(Exception):  # noqa: N818 - an answer, not an error: the slip stays tentative
    """The line may not be written; `fault` says why, and nothing was changed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Draft:
    """What the application wants a line to say; the rest is the node's affair."""

    kind: str
    settles: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    frees: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


# What the application would answer, the best first; the first one that may stand is written.
Decide = Callable[[Slip, Store], Sequence[Draft]]


@dataclass(slots=True)
class Settled:
    """What came of a round with the witness.

    told      lines that are on two media now, so that people may be told
    receipt   what the witness had instead, where it refused
    """

    told: list[Document] = field(default_factory=list)
    receipt: Receipt = field(default_factory=Receipt)
    is_silent: bool = False


class Node:
    """A node in one process. It is suspended until `start` has read its witness (S8)."""

    def __init__(
        self,
        key: Key,
        directory: Directory,
        transaction: Callable[[], AbstractContextManager[Store]],
        witness_of: Callable[[str], Witness],
    ) -> None:
        self.key = key
        self.directory = directory
        self.transaction = transaction
        self.witness_of = witness_of
        self.why_suspended: str = "it has not been compared with its witness"

    @property
    def me(self) -> Member:
        """This node's certificate, which must be known here before anything is written."""
        member = self.directory.member(self.key.id)
        assert member is not None, "a node without its certificate"
        return member

    @property
    def former_keys(self) -> list[str]:
        """The keys of this node's earlier incarnations."""
        own = self.directory.incarnations(self.me.node)
        return [member.key for member in own if member.incarnation < self.me.incarnation]

    # Writing, in the caller's transaction

    def may_write(self, position: Position) -> Fault | None:
        """S1: why this node may not write the next line of a sheet, or None."""
        if self.why_suspended:
            return Fault.SUSPENDED
        return None if self.holds(position) else sheet.may_write(position, self.key.id)

    def holds(self, position: Position) -> bool:
        """Whether the sheet is this node's, and not forked: by its key or by inheritance.

        Nobody has written on it yet, so it is the region's home's; and the home has begun again
        (S9). There are too many such sheets to adopt them all: its first line is the adoption.
        Only through the witness that is still ours: where that is lost, officers sign (S10).
        """
        if position.holder == self.key.id:
            return sheet.may_write(position, self.key.id) is None
        return self._is_inherited(position)

    def _is_inherited(self, position: Position) -> bool:
        is_untouched = position.number == 0 and not is_log(position.chain)
        is_former = is_untouched and position.holder in self.former_keys
        return is_former and position.witness == self.me.witness

    def post(
        self,
        store: Store,
        about: str,
        kind: str,
        *,
        at: int,
        rank: int = 0,
        asks: bool = False,
        claims: Sequence[str] = (),
        data: Mapping[str, Any] | None = None,
        again: str = "",
    ) -> Slip:
        """Write a slip: a fact about a sheet, never refused, whoever holds the sheet (S4 to S6).

        at      any clock; the log's own order never goes back
        asks    the holder owes it one answer
        again   the hash of the slip that said this first and lost its place
        raises  NotWritten on a machine whose place another incarnation has taken
        """
        scope = scope_of(about)
        logs = [log_of(scope, key) for key in (*self.former_keys, self.key.id)]
        position = store.position(logs[-1])
        fault = sheet.may_write(position, self.key.id)
        if fault is not None:
            raise NotWritten(fault)
        body = {
            "type": "slip",
            "chain": position.chain,
            "number": position.number + 1,
            "previous": position.hash,
            "at": max(at, *(store.position(log).at for log in logs)),
            "kind": kind,
            "sheet": about,
            "rank": rank,
            "asks": asks,
            "claims": list(claims),
            "data": dict(data or {}),
            **({"again": again} if again else {}),
        }
        slip = seal(body, self.key, region=self.directory.region)
        assert isinstance(slip, Slip)
        store.append(slip, sheet.follow(position, slip), is_witnessed=False)
        return slip

    def write(
        self,
        store: Store,
        on: str,
        draft: Draft,
        *,
        at: int,
        to: Member | None = None,
        through: str = "",
    ) -> Entry:
        """Write the next line of a sheet, in the caller's transaction. Not to be told yet.

        to        the next holder, for a line that moves the sheet
        through   the witness that an adoption goes through
        raises    NotWritten
        """
        position = store.position(on)
        is_adoption = draft.kind == "adopt"
        if not is_adoption and not self.why_suspended and self._is_inherited(position):
            return self._write_first(store, on, draft, at=at, to=to, through=position.witness)
        fault = self.may_write(position)
        if fault is not None and not (is_adoption and fault is Fault.NOT_HOLDER):
            raise NotWritten(fault)
        body = {
            "type": "entry",
            "chain": on,
            "number": position.number + 1,
            "previous": position.hash,
            # The labels of a log never go back, also not over an adoption (S7).
            "at": max(at, position.at) if is_log(on) else at,
            "kind": draft.kind,
            "settles": list(draft.settles),
            "claims": list(draft.claims),
            "frees": draft.frees,
            "to": to.key if to else "",
            "witness": to.witness if to else "",
            "data": {**draft.data, **({"through": through} if is_adoption else {})},
        }
        entry = seal(body, self.key, region=self.directory.region)
        assert isinstance(entry, Entry)
        fault = sheet.judge(position, entry, store, self.directory)
        if fault is not None:
            raise NotWritten(fault)
        store.append(entry, sheet.follow(position, entry), is_witnessed=False)
        return entry

    def _write_first(
        self, store: Store, on: str, draft: Draft, *, at: int, to: Member | None, through: str
    ) -> Entry:
        """The adoption of an inherited sheet and the line that is wanted: both, or neither."""
        self.write(store, on, Draft("adopt"), at=at, to=self.me, through=through)
        try:
            return self.write(store, on, draft, at=at, to=to)
        except NotWritten:
            store.take_back(on, 0)
            raise

    def hand_over(self, store: Store, on: str, to: Member, *, at: int) -> Entry:
        """S3: the sheet's last line by this holder. Nobody acts until the receiver has it all."""
        newest = self.directory.incarnations(to.node)[-1]
        return self.write(store, on, Draft("hand over"), at=at, to=newest)

    # The queue

    def answer(self, decide: Decide, *, at: int, batch: int = 50) -> int:
        """S4: answer the pending slips of every sheet held here, in order; to be called on a timer.

        decide    the application's rules; with no draft the slip stays pending
        returns   how many lines were written; `settle` makes promises of them
        """
        with self.transaction() as store:
            sheets = [on for on in store.sheets_waiting() if not self.may_write(store.position(on))]
        written = 0
        for on in sheets:
            with self.transaction() as store:
                for slip in sheet.in_order(store.pending(on))[:batch]:
                    written += any(
                        self.try_write(store, on, draft, at=at) for draft in decide(slip, store)
                    )
        return written

    def try_write(self, store: Store, on: str, draft: Draft, *, at: int) -> bool:
        """Write the line if it may stand."""
        try:
            self.write(store, on, draft, at=at)
        except NotWritten:
            return False
        return True

    # The witness

    def settle(self) -> Settled:
        """S2: append what is written here at its witness. Slips first: an entry answers slips."""
        settled = Settled()
        with self.transaction() as store:
            chains = sorted(store.unwitnessed(), key=lambda chain: (not is_log(chain), chain))
        stuck: set[str] = set()
        for chain in chains:
            if scope_of(chain) in stuck:
                continue
            try:
                self._settle_chain(chain, settled)
            except Silent:
                settled.is_silent = True
                if is_log(chain):
                    stuck.add(scope_of(chain))
        return settled

    def _settle_chain(self, chain: str, settled: Settled) -> None:
        for _ in range(ROUNDS_MAX):
            with self.transaction() as store:
                lines = self._batch(store, chain)
            if not lines:
                return
            witness = self.witness_of(governing(lines[0], self.me))
            answer = witness.append(chain, lines)
            if answer.is_taken:
                settled.told += self._mark(chain, lines)
                self._keep_adopted(lines)
            elif not self._catch_up(chain, witness, answer.head.number, lines[0].number - 1):
                self._take_over(chain, witness, settled.receipt)

    def _batch(self, store: Store, chain: str) -> list[Document]:
        """The first unwitnessed lines that go to one witness together.

        None of a former key: its witness is another one, and knows more perhaps.
        """
        lines = store.lines(chain, after=store.head(chain).number)
        if lines and lines[0].author != self.key.id:
            return []
        is_one = len({governing(line, self.me) for line in lines}) <= 1
        return list(lines if is_one else lines[:1])

    def _mark(self, chain: str, lines: Sequence[Document]) -> list[Document]:
        with self.transaction() as store:
            standing = [line for line in lines if store.has(line.id)]
            known = store.head(chain).number
            if standing and standing[-1].number > known:
                store.set_witnessed(chain, standing[-1].number)
            return [line for line in standing if line.number > known]

    def _keep_adopted(self, lines: Sequence[Document]) -> None:
        """What was adopted goes to our own witness at once: the lost node's may be lost next."""
        if lines[-1].kind != "adopt" or governing(lines[-1], self.me) == self.me.witness:
            return
        try:
            # From the first line on: what it has already is taken again without harm.
            own = self.witness_of(self.me.witness)
            self._catch_up(lines[-1].chain, own, 0, lines[-1].number)
        except Silent:
            return  # the next line on this sheet brings it

    def _catch_up(self, chain: str, witness: Witness, known: int, through: int) -> bool:
        """A witness that the sheet had left, or never saw, is given the lines it lacks."""
        if known >= through:
            return False
        with self.transaction() as store:
            lines = store.lines(chain, after=known, through=through)
        return witness.append(chain, lines).is_taken

    def _take_over(self, chain: str, witness: Witness, receipt: Receipt) -> None:
        """S2: the witness refused. Its tail is the truth, also if a copy of us wrote it."""
        with self.transaction() as store:
            known = store.head(chain)
        before = len(receipt.applied)
        self._receive(_tail(witness, chain, known), receipt)
        own = log_of(scope_of(chain), self.key.id)
        for line in receipt.applied[before:]:
            if line.author == self.key.id or line.chain == own:
                self.why_suspended = "another copy of this node is writing"

    def _receive(self, lines: Sequence[Document], receipt: Receipt) -> None:
        with self.transaction() as store:
            self._take(store, lines, receipt)

    def _take(self, store: Store, lines: Sequence[Document], receipt: Receipt) -> None:
        ours = again.tentative_slips(self, store)
        merge(receipt, exchange.receive(store, self.directory, lines))
        again.post(self, store, ours)

    def receive(
        self,
        documents: Sequence[Document],
        *,
        also: Callable[[Store, Receipt], None] = lambda store, receipt: None,
    ) -> Receipt:
        """What a carrier brought, in one transaction; `also` is done at its end."""
        receipt = Receipt()
        with self.transaction() as store:
            self._take(store, documents, receipt)
            also(store, receipt)
        return receipt

    # Starting, adopting, beginning again

    def start(self, *, dead: Collection[str] = ()) -> Receipt:
        """S8: verify what is here, read every witness that could know more; till then suspended.

        dead     witnesses that two officers declared dead; the sheets that stand there can only
                 be adopted with the officers' signatures
        raises   Silent if another one cannot be read; the node stays suspended
        """
        with self.transaction() as store:
            ours = again.tentative_slips(self, store)
            receipt = exchange.verify(store, self.directory)
            again.post(self, store, ours)
            held = store.held([self.key.id, *self.former_keys])
            names = {store.position(on).witness for on in held}
        names |= {self.me.witness, *(self._witness(key) for key in self.former_keys)}
        for name in sorted(names - set(dead)):
            self.read_witness(name, receipt)
        self.why_suspended = ""
        return receipt

    def _witness(self, key: str) -> str:
        member = self.directory.member(key)
        return member.witness if member else ""

    def read_witness(self, name: str, receipt: Receipt) -> None:
        """Take over everything that a witness has and we have not."""
        witness = self.witness_of(name)
        theirs = witness.heads()
        with self.transaction() as store:
            difference = exchange.audit(store, theirs)
            known = {chain: store.head(chain) for chain in difference.wanted}
        for chain, head in known.items():
            self._receive(_tail(witness, chain, head), receipt)

    def adopt(
        self,
        on: str,
        lost: str,
        *,
        at: int,
        officers: Mapping[str, str] | None = None,
        accounted: str = "",
    ) -> Settled:
        """S10: take the sheet of a lost holder, through its witness, which fences the holder off.

        officers    two signatures under `adoption_statement` where the witness is lost as well
        raises      NotWritten; Silent if the witness cannot be read
        """
        settled = Settled()
        with self.transaction() as store:
            through = store.position(on).witness
        if officers is None:
            through = self._read_tail(on, lost, settled.receipt)
        with self.transaction() as store:
            if store.position(on).holder != lost:
                raise NotWritten(Fault.MAY_NOT_ADOPT)
            proof = {} if officers is None else {"officers": dict(officers), "accounted": accounted}
            through = self.me.witness if officers is not None else through
            self.write(store, on, Draft("adopt", data=proof), at=at, to=self.me, through=through)
        self._settle_chain(on, settled)
        return settled

    def _read_tail(self, on: str, lost: str, receipt: Receipt) -> str:
        """Follow the sheet to the witness of its last line; read the lost node's slips there."""
        for _ in range(ROUNDS_MAX):
            with self.transaction() as store:
                position = store.position(on)
                log = log_of(scope_of(on), lost)
                slips_known = store.head(log).number
            witness = self.witness_of(position.witness)
            tail = witness.after(on, position.number)
            self._receive([*witness.after(log, slips_known), *tail], receipt)
            if not tail:
                return position.witness
        raise NotWritten(Fault.NOT_NEXT)

    def begin_again(self) -> None:
        """S9: a new incarnation's first act, when `start` has read all there is of the former ones.

        Lines of a former key that no witness took were never told: entries are taken back, slips
        come again under the new key once `reclaim` has its logs.
        """
        with self.transaction() as store:
            tentative = again.tentative_slips(self, store)
            for chain in store.unwitnessed():
                if chain != log_of(scope_of(chain), self.key.id):
                    store.take_back(chain, store.head(chain).number)
            again.post(self, store, tentative)

    def reclaim(self, *, at: int) -> list[Settled]:
        """S9, S10: adopt what this node's former incarnations held: their sheets and their logs.

        A copy of the old machine that still runs somewhere is fenced off by that, and what it told
        people until then is read from its witness. Only then are its slips said again that no
        witness took: until then a copy of it may say them itself.
        """
        keys = self.former_keys
        if not keys:
            return []
        with self.transaction() as store:
            waiting = store.aside(why=Aside.TO_SAY_AGAIN)
            known = [*store.chains(), *(slip.chain for slip in waiting)]
            scopes = sorted({scope_of(chain) for chain in known})
            chains = {*store.held(keys), *store.sheets_waiting()}
            chains |= {log_of(scope, key) for scope in scopes for key in keys}
            holders = {chain: store.position(chain).holder for chain in sorted(chains)}
            lost = {chain: holder for chain, holder in holders.items() if holder in keys}
        done = []
        for on, holder in lost.items():
            try:
                done.append(self.adopt(on, holder, at=at))
            except (NotWritten, Silent):
                continue
        with self.transaction() as store:
            again.post_of_former(self, store)
        return done

    def is_reported(self, store: Store, scope: str, after: int, *only: str) -> bool:
        """S7: whether every node, or `only` these, told all it wrote up to the label `after`."""
        logs: dict[str, Position] = {}
        nodes = only or self.directory.nodes()
        for member in (each for node in nodes for each in self.directory.incarnations(node)):
            position = store.position(log_of(scope, member.key))
            if 0 < position.number == store.head(position.chain).number and not position.is_forked:
                logs[member.key] = position
        return all(sheet.has_reported(logs, node, after, self.directory) for node in nodes)


def _tail(witness: Witness, chain: str, known: Head) -> list[Document]:
    """What the witness has beyond our head; everything, if our head is not a line of its chain."""
    lines = witness.after(chain, max(0, known.number - 1))
    is_ours = not known.number or (lines and lines[0].hash == known.hash)
    return lines if is_ours else witness.after(chain, 0)


def governing(line: Document, author: Member) -> str:
    """At which witness a line is appended: its author's, but an adoption at the lost holder's."""
    if line.kind == "adopt":
        through = line.data.get("through", "")
        assert isinstance(through, str)
        return through
    return author.witness
