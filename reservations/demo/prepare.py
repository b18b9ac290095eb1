"""The real lists of a region, taken in once by the real imports and packed as rows.

Reading and judging 5,000 records takes seconds that somebody who only wants to look should not
wait for. `python -m reservations.demo.prepare` writes data/<region>_prepared.json.gz anew; a test
proves that it is what the imports make of the lists beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.import_files import Source, run
from reservations.actions.import_rooms import RoomImport, import_rooms
from reservations.actions.import_shelters import ShelterImport, import_shelters
from reservations.actions.imports import FacilityImport, import_facilities
from reservations.actions.step import Context
from reservations.db import Database
from reservations.demo.prepared import MODELS, Packed, data_file
from reservations.models import Base, schema
from reservations.models.base import table_of
from reservations.opendata import packaged, read_facilities, read_rooms, read_shelters
from reservations.opendata.tables import read_table

# When the lists were taken in, in the packed rows; loading puts the demonstration's day instead.
PREPARED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MAIL_ADDRESS = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
HIDDEN = "(メールアドレス)"
# Lists whose rows of other prefectures are left out.
TOKYO_CODE = "13"


def unpacked(name: str) -> bytes:
    """A packaged list as it was published."""
    return gzip.decompress(data_file(f"{name}.csv.gz").read_bytes())


def prepare(region: str) -> Packed:
    """Import the region's lists into a database of its own, and take the rows out."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/prepare.sqlite3", is_durable=False)
        schema.ensure(database)
        numbers = (f"{region}-{number}" for number in range(1, 100))
        with database.session() as session:
            for action, request in _requests(region):
                run(action, session, request, _context(numbers))
        with database.session() as session:
            tables = {str(table_of(model).name): _rows(session, model) for model in MODELS}
        database.dispose()
    # Through JSON and back, so that what is compared is what is packed; and without the mail
    # addresses of the towns' people, which a demonstration has no use for.
    packed = orjson.loads(MAIL_ADDRESS.sub(HIDDEN, orjson.dumps(tables).decode()))
    return Packed({name: (table[0], table[1]) for name, table in packed.items()})


def _context(numbers: Iterator[str]) -> Context:
    return Context("system", PREPARED_AT, new_id=lambda: next(numbers))


def _requests(region: str) -> Iterator[tuple[Any, Any]]:
    """The imports of a region, in order."""
    reference = packaged()
    names = {"ishikawa": ("ishikawa_facilities",), "tokyo": ("tokyo_metropolitan_facilities",)}
    for name in names[region]:
        data = unpacked(name)
        file = read_facilities(data, f"{name}.csv", reference=reference)
        source = _source(name, data, file.encoding, file.columns)
        yield import_facilities, FacilityImport(file, source, reference)
    if region == "tokyo":
        data, fees = _of_tokyo(unpacked("tokyo_rooms")), unpacked("tokyo_room_fees")
        rooms = read_rooms(
            data, "rooms.csv", reference=reference, fees=fees, fees_filename="fees.csv"
        )
        source = _source("tokyo_rooms", data, rooms.encoding, rooms.columns)
        yield import_rooms, RoomImport(rooms, source, reference, horizon_days=0)
    data = unpacked(f"{region}_shelters")
    shelters = read_shelters(data, f"{region}_shelters.csv", reference=reference)
    source = _source(f"{region}_shelters", data, shelters.encoding, shelters.columns)
    yield import_shelters, ShelterImport(shelters, source, reference)


def _of_tokyo(data: bytes) -> bytes:
    """The list of rooms without those of 川崎市, which is no town of Tokyo."""
    table = read_table(data, "rooms.csv", known={"lgcode": "lgcode", "room": "room"})
    code = table.columns.index("lgcode")
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    assert len(lines) == len(table.rows) + 1, "a room's cell has a line end"
    kept = [line for line, row in zip(lines[1:], table.rows, strict=True)
            if row[code].startswith(TOKYO_CODE)]  # fmt: skip
    return "".join([lines[0], *kept]).encode()


def _source(name: str, data: bytes, encoding: str, columns: tuple[str, ...]) -> Source:
    return Source(f"{name}.csv", hashlib.sha256(data).hexdigest(), encoding, columns, "demo")


def _rows(session: Session, model: type[Base]) -> tuple[list[str], list[list[Any]]]:
    table = table_of(model)
    columns = [column for column in table.c if column.name != "seq"]
    order = list(table.primary_key.columns)
    found = session.execute(select(*columns).order_by(*order))
    return [column.name for column in columns], [list(map(_plain, row)) for row in found]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def main() -> None:
    for region in ("ishikawa", "tokyo"):
        tables = prepare(region).tables
        path = Path(str(data_file(f"{region}_prepared.json.gz")))
        # No time stamp inside: the same rows are the same bytes.
        path.write_bytes(gzip.compress(orjson.dumps(tables), 9, mtime=0))
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
