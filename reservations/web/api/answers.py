"""How units, offers and bookings stand in an answer: plain dicts, written by orjson."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import orjson
from flask import Response, request

from reservations.clock import local
from reservations.errors import Refusal, RefusalCode
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.nearby import Alternative, Found
from reservations.queries.parties import Viewer
from reservations.queries.survey import Seen
from reservations.rules.availability import Status
from reservations.rules.period import Period, clock_text
from reservations.web import auth
from reservations.web.reasons import reason_text
from reservations.web.services import now, services, today


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status=status, content_type="application/json")


def stamped(**body: Any) -> Response:
    """A JSON answer that says when and by which node it was true."""
    return answer({"as_of": local(now()), "node": services().settings.node_name, **body})


def viewer() -> Viewer:
    """Whose prices are shown: the token's party, or anybody.

    raises   Refusal sign_in_needed for a token that does not count, rather than a wrong price
    """
    if "Authorization" in request.headers and auth.account() is None:
        raise Refusal(RefusalCode.SIGN_IN_NEEDED)
    return auth.viewer()


def days_with_masks(first: date, days: int) -> tuple[date, int]:
    """Those of the days that are not over and may be lent at all; 0 days when there is none.

    Asking for any other day is no mistake, and costs nothing.
    """
    last = min(
        first + timedelta(days=days - 1),
        today() + timedelta(days=services().settings.horizon_days),
    )
    first = max(first, today())
    return first, max(0, (last - first).days + 1)


def place_part(place: Place) -> dict[str, Any]:
    """The names and the point of a facility."""
    town = place.town
    return {
        "facility_id": place.id,
        "facility": place.name,
        "facility_en": place.name_en,
        "town": town.name,
        "town_en": town.name_en,
        "town_code": town.code,
        "lat": place.lat,
        "lng": place.lng,
    }


def unit_part(unit: LentUnit) -> dict[str, Any]:
    """The names of a unit and of its place."""
    return {
        "unit_id": unit.id,
        "unit": unit.name,
        "unit_en": unit.name_en,
        **place_part(unit.place),
    }


def unit_line(
    unit: LentUnit,
    day: date,
    period: Period,
    *,
    status: Status,
    distance_m: int | None,
    fee_yen: int | None,
    bookable_from: date,
) -> dict[str, Any]:
    """schemas.py:UnitLine."""
    return {
        **unit_part(unit),
        "kind": unit.kind,
        "capacity": unit.capacity,
        "distance_m": distance_m,
        "status": status.value,
        "date": day,
        "start": clock_text(period.start),
        "end": clock_text(period.end),
        "fee_yen": fee_yen,
        "bookable_from": bookable_from,
    }


def found_line(found: Found) -> dict[str, Any]:
    """A free unit."""
    return unit_line(
        found.unit,
        found.date,
        found.period,
        status=Status.FREE,
        distance_m=found.distance_m,
        fee_yen=found.fee.total_yen,
        bookable_from=found.bookable_from,
    )


def seen_line(seen: Seen) -> dict[str, Any]:
    """A unit that is not free."""
    return unit_line(
        seen.unit,
        seen.date,
        seen.period,
        status=seen.status,
        distance_m=seen.distance_m,
        fee_yen=seen.fee_yen,
        bookable_from=seen.bookable_from,
    )


def alternative_line(alternative: Alternative) -> dict[str, Any]:
    """schemas.py:AlternativeLine."""
    offer = alternative.offer
    line = unit_line(
        alternative.unit,
        alternative.date,
        alternative.period,
        status=Status.FREE,
        distance_m=None if alternative.unit.place.lat is None else offer.candidate.distance_m,
        fee_yen=offer.candidate.fee_yen,
        bookable_from=alternative.bookable_from,
    )
    line["shift_minutes"] = offer.candidate.shift_minutes
    line["travel_minutes"] = offer.travel_minutes
    line["fee_difference_yen"] = offer.fee_difference_yen
    line["cost_minutes"] = round(offer.cost_minutes, 1)
    line["reason"] = reason_text(alternative)
    return line


def permit_address(booking: BookingView) -> str | None:
    """Where its permit is, without asking Flask: a page of bookings has fifty of them."""
    return f"/api/v1/bookings/{booking.id}/permit.pdf" if booking.has_permit else None


def booking_view(booking: BookingView, alternatives: Iterable[Alternative] = ()) -> dict[str, Any]:
    """schemas.py:BookingView; with what could be had instead of one that is not decided."""
    due = booking.cancel_due_yen
    return {
        "booking_id": booking.id,
        "number": booking.number,
        "status": booking.status,
        **unit_part(booking.unit),
        "date": booking.date,
        "start": clock_text(booking.period.start),
        "end": clock_text(booking.period.end),
        "purpose": booking.purpose,
        "headcount": booking.headcount,
        "fee_yen": booking.fee_yen,
        "made_at": local(booking.made_at),
        "free_cancel_until": booking.free_cancel_until and local(booking.free_cancel_until),
        "cancelled_at": booking.cancelled_at and local(booking.cancelled_at),
        "due_yen": due,
        "refund_yen": None if due is None else booking.fee_yen - due,
        "answer_by": booking.answer_by and local(booking.answer_by),
        "instead_of": booking.instead_of,
        "replaced_by": booking.replaced_by,
        "alternatives": [alternative_line(each) for each in alternatives],
        "permit_url": permit_address(booking),
        "permission": booking.permission.value,
        "decide_by": booking.decide_by,
        "conditions": booking.conditions,
        "refused_for": booking.reason,
    }
