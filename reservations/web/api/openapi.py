"""The document at /api/v1/openapi.json: what APIFlask cannot know of the routes is added here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIFlask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from reservations.web.api import schemas
from reservations.web.api.contract import REF_TEMPLATE
from reservations.web.wishes import ID_MAX

PROBLEM_TYPE = "application/problem+json"
PDF_TYPE = "application/pdf"
BEARER = "bearer"
KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"

DESCRIPTION = """\
Public courts, halls and rooms of a region: what is free, and booking it.

- Times are local times of the facility, on quarter-hours; an end before the start is the next
  day's, and hours past midnight go on counting (26:00).
- A request for a time that touches a frame only partly is answered with, and lends, whole frames.
- Every refusal is a problem document (RFC 9457) with a stable `code`; sentences follow
  `Accept-Language` (or `lang=`), codes do not.
- Send an `Idempotency-Key` with every POST: sent again with the same key, a request is not done
  again, and is answered with the booking as it stands. The same key with another request is
  refused (`key_reused`).
- An empty query parameter counts as left out; an unknown one is refused.
"""

REASONS = {
    400: "`malformed`: `errors` says what is wrong with which field",
    401: "`sign_in_needed`: no token, or one that does not count",
    403: "`forbidden`: the token belongs to nobody who may book",
    404: "`not_found`, `unit_unknown`: there is none, or it is somebody else's",
    409: "`taken` (with `alternatives`), `own_overlap`, `not_active`, `already_started`, "
    "`no_permit`, `permission_waits`",
    413: "`too_large`",
    415: "`malformed`: the body must be sent as application/json",
    422: "Understood, and not possible: `code` says why",
    503: "`mode`: not done in a disaster; `outage`: try again later",
}

KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of yours, new for each wish: makes a repeated request harmless.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "examples": ["0f8fad5b-d9cb"]},
}
REPLAYED = {
    REPLAYED_HEADER: {
        "description": "`true`: this key had been used before, and nothing was done again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}

_PLACE = {
    "facility_id": 12,
    "facility": "となり体育館",
    "facility_en": "Tonari Gym",
    "town": "となり市",
    "town_en": "Tonari",
    "town_code": "172014",
    "lat": 36.56,
    "lng": 136.65,
}
_LINE = {
    "unit_id": 34,
    "unit": "全面",
    "unit_en": "",
    **_PLACE,
    "kind": "gym",
    "capacity": 100,
    "distance_m": 2100,
    "status": "free",
    "date": "2026-06-13",
    "start": "18:00",
    "end": "21:00",
    "fee_yen": 1800,
    "bookable_from": "2026-04-14",
}
_ALTERNATIVE = {
    **_LINE,
    "shift_minutes": 0,
    "travel_minutes": 9,
    "fee_difference_yen": 300,
    "cost_minutes": 23.3,
    "reason": "2.1 km 先・同じ時間・空きあり・+300円",
}
_STAMP = {"as_of": "2026-06-06T12:00:00+09:00", "node": "hub"}
AVAILABILITY = {**_STAMP, "units": [_LINE]}
ALTERNATIVES = {**_STAMP, "alternatives": [_ALTERNATIVE]}
BOOKING = {
    "booking_id": "0192a0e4-0000-7000-8000-000000000000",
    "number": "01-000123-4",
    "status": "confirmed",
    "unit_id": 34,
    "unit": "全面",
    "unit_en": "",
    **_PLACE,
    "date": "2026-06-13",
    "start": "18:00",
    "end": "21:00",
    "purpose": "badminton",
    "headcount": 8,
    "fee_yen": 1800,
    "made_at": "2026-06-06T12:00:00+09:00",
    "free_cancel_until": "2026-06-06T12:30:00+09:00",
    "cancelled_at": None,
    "due_yen": None,
    "refund_yen": None,
    "answer_by": None,
    "instead_of": None,
    "replaced_by": None,
    "alternatives": [],
    "permit_url": "/api/v1/bookings/0192a0e4-0000-7000-8000-000000000000/permit.pdf",
    "permission": "none",
    "decide_by": None,
    "conditions": "",
    "refused_for": "",
}
BOOKINGS = {**_STAMP, "page": 0, "next_page": None, "bookings": [BOOKING]}
NODE = {
    **_STAMP,
    "mode": "normal",
    "holds": {"sheets": "all"},
    "last_contact": None,
    "waiting_slips": 0,
}
NEW_BOOKING = {
    "unit_id": 34,
    "date": "2026-06-13",
    "start": "18:00",
    "end": "21:00",
    "purpose": "badminton",
    "headcount": 8,
}
CHANGE = {"unit_id": 34, "date": "2026-06-14", "start": "18:00", "end": "21:00"}
_TITLE = "ほかの方の予約が先に入りました。下の空きから選んでください。"
TAKEN = {
    "type": "urn:tonari:refusal:taken",
    "title": _TITLE,
    "status": 409,
    "code": "taken",
    "refusals": [{"code": "taken", "detail": _TITLE}],
    "alternatives": [_ALTERNATIVE],
}
BOOKING_LINKS = {
    name: {"operationId": operation, "parameters": {"booking_id": "$response.body#/booking_id"}}
    for name, operation in (
        ("See it", "booking"),
        ("Print it", "booking_permit"),
        ("Change it", "change_booking"),
        ("Cancel it", "cancel_booking"),
    )
}


def refusals(*statuses: int, anybody: bool = False) -> dict[str, Any]:
    """What a route may be refused with, and whose token it wants; for `blueprint.doc`."""
    responses: dict[int, dict[str, Any]] = {}
    for status in statuses:
        content: dict[str, Any] = {"schema": {"$ref": REF_TEMPLATE.format(model="Problem")}}
        if status == 409:
            content["example"] = TAKEN
        responses[status] = {
            "description": REASONS[status],
            "content": {PROBLEM_TYPE: content},
        }
        if status == 401:
            said = {"description": "How to sign in.", "schema": {"type": "string"}}
            responses[status]["headers"] = {"WWW-Authenticate": said}
    return {"responses": responses, "security": [{}, {BEARER: []}] if anybody else BEARER}


def file_or_refusals(*statuses: int) -> dict[str, Any]:
    """The same for a route that gives a PDF; what is taken from others is none of its refusals."""
    found = refusals(*statuses)
    found["responses"][409]["content"][PROBLEM_TYPE].pop("example")
    schema = {"type": "string", "contentMediaType": PDF_TYPE}
    found["responses"][200] = {
        "description": "The paper; its name is in Content-Disposition.",
        "content": {PDF_TYPE: {"schema": schema}},
    }
    return found


def install(app: APIFlask) -> None:
    """Say how the document is made. The server's address is left to whoever fetches it."""
    app.config.update(
        SERVERS=[{"url": "/"}],
        INFO={"description": DESCRIPTION},
        SECURITY_SCHEMES={
            BEARER: {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of the resident's account.",
            }
        },
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
    )
    app.spec_processor(complete)


def complete(document: Any) -> Any:
    """Every schema by its own name, parameters as they are sent, and the headers of a POST."""
    models: list[type[BaseModel]] = [
        each
        for each in vars(schemas).values()
        if isinstance(each, type)
        and issubclass(each, schemas.Plain | schemas.Body | schemas.Problem)
        and each not in (schemas.Plain, schemas.Body)
    ]
    document["components"]["schemas"] = _definitions(models)
    for operations in document["paths"].values():
        for method, operation in operations.items():
            operation["parameters"] = [_parameter(each) for each in operation["parameters"]]
            if method == "post":
                operation["parameters"].append(KEY_PARAMETER)
                for status, response in operation["responses"].items():
                    if status.startswith("2"):
                        response["headers"] = REPLAYED
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return document


def _definitions(models: list[type[BaseModel]]) -> dict[str, Any]:
    """JSON schemas of the models and of everything they refer to."""
    wanted: list[Any] = [(model, "validation") for model in models]
    _, found = models_json_schema(wanted, ref_template=REF_TEMPLATE)
    return dict(found["$defs"])


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out is left out; it is never sent as null."""
    schema = dict(parameter["schema"])
    choices = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    if choices:
        schema |= choices[0]
    if schema.get("default", "") in (None, ""):
        schema.pop("default", None)
    schema.pop("title", None)
    described = {**parameter, "schema": schema}
    if "description" in schema:
        described["description"] = schema.pop("description")
    if parameter["in"] == "path":
        described["required"] = True
        if schema == {"type": "integer"}:
            schema |= {"minimum": 1, "maximum": ID_MAX}
        elif parameter["name"] == "booking_id":
            schema["format"] = "uuid"
    return described
