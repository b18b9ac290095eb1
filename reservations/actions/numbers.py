"""Numbers that are given once, by this node alone: of packs, of their forms, of receipts."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from reservations.db import insert_new
from reservations.models import NumberCounter
from reservations.models.base import table_of

# A kind of its own: receipts of a pack of paper are another series.
RECEIPT = "counter_receipt"

_COUNTER = table_of(NumberCounter)


def take(session: Session, kind: str, count: int = 1) -> int:
    """The first of `count` numbers that nobody was given before.

    Taken in the caller's transaction: what is given up there leaves no gap.
    """
    connection = session.connection()
    first = insert_new(session, _COUNTER).values(kind=kind, next=1)
    connection.execute(first)
    raised = (
        update(_COUNTER)
        .where(_COUNTER.c.kind == kind)
        .values(next=_COUNTER.c.next + count)
        .returning(_COUNTER.c.next)
    )
    return int(connection.execute(raised).scalar_one()) - count
