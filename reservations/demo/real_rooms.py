"""Rooms that an open list does name, with their real prices: only the times are invented.

The lists give 午前, 午後, 夜間 and a price, but not from when to when. The demonstration supposes
the usual times and says so in each unit's note; rooms without a price stay as they are: known, and
not bookable.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reservations.demo.tariffs import WEEKEND_AND_HOLIDAYS, Row, Table, row
from reservations.models import ImportRecord, Unit, UnitPurpose
from reservations.models.base import table_of
from reservations.rules.period import EVERY_DAY, WEEKDAYS

if TYPE_CHECKING:
    from reservations.demo.places import Waiting

NOTE = "室場・定員・料金は公開データによります。コマの時刻はデモ用の仮のものです。"
HOURS = (36, 88)

_TIMES: dict[str, tuple[str, str]] = {
    "午前": ("09:00", "12:00"),
    "午後": ("13:00", "17:00"),
    "午後1": ("13:00", "15:00"),
    "午後2": ("15:15", "17:15"),
    "夜間": ("18:00", "22:00"),
    "夜間1": ("18:00", "20:00"),
    "夜間2": ("20:00", "22:00"),
    "コマ1": ("09:00", "11:00"),
    "コマ2": ("11:00", "13:00"),
    "コマ3": ("13:00", "15:00"),
    "コマ4": ("15:00", "17:00"),
    "コマ5": ("17:00", "19:00"),
    "コマ6": ("19:00", "21:00"),
}
_HOURLY = {"1時間": 60, "2時間(1コマ)": 120}

_PURPOSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "体育|競技場|アリーナ|多目的ホール",
        ("badminton", "volleyball", "table_tennis", "dance", "yoga"),
    ),
    ("音楽|スタジオ|練習|リハーサル", ("band", "choir")),
    ("ホール|講堂|劇場", ("performance", "lecture", "choir", "band", "dance")),
    ("和室|茶室", ("tea_ceremony", "meeting", "yoga", "painting")),
    ("調理|料理", ("cooking",)),
    ("美術|工芸|創作|アトリエ", ("painting", "childrens_play")),
    ("", ("meeting", "lecture", "painting", "choir")),
)


def add_terms(session: Session, waiting: Waiting) -> set[int]:
    """Give the units of the lists frames, prices and purposes; returns their facilities."""
    table = table_of(Unit)
    units = session.execute(select(table.c.id, table.c.facility_id, table.c.name)).all()
    prices = _prices(session)
    bookable = []
    for unit_id, _, name in units:
        for code in next(codes for pattern, codes in _PURPOSES if re.search(pattern, name)):
            waiting.add(UnitPurpose, unit_id=unit_id, purpose_code=code)
        found = _table(prices.get(unit_id, []))
        if found is not None:
            waiting.add_table(unit_id, found)
            bookable.append({"unit_": unit_id})
    if bookable:
        statement = update(table).where(table.c.id == bindparam("unit_"))
        session.execute(statement.values(is_bookable=True, note=NOTE), bookable)
    return {facility_id for _, facility_id, _ in units}


def _prices(session: Session) -> dict[int, list[dict[str, Any]]]:
    """The cells of every price in the lists, by unit."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    statement = (
        select(ImportRecord.target_id, ImportRecord.cells)
        .where(ImportRecord.target_kind == "unit")
        .order_by(ImportRecord.file_id, ImportRecord.record_no)
    )
    for unit_id, cells in session.execute(statement):
        if unit_id is not None and "weekday_fee_yen" in cells:
            found[unit_id].append({name: cell["value"] for name, cell in cells.items()})
    return found


def _table(prices: list[dict[str, Any]]) -> Table | None:
    """Frames with the supposed times; None where a price is missing or its name says nothing."""
    frames: list[Row] = []
    rows: list[Row] = []
    for price in prices:
        label, weekday = price.get("frame"), price.get("weekday_fee_yen")
        holiday = price.get("holiday_fee_yen", weekday)
        if label not in _TIMES and label not in _HOURLY:
            return None
        if weekday is None or holiday is None:
            return None
        per = _HOURLY.get(label)
        start, end = _TIMES.get(label, ("00:00", "24:00"))
        if per is None:
            frames.append(row(label, start, end))
        if weekday == holiday:
            rows.append(row(label, start, end, int(weekday), EVERY_DAY, per))
        else:
            rows.append(row(label, start, end, int(weekday), WEEKDAYS, per))
            rows.append(row(label, start, end, int(holiday), WEEKEND_AND_HOLIDAYS, per))
    return Table(tuple(frames), tuple(rows)) if rows else None
