"""The hub says what is lent: a slip for every piece of the catalogue that has changed.

A hub on its own says nothing; when it admits its first node it says everything.
"""

from __future__ import annotations

from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import catalogue_feed
from reservations.catalogue_feed import Piece
from reservations.desk import Desk
from reservations.models import Notice
from reservations.queries import catalogue
from sync import ledger

# A writer waits no longer than this many signatures take.
SLIPS_AT_ONCE = 50


def keep_published(desk: Desk, published: int, *, at: int) -> int:
    """Publish if the catalogue has changed since the version `published`; returns the version."""
    with desk.database.session() as session:
        desk.learn(session)
        version = session.scalar(catalogue.VERSION) or 0
    if len(desk.directory.nodes()) < 2:
        return 0
    if version != published:
        publish(desk, at=at)
    return int(version)


def publish(desk: Desk, *, at: int) -> int:
    """Say every piece that is not what was said last; returns how many slips were written.

    at   milliseconds; any clock
    """
    with desk.database.snapshot() as session:
        said = {row.name: row for row in session.execute(select(Notice.name, Notice.state))}
        changed = [
            piece
            for piece in catalogue_feed.pieces(session)
            if piece.name not in said or said[piece.name].state != piece.digest
        ]
    waiting = iter(changed)
    while some := list(islice(waiting, SLIPS_AT_ONCE)):
        with desk.transaction() as store:
            for piece in some:
                _say(store.session, desk, piece, at=at)
    if changed:
        desk.settle()
    return len(changed)


def _say(session: Session, desk: Desk, piece: Piece, *, at: int) -> None:
    """One slip. Its revision goes up even where an old copy of this database has been restored."""
    known = session.connection().scalar(select(Notice.revision).where(Notice.name == piece.name))
    revision = max((known or 0) + 1, at)
    data = {**piece.data, "digest": piece.digest, "revision": revision}
    ledger.post(session, desk.node, catalogue_feed.SHEET, catalogue_feed.KIND, at=at, data=data)
    catalogue_feed.note(session, piece.name, piece.digest, revision)
