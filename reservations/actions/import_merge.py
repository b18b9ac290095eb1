"""A facility that we know already, and a file that speaks of it again: what is taken, what is kept.

Three sides meet in every cell (opendata/merge.py): what the last file said, what stands with us
now, what the new file says. What the last file said is in the record that was kept of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reservations.actions.import_files import StoredCell, is_trusted, stored_cell
from reservations.opendata import (
    Cell,
    CellStatus,
    Decision,
    FacilityRecord,
    Hours,
    MergeReason,
    RecordStatus,
    match_key,
    merge_cell,
)
from reservations.opendata.hours import DAYS, END, NOTES, START
from reservations.opendata.merge import SENTENCES, match_records

# The facility's own columns by the list's. Positions are taken or kept as a pair.
FIELDS = {
    "名称": "name",
    "名称_カナ": "kana",
    "名称_英字": "name_en",
    "所在地_連結表記": "address",
    "電話番号": "phone",
    "URL": "url",
    "説明": "description",
    "POIコード": "poi_code",
}
POSITION = {"緯度": "lat", "経度": "lng"}
HOURS = (DAYS, START, END, NOTES)
_TAKEN = (Decision.TAKE, Decision.SAME, Decision.KEEP)


@dataclass(frozen=True, slots=True)
class Known:
    """A facility as it stands, and the cells of the record that it came from last.

    fields   columns of models/facilities.py:Facility
    """

    id: int
    fields: Mapping[str, Any]
    base: Mapping[str, StoredCell]


@dataclass(slots=True)
class Merged:
    """What the new record does to a facility.

    changes      columns to set
    hours        whether the new file's hours replace those that stand
    suspicious   cells whose new value looks damaged, emptied or worse
    """

    changes: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, StoredCell] = field(default_factory=dict)
    takes_hours: bool = False
    suspicious: int = 0
    conflicts: int = 0
    added: list[tuple[str, str]] = field(default_factory=list)


def web_address(text: str) -> str:
    """An address that a screen may link to; towns write mail addresses of persons there as well."""
    return text if text.lower().startswith(("http://", "https://")) else ""


def matched(known: Iterable[Known], records: Iterable[FacilityRecord]) -> dict[int, int]:
    """record_no to the id of the facility that it continues; town by town.

    By the publisher's ID, unless the names say that IDs were given out anew; else by name and
    address.
    """
    theirs: dict[str, list[FacilityRecord]] = {}
    for record in records:
        if record.status is not RecordStatus.REJECTED and record.municipality_code:
            theirs.setdefault(record.municipality_code, []).append(record)
    ours: dict[str, list[Known]] = {}
    for each in known:
        ours.setdefault(each.fields["municipality_code"], []).append(each)
    found: dict[int, int] = {}
    for code, of_town in theirs.items():
        standing = [_as_record(each) for each in ours.get(code, ())]
        if not standing:
            continue
        # match_records names the old record by its key; the same key stands for the first of them.
        by_key: dict[str, int] = {}
        for record in standing:
            by_key.setdefault(match_key(record), record.record_no)
        for record_no, key in match_records(standing, of_town).items():
            found[record_no] = by_key[key]
    return found


def _as_record(known: Known) -> FacilityRecord:
    """The facility in the shape that matching compares; its id stands as the record's number."""
    publisher = known.base.get("全国地方公共団体コード", {}).get("value")
    return FacilityRecord(
        record_no=known.id,
        status=RecordStatus.IMPORTED,
        reasons=(),
        name=known.fields["name"],
        municipality_code=known.fields["municipality_code"],
        municipality="",
        publisher_code=publisher,
        address=known.fields["address"],
        lat=None,
        lng=None,
        coordinate_status=CellStatus.UNKNOWN,
        coordinate_method="",
        hours=Hours(),
        external_id=known.fields["external_id"],
    )


def merged(known: Known, record: FacilityRecord) -> Merged:
    """Cell by cell; what is not taken is kept, said and counted."""
    result = Merged()
    decisions = {
        column: _decide(result, known, column, cell)
        for column, cell in record.cells.items()
        if cell.raw.strip() or cell.value is not None or column in known.base
    }
    for column, name in FIELDS.items():
        if decisions.get(column) is Decision.TAKE:
            value = record.cells[column].value
            text = value if isinstance(value, str) else ""
            result.changes[name] = web_address(text) if name == "url" else text
    if record.external_id and record.external_id != known.fields["external_id"]:
        result.changes["external_id"] = record.external_id
    _position(result, known, record, decisions)
    told = {column: decisions[column] for column in HOURS if column in decisions}
    result.takes_hours = Decision.TAKE in told.values() and all(
        decision in _TAKEN for decision in told.values()
    )
    return result


def _decide(result: Merged, known: Known, column: str, cell: Cell) -> Decision:
    """One cell's decision; the cell as it is kept goes into the result."""
    before = known.base.get(column)
    base = "" if before is None else str(before.get("base", before["raw"]))
    mine = _mine(known, column, before, base)
    decision, why, text = merge_cell(column, base=base, mine=mine, theirs=cell.raw, parsed=cell)
    if column in POSITION and decision is Decision.TAKE and _is_worse(known, cell):
        decision, why, text = Decision.SUSPICIOUS, MergeReason.NOT_UNDERSTOOD, mine
    kept = stored_cell(cell)
    if decision in (Decision.SUSPICIOUS, Decision.CONFLICT):
        # The older text stays what the next file is compared with: this one was not believed.
        kept |= {"value": text, "reason": why.value, "base": base}
        result.added.append((why.value, f"「{column}」{SENTENCES[why]}"))
        result.suspicious += decision is Decision.SUSPICIOUS
        result.conflicts += decision is Decision.CONFLICT
    elif decision is not Decision.TAKE and before is not None:
        kept |= {"value": before["value"], "status": before["status"]}
    result.cells[column] = kept
    return decision


def _mine(known: Known, column: str, before: StoredCell | None, base: str) -> str:
    """What stands with us now, as a text: the file's own where nobody has changed it since."""
    stood = before["value"] if before is not None else None
    if column in POSITION:
        value = known.fields[POSITION[column]]
        if value is None or (before is not None and value == stood):
            return base
        return repr(value)
    if column in FIELDS:
        value = known.fields[FIELDS[column]]
        return base if value == (stood or "") else str(value)
    if before is None or "base" not in before:
        return base
    return str(stood or "")


def _is_worse(known: Known, cell: Cell) -> bool:
    """Whether a good position would give way to one that only a clerk may believe."""
    stands = CellStatus(known.fields["coordinate_status"])
    return is_trusted(stands) and not is_trusted(cell.status)


def _position(
    result: Merged, known: Known, record: FacilityRecord, decisions: Mapping[str, Decision]
) -> None:
    both = [decisions.get(column) for column in POSITION]
    if Decision.TAKE not in both or any(d not in _TAKEN for d in both if d is not None):
        return
    result.changes |= {
        "lat": record.lat,
        "lng": record.lng,
        "coordinate_status": record.coordinate_status.value,
    }


def must_queue(result: Merged) -> bool:
    """Whether a clerk must choose before the record is done."""
    return result.conflicts > 0
