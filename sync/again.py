"""What a node said and no witness took: it is said again, once, whoever else has its disk (S6, S9).

A slip of ours that lost its place in our log comes again at once: a copy of us that says it too is
refused by the witness of the same log. One of a former key comes in another log, so it waits until
this node has adopted every log of its former keys, and no copy of an old machine can say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync import sheet
from sync.document import Document, Slip, is_log, log_of, scope_of
from sync.store import Aside, Store

if TYPE_CHECKING:
    from sync.node import Node


def tentative_slips(node: Node, store: Store) -> list[Slip]:
    """Our own slips that no witness is known to have: the only ones that may be lost here."""
    logs = [chain for chain in store.unwitnessed() if is_log(chain)]
    lines = [line for log in logs for line in store.lines(log, after=store.head(log).number)]
    ours = {node.key.id, *node.former_keys}
    return [line for line in lines if isinstance(line, Slip) and line.author in ours]


def post(node: Node, store: Store, tentative: Sequence[Slip]) -> None:
    """Slips of ours that gave way were facts all the same: they come again with a new number.

    What a failing disk has changed was never said by us, and is not signed now. Entries that
    answered them are taken back with them.
    """
    slips = [slip for slip in tentative if not store.has(slip.id)]
    slips = [slip for slip in slips if node.directory.check(slip) is None]
    for slip in slips:
        if slip.author != node.key.id:
            store.set_aside(slip, Aside.TO_SAY_AGAIN)
    slips = [slip for slip in slips if slip.author == node.key.id]
    own = [store.position(log_of(scope_of(slip.chain), node.key.id)) for slip in slips]
    if not slips or any(sheet.may_write(position, node.key.id) for position in own):
        return
    for chain in store.unwitnessed():
        if not is_log(chain):
            store.take_back(chain, store.head(chain).number)
    for slip in sorted(slips, key=lambda slip: (slip.chain, slip.number)):
        first = min(each.number for each in tentative if each.chain == slip.chain)
        _post_once(node, store, slip, store.lines(slip.chain, after=first - 1))


def post_of_former(node: Node, store: Store) -> None:
    """Slips of former keys, in those scopes where all their logs are ours and witnessed."""
    for slip in store.aside(why=Aside.TO_SAY_AGAIN):
        assert isinstance(slip, Slip)
        scope = scope_of(slip.chain)
        logs = [log_of(scope, key) for key in node.former_keys]
        positions = [store.position(log) for log in logs]
        if all(
            position.holder == node.key.id and position.number == store.head(position.chain).number
            for position in positions
        ):
            logs.append(log_of(scope, node.key.id))
            store.drop_aside(slip.id)
            _post_once(node, store, slip, [line for log in logs for line in store.lines(log)])


def _post_once(node: Node, store: Store, slip: Slip, said: Sequence[Document]) -> None:
    """Post a slip that lost its place, unless one of these lines says the same."""
    if any(isinstance(line, Slip) and line.origin == slip.origin for line in said):
        return
    node.post(
        store,
        slip.sheet,
        slip.kind,
        at=slip.at,
        rank=slip.rank,
        asks=slip.asks,
        claims=slip.claims,
        data=slip.data,
        again=slip.origin,
    )
