"""Many rows at once: ids taken from the database first, then one statement a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from reservations.models import Base

# A statement with a hundred thousand rows would hold them all in memory twice.
ROWS_PER_STATEMENT = 20_000


def table_of(model: type[Base]) -> Table:
    """The model's table, as the type that it always has."""
    return cast(Table, model.__table__)


def take_ids(session: Session, model: type[Base], count: int) -> Sequence[int]:
    """`count` new ids for a table that counts its rows in `id`, in ascending order.

    SQLite has one writer, and this is the transaction that writes; PostgreSQL's sequence hands
    every number out once.
    """
    if not count:
        return ()
    table = table_of(model)
    if session.get_bind().dialect.name == "sqlite":
        first = (session.execute(select(func.max(table.c.id))).scalar() or 0) + 1
        return range(first, first + count)
    # The name of a table is no value that could be bound; it comes from our own models.
    sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
    found = session.execute(
        text(f"SELECT nextval({sequence}) FROM generate_series(1, :count)"),  # noqa: S608 - see above
        {"count": count},
    )
    return sorted(row[0] for row in found)


def insert_rows(session: Session, model: type[Base], rows: Iterable[dict[str, Any]]) -> int:
    """Insert plain rows, all with the same keys; returns how many."""
    waiting = list(rows)
    for start in range(0, len(waiting), ROWS_PER_STATEMENT):
        session.execute(insert(table_of(model)), waiting[start : start + ROWS_PER_STATEMENT])
    return len(waiting)
