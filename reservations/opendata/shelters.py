"""避難所・避難場所: shelters and evacuation sites, from the two CSV formats and from GSI's GeoJSON.

    避難所一覧 (Tokyo, 7 columns)                 避難所_名称, 指定区市町村名, 住所, 緯度, 経度
    指定緊急避難場所一覧 (standard, 39 columns)   名称, 所在地_…, 災害種別_…, 想定収容人数
    国土地理院 GeoJSON, one file a municipality   指定避難所, 指定緊急避難場所; or "unavailable"

A GeoJSON that says its town publishes nothing is no error: it gives a file without records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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
    text_of,
    totals_of,
)
from reservations.opendata.columns import PRIVATE_COLUMNS, known_headers
from reservations.opendata.coordinates import Point, Position, place
from reservations.opendata.places import Place, read_code, read_place
from reservations.opendata.reasons import FileRefused, Reason, ReasonCode, RefusedCode, reason
from reservations.opendata.records import (
    RawRecord,
    named_table,
    raw_records,
)
from reservations.opendata.reference import Municipality, Reference
from reservations.opendata.tables import header_key

HAZARDS: dict[str, str] = {
    "災害種別_洪水": "flood",
    "災害種別_崖崩れ、土石流及び地滑り": "landslide",
    "災害種別_高潮": "storm_surge",
    "災害種別_地震": "earthquake",
    "災害種別_津波": "tsunami",
    "災害種別_大規模な火事": "fire",
    "災害種別_内水氾濫": "inland_flood",
    "災害種別_火山現象": "volcano",
}

_NAMES: dict[str, tuple[str, ...]] = {
    "名称": (
        "避難所_名称", "施設・場所名", "避難所名", "施設名", "避難場所名", "指定避難所名",
        "避難所名称",
    ),
    "名称_カナ": ("避難所_名称_カナ", "フリガナ"),
    "名称_英字": (),
    "ID": ("共通ID", "NO"),
    "全国地方公共団体コード": ("地方公共団体コード",),
    "所在地_全国地方公共団体コード": ("市区町村コード",),
    "地方公共団体名": (),
    "所在地_連結表記": ("住所", "所在地"),
    "所在地_都道府県": ("都道府県", "都道府県名"),
    "所在地_市区町村": (
        "指定区市町村名", "市区町村名", "市区町村", "都道府県名及び市町村名", "市町村名",
    ),
    "所在地_町字": (),
    "所在地_番地以下": (),
    "建物名等(方書)": (),
    "緯度": ("lat", "北緯"),
    "経度": ("lng", "lon", "東経"),
    "標高": (),
    "電話番号": (),
    "連絡先メールアドレス": (),
    "郵便番号": (),
    "災害種別_洪水": ("洪水",),
    "災害種別_崖崩れ、土石流及び地滑り": ("崖崩れ、土石流及び地滑り", "崖崩れ・土石流及び地滑り"),
    "災害種別_高潮": ("高潮",),
    "災害種別_地震": ("地震",),
    "災害種別_津波": ("津波",),
    "災害種別_大規模な火事": ("大規模な火事",),
    "災害種別_内水氾濫": ("内水氾濫",),
    "災害種別_火山現象": ("火山現象",),
    "指定避難所との重複": ("指定避難所との住所同一", "指定緊急避難場所との住所同一"),
    "想定収容人数": ("収容人数",),
    "対象となる町会・自治会": (),
    "受入対象者": (),
    "備考": (),
    "URL": (),
}  # fmt: skip
SHELTER_HEADERS: dict[str, str] = known_headers(_NAMES)


@dataclass(frozen=True)
class ShelterRecord:
    """One shelter or evacuation site; the fields mean what they mean in FacilityRecord.

    kind        shelter (指定避難所), site (指定緊急避難場所) or "" where the file does not say
    hazards     of HAZARDS, for which the place is meant
    capacity    people; None where it is not one plain number (kept in cells)
    """

    record_no: int
    status: RecordStatus
    reasons: tuple[Reason, ...]
    name: str
    municipality_code: str | None
    municipality: str
    address: str
    lat: float | None
    lng: float | None
    coordinate_status: CellStatus
    coordinate_method: str
    kind: str = ""
    hazards: frozenset[str] = frozenset()
    capacity: int | None = None
    external_id: str = ""
    phone: str = ""
    kana: str = ""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)

    def report_row(self) -> dict[str, Any]:
        """The record's line of the clerk's sheet."""
        return located_row(self)


@dataclass(frozen=True)
class ShelterFile:
    """A whole file; unavailable holds the source's own message where a town publishes nothing."""

    columns: tuple[str, ...]
    encoding: str
    kind: str
    records: tuple[ShelterRecord, ...]
    totals: Mapping[str, int]
    unavailable: str = ""
    private_columns: frozenset[str] = PRIVATE_COLUMNS


@dataclass(frozen=True)
class _Draft:
    raw: RawRecord
    cells: dict[str, Cell]
    place: Place


def read_shelters(
    data: bytes,
    filename: str,
    *,
    reference: Reference,
    municipality_code: str | None = None,
) -> ShelterFile:
    """Every record of a shelter list, with its status.

    municipality_code   6 digits, for a file that does not say whose it is
    returns             ShelterFile; totals["records"] == imported + queued + rejected
    raises              FileRefused where the whole file cannot be read
    """
    default = reference.municipality(municipality_code) if municipality_code else None
    if municipality_code and default is None:
        raise FileRefused(RefusedCode.UNKNOWN_MUNICIPALITY, code=municipality_code)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_geojson(data, filename, reference, default)
    table = named_table(data, filename, known=SHELTER_HEADERS, wanted="shelters")
    rows = raw_records(table, SHELTER_HEADERS, name_column="名称")
    if not any(row.rejected is None for row in rows):
        raise FileRefused(RefusedCode.NO_RECORDS, filename=filename)
    hazards = any("災害種別" in column for column in table.columns)
    kind = "site" if hazards else "shelter"
    return _file(rows, table.columns, table.encoding, kind, reference, default)


def read_capacity(raw: str) -> Cell:
    """想定収容人数: one number; 屋内191人／屋外0人 gives what is indoors."""
    text = re.sub(r"[\s,]", "", folded(text_of(raw)))
    if not text:
        return Cell(raw, None)
    found = re.fullmatch(r"(?:約)?(\d+)(?:\.0+)?(?:人|名)?(?:\(.*\))?", text) or re.match(
        r"屋内(\d+)人", text
    )
    if found is None:
        told = reason(ReasonCode.CAPACITY_NOT_UNDERSTOOD, raw=raw)
        return Cell(raw, None, CellStatus.UNKNOWN, told)
    return Cell(raw, int(found[1]))


def _file(
    rows: Sequence[RawRecord],
    columns: tuple[str, ...],
    encoding: str,
    kind: str,
    reference: Reference,
    default: Municipality | None,
) -> ShelterFile:
    usual = default.prefecture if default is not None else ""
    drafts = [_draft(row, default, usual, reference) for row in rows]
    positions = place([_point(draft) for draft in drafts], reference)
    records = tuple(
        _record(draft, position, kind) for draft, position in zip(drafts, positions, strict=True)
    )
    totals = totals_of([record.status for record in records])
    return ShelterFile(columns, encoding, kind, records, totals)


def _draft(
    row: RawRecord, default: Municipality | None, usual: str, reference: Reference
) -> _Draft:
    if row.rejected is not None:
        return _Draft(row, {}, Place(None, "", None, CellStatus.OK))
    cells = {column: _cell(column, raw, row, reference) for column, raw in row.values.items()}
    located = cells.get("所在地_全国地方公共団体コード", EMPTY).value
    published = cells.get("全国地方公共団体コード", EMPTY).value
    codes = [reference.municipality(code) for code in (located, published) if code]
    code = next((c for c in codes if c is not None and not c.is_prefecture), default)
    town = row.text("所在地_市区町村")
    found = read_place(
        prefecture=row.text("所在地_都道府県") or _prefecture(row),
        town=town if not re.fullmatch(r".{2,3}[都道府県]", text_of(town)) else "",
        code=code,
        address=row.text("所在地_連結表記"),
        position=(row.text("緯度"), row.text("経度")),
        usual=usual,
        reference=reference,
    )
    return _Draft(row, cells, found)


def _prefecture(row: RawRecord) -> str:
    """The prefecture in front of 都道府県名及び市町村名 or 地方公共団体名."""
    for column in ("所在地_市区町村", "地方公共団体名"):
        found = re.match(r"(北海道|東京都|京都府|大阪府|..県|...県)", text_of(row.text(column)))
        if found is not None:
            return found[1]
    return ""


def _cell(column: str, raw: str, row: RawRecord, reference: Reference) -> Cell:
    if column in HAZARDS or column == "指定避難所との重複":
        return Cell(
            raw, re.fullmatch(r"1(?:\.0)?|○|〇|◯|有|可|TRUE|true", text_of(raw)) is not None
        )
    match column:
        case "想定収容人数":
            return read_capacity(raw)
        case "全国地方公共団体コード" | "所在地_全国地方公共団体コード":
            return read_code(raw, reference)
        case damage.HOUSE_NUMBER:
            return damage.read_house_number(raw, row.text("所在地_連結表記"))
        case damage.PHONE:
            return damage.read_phone(raw)
        case damage.POSTAL_CODE:
            return damage.read_postal_code(raw)
        case _:
            return plain(raw)


def _point(draft: _Draft) -> Point:
    known = draft.place.municipality
    return Point(
        draft.raw.text("緯度"),
        draft.raw.text("経度"),
        known.code if known is not None else None,
        draft.place.rest,
        draft.place.address_code,
    )


def _record(draft: _Draft, position: Position, kind: str) -> ShelterRecord:
    row, cells = draft.raw, dict(draft.cells)
    if row.rejected is not None:
        return ShelterRecord(
            row.record_no, RecordStatus.REJECTED, row.reasons, text_of(row.text("名称")), None, "",
            "", None, None, CellStatus.REJECTED, "", raw=row.raw,
        )  # fmt: skip
    for column, value in (("緯度", position.lat), ("経度", position.lng)):
        told = position.reasons[-1] if position.reasons else None
        cells[column] = Cell(row.text(column), value, position.status, told)
    known = draft.place.municipality
    of_cells = (cell.reason for cell in cells.values() if cell.reason is not None)
    told_all = (*row.reasons, *draft.place.reasons, *position.reasons, *of_cells)
    capacity = cells.get("想定収容人数", EMPTY).value
    return ShelterRecord(
        record_no=row.record_no,
        status=_status(draft, position, cells),
        reasons=tuple(dict.fromkeys(told_all)),
        name=_value(cells, "名称"),
        municipality_code=known.code if known is not None else None,
        municipality=known.name or known.prefecture if known is not None else "",
        address=_value(cells, "所在地_連結表記"),
        lat=position.lat,
        lng=position.lng,
        coordinate_status=position.status,
        coordinate_method=position.method,
        kind=kind,
        hazards=frozenset(h for c, h in HAZARDS.items() if cells.get(c, EMPTY).value),
        capacity=capacity if isinstance(capacity, int) else None,
        external_id=_value(cells, "ID"),
        phone=_value(cells, "電話番号"),
        kana=_value(cells, "名称_カナ"),
        cells=cells,
        raw=row.raw,
    )


def _status(draft: _Draft, position: Position, cells: Mapping[str, Cell]) -> RecordStatus:
    """Queued for what would send people to the wrong place; see facilities._status."""
    if draft.raw.needs_clerk or draft.place.status is CellStatus.UNKNOWN or position.flagged:
        return RecordStatus.QUEUED
    statuses = {cell.status for cell in cells.values()} | {position.status, draft.place.status}
    if CellStatus.PROPOSED in statuses:
        return RecordStatus.PROPOSED
    return RecordStatus.REPAIRED if CellStatus.REPAIRED in statuses else RecordStatus.IMPORTED


def _value(cells: Mapping[str, Cell], column: str) -> str:
    value = cells.get(column, EMPTY).value
    return value if isinstance(value, str) else ""


def _read_geojson(
    data: bytes, filename: str, reference: Reference, default: Municipality | None
) -> ShelterFile:
    """GSI's file of one municipality; its features become rows with the CSV's column names."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="壊れたJSON") from error
    if document.get("type") == "unavailable":
        message = str(document.get("message", ""))
        return ShelterFile((), "utf-8", "", (), totals_of([]), unavailable=message)
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="別の種類のJSON")
    rows = [_feature(number, feature) for number, feature in enumerate(features, start=1)]
    code = reference.municipality(str(document.get("name", "")))
    columns = tuple(dict.fromkeys(column for row in rows for column in row.raw))
    kind = "site" if any("災害種別_洪水" in row.values for row in rows) else "shelter"
    return _file(rows, columns, "utf-8", kind, reference, default or code)


def _feature(number: int, feature: Any) -> RawRecord:
    """One GeoJSON feature as a record; an odd one is kept with what it has."""
    feature = feature if isinstance(feature, dict) else {}
    properties = feature.get("properties")
    raw = {
        str(name): "" if value is None else str(value)
        for name, value in (properties if isinstance(properties, dict) else {}).items()
    }
    geometry = feature.get("geometry")
    point = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if isinstance(point, list) and len(point) >= 2:
        raw |= {"経度": str(point[0]), "緯度": str(point[1])}
    values: dict[str, str] = {}
    for name, text in raw.items():
        canonical = SHELTER_HEADERS.get(header_key(name))
        if canonical is not None and not values.get(canonical):
            values[canonical] = text
    if "共通ID" in raw:
        values["ID"] = raw["共通ID"]
    if not any(text_of(text) for text in raw.values()):
        blank = (reason(ReasonCode.BLANK_RECORD),)
        return RawRecord(number, values, raw, RecordStatus.REJECTED, blank)
    missing = () if text_of(values.get("名称", "")) else (reason(ReasonCode.NAME_MISSING),)
    return RawRecord(number, values, raw, None, missing, bool(missing))
