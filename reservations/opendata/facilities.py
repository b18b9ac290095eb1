"""公共施設一覧: a town's list of its facilities, in any of its formats, read into records.

Reads the new standard (56 columns), the older definition (24), and cuts and mixtures of both. A
record is queued when a clerk must decide something before it may be used; see `_status`. What the
record says of itself (name, place, hours) is in the named fields, every cell in `cells`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reservations.opendata import damage
from reservations.opendata.cells import (
    EMPTY,
    Cell,
    CellStatus,
    RecordStatus,
    folded,
    located_row,
    plain,
    squeezed,
    text_of,
    totals_of,
)
from reservations.opendata.columns import (
    ACCESSIBILITY,
    FACILITY_HEADERS,
    PRIVATE_COLUMNS,
    STANDARD,
)
from reservations.opendata.coordinates import Point, Position, place
from reservations.opendata.hours import DAYS, END, NOTES, START, Hours, HoursReading, read_hours
from reservations.opendata.places import Place, read_code, read_place
from reservations.opendata.reasons import FileRefused, Reason, ReasonCode, RefusedCode, reason
from reservations.opendata.records import RawRecord, named_table, raw_records
from reservations.opendata.reference import Municipality, Reference

_YES = frozenset(
    ("有", "可", "○", "〇", "◯", "◎", "あり", "有り", "可能", "v", "1", "true", "yes", "y", "はい",
     "対応", "設置", "貸出可", "利用可", "レ", "✓", "✔")
)  # fmt: skip
_NO = frozenset(
    ("無", "否", "×", "✕", "✖", "x", "なし", "無し", "不可", "0", "false", "no", "n", "いいえ",
     "非対応", "未設置", "未対応")
)  # fmt: skip

# What is wrong in these columns is told by the position and the hours, in the order of the record.
_TOLD_ELSEWHERE = frozenset({"名称", "緯度", "経度", DAYS, START, END, NOTES})


@dataclass(frozen=True)
class FacilityRecord:
    """One record of the file.

    record_no          1-based, counting every row below the header
    cells              canonical column -> Cell, for the columns the file has (and what was derived)
    raw                column as written -> text as written, for every column of the file
    municipality_code  where it lies; publisher_code who published it (a prefecture, for one)
    lat, lng           as far as known; coordinate_status ok and repaired may be used unasked
    accessibility      canonical column -> True, False, or the town's own words
    external_id        ID of the town's list, "" if none
    """

    record_no: int
    status: RecordStatus
    reasons: tuple[Reason, ...]
    name: str
    municipality_code: str | None
    municipality: str
    publisher_code: str | None
    address: str
    lat: float | None
    lng: float | None
    coordinate_status: CellStatus
    coordinate_method: str
    hours: Hours
    kana: str = ""
    name_en: str = ""
    phone: str = ""
    url: str = ""
    description: str = ""
    poi_code: str = ""
    external_id: str = ""
    accessibility: Mapping[str, bool | str] = field(default_factory=dict)
    cells: Mapping[str, Cell] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)

    def report_row(self) -> dict[str, Any]:
        """The record's line of the clerk's sheet."""
        return located_row(self)


@dataclass(frozen=True)
class FacilityFile:
    """A whole file.

    columns          as written, in order
    generation       new, old, or cut (too few columns to say); by the column names
    private_columns  canonical columns that may be kept but never shown
    totals           see cells.totals_of
    """

    columns: tuple[str, ...]
    encoding: str
    generation: str
    records: tuple[FacilityRecord, ...]
    totals: Mapping[str, int]
    sheet: str | None = None
    private_columns: frozenset[str] = PRIVATE_COLUMNS


@dataclass(frozen=True)
class _Draft:
    """A record between reading its cells and judging its position beside the others."""

    raw: RawRecord
    cells: dict[str, Cell]
    place: Place
    publisher: Municipality | None
    hours: HoursReading
    reasons: tuple[Reason, ...]


def read_facilities(
    data: bytes,
    filename: str,
    *,
    reference: Reference,
    municipality_code: str | None = None,
) -> FacilityFile:
    """Every record of a 公共施設一覧, with its status; nothing is lost and nothing is stored.

    municipality_code   6 digits, for a file that does not say whose it is
    returns             FacilityFile; totals["records"] == imported + queued + rejected
    raises              FileRefused where the whole file cannot be read
    """
    default = _default(municipality_code, reference)
    table = named_table(data, filename, known=FACILITY_HEADERS, wanted="facilities")
    rows = raw_records(table, FACILITY_HEADERS, name_column="名称")
    if not any(row.rejected is None for row in rows):
        raise FileRefused(RefusedCode.NO_RECORDS, filename=filename)
    usual = _usual_prefecture(rows, default, reference)
    drafts = [_draft(row, default, usual, reference) for row in rows]
    positions = place([_point(draft) for draft in drafts], reference)
    duplicates = _duplicates(drafts)
    records = tuple(
        _record(draft, position, duplicates.get(index))
        for index, (draft, position) in enumerate(zip(drafts, positions, strict=True))
    )
    totals = totals_of([record.status for record in records])
    generation = _generation(table.columns)
    return FacilityFile(table.columns, table.encoding, generation, records, totals, table.sheet)


def _default(code: str | None, reference: Reference) -> Municipality | None:
    if code is None:
        return None
    known = reference.municipality(code)
    if known is None:
        raise FileRefused(RefusedCode.UNKNOWN_MUNICIPALITY, code=code)
    return known


def _generation(columns: Sequence[str]) -> str:
    """new and old differ in how they write the address and the identifier."""
    seen = {squeezed(column) for column in columns}
    if {"所在地_連結表記", "全国地方公共団体コード"} <= seen:
        return "new"
    if {"住所", "名称"} <= seen and ({"方書", "都道府県名", "NO", "市区町村名"} & seen):
        return "old"
    return "cut"


def _usual_prefecture(
    rows: Iterable[RawRecord], default: Municipality | None, reference: Reference
) -> str:
    """The prefecture of most records, for those that leave it out."""
    if default is not None:
        return default.prefecture
    named = Counter(text_of(row.text("所在地_都道府県")) for row in rows)
    named.pop("", None)
    if named:
        return named.most_common(1)[0][0]
    found = Counter(
        town.prefecture
        for row in rows
        if (town := reference.at_start_of(row.text("所在地_連結表記"))[0]) is not None
    )
    return found.most_common(1)[0][0] if found else ""


def _draft(
    row: RawRecord, default: Municipality | None, usual: str, reference: Reference
) -> _Draft:
    if row.rejected is not None:
        nowhere = Place(None, "", None, CellStatus.OK)
        return _Draft(row, {}, nowhere, None, HoursReading(Hours()), row.reasons)
    cells = _cells(row, reference)
    publisher = (
        reference.municipality(cells.get("全国地方公共団体コード", EMPTY).value or "") or default
    )
    located = reference.municipality(cells.get("所在地_全国地方公共団体コード", EMPTY).value or "")
    found = read_place(
        prefecture=row.text("所在地_都道府県"),
        town=row.text("所在地_市区町村"),
        code=located if located is not None and not located.is_prefecture else publisher,
        address=_address(row),
        position=(row.text("緯度"), row.text("経度")),
        usual=usual,
        reference=reference,
    )
    hours = read_hours(row.text(DAYS), row.text(START), row.text(END), row.text(NOTES))
    for remark in hours.remarks:
        raw = row.text(remark.column)
        kept = None if remark.status is CellStatus.UNKNOWN else raw
        cells[remark.column] = Cell(raw, kept, remark.status, remark.reason)
    told = (*row.reasons, *found.reasons, *(r.reason for r in hours.remarks))
    return _Draft(row, cells, found, publisher, hours, told)


def _address(row: RawRecord) -> str:
    """The whole address; put together from its parts where a file has only these."""
    whole = text_of(row.text("所在地_連結表記"))
    if whole:
        return whole
    parts = ("所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下")
    return "".join(text_of(row.text(part)) for part in parts)


def _cells(row: RawRecord, reference: Reference) -> dict[str, Cell]:
    """Each canonical column of the record as a Cell."""
    cells: dict[str, Cell] = {}
    for column, raw in row.values.items():
        match column:
            case damage.POI_CODE:
                cells[column] = damage.read_poi_code(raw, reference.poi_codes)
            case damage.CORPORATE_NUMBER:
                cells[column] = damage.read_corporate_number(raw)
            case damage.PHONE:
                cells[column] = damage.read_phone(raw)
            case damage.POSTAL_CODE:
                cells[column] = damage.read_postal_code(raw)
            case damage.HOUSE_NUMBER:
                cells[column] = damage.read_house_number(raw, row.text("所在地_連結表記"))
            case "全国地方公共団体コード" | "所在地_全国地方公共団体コード":
                cells[column] = read_code(raw, reference)
            case _ if column in ACCESSIBILITY:
                cells[column] = _yes_or_no(raw)
            case _:
                cells[column] = plain(raw)
    for column in row.filled:
        told = reason(ReasonCode.MERGED_CELL_FILLED, value=row.text(column))
        cells[column] = Cell(row.text(column), cells[column].value, CellStatus.REPAIRED, told)
    return cells


def _yes_or_no(raw: str) -> Cell:
    """有 and 可 are yes, 無 and 否 no; anything with a condition stays the town's own words."""
    if not raw:
        return EMPTY
    text = folded(raw).strip().casefold()
    if text in _YES:
        return Cell(raw, True)
    if text in _NO:
        return Cell(raw, False)
    return plain(raw)


def _point(draft: _Draft) -> Point:
    known = draft.place.municipality
    row = draft.raw
    return Point(
        row.text("緯度"),
        row.text("経度"),
        known.code if known is not None else None,
        draft.place.rest,
        draft.place.address_code,
    )


def _duplicates(drafts: Sequence[_Draft]) -> dict[int, Reason]:
    """Second and later records with the ID, or the name and address, of an earlier one."""
    ids: dict[tuple[str, str], int] = {}
    places: dict[tuple[str, str], int] = {}
    found: dict[int, Reason] = {}
    for index, draft in enumerate(drafts):
        if draft.raw.rejected is not None:
            continue
        number = draft.raw.record_no
        publisher = draft.publisher.code if draft.publisher else ""
        identifier = squeezed(draft.raw.text("ID"))
        key = (squeezed(draft.raw.text("名称")), squeezed(_address(draft.raw)))
        if key in places and key[0]:
            found[index] = reason(ReasonCode.DUPLICATE_RECORD, record_no=places[key])
        elif identifier and (publisher, identifier) in ids:
            found[index] = reason(ReasonCode.DUPLICATE_ID, record_no=ids[publisher, identifier])
        places.setdefault(key, number)
        ids.setdefault((publisher, identifier), number)
    return found


def _record(draft: _Draft, position: Position, duplicate: Reason | None) -> FacilityRecord:
    row, cells = draft.raw, dict(draft.cells)
    if row.rejected is not None:
        return _rejected(row)
    for column, value in (("緯度", position.lat), ("経度", position.lng)):
        told = position.reasons[-1] if position.reasons else None
        cells[column] = Cell(row.text(column), value, position.status, told)
    known = draft.place.municipality
    if draft.place.status is CellStatus.REPAIRED and known is not None:
        raw, told = row.text("所在地_市区町村"), draft.place.reasons[0]
        cells["所在地_市区町村"] = Cell(raw, known.county + known.name, CellStatus.REPAIRED, told)
    ids = (duplicate,) if duplicate is not None else ()
    reasons = _distinct((*draft.reasons, *position.reasons, *ids, *_cell_reasons(cells)))
    return FacilityRecord(
        record_no=row.record_no,
        status=_status(draft, position, duplicate, cells),
        reasons=reasons,
        name=_value(cells, "名称"),
        municipality_code=known.code if known is not None else None,
        municipality=known.name or known.prefecture if known is not None else "",
        publisher_code=draft.publisher.code if draft.publisher is not None else None,
        address=_address(row),
        lat=position.lat,
        lng=position.lng,
        coordinate_status=position.status,
        coordinate_method=position.method,
        hours=draft.hours.hours,
        kana=_value(cells, "名称_カナ"),
        name_en=_value(cells, "名称_英字"),
        phone=_value(cells, "電話番号"),
        url=_value(cells, "URL"),
        description=_value(cells, "説明"),
        poi_code=_value(cells, "POIコード"),
        external_id=_value(cells, "ID"),
        accessibility={
            c: cells[c].value for c in ACCESSIBILITY if c in cells and cells[c].value is not None
        },
        cells=cells,
        raw=row.raw,
    )


def _rejected(row: RawRecord) -> FacilityRecord:
    return FacilityRecord(
        row.record_no, RecordStatus.REJECTED, row.reasons, text_of(row.text("名称")), None, "",
        None, "", None, None, CellStatus.REJECTED, "", Hours(), raw=row.raw,
    )  # fmt: skip


def _status(
    draft: _Draft, position: Position, duplicate: Reason | None, cells: Mapping[str, Cell]
) -> RecordStatus:
    """Queued if a clerk must decide; else the least certain thing that was done to the record.

    Queues: no name; an unknown municipality; a position that is wrong in its own way or missing
    without a known town; days or hours not understood; a duplicate; cells that are shifted or
    unreadable. Does not queue: a damaged number that lending does not need; it is told, left out.
    """
    must_decide = (
        draft.raw.needs_clerk
        or draft.place.status is CellStatus.UNKNOWN
        or position.flagged
        or draft.hours.needs_clerk
        or duplicate is not None
    )
    if must_decide:
        return RecordStatus.QUEUED
    statuses = {cell.status for cell in cells.values()} | {position.status}
    if CellStatus.PROPOSED in statuses:
        return RecordStatus.PROPOSED
    return RecordStatus.REPAIRED if CellStatus.REPAIRED in statuses else RecordStatus.IMPORTED


def _cell_reasons(cells: Mapping[str, Cell]) -> tuple[Reason, ...]:
    return tuple(
        cell.reason
        for column, cell in cells.items()
        if cell.reason is not None and column not in _TOLD_ELSEWHERE
    )


def _distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _value(cells: Mapping[str, Cell], column: str) -> str:
    value = cells.get(column, EMPTY).value
    return value if isinstance(value, str) else ""


assert set(ACCESSIBILITY) < set(STANDARD)
