"""取込の確認: records that wait, and confirming the hours or the position of a facility."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.openings import ConfirmRequest, confirm_hours
from reservations.actions.positions import PositionRequest, confirm_position
from reservations.errors import Refusal, RefusalCode
from reservations.queries import imports
from reservations.queries.imports import PAGE_SIZE, WaitingRecord
from reservations.rules.rights import Right
from reservations.web import auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.forms import HoursForm, Malformed, PositionForm
from reservations.web.refusals import sentence
from reservations.web.rights import facilities, needs
from reservations.web.services import context, lead_back, services, session

blueprint = APIBlueprint("imports", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/imports")
@needs(Right.CONFIRM_DATA)
def page() -> str:
    number = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    there = facilities(Right.CONFIRM_DATA)
    found = imports.waiting(session(), page=number, facilities=there)
    return render_template(
        "counter/imports.html",
        records=found,
        counts=imports.waiting_counts(session(), there),
        number=number,
        has_more=len(found) == PAGE_SIZE,
    )


@blueprint.get("/imports/<file_id>/<int:record_no>")
@needs(Right.CONFIRM_DATA, about.record)
def one(file_id: str, record_no: int) -> str:
    return _page(_record(file_id, record_no))


@blueprint.post("/imports/<file_id>/<int:record_no>/hours")
@needs(Right.CONFIRM_DATA, about.record)
def settle_hours(file_id: str, record_no: int) -> Response | tuple[str, int]:
    record = _record(file_id, record_no)
    facility_id = _facility_of(record)
    try:
        typed = forms.read(HoursForm, request.form)
        asked = ConfirmRequest(
            facility_id,
            typed.days,
            typed.start,
            typed.end,
            typed.notes,
            horizon_days=services().settings.horizon_days,
        )
        confirm_hours(session(), asked, context(auth.actor()))
    except Malformed as wrong:
        return _page(record, wrong.errors), 422
    except Refusal as refusal:
        # The reading's own words tell a clerk more than that something was not read.
        return _page(record, {"days": refusal.params.get("reason") or sentence(refusal)}), 422
    return redirect(_address(record, "hours"), 303)


@blueprint.post("/imports/<file_id>/<int:record_no>/position")
@needs(Right.CONFIRM_DATA, about.record)
def settle_position(file_id: str, record_no: int) -> Response | tuple[str, int]:
    record = _record(file_id, record_no)
    facility_id = _facility_of(record)
    try:
        typed = forms.read(PositionForm, request.form)
    except Malformed as wrong:
        return _page(record, wrong.errors), 422
    asked = PositionRequest(facility_id, typed.lat, typed.lng)
    confirm_position(session(), asked, context(auth.actor()))
    return redirect(_address(record, "position"), 303)


def _record(file_id: str, record_no: int) -> WaitingRecord:
    """raises   Refusal not_found"""
    found = imports.one(session(), file_id, record_no)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _facility_of(record: WaitingRecord) -> int:
    """raises   Refusal not_queued when the record has become no facility"""
    if record.facility_id is None:
        raise Refusal(RefusalCode.NOT_QUEUED)
    return record.facility_id


def _address(record: WaitingRecord, done: str) -> str:
    return url_for(
        "imports.one", file_id=record.file_id, record_no=record.record_no, confirmed=done
    )


def _page(record: WaitingRecord, errors: dict[str, str] | None = None) -> str:
    lead_back(url_for("imports.one", file_id=record.file_id, record_no=record.record_no))
    opening = (
        imports.opening(session(), record.facility_id) if record.facility_id is not None else None
    )
    return render_template(
        "counter/record.html",
        record=record,
        opening=opening,
        typed=request.form,
        errors=errors or {},
    )
