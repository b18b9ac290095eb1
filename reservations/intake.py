"""From a file on the disk to an import, and from the queue to a confirmation: for the commands."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reservations import clock
from reservations.actions.import_files import Report, Source, run
from reservations.actions.import_rooms import RoomImport, import_rooms
from reservations.actions.import_shelters import ShelterImport, import_shelters
from reservations.actions.imports import FacilityImport, import_facilities
from reservations.actions.openings import ConfirmRequest, confirm_hours
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database
from reservations.opendata import (
    FileRefused,
    RefusedCode,
    packaged,
    read_facilities,
    read_rooms,
    read_shelters,
)
from reservations.opendata.export import guarded
from reservations.opendata.tables import FILE_BYTES_MAX
from reservations.queries.imports import WaitingRecord

SHEET = (
    "record_no", "status", "name", "municipality", "lat", "lng", "coordinate_status", "reasons",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """An import that is ready to begin: everything has been read."""

    action: Any
    request: Any


def read(
    kind: str,
    path: Path,
    *,
    municipality: str | None,
    source: str,
    fees: Path | None,
    horizon_days: int,
    is_dry_run: bool,
) -> Asked:
    """Read a file of this kind; the transaction comes later, because reading takes seconds.

    raises   FileRefused, OSError
    """
    reference = packaged()
    data = bytes_of(path)
    code = municipality
    common: dict[str, Any] = {"reference": reference, "is_dry_run": is_dry_run}
    digest = hashlib.sha256(data).hexdigest()
    if kind == "facilities":
        file = read_facilities(data, path.name, reference=reference, municipality_code=code)
        origin = Source(path.name, digest, file.encoding, file.columns, source)
        asked = FacilityImport(file, origin, horizon_days=horizon_days, **common)
        return Asked(import_facilities, asked)
    if kind == "rooms":
        rooms = read_rooms(
            data, path.name, reference=reference, municipality_code=code,
            fees=bytes_of(fees) if fees else None, fees_filename=fees.name if fees else "",
        )  # fmt: skip
        origin = Source(path.name, digest, rooms.encoding, rooms.columns, source)
        return Asked(import_rooms, RoomImport(rooms, origin, horizon_days=horizon_days, **common))
    shelters = read_shelters(data, path.name, reference=reference, municipality_code=code)
    origin = Source(path.name, digest, shelters.encoding, shelters.columns, source)
    return Asked(import_shelters, ShelterImport(shelters, origin, **common))


def bytes_of(path: Path) -> bytes:
    """The file, if it is one of a size that can be a list.

    raises   FileRefused, OSError
    """
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise FileRefused(
            RefusedCode.FILE_TOO_LARGE, filename=path.name, megabytes=size // 2**20,
            limit=FILE_BYTES_MAX // 2**20,
        )  # fmt: skip
    return path.read_bytes()


def take(database: Database, asked: Asked, settings: Settings) -> Report:
    """Do the import, or try it."""
    with database.session() as session:
        return run(asked.action, session, asked.request, _context(settings))


def summary(name: str, totals: Mapping[str, int], *, is_dry_run: bool) -> list[str]:
    """What became of a file, for people."""
    lines = [
        f"{name}: {totals['records']:,}件 = 取込{totals['imported']:,} + "
        f"確認待ち{totals['queued']:,} + 対象外{totals['rejected']:,}"
        + ("(試しただけで、保存していません)" if is_dry_run else "")
    ]
    if totals["queued"] and not is_dry_run:
        lines.append("確認待ちを見る: tonari queue list")
    return lines


def waiting_line(record: WaitingRecord) -> dict[str, Any]:
    """One record of the queue, for programs."""
    return {
        "file": record.file_name,
        "record_no": record.record_no,
        "status": record.status,
        "facility_id": record.facility_id,
        "name": record.facility_name,
        "reasons": list(record.reasons),
    }


def write_sheet(report: Report, path: Path) -> None:
    """The clerk's sheet: a row a record, in a form that every spreadsheet opens."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SHEET)
        for row in report.rows:
            told = " | ".join(f"{each['code']}: {each['sentence']}" for each in row["reasons"])
            values = [*(row[name] for name in SHEET[:-1]), told]
            writer.writerow(["" if v is None else guarded(str(v)) for v in values])


def confirm(
    database: Database,
    settings: Settings,
    facility_id: int,
    days: str,
    start: str,
    end: str,
    notes: str,
) -> None:
    """Confirm a facility's hours from the command line."""
    request = ConfirmRequest(
        facility_id, days, start, end, notes, horizon_days=settings.horizon_days
    )
    with database.session() as session:
        confirm_hours(session, request, _context(settings))


def _context(settings: Settings) -> Context:
    return Context("system", clock.now(), settings.node_name, settings.node_no)
