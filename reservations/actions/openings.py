"""開館時間の確認: a clerk says what holds, and the facility's units become bookable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reservations.actions.horizon import HorizonRequest, raise_catalogue_version, write_masks
from reservations.actions.import_hours import stored_hours
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.errors import Refusal, RefusalCode
from reservations.events import HoursConfirmed
from reservations.models import Facility, ImportRecord, OpeningVersion
from reservations.models.base import table_of
from reservations.models.facilities import ALWAYS
from reservations.opendata import Hours, read_hours

BY_CLERK = "窓口で確認"


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """The hours of one facility, as the four cells of the national list, or as the town wrote them.

    days, start, end, notes   all empty: what was read stands as it was read
    valid_from                None: from always on where nothing was confirmed yet, else from today
    """

    facility_id: int
    days: str = ""
    start: str = ""
    end: str = ""
    notes: str = ""
    valid_from: date | None = None
    horizon_days: int = 92


@action("confirm_hours", subject=lambda request: str(request.facility_id))
def confirm_hours(
    session: Session, request: ConfirmRequest, context: Context, subject: str
) -> HoursConfirmed:
    """Confirm hours, settle the facility's queued records, and make its day masks.

    Units keep what else they need to be bookable (frames, prices).

    raises   Refusal not_found; not_queued when nothing waits and nothing was typed; file_refused
             when what was typed is not understood wholly
    """
    if session.get(Facility, request.facility_id) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    standing = session.scalar(
        select(OpeningVersion)
        .where(OpeningVersion.facility_id == request.facility_id)
        .order_by(OpeningVersion.valid_from.desc(), OpeningVersion.id.desc())
        .limit(1)
    )
    hours, closings = _hours(request, standing)
    today = local_day(context.now)
    is_first = standing is None or not standing.is_confirmed
    valid_from = request.valid_from or (ALWAYS if is_first else today)
    text = " / ".join(filter(None, (request.days, request.start, request.end, request.notes))) or (
        standing.raw_text if standing else ""
    )
    session.execute(
        insert(table_of(OpeningVersion)),
        {
            "facility_id": request.facility_id, "valid_from": valid_from, "hours": hours,
            "closings": closings, "is_confirmed": True, "raw_text": f"{BY_CLERK}: {text}",
        },
    )  # fmt: skip
    _settle(session, request.facility_id, context)
    masks = HorizonRequest(today, request.horizon_days, frozenset({request.facility_id}))
    write_masks(session, masks)
    raise_catalogue_version(session)
    return HoursConfirmed(subject=subject, valid_from=valid_from.isoformat())


def _hours(request: ConfirmRequest, standing: OpeningVersion | None) -> tuple[list[Any], list[Any]]:
    """What was typed, read by the same grammar as the lists; or what was read before."""
    if not (request.days or request.start or request.end):
        if standing is None or standing.is_confirmed or not standing.hours:
            raise Refusal(RefusalCode.NOT_QUEUED)
        return standing.hours, standing.closings
    reading = read_hours(request.days, request.start, request.end, request.notes)
    found = stored_hours(reading.hours) if reading.hours != Hours() else None
    if found is None or not found.is_confirmed or not found.hours:
        reasons = [remark.reason.sentence() for remark in reading.remarks]
        why = reasons[0] if reasons else "利用できる曜日・開始・終了を入れてください。"
        raise Refusal(RefusalCode.FILE_REFUSED, reason=why)
    return found.hours, found.closings


def _settle(session: Session, facility_id: int, context: Context) -> None:
    """The records that waited because of this facility's hours."""
    session.execute(
        update(table_of(ImportRecord))
        .where(
            ImportRecord.target_kind == "facility",
            ImportRecord.target_id == facility_id,
            ImportRecord.status == "queued",
            ImportRecord.settled_at.is_(None),
        )
        .values(settled_at=context.now, settled_by=context.actor)
    )
