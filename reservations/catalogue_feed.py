"""What is lent, as it travels: the hub's rows of the catalogue in slips that every node can read.

A slip holds one piece: a town and its rules, the purposes, or a facility with as many of its units
as a document can take. Its rows have the same ids everywhere, because bookings name them. A unit's
frames and prices are replaced whole; facilities, parts and units are only added and changed, since
bookings may speak of them. Fractions travel as text: documents have whole numbers only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import structlog
from sqlalchemy import Date, Table, delete, insert, select, update
from sqlalchemy.orm import Session

from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.desk import Desk
from reservations.models import (
    Facility,
    FacilityNode,
    FramePrice,
    Municipality,
    Notice,
    OpeningVersion,
    Part,
    Purpose,
    TownRulesVersion,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.models.base import table_of
from sync.document import DOCUMENT_BYTES_MAX, Slip, hash_of

KIND = "place"
SHEET = "public/catalogue"
# What is left of a document is for its frame and for longer words of tomorrow.
PIECE_BYTES = DOCUMENT_BYTES_MAX - 8_000
DECIMAL = "decimal"

log = structlog.get_logger("tonari.catalogue")

_TOWN, _RULES, _PURPOSE = map(table_of, (Municipality, TownRulesVersion, Purpose))
_FACILITY, _OPENING, _PART = map(table_of, (Facility, OpeningVersion, Part))
_NODE, _UNIT, _UNIT_PART = map(table_of, (FacilityNode, Unit, UnitPart))
_UNIT_PURPOSE, _FRAME, _PRICE = map(table_of, (UnitPurpose, UnitFrame, FramePrice))
_NOTICE = table_of(Notice)
# In the order in which rows may name each other.
_TABLES: dict[str, Table] = {
    str(table.name): table
    for table in (
        _TOWN, _RULES, _PURPOSE, _FACILITY, _OPENING, _NODE, _PART, _UNIT, _UNIT_PART,
        _UNIT_PURPOSE, _FRAME, _PRICE,
    )
}  # fmt: skip
# Rows that belong to one facility or unit, nobody else names, and are replaced with it.
_REPLACED = {
    _OPENING.c.facility_id, _NODE.c.facility_id, _UNIT_PART.c.unit_id, _UNIT_PURPOSE.c.unit_id,
    _FRAME.c.unit_id, _PRICE.c.unit_id,
}  # fmt: skip
_OF_UNIT = (_UNIT_PART, _UNIT_PURPOSE, _FRAME, _PRICE)

Rows = dict[str, list[list[Any]]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of the catalogue under a name; `columns` says what each row's values are."""

    name: str
    rows: Rows

    @property
    def data(self) -> dict[str, Any]:
        columns = {table: [str(c.name) for c in _TABLES[table].c] for table in self.rows}
        return {"name": self.name, "columns": columns, "rows": self.rows}

    @property
    def digest(self) -> str:
        return hash_of(orjson.dumps(self.data, option=orjson.OPT_SORT_KEYS))


# Out of the tables


def pieces(session: Session) -> Iterator[Piece]:
    """The whole catalogue in pieces, in an order in which a reader can take them."""
    whole = {str(table.name): _read(session, table) for table in _TABLES.values()}
    yield Piece("purposes", {"purpose": whole["purpose"]})
    own: Rows
    rules = _by(whole, _RULES, "municipality_code")
    for row in whole["municipality"]:
        code = row[_place(_TOWN, "code")]
        own = {"municipality": [row], "town_rules": rules[code]}
        yield from _sound(Piece(f"town/{code}", own))
    of_facility = {
        str(table.name): _by(whole, table, "facility_id")
        for table in (_OPENING, _NODE, _PART, _UNIT)
    }
    of_unit = {str(table.name): _by(whole, table, "unit_id") for table in _OF_UNIT}
    for row in whole["facility"]:
        facility_id = row[_place(_FACILITY, "id")]
        own = {"facility": [row]}
        own |= {name: rows[facility_id] for name, rows in of_facility.items() if name != "unit"}
        units = [
            {"unit": [unit]} | {name: rows[unit[0]] for name, rows in of_unit.items()}
            for unit in of_facility["unit"][facility_id]
        ]
        for number, rows in enumerate(_packed(own, units)):
            yield from _sound(Piece(f"facility/{facility_id}/{number}", rows))


def _packed(first: Rows, units: Iterable[Rows]) -> Iterator[Rows]:
    """As many units together as a document can take."""
    together, size = first, len(orjson.dumps(first))
    for unit in units:
        length = len(orjson.dumps(unit))
        if size + length > PIECE_BYTES:
            yield together
            together, size = {}, 0
        together = {
            name: [*together.get(name, ()), *unit.get(name, ())]
            for name in _TABLES
            if name in together or name in unit
        }
        size += length
    yield together


def _sound(piece: Piece) -> Iterator[Piece]:
    if len(orjson.dumps(piece.data)) > DOCUMENT_BYTES_MAX - 2_000:
        log.error("too large for a document: other nodes do not learn of it", name=piece.name)
        return
    yield piece


def _read(session: Session, table: Table) -> list[list[Any]]:
    rows = session.connection().execute(select(table).order_by(*table.primary_key))
    return [[_told(value) for value in row] for row in rows]


def _by(whole: Rows, table: Table, column: str) -> dict[Any, list[list[Any]]]:
    place, found = _place(table, column), defaultdict(list)
    for row in whole[table.name]:
        found[row[place]].append(row)
    return found


def _place(table: Table, column: str) -> int:
    return table.c.keys().index(column)


def _told(value: Any) -> Any:
    """A value as documents may have it."""
    if isinstance(value, float):
        return {DECIMAL: repr(value)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _told(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return value


# Into the tables


def take(session: Session, desk: Desk, slips: Sequence[Slip], today: date) -> frozenset[int]:
    """Take these pieces in, in the caller's transaction, with masks for what is new.

    returns   the facilities whose sheets may be readable now
    """
    taken = [rows for slip in slips if (rows := _fresh(session, desk, slip)) is not None]
    if not taken:
        return frozenset()
    for rows in taken:
        _put(session, rows)
    ids = frozenset(row["id"] for rows in taken for row in rows.get("facility", ()))
    ids |= {row["facility_id"] for rows in taken for row in rows.get("unit", ())}
    if ids:
        write_masks(session, HorizonRequest(today, desk.settings.horizon_days, ids))
    raise_catalogue_version(session)
    return ids


def is_from_home(desk: Desk, slip: Slip) -> bool:
    """Whether it speaks for the hub, which alone says what is lent."""
    author, home = (desk.directory.member(key) for key in (slip.author, desk.directory.home))
    return author is not None and home is not None and author.node == home.node


def _fresh(session: Session, desk: Desk, slip: Slip) -> dict[str, list[dict[str, Any]]] | None:
    """The rows of a piece that is the hub's, whole, and newer than what is known; else None."""
    name, revision = slip.data.get("name"), slip.data.get("revision")
    if not is_from_home(desk, slip) or not isinstance(name, str) or not isinstance(revision, int):
        return None
    query = select(_NOTICE.c.revision).where(_NOTICE.c.name == name)
    if (session.connection().scalar(query) or 0) >= revision:
        return None
    try:
        rows = {
            table: [_row(table, slip.data["columns"][table], row) for row in rows]
            for table, rows in slip.data["rows"].items()
            if table in _TABLES
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        log.error("a piece of the catalogue that this program cannot read", slip=slip.id)
        return None
    note(session, name, slip.data.get("digest", ""), revision)
    return rows


def _row(table: str, columns: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """A row of our own table: columns that are not known here are left out."""
    own, row = _TABLES[table].c, dict(zip(columns, values, strict=True))
    return {
        name: date.fromisoformat(value)
        if isinstance(own[name].type, Date) and value is not None
        else _heard(value)
        for name, value in row.items()
        if name in own
    }


def _heard(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {DECIMAL}:
            return float(value[DECIMAL])
        return {key: _heard(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_heard(each) for each in value]
    return value


def _put(session: Session, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Replace what hangs on these facilities and units; add or change the rest."""
    connection = session.connection()
    owners = {
        "facility_id": [row["id"] for row in rows.get("facility", ())],
        "unit_id": [row["id"] for row in rows.get("unit", ())],
    }
    for column in _REPLACED:
        if owners[column.name]:
            connection.execute(delete(column.table).where(column.in_(owners[column.name])))
    replaced = {column.table.name for column in _REPLACED}
    for name, table in _TABLES.items():
        if not rows.get(name):
            continue
        if name in replaced:
            connection.execute(insert(table), rows[name])
            continue
        for row in rows[name]:
            _upsert(session, table, row)


def _upsert(session: Session, table: Table, row: Mapping[str, Any]) -> None:
    is_it = [column == row[column.name] for column in table.primary_key]
    connection = session.connection()
    if not connection.execute(update(table).where(*is_it).values(**row)).rowcount:
        connection.execute(insert(table), dict(row))


def note(session: Session, name: str, state: str, revision: int) -> bool:
    """Remember the last that was said of a thing; False where a later one is known."""
    known = session.connection().scalar(select(_NOTICE.c.revision).where(_NOTICE.c.name == name))
    if known is not None and known >= revision:
        return False
    _upsert(session, _NOTICE, {"name": name, "state": state, "revision": revision})
    return True
