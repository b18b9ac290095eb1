"""位置の確認: a clerk says where a facility lies, or that the proposed place is right."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.horizon import raise_catalogue_version
from reservations.actions.step import Context, action
from reservations.errors import Refusal, RefusalCode
from reservations.events import PositionConfirmed
from reservations.models import Facility, ImportRecord

# A record that waited for nothing else is settled with the position.
ABOUT_POSITION = ("coordinates_", "position_", "town_not_found")


@dataclass(frozen=True, slots=True)
class PositionRequest:
    """Degrees, WGS 84, as a clerk has checked them on a map."""

    facility_id: int
    lat: float
    lng: float


@action("confirm_position", subject=lambda request: str(request.facility_id))
def confirm_position(
    session: Session, request: PositionRequest, context: Context, subject: str
) -> PositionConfirmed:
    """Keep the point as certain, and settle the records that waited only for it.

    raises   Refusal not_found
    """
    facility = session.get(Facility, request.facility_id)
    if facility is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    facility.lat, facility.lng = request.lat, request.lng
    facility.coordinate_status = "ok"
    waiting = session.scalars(
        select(ImportRecord).where(
            ImportRecord.target_kind == "facility",
            ImportRecord.target_id == request.facility_id,
            ImportRecord.status.in_(("queued", "proposed")),
            ImportRecord.settled_at.is_(None),
        )
    )
    for record in waiting:
        if all(str(each.get("code")).startswith(ABOUT_POSITION) for each in record.reasons):
            record.settled_at = context.now
            record.settled_by = context.actor
    raise_catalogue_version(session)
    return PositionConfirmed(subject=subject)
