"""室場・料金 into units with frames and prices, in facilities that are found or made by name.

What can be lent at once: a room whose frames have times on the quarter-hour grid, or a rate by the
hour. A price without a time (only 午前) or frames that overlap leave the unit unbookable, and the
record says why. A table that changed becomes a new version from today on; bookings keep theirs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows, take_ids
from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.actions.import_files import Outcome, Report, Source, add_towns, keep
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.events import FileImported
from reservations.models import Facility, FramePrice, Part, Unit, UnitFrame, UnitPart
from reservations.models.base import table_of
from reservations.models.facilities import ALWAYS
from reservations.opendata import FeeRecord, RecordStatus, Reference, RoomFile, RoomRecord
from reservations.opendata.cells import squeezed
from reservations.opendata.times import written
from reservations.rules.period import (
    EVERY_DAY,
    HOLIDAY,
    SLOT_MINUTES,
    SLOTS_PER_DAY,
    WEEKDAYS,
    WEEKEND,
)

_KINDS = (
    ("gym", "体育|競技場|アリーナ|武道|剣道|柔道|卓球"),
    ("court", "コート|庭球"),
    ("field", "グラウンド|球場|運動場"),
    ("hall", "ホール|講堂|劇場"),
    ("music", "音楽|スタジオ|練習|リハーサル"),
    ("kitchen", "調理|料理|キッチン"),
)
_OFF_GRID = "frame_off_grid"
_OFF_GRID_SENTENCE = "コマ「{frame}」の時刻{times}が15分きざみではありません。"
_WIDENED = "15分きざみに広げた{times}を案としました。ほかのコマとは重なりません。確認してください。"
_NOT_WIDENED = "15分きざみに広げると、ほかのコマと重なります。時刻を確認してください。"
_NO_TIMES = (
    "frame_without_times",
    "料金に時刻がありません。コマの時間を入れるまで予約できません。",
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoomImport:
    """A file that has been read (opendata.read_rooms), alone or with its fees."""

    file: RoomFile
    source: Source
    reference: Reference
    horizon_days: int = 92
    is_dry_run: bool = False
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True)
class Table:
    """A unit's frames and prices as rows without their unit; empty where nothing can be lent."""

    frames: tuple[tuple[str, int, int, int], ...] = ()
    prices: tuple[tuple[str, int, int, int, int, int | None], ...] = ()


@action("import_rooms")
def import_rooms(
    session: Session, request: RoomImport, context: Context, file_id: str
) -> FileImported:
    """Take a list of rooms, of prices, or both in: all of it, or nothing. Fills the report.

    raises   DryRun at the end of a dry run
    """
    today = local_day(context.now)
    file = request.file
    add_towns(session, {room.municipality_code for room in file.rooms}, request.reference)
    rooms = [Outcome(room, room.status) for room in file.rooms]
    facilities = _facilities(session, rooms)
    units, made = _units(session, rooms, facilities)
    fees = file.fees if file.kind != "rooms" else ()
    prices = [Outcome(fee, fee.status) for fee in fees]
    by_unit = _by_unit(session, rooms, prices, units)
    _set_tables(session, by_unit, today)
    if made:
        write_masks(session, HorizonRequest(today, request.horizon_days, frozenset(made)))
    raise_catalogue_version(session)
    # Both lists count from one: the prices are numbered on from the rooms.
    shift = max((room.record_no for room in file.rooms), default=0)
    for outcome in prices:
        outcome.number = outcome.record.record_no + shift
    return keep(session, request, "rooms", [*rooms, *prices], file_id, context.now)


def kind_of(name: str) -> str:
    """What sort of room a name speaks of; room where it says nothing else."""
    return next((kind for kind, pattern in _KINDS if re.search(pattern, name)), "room")


def _stands(outcome: Outcome) -> bool:
    """Whether a room record becomes a unit at all."""
    room = outcome.record
    assert isinstance(room, RoomRecord)
    return room.status is not RecordStatus.REJECTED and bool(
        room.municipality_code and room.facility and room.room
    )


def _facilities(session: Session, rooms: Sequence[Outcome]) -> dict[tuple[str, str], int]:
    """(town, name) to facility; those that are not known are made, with what the rooms say."""
    wanted: dict[tuple[str, str], RoomRecord] = {}
    for outcome in filter(_stands, rooms):
        room = outcome.record
        assert isinstance(room, RoomRecord) and room.municipality_code
        wanted.setdefault((room.municipality_code, squeezed(room.facility)), room)
    codes = {code for code, _ in wanted}
    statement = select(Facility.id, Facility.municipality_code, Facility.name).where(
        Facility.municipality_code.in_(codes)
    )
    known = {(row[1], squeezed(row[2])): row[0] for row in session.execute(statement)}
    missing = {key: room for key, room in wanted.items() if key not in known}
    ids = take_ids(session, Facility, len(missing))
    rows = []
    for (key, room), facility_id in zip(missing.items(), ids, strict=True):
        known[key] = facility_id
        rows.append(
            {
                "id": facility_id, "municipality_code": key[0], "external_id": "",
                "name": room.facility, "kana": room.facility_kana, "name_en": "",
                "address": room.address, "lat": room.lat, "lng": room.lng,
                "coordinate_status": room.coordinate_status.value if room.lat else "unknown",
                "phone": "", "url": room.url, "poi_code": "", "description": "", "access": {},
                "is_invented": False,
            }
        )  # fmt: skip
    insert_rows(session, Facility, rows)
    return known


def _units(
    session: Session, rooms: Sequence[Outcome], facilities: dict[tuple[str, str], int]
) -> tuple[dict[tuple[int, str], int], set[int]]:
    """(facility, id or name of the room) to unit, and the facilities that got new ones.

    A new unit has one part of its own: which rooms can be joined, no list says.
    """
    known: dict[tuple[int, str], int] = {}
    statement = select(Unit.id, Unit.facility_id, Unit.external_id, Unit.name).where(
        Unit.facility_id.in_(set(facilities.values()))
    )
    for unit_id, facility_id, external_id, name in session.execute(statement):
        known[facility_id, squeezed(name)] = unit_id
        if external_id:
            known[facility_id, f"id:{external_id}"] = unit_id
    fresh: list[tuple[Outcome, int]] = []
    for outcome in filter(_stands, rooms):
        room = outcome.record
        assert isinstance(room, RoomRecord) and room.municipality_code
        facility_id = facilities[room.municipality_code, squeezed(room.facility)]
        keys = _room_keys(facility_id, room)
        found = next((known[key] for key in keys if key in known), None)
        if found is None:
            fresh.append((outcome, facility_id))
            found = -len(fresh)
        outcome.target_kind, outcome.target_id = "unit", found
        for key in keys:
            known.setdefault(key, found)
    ids = take_ids(session, Unit, len(fresh))
    real = {-number: unit_id for number, unit_id in enumerate(ids, start=1)}
    for outcome in filter(_stands, rooms):
        outcome.target_id = real.get(outcome.target_id or 0, outcome.target_id)
    known = {key: real.get(unit_id, unit_id) for key, unit_id in known.items()}
    _insert_units(session, fresh, ids)
    _update_units(session, [o for o in rooms if o.target_id and o.target_id not in set(ids)])
    return known, {facility_id for _, facility_id in fresh}


def _room_keys(facility_id: int, room: RoomRecord) -> list[tuple[int, str]]:
    keys = [(facility_id, f"id:{room.room_id}")] if room.room_id else []
    return [*keys, (facility_id, squeezed(room.room))]


def _insert_units(
    session: Session, fresh: Sequence[tuple[Outcome, int]], ids: Sequence[int]
) -> None:
    part_ids = take_ids(session, Part, len(fresh))
    units, parts, unit_parts = [], [], []
    for (outcome, facility_id), unit_id, part_id in zip(fresh, ids, part_ids, strict=True):
        room = outcome.record
        assert isinstance(room, RoomRecord)
        units.append(
            {
                "id": unit_id, "facility_id": facility_id, "external_id": room.room_id,
                "name": room.room, "name_en": "", "kind": kind_of(room.room),
                "capacity": room.capacity, "area_m2": room.area_m2, "step_slots": 4,
                "max_slots": None, "position": room.record_no, "is_bookable": False,
                "is_invented": False, "note": room.note,
            }
        )  # fmt: skip
        parts.append({"id": part_id, "facility_id": facility_id, "name": room.room})
        unit_parts.append({"unit_id": unit_id, "part_id": part_id})
    insert_rows(session, Unit, units)
    insert_rows(session, Part, parts)
    insert_rows(session, UnitPart, unit_parts)


def _update_units(session: Session, outcomes: Iterable[Outcome]) -> None:
    """Size and area of rooms that we know: a value never gives way to nothing."""
    table = table_of(Unit)
    for column in ("capacity", "area_m2"):
        rows = [
            {"unit_": outcome.target_id, "value_": value}
            for outcome in outcomes
            if (value := getattr(outcome.record, column)) is not None
        ]
        if rows:
            statement = update(table).where(table.c.id == bindparam("unit_"))
            session.execute(statement.values({column: bindparam("value_")}), rows)


def _by_unit(
    session: Session,
    rooms: Sequence[Outcome],
    prices: Sequence[Outcome],
    units: dict[tuple[int, str], int],
) -> dict[int, tuple[Outcome | None, list[Outcome]]]:
    """Each unit with its room's record and the records of its prices."""
    found: dict[int, tuple[Outcome | None, list[Outcome]]] = {}
    for outcome in rooms:
        if outcome.target_id is not None:
            found[outcome.target_id] = (outcome, [])
    names = _unit_names(session, {squeezed(_fee(price).room) for price in prices})
    for price in prices:
        fee = _fee(price)
        keys = [f"id:{fee.room_id}"] if fee.room_id else []
        keys.append(f"{squeezed(fee.facility)}/{squeezed(fee.room)}")
        unit_id = next((names[key] for key in keys if key in names), None)
        if price.status is RecordStatus.REJECTED:
            continue
        if unit_id is None:
            price.status = RecordStatus.QUEUED
            price.added.append(
                (
                    "room_not_found",
                    "この料金の室場が見つかりません。室場の一覧を先に取り込んでください。",
                )
            )
            continue
        price.target_kind, price.target_id = "unit", unit_id
        found.setdefault(unit_id, (None, []))[1].append(price)
    # Prices that came inside of the rooms' own file are no records of their own.
    for outcome in rooms:
        room = outcome.record
        assert isinstance(room, RoomRecord)
        if outcome.target_id is not None and not found[outcome.target_id][1]:
            own = [Outcome(fee, fee.status) for fee in room.fees]
            found[outcome.target_id][1].extend(own)
    return found


def _fee(outcome: Outcome) -> FeeRecord:
    assert isinstance(outcome.record, FeeRecord)
    return outcome.record


def _unit_names(session: Session, rooms: set[str]) -> dict[str, int]:
    if not rooms:
        return {}
    names: dict[str, int] = {}
    statement = select(Unit.id, Unit.external_id, Unit.name, Facility.name).join(
        Facility, Facility.id == Unit.facility_id
    )
    for unit_id, external_id, name, facility in session.execute(statement):
        names[f"{squeezed(facility)}/{squeezed(name)}"] = unit_id
        if external_id:
            names[f"id:{external_id}"] = unit_id
    return names


def _set_tables(
    session: Session, by_unit: dict[int, tuple[Outcome | None, list[Outcome]]], today: date
) -> None:
    """A version of frames and prices for every unit whose table is new or has changed."""
    standing, versions = _standing(session, by_unit.keys())
    frames: list[Row] = []
    prices: list[Row] = []
    bookable: list[Row] = []
    for unit_id, (room, fees) in by_unit.items():
        table = _table(room, fees)
        if not table.prices or table == standing.get(unit_id):
            continue
        valid_from = today if unit_id in versions else ALWAYS
        key = {"unit_id": unit_id, "valid_from": valid_from}
        frames += [
            key | {"label": label, "start_slot": start, "end_slot": end, "days": days}
            for label, start, end, days in table.frames
        ]
        prices += [
            key
            | {
                "label": label, "start_slot": start, "end_slot": end, "days": days,
                "fee_yen": yen, "per_minutes": per,
            }
            for label, start, end, days, yen, per in table.prices
        ]  # fmt: skip
        bookable.append({"unit_": unit_id})
    insert_rows(session, UnitFrame, frames)
    insert_rows(session, FramePrice, prices)
    if bookable:
        units = table_of(Unit)
        statement = update(units).where(units.c.id == bindparam("unit_"))
        session.execute(statement.values(is_bookable=True), bookable)


def _table(room: Outcome | None, fees: Sequence[Outcome]) -> Table:
    """What these records say of one unit; empty where any of them must first be looked at.

    Tables with several classes of people: the first class is the one that is lent to.
    """
    usable = [_fee(each) for each in fees if each.status is not RecordStatus.REJECTED]
    if not usable:
        return Table()
    if any(each.status is RecordStatus.QUEUED for each in fees) or (
        room is not None and room.status is RecordStatus.QUEUED
    ):
        return Table()
    usual = [fee for fee in usable if fee.user_class == usable[0].user_class]
    lent = [fee for fee in usual if fee.kind != "extra"]
    if any(fee.kind != "hourly" and fee.start is None for fee in lent):
        _say(room, fees, _NO_TIMES)
        return Table()
    off_grid = [fee for fee in lent if _is_off_grid(fee)]
    for fee in off_grid:
        _say(room, fees, (_OFF_GRID, _widening(fee, lent)))
    if off_grid:
        return Table()
    frames: list[tuple[str, int, int, int]] = []
    prices: list[tuple[str, int, int, int, int, int | None]] = []
    for fee in lent:
        start, end = _slots(fee)
        days = [(bits, yen) for bits, yen in _days(fee) if yen is not None]
        if fee.kind == "frame":
            frames.append((fee.frame, start, end, _union(bits for bits, _ in days)))
        per = fee.unit_minutes if fee.kind == "hourly" else None
        prices += [(fee.frame, start, end, bits, yen, per) for bits, yen in days]
    return Table(tuple(sorted(set(frames))), tuple(sorted(set(prices), key=repr)))


def _say(room: Outcome | None, fees: Sequence[Outcome], told: tuple[str, str]) -> None:
    for outcome in (room, *fees):
        if outcome is not None and told not in outcome.added:
            outcome.added.append(told)


def _widening(fee: FeeRecord, lent: Sequence[FeeRecord]) -> str:
    """The proposal for a frame off the grid, in words: the quarter-hours that it touches.

    It is what must be kept free for it, and no more than a proposal: who lends from 12:20 may
    want the hall from 12:15, or begin at 12:30.
    """
    mine = _slots(fee)
    # A combined frame holds others and is meant to.
    frames = [each for each in lent if each.kind == "frame"]
    others = {_slots(each) for each in frames if _minutes(each) != _minutes(fee)}
    cuts = any(start < mine[1] and mine[0] < end for start, end in others)
    is_clear = fee.kind == "combined" or not cuts
    widened = _WIDENED.format(times=_span(*(slot * SLOT_MINUTES for slot in mine)))
    sentence = _OFF_GRID_SENTENCE.format(frame=fee.frame, times=_span(*_minutes(fee)))
    return sentence + (widened if is_clear else _NOT_WIDENED)


def _minutes(fee: FeeRecord) -> tuple[int, int]:
    return fee.start or 0, fee.end or 0


def _span(start: int, end: int) -> str:
    return f"{written(start)}〜{written(end)}"


def _is_off_grid(fee: FeeRecord) -> bool:
    return any(minutes is not None and minutes % SLOT_MINUTES for minutes in (fee.start, fee.end))


def _slots(fee: FeeRecord) -> tuple[int, int]:
    """The quarter-hours that a frame touches; on the grid these are the frame."""
    if fee.start is None or fee.end is None:
        return 0, SLOTS_PER_DAY
    return fee.start // SLOT_MINUTES, -(-fee.end // SLOT_MINUTES)


def _days(fee: FeeRecord) -> list[tuple[int, int | None]]:
    if fee.weekday_fee_yen == fee.holiday_fee_yen:
        return [(EVERY_DAY, fee.weekday_fee_yen)]
    return [(WEEKDAYS, fee.weekday_fee_yen), (WEEKEND | HOLIDAY, fee.holiday_fee_yen)]


def _union(bits: Iterable[int]) -> int:
    total = 0
    for each in bits:
        total |= each
    return total


def _standing(session: Session, unit_ids: Iterable[int]) -> tuple[dict[int, Table], set[int]]:
    """The newest table of each unit, and the units that have one."""
    wanted = set(unit_ids)
    frames: dict[tuple[int, date], set[Any]] = defaultdict(set)
    prices: dict[tuple[int, date], set[Any]] = defaultdict(set)
    for row in session.execute(select(table_of(UnitFrame))):
        if row.unit_id in wanted:
            frame = (row.label, row.start_slot, row.end_slot, row.days)
            frames[row.unit_id, row.valid_from].add(frame)
    for row in session.execute(select(table_of(FramePrice))):
        if row.unit_id in wanted:
            slots = (row.start_slot, row.end_slot)
            price = (row.label, *slots, row.days, row.fee_yen, row.per_minutes)
            prices[row.unit_id, row.valid_from].add(price)
    newest: dict[int, date] = {}
    for unit_id, valid_from in frames.keys() | prices.keys():
        newest[unit_id] = max(valid_from, newest.get(unit_id, valid_from))
    return {
        unit_id: Table(
            tuple(sorted(frames[unit_id, day])), tuple(sorted(prices[unit_id, day], key=repr))
        )
        for unit_id, day in newest.items()
    }, set(newest)
