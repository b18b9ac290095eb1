"""室場の一覧: the rooms and courts that are lent, and their prices, from a file each or both.

    rooms.csv        one row a room: building, room, capacity, area, address, lottery window
    room_fees.csv    one row a room and frame (fees.py)
    scraped JSON     a list of rooms with their fees inside

Positions of rooms are usually those of the town, not of the building; the column coord_level says
so, and then they are proposals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
from reservations.opendata.columns import known_headers
from reservations.opendata.coordinates import Point, Position, place
from reservations.opendata.fees import FEE_HEADERS, FeeRecord, read_fees
from reservations.opendata.places import Place, read_code, read_place
from reservations.opendata.reasons import FileRefused, Reason, ReasonCode, RefusedCode, reason
from reservations.opendata.records import RawRecord, named_table, raw_records
from reservations.opendata.reference import Municipality, Reference

_NAMES: dict[str, tuple[str, ...]] = {
    "room_id": ("室場ID", "部屋ID", "id"),
    "lgcode": ("全国地方公共団体コード", "地方公共団体コード", "市区町村コード", "団体コード"),
    "municipality": ("市区町村", "市区町村名", "自治体", "自治体名"),
    "building": ("facility", "施設", "施設名", "館名", "施設名称"),
    "building_kana": ("施設名カナ", "施設名_カナ"),
    "room": ("室場", "室場名", "部屋名", "室名", "institution", "部屋"),
    "room_kana": ("institution_kana", "室場名カナ", "部屋名カナ", "室場名_カナ"),
    "capacity": ("定員", "収容人数", "人数"),
    "area_m2": ("area", "面積", "広さ", "面積(m2)", "面積(㎡)"),
    "address": ("住所", "所在地", "所在地_連結表記"),
    "lat": ("緯度",),
    "lng": ("lon", "経度"),
    "coord_level": (),
    "lottery_period": ("抽選期間", "抽選申込期間"),
    "piano": ("is_equipped_piano",),
    "url": ("website_url", "ホームページ"),
    "note": ("備考",),
}
ROOM_HEADERS: dict[str, str] = known_headers(_NAMES)

_PREFECTURES = {"PREFECTURE_TOKYO": "東京都", "PREFECTURE_KANAGAWA": "神奈川県"}
AREA_M2_MAX = 200_000
CAPACITY_MAX = 200_000


@dataclass(frozen=True)
class RoomRecord:
    """One room, court or hall.

    coordinate_status   proposed where the position is the town's, not the building's
    fees                prices of this room, where they came with it or in the fees file
    """

    record_no: int
    status: RecordStatus
    reasons: tuple[Reason, ...]
    room_id: str
    facility: str
    room: str
    municipality_code: str | None
    municipality: str
    address: str
    lat: float | None
    lng: float | None
    coordinate_status: CellStatus
    coordinate_method: str
    facility_kana: str = ""
    room_kana: str = ""
    capacity: int | None = None
    area_m2: float | None = None
    lottery_period: str = ""
    has_piano: bool | None = None
    url: str = ""
    note: str = ""
    fees: tuple[FeeRecord, ...] = ()
    cells: Mapping[str, Cell] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.facility, self.room) if part)

    def report_row(self) -> dict[str, Any]:
        """The record's line of the clerk's sheet."""
        return located_row(self)


@dataclass(frozen=True)
class RoomFile:
    """Rooms and prices of one import.

    kind      rooms, fees, or both
    rooms     in the order of the rooms file; () for a fees file alone
    fees      every row of the fees file (with JSON, every fee in it), queued ones included
    orphans   room_ids of fees that no room of the file has (both files given)
    totals    counts rooms and rows of the fees file together; fees inside JSON are not records
    """

    columns: tuple[str, ...]
    encoding: str
    kind: str
    rooms: tuple[RoomRecord, ...]
    fees: tuple[FeeRecord, ...]
    totals: Mapping[str, int]
    orphans: tuple[str, ...] = ()
    private_columns: frozenset[str] = frozenset()

    @property
    def records(self) -> tuple[RoomRecord | FeeRecord, ...]:
        """Every counted record, rooms first."""
        return (*self.rooms, *(self.fees if self.kind != "rooms" else ()))


def read_rooms(
    data: bytes,
    filename: str,
    *,
    reference: Reference,
    municipality_code: str | None = None,
    fees: bytes | None = None,
    fees_filename: str = "",
) -> RoomFile:
    """A rooms file, a fees file, or a rooms file with its fees file beside it.

    data      rooms.csv, room_fees.csv or a scraped JSON list; told by its columns
    fees      the fees file of the same rooms, if there is one
    returns   RoomFile; totals["records"] == imported + queued + rejected
    raises    FileRefused where a whole file cannot be read
    """
    default = reference.municipality(municipality_code) if municipality_code else None
    if municipality_code and default is None:
        raise FileRefused(RefusedCode.UNKNOWN_MUNICIPALITY, code=municipality_code)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return _read_scraped(data, filename, reference, default)
    table = named_table(data, filename, known={**FEE_HEADERS, **ROOM_HEADERS}, wanted="rooms")
    if _is_fee_table(table.columns):
        prices = read_fees(raw_records(table, FEE_HEADERS, name_column="room"))
        totals = totals_of([price.status for price in prices])
        return RoomFile(table.columns, table.encoding, "fees", (), prices, totals)
    rows = raw_records(table, ROOM_HEADERS, name_column="room")
    if not any(row.rejected is None for row in rows):
        raise FileRefused(RefusedCode.NO_RECORDS, filename=filename)
    rooms = _rooms(rows, reference, default)
    if fees is None:
        totals = totals_of([room.status for room in rooms])
        return RoomFile(table.columns, table.encoding, "rooms", rooms, (), totals)
    fee_table = named_table(fees, fees_filename, known=FEE_HEADERS, wanted="rooms")
    prices = read_fees(raw_records(fee_table, FEE_HEADERS, name_column="room"))
    rooms, orphans = _joined(rooms, prices)
    totals = totals_of([room.status for room in rooms] + [price.status for price in prices])
    return RoomFile(table.columns, table.encoding, "both", rooms, prices, totals, orphans)


def read_number(raw: str, *, most: int) -> Cell:
    """A capacity or an area: 300, 300人, 約120.5㎡; anything else is not understood."""
    text = re.sub(r"[\s,]", "", folded(text_of(raw)))
    if not text:
        return Cell(raw, None)
    found = re.fullmatch(r"(?:約)?(\d+(?:\.\d+)?)(?:人|名|席|m2|m²|平米|平方メートル|㎡)?", text)
    if found is None or float(found[1]) > most:
        told = reason(ReasonCode.CAPACITY_NOT_UNDERSTOOD, raw=raw)
        return Cell(raw, None, CellStatus.UNKNOWN, told)
    return Cell(raw, float(found[1]))


def _is_fee_table(columns: Sequence[str]) -> bool:
    meant = {FEE_HEADERS.get(column.strip().casefold()) for column in columns}
    return bool(meant & {"weekday_fee_yen", "holiday_fee_yen", "fee_yen"})


def _rooms(
    rows: Sequence[RawRecord], reference: Reference, default: Municipality | None
) -> tuple[RoomRecord, ...]:
    places = [_place(row, reference, default) for row in rows]
    points = [
        Point(
            row.text("lat"),
            row.text("lng"),
            found.municipality.code if found.municipality is not None else None,
            found.rest,
            found.address_code,
        )
        for row, found in zip(rows, places, strict=True)
    ]
    positions = place(points, reference)
    seen: dict[str, int] = {}
    rooms = []
    for row, found, position in zip(rows, places, positions, strict=True):
        identifier = text_of(row.text("room_id"))
        first = seen.setdefault(identifier, row.record_no) if identifier else row.record_no
        duplicate = (
            reason(ReasonCode.DUPLICATE_ID, record_no=first) if first != row.record_no else None
        )
        rooms.append(_room(row, found, position, duplicate))
    return tuple(rooms)


def _place(row: RawRecord, reference: Reference, default: Municipality | None) -> Place:
    if row.rejected is not None:
        return Place(None, "", None, CellStatus.OK)
    code = reference.municipality(read_code(row.text("lgcode"), reference).value or "")
    prefecture = code.prefecture if code is not None else ""
    return read_place(
        prefecture=prefecture,
        # A code is surer than a name that two prefectures have.
        town="" if code is not None else row.text("municipality"),
        code=code or default,
        address=row.text("address"),
        position=(row.text("lat"), row.text("lng")),
        usual=default.prefecture if default is not None else "",
        reference=reference,
    )


def _room(row: RawRecord, found: Place, position: Position, duplicate: Reason | None) -> RoomRecord:
    if row.rejected is not None:
        return RoomRecord(
            row.record_no, RecordStatus.REJECTED, row.reasons, "", "", "", None, "", "", None, None,
            CellStatus.REJECTED, "", raw=row.raw,
        )  # fmt: skip
    if position.status is CellStatus.OK and text_of(row.text("coord_level")):
        # The file itself says that this is the middle of the town.
        position = replace(position, status=CellStatus.PROPOSED, method="town")
    cells = {column: plain(raw) for column, raw in row.values.items()}
    cells["capacity"] = read_number(row.text("capacity"), most=CAPACITY_MAX)
    cells["area_m2"] = read_number(row.text("area_m2"), most=AREA_M2_MAX)
    for column, value in (("lat", position.lat), ("lng", position.lng)):
        told = position.reasons[-1] if position.reasons else None
        cells[column] = Cell(row.text(column), value, position.status, told)
    known = found.municipality
    told_all = (
        *row.reasons,
        *found.reasons,
        *position.reasons,
        *((duplicate,) if duplicate is not None else ()),
        *(cell.reason for cell in cells.values() if cell.reason is not None),
    )
    capacity = cells["capacity"].value
    piano = text_of(row.text("piano"))
    return RoomRecord(
        record_no=row.record_no,
        status=_status(row, found, position, duplicate, cells),
        reasons=tuple(dict.fromkeys(told_all)),
        room_id=_value(cells, "room_id"),
        facility=_value(cells, "building"),
        room=_value(cells, "room"),
        municipality_code=known.code if known is not None else None,
        municipality=known.name or known.prefecture if known is not None else "",
        address=_value(cells, "address"),
        lat=position.lat,
        lng=position.lng,
        coordinate_status=position.status,
        coordinate_method=position.method,
        facility_kana=_value(cells, "building_kana"),
        room_kana=_value(cells, "room_kana"),
        capacity=int(capacity) if capacity else None,
        area_m2=cells["area_m2"].value or None,
        lottery_period=_value(cells, "lottery_period"),
        has_piano={"EQUIPPED": True, "UNEQUIPPED": False}.get(piano.rpartition("_")[2]),
        url=_value(cells, "url"),
        note=_value(cells, "note"),
        cells=cells,
        raw=row.raw,
    )


def _status(
    row: RawRecord,
    found: Place,
    position: Position,
    duplicate: Reason | None,
    cells: Mapping[str, Cell],
) -> RecordStatus:
    """Queued like a facility, but a room without any position is not: its building has one."""
    misplaced = position.flagged and bool(text_of(row.text("lat")))
    if row.needs_clerk or found.status is CellStatus.UNKNOWN or misplaced or duplicate is not None:
        return RecordStatus.QUEUED
    statuses = {cell.status for cell in cells.values()} | {position.status}
    if CellStatus.PROPOSED in statuses:
        return RecordStatus.PROPOSED
    repaired = CellStatus.REPAIRED in statuses or found.status is CellStatus.REPAIRED
    return RecordStatus.REPAIRED if repaired else RecordStatus.IMPORTED


def _value(cells: Mapping[str, Cell], column: str) -> str:
    value = cells.get(column, EMPTY).value
    return value if isinstance(value, str) else ""


def _joined(
    rooms: Sequence[RoomRecord], prices: Sequence[FeeRecord]
) -> tuple[tuple[RoomRecord, ...], tuple[str, ...]]:
    """Rooms with their prices, by room_id or else by building and room; and ids without a room."""
    by_key: dict[tuple[str, str], list[FeeRecord]] = {}
    for price in prices:
        if price.status is not RecordStatus.REJECTED:
            by_key.setdefault(_key(price.room_id, price.facility, price.room), []).append(price)
    with_fees = []
    for room in rooms:
        own = tuple(by_key.pop(_key(room.room_id, room.facility, room.room), ()))
        told = (
            ()
            if own or room.status is RecordStatus.REJECTED
            else (reason(ReasonCode.FEES_MISSING),)
        )
        with_fees.append(replace(room, fees=own, reasons=(*room.reasons, *told)))
    return tuple(with_fees), tuple(sorted(" ".join(key).strip() for key in by_key))


def _key(room_id: str, facility: str, room: str) -> tuple[str, str]:
    return (room_id, "") if room_id else (facility, room)


def _read_scraped(
    data: bytes, filename: str, reference: Reference, default: Municipality | None
) -> RoomFile:
    """A JSON list of rooms, each with its fees for weekdays and holidays."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="壊れたJSON") from error
    if not document or not all(
        isinstance(entry, dict) and "institution" in entry for entry in document
    ):
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="別の種類のJSON")
    rows = [_scraped_room(number, entry, reference) for number, entry in enumerate(document, 1)]
    rooms = _rooms(rows, reference, default)
    prices = read_fees([fee for entry in document for fee in _scraped_fees(entry)])
    rooms, _ = _joined(rooms, prices)
    totals = totals_of([room.status for room in rooms])
    return RoomFile(tuple(document[0]), "utf-8", "rooms", rooms, prices, totals)


def _scraped_room(number: int, entry: Mapping[str, Any], reference: Reference) -> RawRecord:
    raw = {
        str(name): "" if value is None else str(value)
        for name, value in entry.items()
        if not isinstance(value, (list, dict))
    }
    values = {canonical: raw[name] for name in raw if (canonical := ROOM_HEADERS.get(name))}
    # The scraper names towns by constants: MUNICIPALITY_KOUTOU of PREFECTURE_TOKYO.
    word = values.pop("municipality", "").removeprefix("MUNICIPALITY_")
    prefecture = _PREFECTURES.get(raw.get("prefecture", ""), "")
    named = reference.romanized(word, prefecture=prefecture)
    if named is not None:
        values["lgcode"] = named.code
    missing = () if text_of(values.get("room", "")) else (reason(ReasonCode.ROOM_MISSING),)
    return RawRecord(number, values, raw, None, missing, bool(missing))


def _scraped_fees(entry: Mapping[str, Any]) -> list[RawRecord]:
    fees: dict[str, dict[str, str]] = {}
    for column, key in (
        ("weekday_fee_yen", "weekday_usage_fee"),
        ("holiday_fee_yen", "holiday_usage_fee"),
    ):
        for fee in entry.get(key) or ():
            division = str(fee.get("division", "")).removeprefix("FEE_DIVISION_")
            values = fees.setdefault(division, {"division": division, "frame": ""})
            values[column] = str(fee.get("fee", ""))
    named = {
        "room_id": str(entry.get("id", "")),
        "facility": str(entry.get("building", "")),
        "room": str(entry.get("institution", "")),
    }
    return [
        RawRecord(number, {**named, **values}, values)
        for number, values in enumerate(fees.values(), start=1)
    ]
