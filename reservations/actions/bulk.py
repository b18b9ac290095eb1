"""Many rows at once: ids taken from the database first, then one statement a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Dialect,
    Insert,
    Update,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from reservations.models.base import Base, table_of

# A statement with a hundred thousand rows would hold them all in memory twice.
ROWS_PER_STATEMENT = 20_000


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
    """Insert plain rows, all with the same keys; returns how many.

    What a row does not say has the model's default.
    """
    waiting = list(rows)
    if waiting:
        table = table_of(model)
        missing = {
            column.name: column.default.arg
            for column in table.columns
            if column.name not in waiting[0]
            and isinstance(column.default, ScalarElementColumnDefault)
        }
        waiting = [row | missing for row in waiting] if missing else waiting
        run_many(session, insert(table), waiting, columns=list(waiting[0]))
    return len(waiting)


def run_many(
    session: Session,
    statement: Insert | Update,
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[str] | None = None,
) -> None:
    """One statement for many rows of values, all with the same keys.

    columns   of a plain insert, which takes them from its rows

    On SQLite the values are put in order here and handed to the driver: SQLAlchemy's own way from
    a dict to the driver's tuple takes three times as long as SQLite takes to write the row. On
    PostgreSQL a plain insert goes by COPY.
    """
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name != "sqlite" and columns is not None:
        _copy(connection, statement.table, columns, rows)
        return
    if connection.dialect.name != "sqlite":
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            session.execute(statement, rows[start : start + ROWS_PER_STATEMENT])
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=columns)
    assert isinstance(compiled, SQLCompiler)
    names = compiled.positiontup or []
    always = {name: value for name, value in compiled.params.items() if name not in rows[0]}
    whole = rows if not always else [{**always, **row} for row in rows]
    values = [[row[name] for name in names] for row in whole]
    for at, name in enumerate(names):
        step = _processor(compiled.binds[name], connection.dialect)
        if step is not None:
            for value in values:
                value[at] = step(value[at])
    connection.exec_driver_sql(str(compiled), [tuple(value) for value in values])


def _copy(
    connection: Connection, table: Any, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """The rows by COPY: one statement, however many they are."""
    quoted = connection.dialect.identifier_preparer.quote
    names = ", ".join(quoted(name) for name in columns)
    dialect = connection.dialect
    steps = [
        (name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns
    ]
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {quoted(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([step(row[name]) if step else row[name] for name, step in steps])
    cursor.close()


def _processor(bind: BindParameter[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a value into what the driver takes; None where it is that already."""
    return bind.type.dialect_impl(dialect).bind_processor(dialect)
