"""取込の確認待ち: the records that a clerk has to look at, each raw cell beside what was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from reservations.models import Facility, ImportFile, ImportRecord, OpeningVersion

PAGE_SIZE = 50
# What waits: kept back until somebody decides, or taken with a value that somebody should confirm.
WAITING = ("queued", "proposed")


@dataclass(frozen=True, slots=True)
class WaitingRecord:
    """One record of a file.

    reasons    sentences for the clerk, the strongest first
    words      the same by code: cells name their reason by its code
    cells      column to {"raw", "value", "status", "reason"}
    facility   what it became, with its point; None when it has become nothing yet
    """

    file_id: str
    file_name: str
    record_no: int
    status: str
    reasons: tuple[str, ...]
    words: Mapping[str, str]
    cells: Mapping[str, Mapping[str, Any]]
    facility_id: int | None
    facility_name: str
    lat: float | None
    lng: float | None
    coordinate_status: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpeningRead:
    """The newest opening times of a facility, as they are stored."""

    raw_text: str
    hours: list[Any]
    closings: list[Any]
    is_confirmed: bool


_COLUMNS = (
    select(
        ImportRecord.file_id,
        ImportFile.name.label("file_name"),
        ImportRecord.record_no,
        ImportRecord.status,
        ImportRecord.reasons,
        ImportRecord.cells,
        Facility.id.label("facility_id"),
        Facility.name.label("facility_name"),
        Facility.lat,
        Facility.lng,
        Facility.coordinate_status,
        ImportRecord.settled_at,
    )
    .join(ImportFile, ImportFile.id == ImportRecord.file_id)
    .outerjoin(
        Facility,
        (ImportRecord.target_kind == "facility") & (Facility.id == ImportRecord.target_id),
    )
)
_OPEN = (ImportRecord.status.in_(WAITING), ImportRecord.settled_at.is_(None))
_WAITING = (
    _COLUMNS.where(*_OPEN)
    .order_by(
        case((ImportRecord.status == "queued", 0), else_=1),
        ImportFile.at.desc(),
        ImportRecord.file_id,
        ImportRecord.record_no,
    )
    .limit(bindparam("page_size"))
    .offset(bindparam("skip"))
)
_ONE = _COLUMNS.where(
    ImportRecord.file_id == bindparam("file_id"), ImportRecord.record_no == bindparam("record_no")
)
_COUNT = select(ImportRecord.status, func.count()).where(*_OPEN).group_by(ImportRecord.status)
# What has become no facility yet is of no place, and anybody's who settles records.
_THERE = or_(
    ImportRecord.target_id.is_(None),
    ImportRecord.target_kind != "facility",
    ImportRecord.target_id.in_(bindparam("facilities", expanding=True)),
)
_WAITING_THERE = _WAITING.where(_THERE)
_COUNT_THERE = _COUNT.where(_THERE)
_OPENING = (
    select(
        OpeningVersion.raw_text,
        OpeningVersion.hours,
        OpeningVersion.closings,
        OpeningVersion.is_confirmed,
    )
    .where(OpeningVersion.facility_id == bindparam("facility_id"))
    .order_by(OpeningVersion.valid_from.desc(), OpeningVersion.id.desc())
    .limit(1)
)


def waiting(
    session: Session, *, page: int = 0, facilities: Collection[int] | None = None
) -> list[WaitingRecord]:
    """A page of 50: what is kept back first, then what should be confirmed; newest file first.

    facilities   only what is about these, or about none yet
    """
    values: dict[str, Any] = {"page_size": PAGE_SIZE, "skip": page * PAGE_SIZE}
    if facilities is None:
        return [_record(row) for row in session.execute(_WAITING, values)]
    values["facilities"] = sorted(facilities)
    return [_record(row) for row in session.execute(_WAITING_THERE, values)]


def waiting_counts(session: Session, facilities: Collection[int] | None = None) -> dict[str, int]:
    """How many wait, by status; as in `waiting`."""
    counted = dict.fromkeys(WAITING, 0)
    query = _COUNT if facilities is None else _COUNT_THERE
    asked = {} if facilities is None else {"facilities": sorted(facilities)}
    counted.update({row[0]: row[1] for row in session.execute(query, asked)})
    return counted


def one(session: Session, file_id: str, record_no: int) -> WaitingRecord | None:
    """One record of a file, waiting or not."""
    values = {"file_id": file_id, "record_no": record_no}
    row = session.execute(_ONE, values).one_or_none()
    return None if row is None else _record(row)


def opening(session: Session, facility_id: int) -> OpeningRead | None:
    """The opening times that stand for a facility now, confirmed or not."""
    row = session.execute(_OPENING, {"facility_id": facility_id}).one_or_none()
    return None if row is None else OpeningRead(*row)


def _record(row: Any) -> WaitingRecord:
    reasons = [each for each in row.reasons if isinstance(each, Mapping)]
    return WaitingRecord(
        row.file_id,
        row.file_name,
        row.record_no,
        row.status,
        tuple(str(each.get("sentence", "")) for each in reasons),
        {str(each.get("code", "")): str(each.get("sentence", "")) for each in reasons},
        row.cells,
        row.facility_id,
        row.facility_name or "",
        row.lat,
        row.lng,
        row.coordinate_status or "",
        row.settled_at,
    )
