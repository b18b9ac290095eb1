"""避難所・避難場所 into shelters, each linked to the facility of ours that it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows, take_ids
from reservations.actions.import_files import (
    Outcome,
    Report,
    Source,
    add_towns,
    is_trusted,
    keep,
)
from reservations.actions.step import Context, action
from reservations.events import FileImported
from reservations.models import Facility, Shelter
from reservations.models.base import table_of
from reservations.opendata import (
    CellStatus,
    ReasonCode,
    RecordStatus,
    Reference,
    ShelterFile,
    ShelterRecord,
)
from reservations.opendata.cells import squeezed

_NOT_BELIEVED = frozenset(
    {
        ReasonCode.COORDINATES_OUTSIDE_MUNICIPALITY,
        ReasonCode.COORDINATES_OUT_OF_RANGE,
        ReasonCode.COORDINATES_UNREADABLE,
    }
)
_DUPLICATES = frozenset({ReasonCode.DUPLICATE_RECORD, ReasonCode.DUPLICATE_ID})


@dataclass(frozen=True, slots=True)
class ShelterImport:
    """A file that has been read (opendata.read_shelters)."""

    file: ShelterFile
    source: Source
    reference: Reference
    is_dry_run: bool = False
    report: Report = field(default_factory=Report)


@action("import_shelters")
def import_shelters(
    session: Session, request: ShelterImport, context: Context, file_id: str
) -> FileImported:
    """Take a list of shelters in: all of it, or nothing. Fills the report.

    A shelter that another list named already is the same one: dangers are added up, and a good
    position never gives way to a worse one.

    raises   DryRun at the end of a dry run
    """
    records = request.file.records
    codes = {record.municipality_code for record in records if record.municipality_code}
    add_towns(session, codes, request.reference)
    known = _known(session, codes)
    facilities = _facility_names(session, codes)
    outcomes = [Outcome(record, record.status) for record in records]
    fresh: list[tuple[Outcome, ShelterRecord]] = []
    changed: list[dict[str, Any]] = []
    for outcome, record in zip(outcomes, records, strict=True):
        if not _becomes_one(record):
            continue
        standing = next((known[key] for key in _keys(record) if key in known), None)
        if standing is None:
            fresh.append((outcome, record))
        else:
            outcome.target_kind, outcome.target_id = "shelter", standing["id"]
            changed.append(_merged(standing, record))
    _add(session, fresh, facilities)
    _change(session, changed)
    return keep(session, request, "shelters", outcomes, file_id, context.now)


def _becomes_one(record: ShelterRecord) -> bool:
    codes = {each.code for each in record.reasons}
    return bool(
        record.status is not RecordStatus.REJECTED
        and record.name
        and record.municipality_code
        and not codes & _DUPLICATES
    )


def _keys(record: ShelterRecord) -> list[tuple[str, str]]:
    """What a shelter is known by: the list's id, else name and address."""
    town = record.municipality_code or ""
    by_id = [(town, f"id:{record.external_id}")] if record.external_id else []
    return [*by_id, (town, f"{squeezed(record.name)}/{squeezed(record.address)}")]


def _known(session: Session, codes: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
    table = table_of(Shelter)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    statement = select(table).where(table.c.municipality_code.in_(sorted(codes)))
    for mapping in session.execute(statement).mappings():
        row: dict[str, Any] = {**mapping}
        town = row["municipality_code"]
        found[town, f"{squeezed(row['name'])}/{squeezed(row['address'])}"] = row
        if row["external_id"]:
            found[town, f"id:{row['external_id']}"] = row
    return found


def _facility_names(session: Session, codes: Iterable[str]) -> Mapping[tuple[str, str], int]:
    """(town, name) to the one facility of that name; a name that two have tells nothing."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    statement = select(Facility.id, Facility.municipality_code, Facility.name).where(
        Facility.municipality_code.in_(sorted(codes))
    )
    for facility_id, code, name in session.execute(statement):
        found[code, squeezed(name)].append(facility_id)
    return {key: ids[0] for key, ids in found.items() if len(ids) == 1}


def _add(
    session: Session,
    fresh: Sequence[tuple[Outcome, ShelterRecord]],
    facilities: Mapping[tuple[str, str], int],
) -> None:
    ids = take_ids(session, Shelter, len(fresh))
    rows = []
    for (outcome, record), shelter_id in zip(fresh, ids, strict=True):
        outcome.target_kind, outcome.target_id = "shelter", shelter_id
        rows.append(
            {
                "id": shelter_id,
                "municipality_code": record.municipality_code,
                "facility_id": facilities.get(
                    (record.municipality_code or "", squeezed(record.name))
                ),
                "external_id": record.external_id,
                "name": record.name,
                "kana": record.kana,
                "address": record.address,
                **_position(record),
                "capacity": record.capacity,
                "hazards": dict.fromkeys(sorted(record.hazards), True),
                "is_designated": record.kind == "shelter",
            }
        )
    insert_rows(session, Shelter, rows)


def _position(record: ShelterRecord) -> dict[str, Any]:
    if {each.code for each in record.reasons} & _NOT_BELIEVED:
        return {"lat": None, "lng": None, "coordinate_status": CellStatus.UNKNOWN.value}
    return {
        "lat": record.lat,
        "lng": record.lng,
        "coordinate_status": record.coordinate_status.value,
    }


def _merged(standing: dict[str, Any], record: ShelterRecord) -> dict[str, Any]:
    """The row of a shelter that two lists, or two years, speak of."""
    row = dict(standing)
    position = _position(record)
    stands = is_trusted(CellStatus(row["coordinate_status"]))
    if is_trusted(CellStatus(position["coordinate_status"])) or not stands:
        row |= position
    for column in ("name", "kana", "address", "capacity"):
        value = getattr(record, column)
        row[column] = value if value else row[column]
    row["external_id"] = row["external_id"] or record.external_id
    row["hazards"] = row["hazards"] | dict.fromkeys(sorted(record.hazards), True)
    row["is_designated"] = row["is_designated"] or record.kind == "shelter"
    return row


def _change(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    table = table_of(Shelter)
    columns = [column.name for column in table.c if column.name != "id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("id_"))
        .values({name: bindparam(f"{name}_", type_=table.c[name].type) for name in columns})
    )
    session.execute(statement, [{f"{name}_": value for name, value in row.items()} for row in rows])
