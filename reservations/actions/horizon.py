"""Making day masks: a row for each part and day on which it may be lent.

The nightly job and every change of opening times call this; it never touches what is occupied.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from reservations import desk
from reservations.actions.bulk import run_many
from reservations.actions.step import Context, action
from reservations.clock import HOLIDAYS
from reservations.events import HorizonExtended
from reservations.models import CatalogueVersion, DayMask, OpeningVersion, Part
from reservations.models.base import table_of
from reservations.queries.catalogue import opening_times
from reservations.queries.masks import next_version
from reservations.rules.opening import OpeningTimes, open_bits
from reservations.rules.period import HALF_DAY_BITS, HALF_DAY_SLOTS


@dataclass(frozen=True, slots=True)
class HorizonRequest:
    """Masks from `first` for `days` days; of these facilities, or of all."""

    first: date
    days: int
    facility_ids: frozenset[int] | None = None


@action("extend_horizon")
def extend_horizon(
    session: Session, request: HorizonRequest, context: Context, subject: str
) -> HorizonExtended:
    """Make the missing day masks and set the opening bits of those that exist. Idempotent."""
    rows = write_masks(session, request)
    until = request.first + timedelta(days=request.days - 1)
    return HorizonExtended(subject=subject, until=until.isoformat(), rows=rows)


def write_masks(session: Session, request: HorizonRequest) -> int:
    """The work of extend_horizon inside somebody else's transaction; returns the rows changed.

    Day by day, so that a year of a whole region never lies in memory, and in the order in which
    everybody locks the masks (occupancy.py).
    """
    # Most facilities keep the hours of others: each set of hours is worked out once a day.
    of_facility: dict[int, int] = {}
    kinds: dict[tuple[tuple[date, OpeningTimes], ...], int] = {}
    for facility_id, versions in _openings(session, request.facility_ids).items():
        of_facility[facility_id] = kinds.setdefault(tuple(versions), len(kinds))
    parts = _parts(session, request.facility_ids)
    holdings = desk.holdings(session)
    dialect = session.get_bind().dialect.name
    version = session.execute(select(next_version(dialect))).scalar_one()
    written = 0
    for offset in range(request.days):
        day = request.first + timedelta(days=offset)
        known = _known(session, day, request.facility_ids)
        bits = [_bits(versions, day) for versions in kinds]
        fresh: list[dict[str, object]] = []
        changed: list[dict[str, object]] = []
        for part_id, facility_id in parts:
            kind = of_facility.get(facility_id)
            wanted = 0 if kind is None else bits[kind]
            if known.get(part_id) != wanted:
                rows = changed if part_id in known else fresh
                row = _row(day, part_id, wanted, version)
                if part_id not in known:
                    row["is_held_"] = holdings.is_held(facility_id, day)
                rows.append(row)
        run_many(session, _NEW[dialect], fresh)
        run_many(session, _SET_OPEN, changed)
        written += len(fresh) + len(changed)
    return written


_TABLE = table_of(DayMask)
_OPEN_NOW: dict[str, BindParameter[Any]] = {
    "open_am": bindparam("open_am_"),
    "open_pm": bindparam("open_pm_"),
    "version": bindparam("version_"),
}
_DATE: BindParameter[date] = bindparam("date_")
_PART: BindParameter[int] = bindparam("part_")
_HELD: BindParameter[bool] = bindparam("is_held_")
_ROW = {"date": _DATE, "part_id": _PART, "am": 0, "pm": 0, "is_held": _HELD, **_OPEN_NOW}
_NEW = {
    # Somebody else may be making the same rows at this moment; then they need no second one.
    "sqlite": sqlite_insert(_TABLE).values(_ROW).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(_TABLE).values(_ROW).on_conflict_do_nothing(),
}
_SET_OPEN = (
    update(_TABLE).where(_TABLE.c.date == _DATE, _TABLE.c.part_id == _PART).values(_OPEN_NOW)
)


def _row(day: date, part_id: int, bits: int, version: int) -> dict[str, object]:
    return {
        "date_": day,
        "part_": part_id,
        "open_am_": bits & HALF_DAY_BITS,
        "open_pm_": bits >> HALF_DAY_SLOTS,
        "version_": version,
    }


def _bits(versions: tuple[tuple[date, OpeningTimes], ...], day: date) -> int:
    """The open bits by the version that holds on `day`; unconfirmed times lend nothing."""
    held = [times for valid_from, times in versions if valid_from <= day]
    if not held or not held[-1].is_confirmed:
        return 0
    return open_bits(held[-1], day, HOLIDAYS)


def _openings(
    session: Session, facility_ids: frozenset[int] | None
) -> dict[int, list[tuple[date, OpeningTimes]]]:
    statement = select(
        OpeningVersion.facility_id,
        OpeningVersion.valid_from,
        OpeningVersion.hours,
        OpeningVersion.closings,
        OpeningVersion.is_confirmed,
    ).order_by(OpeningVersion.valid_from, OpeningVersion.id)
    if facility_ids is not None:
        statement = statement.where(OpeningVersion.facility_id.in_(facility_ids))
    found: dict[int, list[tuple[date, OpeningTimes]]] = defaultdict(list)
    for row in session.execute(statement):
        times = opening_times(row.hours, row.closings, is_confirmed=row.is_confirmed)
        found[row.facility_id].append((row.valid_from, times))
    return found


def _parts(session: Session, facility_ids: frozenset[int] | None) -> list[tuple[int, int]]:
    """(part, facility) in order of part."""
    statement = select(Part.id, Part.facility_id).order_by(Part.id)
    if facility_ids is not None:
        statement = statement.where(Part.facility_id.in_(facility_ids))
    return [(row.id, row.facility_id) for row in session.execute(statement)]


def _known(session: Session, day: date, facility_ids: frozenset[int] | None) -> dict[int, int]:
    """The open bits of each part that has a row on this day."""
    statement = select(DayMask.part_id, DayMask.open_am, DayMask.open_pm).where(DayMask.date == day)
    if facility_ids is not None:
        of_facilities = Part.facility_id.in_(facility_ids)
        statement = statement.join(Part, Part.id == DayMask.part_id).where(of_facilities)
    rows = session.execute(statement)
    return {row.part_id: row.open_am | row.open_pm << HALF_DAY_SLOTS for row in rows}


def raise_catalogue_version(session: Session) -> None:
    """Tell every process that what is lent has changed; in the transaction that changes it."""
    raised = update(CatalogueVersion).values(version=CatalogueVersion.version + 1)
    if not session.connection().execute(raised).rowcount:
        session.add(CatalogueVersion(id=1, version=1))
