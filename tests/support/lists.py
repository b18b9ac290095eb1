"""Lists of rooms taken in, and what is in the tables afterwards."""

from __future__ import annotations

from sqlalchemy import func, select

from reservations.actions.import_files import Report, Source, run
from reservations.actions.import_rooms import RoomImport, import_rooms
from reservations.db import Database
from reservations.models import Base
from reservations.opendata import packaged, read_rooms
from tests import town


def rooms(database: Database, data: bytes, *, fees: bytes | None = None) -> Report:
    """Import a list of rooms with its prices; returns its report."""
    file = read_rooms(data, "rooms.csv", reference=packaged(), fees=fees, fees_filename="fees.csv")
    request = RoomImport(file, Source("rooms.csv", "", file.encoding), packaged(), 5)
    with database.session() as session:
        report: Report = run(import_rooms, session, request, town.context("system"))
    return report


def count(database: Database, model: type[Base]) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0
