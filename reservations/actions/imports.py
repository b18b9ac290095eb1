"""公共施設一覧 into facilities and their opening times: new ones, and those that we know already.

See import_files.py for what all imports share, import_merge.py for what a second file may change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reservations.actions import import_merge
from reservations.actions.bulk import insert_rows, take_ids
from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.actions.import_files import (
    Outcome,
    Report,
    Source,
    StoredCell,
    add_towns,
    keep,
)
from reservations.actions.import_hours import StoredHours, stored_hours
from reservations.actions.import_merge import HOURS, Known, Merged
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.events import FileImported
from reservations.models import Facility, ImportFile, ImportRecord, OpeningVersion
from reservations.models.base import table_of
from reservations.models.facilities import ALWAYS
from reservations.opendata import (
    FacilityFile,
    FacilityRecord,
    ReasonCode,
    RecordStatus,
    Reference,
)

# A position that is wrong in its own way: what stands beside it is a proposal for a clerk only.
_NOT_BELIEVED = frozenset(
    {
        ReasonCode.COORDINATES_OUTSIDE_MUNICIPALITY,
        ReasonCode.COORDINATES_OUT_OF_RANGE,
        ReasonCode.COORDINATES_UNREADABLE,
    }
)
_DUPLICATES = frozenset({ReasonCode.DUPLICATE_RECORD, ReasonCode.DUPLICATE_ID})


@dataclass(frozen=True, slots=True)
class FacilityImport:
    """A file that has been read (opendata.read_facilities), and where it came from.

    horizon_days   how far ahead day masks are made for facilities whose times change
    is_dry_run     try everything, keep nothing
    """

    file: FacilityFile
    source: Source
    reference: Reference
    horizon_days: int = 92
    is_dry_run: bool = False
    report: Report = field(default_factory=Report)


@action("import_facilities")
def import_facilities(
    session: Session, request: FacilityImport, context: Context, file_id: str
) -> FileImported:
    """Take a town's list in: all of it, or nothing.

    A record whose hours were not understood becomes a facility whose units nobody can book until
    confirm_hours. A record that a clerk must decide first (no name, no town, a duplicate) becomes
    none. Fills `request.report`.

    raises   DryRun at the end of a dry run
    """
    today = local_day(context.now)
    records = request.file.records
    codes = {record.municipality_code for record in records}
    add_towns(session, codes, request.reference)
    known = _known(session, codes)
    matches = import_merge.matched(known.values(), records)
    outcomes = [Outcome(record, record.status) for record in records]
    fresh = [o for o in outcomes if o.record.record_no not in matches and _becomes_one(o.record)]
    _add(session, fresh)
    changed: set[int] = set()
    counted = {"matched": 0, "suspicious": 0, "conflicts": 0}
    changes: list[tuple[int, Merged]] = []
    for outcome in outcomes:
        facility_id = matches.get(outcome.record.record_no)
        if facility_id is not None:
            result = _merge(outcome, known[facility_id])
            changes.append((facility_id, result))
            counted["matched"] += 1
            counted["suspicious"] += result.suspicious
            counted["conflicts"] += result.conflicts
    _change(session, changes)
    changed |= _set_hours(session, changes, outcomes, today)
    if changed:
        first = HorizonRequest(today, request.horizon_days, frozenset(changed))
        write_masks(session, first)
    raise_catalogue_version(session)
    return keep(session, request, "facilities", outcomes, file_id, context.now, **counted)


def _becomes_one(record: Any) -> bool:
    """Whether a record that continues none becomes a facility at once."""
    codes = {each.code for each in record.reasons}
    return bool(
        record.status is not RecordStatus.REJECTED
        and record.name
        and record.municipality_code
        and not codes & _DUPLICATES
    )


def _known(session: Session, codes: Iterable[str | None]) -> dict[int, Known]:
    """The facilities of these towns with the record each came from last: two statements."""
    wanted = sorted(code for code in codes if code)
    table = table_of(Facility)
    rows = session.execute(select(table).where(table.c.municipality_code.in_(wanted))).mappings()
    facilities: dict[int, dict[str, Any]] = {row["id"]: {**row} for row in rows}
    if not facilities:
        return {}
    base: dict[int, Mapping[str, StoredCell]] = {}
    statement = (
        select(ImportRecord.target_id, ImportRecord.cells)
        .join(ImportFile, ImportFile.id == ImportRecord.file_id)
        .where(ImportRecord.target_kind == "facility")
        .order_by(ImportFile.at, ImportFile.id)
    )
    for target_id, cells in session.execute(statement):
        # A later file may lack columns that an earlier one had.
        base[target_id] = {**base.get(target_id, {}), **cells}
    return {each: Known(each, row, base.get(each, {})) for each, row in facilities.items()}


def _add(session: Session, outcomes: Sequence[Outcome]) -> None:
    """New facilities with their opening times."""
    ids = take_ids(session, Facility, len(outcomes))
    facilities, openings = [], []
    for outcome, facility_id in zip(outcomes, ids, strict=True):
        record: FacilityRecord = outcome.record  # type: ignore[assignment]  # of this kind of file
        outcome.target_kind, outcome.target_id = "facility", facility_id
        facilities.append(_facility_row(record, facility_id))
        found = stored_hours(record.hours)
        if found is not None:
            _queue_unconfirmed(outcome, found)
            openings.append(_opening_row(record, facility_id, found, ALWAYS))
    insert_rows(session, Facility, facilities)
    insert_rows(session, OpeningVersion, openings)


def _facility_row(record: FacilityRecord, facility_id: int) -> dict[str, Any]:
    believed = not {each.code for each in record.reasons} & _NOT_BELIEVED
    return {
        "id": facility_id,
        "municipality_code": record.municipality_code,
        "external_id": record.external_id,
        "name": record.name,
        "kana": record.kana,
        "name_en": record.name_en,
        "address": record.address,
        "lat": record.lat if believed else None,
        "lng": record.lng if believed else None,
        "coordinate_status": record.coordinate_status.value if believed else "unknown",
        "phone": record.phone,
        "url": import_merge.web_address(record.url),
        "poi_code": record.poi_code,
        "description": record.description,
        "access": dict(record.accessibility),
        "is_invented": False,
    }


def _opening_row(
    record: FacilityRecord, facility_id: int, found: StoredHours, valid_from: date
) -> dict[str, Any]:
    return {
        "facility_id": facility_id,
        "valid_from": valid_from,
        "hours": found.hours,
        "closings": found.closings,
        "is_confirmed": found.is_confirmed,
        "raw_text": raw_hours(record),
    }


def raw_hours(record: FacilityRecord) -> str:
    """The four cells as the town wrote them, for whoever confirms the hours."""
    cells = (record.cells.get(column) for column in HOURS)
    return " / ".join(" ".join(cell.raw.split()) for cell in cells if cell and cell.raw.strip())


def _queue_unconfirmed(outcome: Outcome, found: StoredHours) -> None:
    """Hours that our rules cannot say wait for a clerk, even if they were understood."""
    if not found.is_confirmed and outcome.status is not RecordStatus.REJECTED:
        outcome.status = RecordStatus.QUEUED
        if not outcome.record.reasons:
            outcome.added.append(
                ("hours_not_confirmed", "曜日・時間を確認してください。確認まで貸し出しません。")
            )


def _merge(outcome: Outcome, known: Known) -> Merged:
    record: FacilityRecord = outcome.record  # type: ignore[assignment]  # of this kind of file
    result = import_merge.merged(known, record)
    outcome.target_kind, outcome.target_id = "facility", known.id
    outcome.cells = result.cells
    outcome.added += result.added
    if import_merge.must_queue(result) and outcome.status is not RecordStatus.REJECTED:
        outcome.status = RecordStatus.QUEUED
    return result


def _change(session: Session, changes: Sequence[tuple[int, Merged]]) -> None:
    """The columns that are taken, one statement for each set of columns."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for facility_id, result in changes:
        if result.changes:
            values = {f"{name}_": value for name, value in result.changes.items()}
            by_columns[tuple(sorted(result.changes))].append({"facility_": facility_id, **values})
    table = table_of(Facility)
    for columns, rows in by_columns.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam("facility_"))
            .values({name: bindparam(f"{name}_", type_=table.c[name].type) for name in columns})
        )
        session.execute(statement, rows)


def _set_hours(
    session: Session,
    changes: Sequence[tuple[int, Merged]],
    outcomes: Sequence[Outcome],
    today: date,
) -> set[int]:
    """New opening versions where the file's hours are taken; returns the facilities concerned.

    Hours that were not understood never end confirmed ones: the old version goes on, and the
    record waits for a clerk.
    """
    of_target = {o.target_id: o for o in outcomes if o.target_id is not None}
    confirmed = set(
        session.scalars(select(OpeningVersion.facility_id).where(OpeningVersion.is_confirmed))
    )
    rows = []
    for facility_id, result in changes:
        outcome = of_target[facility_id]
        record: FacilityRecord = outcome.record  # type: ignore[assignment]  # of this kind of file
        if not result.takes_hours:
            continue
        found = stored_hours(record.hours)
        if found is None:
            continue
        _queue_unconfirmed(outcome, found)
        if found.is_confirmed or facility_id not in confirmed:
            rows.append(_opening_row(record, facility_id, found, today))
    insert_rows(session, OpeningVersion, rows)
    return {row["facility_id"] for row in rows}
