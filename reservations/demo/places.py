"""Real facilities, and the units that are invented upon them."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows, take_ids
from reservations.demo.regions import RULES_FROM, Region
from reservations.demo.units import NOTE, PURPOSES, Shape, halves, shape_of
from reservations.models import (
    Base,
    Facility,
    FramePrice,
    Municipality,
    OpeningVersion,
    Part,
    Purpose,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.rules.period import EVERY_DAY

INVENTED_HOURS = "デモ用に作った時間です。"


def add_facilities(session: Session, region: Region, *, now: datetime) -> None:
    """Towns and facilities from the packaged open data."""
    data = files("reservations.demo") / "data" / f"{region.name}_facilities.csv.gz"
    text = gzip.decompress(data.read_bytes()).decode("utf-8-sig")
    from reservations.opendata.reference import packaged

    reference = packaged()
    towns = [
        m
        for m in reference.municipalities.values()
        if m.code[:2] == region.prefecture_code and m.name
    ]
    insert_rows(
        session,
        Municipality,
        [
            {
                "code": m.code,
                "prefecture": m.prefecture,
                "name": m.name,
                "kana": m.kana,
                "name_en": m.romaji,
                "lat": m.lat,
                "lng": m.lng,
                "phone": "",
                "url": "",
            }
            for m in towns
        ],
    )
    rows = []
    for r in csv.DictReader(io.StringIO(text)):
        m = reference.named(r["所在地_市区町村"] or "-", prefecture="石川県")
        if m is None or not m.name or not r["名称"]:
            continue
        lat = lng = None
        try:
            lat, lng = float(r["緯度"]), float(r["経度"])
        except ValueError:
            pass
        if lat and not (35 < lat < 39 and 135 < (lng or 0) < 139):
            lat = lng = None
        rows.append(
            {
                "municipality_code": m.code,
                "external_id": "",
                "name": r["名称"],
                "kana": "",
                "name_en": "",
                "address": r["所在地_連結表記"],
                "lat": lat,
                "lng": lng,
                "coordinate_status": "ok" if lat else "unknown",
                "phone": r["電話番号"],
                "url": r["URL"],
                "poi_code": "",
                "description": r["説明"],
                "access": {},
                "is_invented": False,
            }
        )
    insert_rows(session, Facility, rows)


@dataclass
class _Rows:
    """Rows waiting for their tables, by table."""

    by_model: dict[type[Base], list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, model: type[Base], **columns: Any) -> None:
        self.by_model[model].append(columns)


def add_units(session: Session, region: Region, *, seed: int) -> None:
    """Parts, units, frames and prices for every facility that would lend something."""
    names = {code: (name, name_en) for code, name, name_en in PURPOSES}
    insert_rows(
        session,
        Purpose,
        (
            {"code": code, "name": name, "name_en": name_en, "position": position}
            for position, (code, (name, name_en)) in enumerate(names.items())
        ),
    )
    shapes = _shapes(session, region, seed)
    part_ids = iter(take_ids(session, Part, sum(len(s.parts) for _, s in shapes)))
    unit_ids = iter(take_ids(session, Unit, sum(len(s.pieces) for _, s in shapes)))
    opened = set(session.scalars(select(OpeningVersion.facility_id)))
    waiting = _Rows()
    for facility_id, shape in shapes:
        parts = [next(part_ids) for _ in shape.parts]
        for part_id, name in zip(parts, shape.parts, strict=True):
            waiting.add(Part, id=part_id, facility_id=facility_id, name=name)
        if facility_id not in opened:
            waiting.add(
                OpeningVersion, facility_id=facility_id, valid_from=RULES_FROM,
                hours=[[EVERY_DAY, *shape.hours]], closings=_CLOSINGS, is_confirmed=True,
                raw_text=INVENTED_HOURS,
            )  # fmt: skip
        for position, piece in enumerate(shape.pieces):
            unit_id = next(unit_ids)
            _add_unit(waiting, unit_id, facility_id, parts, shape, position)
    for model, found in waiting.by_model.items():
        insert_rows(session, model, found)


# Over the new year, as nearly every town.
_CLOSINGS = [{"month_days": [[12, 29], [1, 3]]}]


def _shapes(session: Session, region: Region, seed: int) -> list[tuple[int, Shape]]:
    """(facility id, what it lends), in order of id."""
    story = region.story
    c = Facility.__table__.c
    found = []
    for facility_id, name, poi_code in session.execute(
        select(c.id, c.name, c.poi_code).order_by(c.id)
    ):
        if name in story.full:
            shape: Shape | None = halves(story.full_table)
        elif name == story.free:
            shape = halves(story.free_table)
        else:
            shape = shape_of(name, poi_code, Random(f"{seed}:{name}"))
        if shape is not None:
            found.append((facility_id, shape))
    return found


def _add_unit(
    waiting: _Rows, unit_id: int, facility_id: int, parts: list[int], shape: Shape, position: int
) -> None:
    piece = shape.pieces[position]
    waiting.add(
        Unit, id=unit_id, facility_id=facility_id, external_id="", name=piece.name,
        name_en=piece.name_en, kind=piece.kind, capacity=piece.capacity, area_m2=piece.area_m2,
        step_slots=piece.table.step_slots, max_slots=piece.table.max_slots, position=position,
        is_bookable=True, is_invented=True, note=NOTE,
    )  # fmt: skip
    for part in piece.parts:
        waiting.add(UnitPart, unit_id=unit_id, part_id=parts[part])
    for code in piece.purposes:
        waiting.add(UnitPurpose, unit_id=unit_id, purpose_code=code)
    for frame in piece.table.frames:
        waiting.add(
            UnitFrame, unit_id=unit_id, valid_from=RULES_FROM, label=frame.label,
            start_slot=frame.start, end_slot=frame.end, days=frame.days,
        )  # fmt: skip
    for price in piece.table.prices:
        waiting.add(
            FramePrice, unit_id=unit_id, valid_from=RULES_FROM, label=price.label,
            start_slot=price.start, end_slot=price.end, days=price.days, fee_yen=price.yen,
            per_minutes=price.per_minutes,
        )  # fmt: skip
