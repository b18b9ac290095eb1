"""Whose keys are to be destroyed, and which nodes have yet to say that they have done so."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.desk import Desk
from reservations.models import PartyDestroyed, PartyForgotten, PartyHolder, SealingKey

_HELD = select(
    PartyHolder.party_id, PartyHolder.member, PartyHolder.chain, PartyHolder.number
).join(PartyForgotten, PartyForgotten.party_id == PartyHolder.party_id)
_DESTROYED = select(PartyDestroyed.party_id, PartyDestroyed.member)
_READ = select(SealingKey.member, SealingKey.read)


def undestroyed(session: Session, desk: Desk) -> dict[str, list[str]]:
    """Each forgotten party to the nodes that were given its key, and may have it still.

    A node has destroyed it when it has said so, and has read every line by then that gave it the
    key. A machine that was lost never says so; the one in its place speaks for it.

    Three statements.
    """
    connection = session.connection()
    read = {row.member: row.read for row in connection.execute(_READ)}
    destroyed = {tuple(row) for row in connection.execute(_DESTROYED)}
    found: dict[str, set[str]] = defaultdict(set)
    for party, key, chain, number in connection.execute(_HELD):
        member = desk.directory.member(key)
        if member is None:
            continue
        newest = desk.directory.incarnations(member.node)[-1].key
        has_read = key != newest or number <= read.get(key, {}).get(chain, 0)
        if (party, newest) not in destroyed or not has_read:
            found[party].add(member.node)
    return {party: sorted(nodes) for party, nodes in sorted(found.items())}
