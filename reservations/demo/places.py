"""Real facilities, and the units that are invented upon them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows, take_ids
from reservations.demo import real_rooms
from reservations.demo.people import STAFF
from reservations.demo.regions import RULES_FROM, Region
from reservations.demo.tariffs import Table
from reservations.demo.units import NOTE, PURPOSES, SCHOOL, Shape, halves, school, shape_of
from reservations.models import (
    Base,
    Facility,
    FramePrice,
    ImportRecord,
    OpeningVersion,
    Part,
    Purpose,
    Shelter,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.models.base import table_of
from reservations.models.facilities import ALWAYS
from reservations.rules.period import EVERY_DAY

INVENTED_HOURS = "デモ用に作った時間です。"
FROM_SHELTERS = "避難所一覧にある施設です。"
# Enough for every town to have something near, without filling the map with school gyms.
SHELTER_FACILITIES_PER_TOWN = 16
# Over the new year, as nearly every town.
_CLOSINGS = [{"month_days": [[12, 29], [1, 3]]}]


_ORDER: tuple[type[Base], ...] = (
    OpeningVersion, Part, Unit, UnitPart, UnitPurpose, UnitFrame, FramePrice,
)  # fmt: skip


@dataclass(slots=True)
class Waiting:
    """Rows waiting for their tables."""

    by_model: dict[type[Base], list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, model: type[Base], **columns: Any) -> None:
        self.by_model[model].append(columns)

    def add_table(self, unit_id: int, table: Table) -> None:
        """Frames and prices of a unit."""
        key = {"unit_id": unit_id, "valid_from": RULES_FROM}
        for row in table.frames:
            self.by_model[UnitFrame].append(
                {**key, "label": row.label, "start_slot": row.start, "end_slot": row.end,
                 "days": row.days}
            )  # fmt: skip
        for row in table.prices:
            self.by_model[FramePrice].append(
                {**key, "label": row.label, "start_slot": row.start, "end_slot": row.end,
                 "days": row.days, "fee_yen": row.yen, "per_minutes": row.per_minutes}
            )  # fmt: skip

    def insert(self, session: Session) -> None:
        for model in _ORDER:
            insert_rows(session, model, self.by_model[model])


def add_purposes(session: Session) -> None:
    """利用目的, in the order in which screens list them."""
    insert_rows(
        session,
        Purpose,
        (
            {"code": code, "name": name, "name_en": name_en, "position": position}
            for position, (code, name, name_en) in enumerate(PURPOSES)
        ),
    )


def add_shelter_facilities(session: Session, region: Region, *, seed: int) -> None:
    """Schools and centres that only the list of shelters names; each is linked to its shelter."""
    table = table_of(Shelter)
    statement = select(table).where(table.c.facility_id.is_(None), table.c.lat.is_not(None))
    by_town: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(statement.order_by(table.c.id)):
        by_town[row.municipality_code].append(row)
    story = {*region.story.full, region.story.free}
    chosen = []
    for code, rows in sorted(by_town.items()):
        lendable = [row for row in rows if _shape_of_shelter(row.name, Random(0)) is not None]
        told = [row for row in lendable if (code, row.name) in story]
        others = [row for row in lendable if (code, row.name) not in story]
        Random(f"{seed}:{code}").shuffle(others)
        chosen += told + others[: SHELTER_FACILITIES_PER_TOWN - len(told)]
    ids = take_ids(session, Facility, len(chosen))
    insert_rows(
        session,
        Facility,
        (
            {
                "id": facility_id, "municipality_code": row.municipality_code, "external_id": "",
                "name": row.name, "kana": row.kana, "name_en": "", "address": row.address,
                "lat": row.lat, "lng": row.lng, "coordinate_status": row.coordinate_status,
                "phone": "", "url": "", "poi_code": "", "description": FROM_SHELTERS, "access": {},
                "is_invented": False,
            }
            for row, facility_id in zip(chosen, ids, strict=True)
        ),
    )  # fmt: skip
    if chosen:
        linked = update(table).where(table.c.id == bindparam("shelter_"))
        session.execute(
            linked.values(facility_id=bindparam("facility_")),
            [
                {"shelter_": row.id, "facility_": facility_id}
                for row, facility_id in zip(chosen, ids, strict=True)
            ],
        )


def _shape_of_shelter(name: str, random: Random) -> Shape | None:
    found = shape_of(name, "", random)
    return school(name, random) if found is None and SCHOOL.search(name) else found


def confirm_hours(session: Session, region: Region, *, now: datetime) -> None:
    """What the counter has confirmed already, of the hours that nobody could read: the story's."""
    f = table_of(Facility).c
    for (code, name), hours in region.story.hours.items():
        facility_id = session.execute(
            select(f.id).where(f.municipality_code == code, f.name == name)
        ).scalar_one()
        raw_text = session.scalar(
            select(OpeningVersion.raw_text).where(OpeningVersion.facility_id == facility_id)
        )
        insert_rows(
            session,
            OpeningVersion,
            [
                {
                    "facility_id": facility_id, "valid_from": ALWAYS, "hours": hours,
                    "closings": _CLOSINGS, "is_confirmed": True,
                    "raw_text": f"窓口で確認(デモ): {raw_text}",
                }
            ],
        )  # fmt: skip
        records = table_of(ImportRecord)
        session.execute(
            update(records)
            .where(records.c.target_kind == "facility", records.c.target_id == facility_id)
            .values(settled_at=now, settled_by=STAFF)
        )


def add_units(session: Session, region: Region, *, seed: int) -> None:
    """Parts, units, frames and prices for every facility that would lend something."""
    waiting = Waiting()
    real = real_rooms.add_terms(session, waiting)
    shapes = list(_shapes(session, region, seed, besides=real))
    part_ids = iter(take_ids(session, Part, sum(len(shape.parts) for _, shape in shapes)))
    unit_ids = iter(take_ids(session, Unit, sum(len(shape.pieces) for _, shape in shapes)))
    opened = _windows(session)
    for facility_id in sorted(real - opened.keys()):
        _open(waiting, facility_id, real_rooms.HOURS)
    for facility_id, shape in shapes:
        parts = [next(part_ids) for _ in shape.parts]
        for part_id, name in zip(parts, shape.parts, strict=True):
            waiting.add(Part, id=part_id, facility_id=facility_id, name=name)
        if facility_id not in opened:
            _open(waiting, facility_id, shape.hours)
        window = opened.get(facility_id) or shape.hours
        for position in range(len(shape.pieces)):
            _add_unit(waiting, next(unit_ids), facility_id, parts, shape, position, window)
    waiting.insert(session)


def _windows(session: Session) -> dict[int, tuple[int, int] | None]:
    """From when to when each facility is ever open by its town's list; None: never, or not said."""
    found: dict[int, tuple[int, int] | None] = {}
    for facility_id, hours in session.execute(
        select(OpeningVersion.facility_id, OpeningVersion.hours)
    ):
        spans = [(start, end) for _, start, end in hours]
        found[facility_id] = (
            (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None
        )
    return found


def _open(waiting: Waiting, facility_id: int, hours: tuple[int, int]) -> None:
    """Opening times where the town's list gives none; they say that they are invented."""
    waiting.add(
        OpeningVersion, facility_id=facility_id, valid_from=RULES_FROM,
        hours=[[EVERY_DAY, *hours]], closings=_CLOSINGS, is_confirmed=True, raw_text=INVENTED_HOURS,
    )  # fmt: skip


def _shapes(
    session: Session, region: Region, seed: int, *, besides: set[int]
) -> Iterable[tuple[int, Shape]]:
    """(facility id, what it lends), in order of id; not where the rooms are real."""
    story = region.story
    c = table_of(Facility).c
    statement = select(c.id, c.municipality_code, c.name, c.poi_code, c.description).order_by(c.id)
    for facility_id, code, name, poi_code, description in session.execute(statement):
        random = Random(f"{seed}:{code}:{name}")
        if facility_id in besides:
            continue
        if (code, name) in story.full:
            yield facility_id, halves(story.full_table)
        elif (code, name) == story.free:
            yield facility_id, halves(story.free_table)
        elif description == FROM_SHELTERS:
            found = _shape_of_shelter(name, random)
            assert found is not None
            yield facility_id, found
        elif (shape := shape_of(name, poi_code, random)) is not None:
            yield facility_id, shape


def _add_unit(
    waiting: Waiting,
    unit_id: int,
    facility_id: int,
    parts: list[int],
    shape: Shape,
    position: int,
    window: tuple[int, int],
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
    waiting.add_table(unit_id, piece.table.within(*window))
