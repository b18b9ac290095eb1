"""The real lists of a region as packed rows (prepare.py makes them), put into an empty database."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any

import orjson
from sqlalchemy import Date, func, select, text
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows
from reservations.models import (
    Base,
    Event,
    Facility,
    ImportFile,
    ImportRecord,
    Municipality,
    OpeningVersion,
    Part,
    Shelter,
    Unit,
    UnitPart,
)
from reservations.models.base import Instant, table_of

# In the order in which they can be inserted.
MODELS: tuple[type[Base], ...] = (
    Municipality, Facility, OpeningVersion, Part, Unit, UnitPart, Shelter, ImportFile,
    ImportRecord, Event,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows by table name: columns once, then a list of values a row."""

    tables: dict[str, tuple[list[str], list[list[Any]]]]


def data_file(name: str) -> Any:
    """A packaged file."""
    return files("reservations.demo") / "data" / name


def prepared(region: str) -> Packed:
    """The packed rows of a region."""
    packed = gzip.decompress(data_file(f"{region}_prepared.json.gz").read_bytes())
    return Packed({name: (table[0], table[1]) for name, table in orjson.loads(packed).items()})


def load(session: Session, region: str, *, now: datetime) -> None:
    """Insert the rows; what they say of when they were taken in becomes `now`."""
    tables = prepared(region).tables
    for model in MODELS:
        table = table_of(model)
        names, rows = tables[str(table.name)]
        dates = [at for at, name in enumerate(names) if isinstance(table.c[name].type, Date)]
        instants = [at for at, name in enumerate(names) if isinstance(table.c[name].type, Instant)]
        for row in rows:
            for at in dates:
                row[at] = date.fromisoformat(row[at])
            for at in instants:
                row[at] = now if row[at] is not None else None
        insert_rows(session, model, [dict(zip(names, row, strict=True)) for row in rows])
        _count_on(session, model)


def _count_on(session: Session, model: type[Base]) -> None:
    """PostgreSQL hands out ids from a sequence, which must know of the ids that were given."""
    table = table_of(model)
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.c:
        return
    if table.c.id.type.python_type is int:
        highest = session.execute(select(func.max(table.c.id))).scalar()
        if highest is not None:
            session.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)"),
                {"table": str(table.name), "highest": highest},
            )
