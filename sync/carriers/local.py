"""The in-process carrier: two nodes in one program, for the demonstration and for tests."""

from __future__ import annotations

from sync import exchange
from sync.document import packed, read
from sync.exchange import Receipt, Scope, merge
from sync.node import Node

ROUNDS_MAX = 1000


class Link:
    """A line between two nodes that can be cut. It carries the same bytes as every other carrier.

    scope   which chains the second node carries; nothing else is offered to it
    """

    def __init__(self, one: Node, other: Node, *, scope: Scope = lambda chain: True) -> None:
        self.one = one
        self.other = other
        self.scope = scope
        self.is_cut = False

    def sync(self) -> tuple[Receipt, Receipt] | None:
        """Carry whatever either side lacks, both ways, until neither lacks anything.

        returns   what changed at `one` and at `other`; None if the line is cut
        """
        if self.is_cut:
            return None
        at_one, at_other = Receipt(), Receipt()
        for _ in range(ROUNDS_MAX):
            moved = self._carry(self.one, self.other, at_other)
            moved += self._carry(self.other, self.one, at_one)
            if not moved:
                break
        return at_one, at_other

    def _carry(self, source: Node, target: Node, receipt: Receipt) -> int:
        for certificate in source.directory.certificates():
            target.directory.add(certificate)
        with target.transaction() as store:
            heads = store.heads()
            merge(receipt, exchange.retry(store, target.directory))
        with source.transaction() as store:
            documents = exchange.lacking(store, heads, scope=self.scope)
        if not documents:
            return 0
        more = target.receive([read(packed(document)) for document in documents])
        merge(receipt, more)
        return len(more.applied) + len(more.gone)
