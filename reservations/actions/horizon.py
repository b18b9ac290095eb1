"""Making day masks: a row for each part and day on which it may be lent.

The nightly job and every change of opening times call this; it never touches what is occupied.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.clock import HOLIDAYS
from reservations.events import HorizonExtended
from reservations.models import CatalogueVersion, DayMask, Facility, OpeningVersion, Part
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
    """The work of extend_horizon inside somebody else's transaction; returns the rows changed."""
    openings = _openings(session, request.facility_ids)
    parts = _parts(session, request.facility_ids)
    last = request.first + timedelta(days=request.days - 1)
    known = _known(session, request, last)
    dialect = session.get_bind().dialect.name
    version = session.execute(select(next_version(dialect))).scalar_one()
    fresh: list[dict[str, object]] = []
    changed: list[dict[str, object]] = []
    for facility_id, part_ids in parts.items():
        versions = openings.get(facility_id, [])
        for offset in range(request.days):
            day = request.first + timedelta(days=offset)
            bits = _bits(versions, day)
            halves = (bits & HALF_DAY_BITS, bits >> HALF_DAY_SLOTS)
            for part_id in part_ids:
                before = known.get((day, part_id))
                if before is None:
                    fresh.append(_new_row(day, part_id, halves, version))
                elif before != halves:
                    changed.append(_changed_row(day, part_id, halves, version))
    if fresh:
        session.execute(insert(table_of(DayMask)), fresh)
    if changed:
        session.execute(_SET_OPEN, changed)
    return len(fresh) + len(changed)


_SET_OPEN = (
    update(table_of(DayMask))
    .where(DayMask.date == bindparam("date_"), DayMask.part_id == bindparam("part_"))
    .values(
        open_am=bindparam("open_am_"), open_pm=bindparam("open_pm_"), version=bindparam("version_")
    )
)


def _new_row(day: date, part_id: int, halves: tuple[int, int], version: int) -> dict[str, object]:
    return {
        "date": day,
        "part_id": part_id,
        "am": 0,
        "pm": 0,
        "open_am": halves[0],
        "open_pm": halves[1],
        "version": version,
    }


def _changed_row(
    day: date, part_id: int, halves: tuple[int, int], version: int
) -> dict[str, object]:
    return {
        "date_": day,
        "part_": part_id,
        "open_am_": halves[0],
        "open_pm_": halves[1],
        "version_": version,
    }


def _bits(versions: list[tuple[date, OpeningTimes]], day: date) -> int:
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


def _parts(session: Session, facility_ids: frozenset[int] | None) -> dict[int, list[int]]:
    statement = select(Part.facility_id, Part.id).join(Facility).order_by(Part.id)
    if facility_ids is not None:
        statement = statement.where(Part.facility_id.in_(facility_ids))
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.facility_id].append(row.id)
    return found


def _known(
    session: Session, request: HorizonRequest, last: date
) -> dict[tuple[date, int], tuple[int, int]]:
    statement = select(DayMask.date, DayMask.part_id, DayMask.open_am, DayMask.open_pm).where(
        DayMask.date.between(request.first, last)
    )
    if request.facility_ids is not None:
        statement = statement.join(Part, Part.id == DayMask.part_id).where(
            Part.facility_id.in_(request.facility_ids)
        )
    return {
        (row.date, row.part_id): (row.open_am, row.open_pm) for row in session.execute(statement)
    }


def raise_catalogue_version(session: Session) -> None:
    """Tell every process that what is lent has changed; in the transaction that changes it."""
    changed = session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))
    if not changed.rowcount:  # type: ignore[attr-defined]
        session.add(CatalogueVersion(id=1, version=1))
