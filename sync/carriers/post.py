"""One mailbox, the node's own or its upstream's: what goes there and what comes, step by step.

    post     what the local store has and the mailbox lacks
    follow   what came there, applied in one transaction with the checkpoint
    audit    both sides compared by ids, apart from how far either was thought to be

A few lines do not wait for any of it: whoever has them in hand gives them to the carriers they
concern (`hand`), they are posted at once, and the checkpoint follows in a quiet moment. What is
lost on this short way takes the long one.

When the steps are taken, and what happens while the line is cut, is the affair of courier.py.
Everything that arrives proves itself, so a mailbox needs not be trusted: the worst that it can do
is to withhold.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from sync import checkpoint, exchange
from sync.carriers.couch import FEW, Found, Mailbox
from sync.checkpoint import Refused
from sync.document import Body, Document, Entry, Malformed, Slip, key_id, read, scope_of, wire
from sync.exchange import Receipt, merge
from sync.ledger import SqlStore
from sync.node import Node
from sync.store import Aside, Store

POST_LINES = 500
# A page is applied in one write transaction, and a counter waits no longer than that.
PAGE = 200
AUDIT_IDS = 1000
# A refusal by the mailbox may be mended at any time, and the mailbox itself exchanged.
LOOK_AGAIN_SECONDS = 60.0
MARK_SECONDS = 5.0
# The checkpoint waits for such a pause between lines, but not longer than for a mark.
QUIET_SECONDS = 0.5
# So many of our own lines are known again when the mailbox tells us of them.
ECHOES = 1000
ELSEWHERE = "it belongs to another mailbox"

# What the application does with what came, in the transaction that applies it.
Apply = Callable[[Store, Receipt], None]


@dataclass(frozen=True, slots=True)
class CarrierStatus:
    """One mailbox as the clerk sees it.

    contact    when it last answered, on the carrier's clock; None if it never did
    waiting    lines that have yet to be posted there
    refused    what was not taken, by either side, and why
    error      why there is no contact now, in words; empty if there is
    """

    mailbox: str
    contact: float | None
    waiting: int
    refused: tuple[Refused, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit did: fetched here, posted there; and the lines that neither side has."""

    fetched: int
    posted: int
    missing: dict[str, range]


@dataclass(slots=True)
class Carrier:
    """One mailbox and the scope that it carries.

    apply    the application's projection of what came; whatever it raises undoes the page as well
    heard    called after something was applied, so that it can be carried on
    ahead    given a few lines that prove themselves, before they are applied; None if nobody is
             to be given them
    news     set when there is something to be posted; is_through when what was handed here was
    """

    node: Node
    mailbox: Mailbox
    scope: str
    apply: Apply = lambda store, receipt: None
    heard: Callable[[], None] = lambda: None
    ahead: Callable[[Sequence[Document]], None] | None = None
    clock: Callable[[], float] = time.monotonic
    contact: float | None = None
    error: str = ""
    news: threading.Event = field(default_factory=threading.Event)
    is_through: threading.Event = field(default_factory=threading.Event)
    _meeting: threading.Lock = field(default_factory=threading.Lock)
    _met: float | None = None
    # How often all began anew. Where we read on, and the place before it that is kept in SQL;
    # between the two lie only lines that we posted ourselves.
    _anew: int = 0
    _since: str = ""
    _kept: str = ""
    _skipped: set[str] = field(default_factory=set)
    _marked: float = float("-inf")
    _is_due: bool = False
    # Certificates and evidence that this session has posted; ids that the mailbox has as well: they
    # came from there, or took the short way.
    _said: set[str] = field(default_factory=set)
    _theirs: set[str] = field(default_factory=set)
    # The short way: lines to be posted, and the ids of those that are under way.
    _queue: deque[Document] = field(default_factory=deque)
    _handed: set[str] = field(default_factory=set)
    _echoes: dict[str, Body] = field(default_factory=dict)
    # Since when the checkpoint waits for a quiet moment; None while it is where it belongs.
    _behind: float | None = float("-inf")

    # The three steps. Each raises NoContact.

    def post(self) -> int:
        """Put there what it lacks; returns how many documents were offered."""
        self._meet()
        offered = self._sweep()
        self._mark()
        return offered

    def follow(self, *, wait_seconds: float = 0, limit: int = PAGE) -> Receipt | None:
        """Take one page of what came, None if nothing did; wait until something does, if told."""
        receipt = self.take(wait_seconds=wait_seconds, limit=limit)
        if receipt is not None:
            self._mark()
        return receipt

    def audit(self) -> Audited:
        """Fetch by id what we lack and the mailbox has; post again what it lacks.

        Ids are listed in the mailbox's own order and end with the line's number and hash, so this
        compares the heads of all sheets, whatever any checkpoint says.
        """
        self._meet()
        fetched, after = 0, ""
        while ids := self.mailbox.ids(after, limit=AUDIT_IDS):
            after = ids[-1]
            if wanted := self._unknown(ids):
                self._take(self.mailbox.fetch(wanted), step=None)
                fetched += len(wanted) - len(self._unknown(wanted))
        posted = self._post_again()
        with self.node.transaction() as store:
            gaps = exchange.gaps(store)
        missing = {chain: gap for chain, gap in gaps.items() if scope_of(chain) == self.scope}
        return Audited(fetched, posted, missing)

    # The same in a hurry, for two threads of a courier. Each raises NoContact.

    def hand(self, lines: Sequence[Document]) -> bool:
        """A few lines of this scope, fit to be shown; none means more than a few: look for them.

        Returns whether the mailbox lacks any of those.
        """
        known = (self._theirs, self._handed)
        fresh = [each for each in lines if not any(each.id in ids for ids in known)]
        if fresh:
            self.is_through.clear()
        self._handed.update(each.id for each in fresh)
        self._queue.extend(fresh)
        if not lines:
            self._behind = float("-inf")
        elif self._behind is None:
            self._behind = self.clock()
        self.news.set()
        return bool(fresh)

    @property
    def patience_seconds(self) -> float:
        """How long the poster may wait for news."""
        if self._behind is not None:
            return QUIET_SECONDS
        return MARK_SECONDS if self._is_due else LOOK_AGAIN_SECONDS

    def send(self, *, is_quiet: bool) -> None:
        """Post what was handed here. All else that `post` does waits for a quiet moment.

        A mark and a checkpoint are two calls and three transactions, and whoever writes in the
        meantime would wait for them; but where it is never quiet, they wait no longer than a mark.
        """
        # Where there is no quiet, the reader looks now and then whether it is still the same.
        if is_quiet or self._met is None:
            self._meet()
        self._post_queue()
        behind, is_due = self._behind, self._is_due
        is_late = behind is not None and self.clock() - behind >= MARK_SECONDS
        if is_late or (is_quiet and (behind is not None or not is_due)):
            self._sweep()
        if is_late or is_quiet:
            self._mark()

    def take(self, *, wait_seconds: float = 0, limit: int = PAGE) -> Receipt | None:
        """`follow`, without a mark."""
        self._meet()
        since, anew = self._since, self._anew
        page = self.mailbox.changes(since, limit=limit, wait_seconds=wait_seconds)
        self._heard_of()
        found = [each for each in page.found if not self._is_echo(each)]
        if not found and (page.found or not self._skipped):
            # Not worth a commit: from the old place there is nothing new to be read either.
            self._go_on(since, page.since)
            return Receipt(duplicates=len(page.found)) if page.found else None
        receipt = self._take(found, step=(since, page.since), anew=anew)
        return receipt if page.found else None

    # Meeting: is this the mailbox that we knew?

    def _meet(self) -> None:
        """At the start, after every silence, and now and then: see whether it remembers us.

        A mailbox that was lost, or restored from an old copy, has not our last mark. Then
        everything is read and offered again; what is there already costs a few bytes each.
        """
        with self._meeting:
            now = self.clock()
            if self._met is not None and now - self._met < LOOK_AGAIN_SECONDS:
                return
            turn = self.mailbox.mark(self.node.key.id)
            self._heard_of()
            with self.node.transaction() as store:
                session = sql(store).session
                ours = checkpoint.load(session, self.mailbox.name)
                if turn < ours.marked or (ours.turn and not turn):
                    checkpoint.start_over(session, self.mailbox.name)
                    self._anew += 1
                    self._theirs.clear()
                self._since = self._kept = checkpoint.load(session, self.mailbox.name).since
            self._skipped.clear()
            self._said.clear()
            self._met = now

    def _go_on(
        self, since: str, to: str, *, is_kept: bool = False, skipped: Collection[str] = ()
    ) -> None:
        """Read from here next time, unless the other thread has found that all begins anew."""
        with self._meeting:
            if self._since == since:
                self._since = to
                self._kept = to if is_kept else self._kept
                self._skipped.difference_update(skipped if is_kept else ())

    def _mark(self) -> None:
        """Note our turn in the mailbox: after the fact, so that a mark is never ahead of it."""
        if not self._is_due or self.clock() - self._marked < MARK_SECONDS:
            return
        with self._meeting:
            self._is_due = False
            with self.node.transaction() as store:
                turn = checkpoint.load(sql(store).session, self.mailbox.name).turn
            self.mailbox.set_mark(self.node.key.id, turn)
            with self.node.transaction() as store:
                checkpoint.set_marked(sql(store).session, self.mailbox.name, turn)
            self._marked = self.clock()

    def _heard_of(self) -> None:
        self.contact, self.error = self.clock(), ""

    def failed(self, trouble: str) -> None:
        """There is no contact; the mailbox may be another one when there is again."""
        self.error, self._met = trouble, None
        # Whatever was on the short way takes the long one.
        self._behind = float("-inf")

    # Posting

    def _post_queue(self) -> None:
        """The short way. A line that the mailbox refuses, or that is lost here, is swept up."""
        lines = [self._queue.popleft() for _ in range(len(self._queue))]
        anew = self._anew
        try:
            if parcels := _parcels(lines):
                self._behind = self.clock() if self._behind is None else self._behind
                self._remember(parcels)
                refused = self.mailbox.post(list(parcels.values()))
                self._heard_of()
                with self._meeting:
                    if self._anew == anew:
                        self._theirs.update(parcels.keys() - refused.keys())
        finally:
            self._handed.difference_update(line.id for line in lines)
            self.is_through.set()

    def _sweep(self) -> int:
        """Post every line beyond the checkpoint, and move it."""
        self._behind = None
        offered, arrived = 0, POST_LINES
        while arrived == POST_LINES:
            with self.node.transaction() as store:
                after = checkpoint.load(sql(store).session, self.mailbox.name).posted
                lines = sql(store).arrived(after=after, limit=POST_LINES, scope=self.scope)
                others = self._others(sql(store))
            fresh = [line for _, line in lines if line.id not in self._theirs]
            parcels = others | _parcels(fresh)
            if lines or parcels:
                step = (after, lines[-1][0]) if lines else None
                self._offer(parcels, step=step)
            self._said.update(others)
            self._theirs.difference_update(line.id for _, line in lines)
            offered, arrived = offered + len(parcels), len(lines)
        return offered

    def _remember(self, parcels: Mapping[str, Body]) -> None:
        """The mailbox will tell us of these, too."""
        if len(self._echoes) > ECHOES:
            # Never told of, or told to another reader; to know one too few costs a transaction.
            self._echoes.clear()
        if len(parcels) <= FEW:
            self._echoes.update(parcels)

    def _is_echo(self, found: Found) -> bool:
        """Whether this is what we posted, and nothing else; then there is nothing to be done."""
        ours = self._echoes.pop(found.id, None)
        if ours is None or found.odd or found.parcel is None:
            return False
        is_same = {**found.parcel, "_rev": ""} == {**ours, "_rev": ""}
        self._skipped |= {found.id} if is_same else set()
        return is_same

    def _others(self, store: SqlStore) -> dict[str, Body]:
        """What this session has not posted yet: certificates, the evidence of forks, and what the
        mailbox would not take before."""
        past = checkpoint.refused(store.session, self.mailbox.name)
        ours = [each.id for each in past if each.is_ours]
        again = store.by_id(ours) if ours else []
        lines = [*store.aside(why=Aside.FORK), *again]
        found: dict[str, Body] = {
            str(each["_id"]): each for each in self.node.directory.certificates()
        }
        found |= _parcels([line for line in lines if scope_of(line.chain) == self.scope])
        return {name: each for name, each in found.items() if name not in self._said}

    def _offer(self, parcels: Mapping[str, Body], *, step: tuple[int, int] | None) -> None:
        """Post; a line that the mailbox refuses stays in sight and is offered again, others go on.

        step   from where to where the checkpoint moves
        """
        self._remember(parcels)
        refused = self.mailbox.post(list(parcels.values()))
        self._heard_of()
        with self.node.transaction() as store:
            session, name = sql(store).session, self.mailbox.name
            known = {each.id for each in checkpoint.refused(session, name) if each.is_ours}
            for each in known.intersection(parcels) - refused.keys():
                checkpoint.forgive(session, name, each)
            for each, why in refused.items():
                checkpoint.refuse(session, name, Refused(each, True, why))
            if step:
                checkpoint.advance_posted(session, name, *step)
                self._is_due = True

    def _post_again(self) -> int:
        """Offer every line of the scope, without moving the checkpoint."""
        offered, after = 0, 0
        while True:
            with self.node.transaction() as store:
                arrived = sql(store).arrived(after=after, limit=POST_LINES, scope=self.scope)
            if not arrived:
                return offered
            after = arrived[-1][0]
            parcels = _parcels([line for _, line in arrived])
            lacking = self.mailbox.lacking(list(parcels))
            self._offer({each: parcels[each] for each in lacking}, step=None)
            offered += len(lacking)

    # Taking

    def _take(
        self, found: Sequence[Found], *, step: tuple[str, str] | None, anew: int = 0
    ) -> Receipt:
        """Apply what is right, keep in sight what is not, and go on, in one transaction.

        anew    how often all had begun anew when the mailbox was asked
        """
        documents, certificates, refused = self._sorted(found)
        if self.ahead and 0 < len(documents) <= FEW:
            self.ahead([each for each in documents if self.node.directory.check(each) is None])
        name, theirs = self.mailbox.name, {line.id for line in documents}
        kept, skipped, is_kept = self._kept, set(self._skipped), False

        def also(store: Store, receipt: Receipt) -> None:
            nonlocal is_kept
            session = sql(store).session
            if sum(checkpoint.keep(session, each) for each in certificates):
                merge(receipt, exchange.retry(store, self.node.directory))
            for each in refused:
                checkpoint.refuse(session, name, each)
            # What took the short way to this mailbox need not stand here yet.
            if step and self._anew == anew and skipped <= self._known(sql(store), skipped):
                is_kept = checkpoint.advance_since(session, name, kept, step[1])
            if receipt.applied or receipt.gone:
                self.apply(store, receipt)
            self._theirs.update(theirs.intersection(line.id for line in receipt.applied))

        receipt = self.node.receive(documents, also=also)
        if step:
            self._go_on(*step, is_kept=is_kept, skipped=skipped)
            self._is_due = True
        if receipt.applied or receipt.gone:
            self.heard()
        return receipt

    def _sorted(
        self, found: Sequence[Found]
    ) -> tuple[list[Slip | Entry], list[dict[str, Any]], list[Refused]]:
        """What came, as documents, certificates and what is neither.

        Of a document that somebody changed, the revision that we posted is looked for: that one
        proves itself, whatever was laid on top of it.
        """
        odd = [each.id for each in found if each.odd]
        originals = self.mailbox.originals(odd) if odd else {}
        documents: list[Slip | Entry] = []
        certificates: list[dict[str, Any]] = []
        refused = [Refused(each.id, False, each.odd) for each in found if each.odd]
        for each in found:
            parcel = originals.get(each.id) if each.odd else each.parcel
            if parcel is None:
                continue
            try:
                if "member" in parcel:
                    certificates.append(self._certificate(parcel))
                else:
                    documents.append(self._read(parcel))
            except Malformed as error:
                refused.append(Refused(each.id, False, str(error)))
        return documents, certificates, refused

    def _certificate(self, parcel: Mapping[str, Any]) -> dict[str, Any]:
        """A certificate that the region signed; it is known here from now on."""
        self.node.directory.add(parcel)
        member = parcel["member"]
        if parcel["_id"] != f"member:{key_id(member['public'])}":
            raise Malformed("the id does not fit the content")
        return {part: parcel[part] for part in ("_id", "member", "signature")}

    def _read(self, parcel: Mapping[str, Any]) -> Slip | Entry:
        document = read(parcel)
        if scope_of(document.chain) != self.scope:
            raise Malformed(ELSEWHERE)
        return document

    def _unknown(self, ids: Sequence[str]) -> list[str]:
        """Those ids whose documents stand neither here nor in the quarantine."""
        with self.node.transaction() as store:
            known = self._known(sql(store), ids)
            past = checkpoint.refused(sql(store).session, self.mailbox.name)
        known |= {each.id for each in past if not each.is_ours}
        return [each for each in ids if each not in known]

    def _known(self, store: SqlStore, ids: Collection[str]) -> set[str]:
        """Those ids whose documents stand here or are kept apart, certificates too."""
        certified = {str(each["_id"]) for each in self.node.directory.certificates()}
        asked = [each for each in ids if each not in certified]
        return certified.intersection(ids) | (store.known(asked) if asked else set())

    def status(self, session: Session) -> CarrierStatus:
        """How it stands, for the strip on the counter's screen."""
        name = self.mailbox.name
        return CarrierStatus(
            mailbox=name,
            contact=self.contact,
            waiting=checkpoint.waiting(session, name, self.scope),
            refused=tuple(checkpoint.refused(session, name)),
            error=self.error,
        )


def _parcels(lines: Sequence[Document]) -> dict[str, Body]:
    """Lines as they travel. One that our own disk has changed is nothing to be shown."""
    return {line.id: wire(line) for line in lines if isinstance(line, Slip | Entry)}


def sql(store: Store) -> SqlStore:
    """A checkpoint belongs into the transaction that applies, so the store has to be SQL."""
    assert isinstance(store, SqlStore)
    return store
