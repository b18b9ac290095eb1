"""What the imports of all lists share: the file, its records, its towns, and the report.

A file is read before its action begins (reservations/opendata), because reading takes seconds and
writers wait for one another. Every record is kept with its raw cells beside the parsed values;
records = imported + queued + rejected, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows
from reservations.actions.step import Context
from reservations.events import FileImported
from reservations.models import ImportFile, ImportRecord
from reservations.models import Municipality as Town
from reservations.opendata import Cell, Reason, RecordStatus, Reference
from reservations.opendata.cells import CellStatus, totals_of

StoredCell = dict[str, Any]


class AnyRecord(Protocol):
    """What facility, room, fee and shelter records have in common."""

    @property
    def record_no(self) -> int: ...
    @property
    def status(self) -> RecordStatus: ...
    @property
    def reasons(self) -> tuple[Reason, ...]: ...
    @property
    def cells(self) -> Mapping[str, Cell]: ...
    @property
    def raw(self) -> Mapping[str, str]: ...
    def report_row(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """The file as it came: its name, its hash, who it was taken from."""

    name: str
    sha256: str
    encoding: str
    columns: tuple[str, ...] = ()
    source: str = ""


@dataclass(slots=True)
class Report:
    """What became of a file; filled by the action, also when nothing of it is kept.

    totals   records, imported, queued, rejected, and what they are made of
    rows     a line a record for the clerk's sheet (opendata: report_row)
    """

    totals: dict[str, int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


class DryRun(Exception):  # noqa: N818  not a fault: everything was tried, nothing is kept
    """Raised at the end of an import that was only tried."""


@dataclass(slots=True)
class Outcome:
    """What one record became.

    cells    only where they differ from the record's own (a re-import that kept our value)
    added    reasons that came up here and not in reading: (code, sentence)
    number   only where two lists are kept as one file: the record's number in it
    """

    record: AnyRecord
    status: RecordStatus
    target_kind: str | None = None
    target_id: int | None = None
    cells: dict[str, StoredCell] | None = None
    added: list[tuple[str, str]] = field(default_factory=list)
    number: int | None = None

    @property
    def record_no(self) -> int:
        return self.number if self.number is not None else self.record.record_no

    def reasons(self) -> list[dict[str, str]]:
        read = [{"code": str(each), "sentence": each.sentence()} for each in self.record.reasons]
        return read + [{"code": code, "sentence": sentence} for code, sentence in self.added]


def run(
    action: Callable[[Session, Any, Context], str],
    session: Session,
    request: Any,
    context: Context,
) -> Report:
    """Do an import, or only try it (`request.is_dry_run`); the report is the same."""
    try:
        action(session, request, context)
    except DryRun:
        session.rollback()
    report: Report = request.report
    return report


def add_towns(session: Session, codes: Iterable[str | None], reference: Reference) -> None:
    """Every town of the prefectures that these codes belong to, where they are not there yet."""
    wanted = {code for code in codes if code}
    prefectures = {code[:2] for code in wanted}
    known = set(session.scalars(select(Town.code)))
    rows = [
        {
            "code": town.code, "prefecture": town.prefecture,
            "name": town.name or town.prefecture, "kana": town.kana, "name_en": town.romaji,
            "lat": town.lat, "lng": town.lng, "phone": "", "url": "",
        }
        for town in reference.municipalities.values()
        if town.code not in known
        and town.code[:2] in prefectures
        and (not town.is_prefecture or town.code in wanted)
    ]  # fmt: skip
    insert_rows(session, Town, rows)


def keep(
    session: Session,
    request: Any,
    kind: str,
    outcomes: Sequence[Outcome],
    file_id: str,
    now: datetime,
    **more: int,
) -> FileImported:
    """Write the file and its records, fill the report; the fact that closes the action.

    raises   DryRun when the request only wants to know
    """
    totals = totals_of([outcome.status for outcome in outcomes]) | more
    source: Source = request.source
    report: Report = request.report
    report.totals = totals
    report.rows = [_report_row(outcome) for outcome in outcomes]
    described = totals | {"columns": list(source.columns), "source": source.source}
    insert_rows(
        session,
        ImportFile,
        [
            {
                "id": file_id, "kind": kind, "name": source.name, "sha256": source.sha256,
                "encoding": source.encoding, "at": now, "totals": described,
            }
        ],
    )  # fmt: skip
    insert_rows(session, ImportRecord, (_row(file_id, each) for each in outcomes))
    if request.is_dry_run:
        session.flush()
        raise DryRun
    counted = {name: totals[name] for name in ("records", "imported", "queued", "rejected")}
    return FileImported(subject=file_id, kind=kind, **counted)


def _row(file_id: str, outcome: Outcome) -> dict[str, Any]:
    record = outcome.record
    cells = outcome.cells if outcome.cells is not None else stored_cells(record)
    return {
        "file_id": file_id,
        "record_no": outcome.record_no,
        "status": outcome.status.value,
        "reasons": outcome.reasons(),
        "cells": cells,
        "target_kind": outcome.target_kind,
        "target_id": outcome.target_id,
        "settled_at": None,
        "settled_by": None,
    }


def _report_row(outcome: Outcome) -> dict[str, Any]:
    row = outcome.record.report_row()
    return row | {
        "record_no": outcome.record_no,
        "status": outcome.status.value,
        "reasons": outcome.reasons(),
    }


def stored_cells(record: AnyRecord) -> dict[str, StoredCell]:
    """The record's cells as they are kept; cells in which nothing stood are left out.

    A record that was rejected before its cells were read keeps its raw texts.
    """
    if not record.cells:
        return {
            column: {"raw": raw, "value": None, "status": "rejected", "reason": None}
            for column, raw in record.raw.items()
            if raw.strip()
        }
    return {
        column: stored_cell(cell)
        for column, cell in record.cells.items()
        if cell.raw.strip() or cell.value is not None
    }


def stored_cell(cell: Cell) -> StoredCell:
    """{"raw", "value", "status", "reason"}; a value that JSON has no form for is written out."""
    value = cell.value
    if value is not None and not isinstance(value, (str, float, int, bool)):
        value = str(value)
    return {
        "raw": cell.raw,
        "value": value,
        "status": cell.status.value,
        "reason": str(cell.reason) if cell.reason is not None else None,
    }


def is_trusted(status: CellStatus) -> bool:
    """Whether a value may be used unasked."""
    return status in (CellStatus.OK, CellStatus.REPAIRED)
