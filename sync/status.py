"""What the strip on the counter's screen says: held, waiting, kept apart, and since when alone.

The time is the caller's; nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.node import Node
from sync.store import Aside, Store


@dataclass(frozen=True, slots=True)
class Status:
    """One node as its clerk sees it.

    lag_seconds     since the last contact; None if there never was one
    unwitnessed     chains with lines that nobody may be told yet
    quarantine      documents kept apart for people to look at, by reason
    """

    node: str
    incarnation: int
    why_suspended: str
    is_isolated: bool
    lag_seconds: int | None
    held: tuple[str, ...]
    waiting_slips: int
    unwitnessed: tuple[str, ...]
    forked: tuple[str, ...]
    quarantine: dict[str, int]


def status(
    node: Node,
    store: Store,
    *,
    now_seconds: float,
    contact_seconds: float | None,
    isolated_after_seconds: float = 15,
) -> Status:
    """How the node stands now.

    contact_seconds   when a peer or a carrier last answered, on the same clock as `now_seconds`;
                      monotonic, because a wall clock may jump
    """
    lag = None if contact_seconds is None else max(0, int(now_seconds - contact_seconds))
    aside = {why.value: len(store.aside(why=why)) for why in Aside}
    return Status(
        node=node.me.node,
        incarnation=node.me.incarnation,
        why_suspended=node.why_suspended,
        is_isolated=lag is None or lag > isolated_after_seconds,
        lag_seconds=lag,
        held=tuple(store.held([node.key.id])),
        waiting_slips=sum(len(store.pending(sheet)) for sheet in store.sheets_waiting()),
        unwitnessed=tuple(store.unwitnessed()),
        forked=tuple(on for on in store.chains() if store.position(on).is_forked),
        quarantine={why: count for why, count in aside.items() if count},
    )
