"""利用日程表 to print: find a facility, then its day or week, for the door or for the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for

from reservations.actions import papers as actions
from reservations.documents import Board, Document
from reservations.errors import Refusal, RefusalCode
from reservations.queries.catalogue import Place
from reservations.rules.rights import Right
from reservations.web import papers, rights
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.forms import Malformed, fold_kana, three_part_date
from reservations.web.language import gettext
from reservations.web.rights import demand, needs
from reservations.web.services import memory, now, services, session, today

blueprint = APIBlueprint("timetables", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

SHOWN_MAX = 50
AUDIENCES = ("public", "staff")
VIEWS = ("day", "week")


@blueprint.get("/timetables")
@needs(Right.LOOK)
def page() -> str | tuple[str, int]:
    try:
        return _page(_typed_day())
    except Malformed as wrong:
        return _page(today(), typed=wrong.values, errors=wrong.errors), 422


def _page(day: date, **more: object) -> str:
    known = memory().catalogue
    town, name = request.args.get("town", ""), request.args.get("name", "").strip()
    there, towns = rights.facilities(Right.LOOK), rights.towns(Right.LOOK)
    found = [
        place
        for place in (known.places[place_id] for place_id in known.units_of_place)
        if town in ("", place.town.code) and place.id in there and _is_called(place, name)
    ]
    return render_template(
        "counter/timetables.html",
        towns=[each for each in known.towns.values() if each.code in towns],
        town=town,
        name=name,
        day=day,
        places=found[:SHOWN_MAX],
        count=len(found),
        **more,
    )


def _typed_day() -> date:
    """The day of the three fields; today where none was typed.

    raises   Malformed
    """
    if not any(request.args.get(f"date_{part}") for part in ("year", "month", "day")):
        return today()
    return _within(three_part_date(request.args, "date"))


def _is_called(place: Place, name: str) -> bool:
    """Whether the words are in its name, or in its reading in any kana."""
    return fold_kana(name) in fold_kana(place.name) or fold_kana(name) in fold_kana(place.kana)


@blueprint.get("/facilities/<int:facility_id>/timetable.pdf")
@needs(Right.LOOK, about.facility)
def file(facility_id: int) -> Response:
    place = _place(facility_id)
    name = f"timetable-{place.id}-{_day().isoformat()}-{_asked('view', VIEWS)}"
    title = f"{place.name}_利用日程表_{_day().isoformat()}"
    return papers.pdf(_document(place).draw().pdf, name=name, title=title)


@blueprint.get("/facilities/<int:facility_id>/timetable")
@needs(Right.LOOK, about.facility)
def view(facility_id: int) -> Response:
    place = _place(facility_id)
    named = ("date", "view", "audience")
    asked: dict[str, Any] = {name: request.args[name] for name in named if name in request.args}
    links = (
        (gettext("利用日程表"), url_for("timetables.page", name=place.name)),
        (gettext("PDFを開く"), url_for("timetables.file", facility_id=place.id, **asked)),
    )
    return papers.page(_document(place), links)


def _document(place: Place) -> Document:
    """The board that is asked for: ?date=, ?view=day or week, ?audience=public or staff."""
    has_names = _asked("audience", AUDIENCES) == "staff"
    if has_names:
        demand(Right.SEE_PEOPLE, place)
    board = Board(now(), has_names, services().settings.node_name)
    is_week = _asked("view", VIEWS) == "week"
    return actions.timetable(session(), memory(), place, _day(), board, is_week=is_week)


def _place(facility_id: int) -> Place:
    """raises   Refusal not_found, also where nothing is lent"""
    known = memory().catalogue
    if facility_id not in known.units_of_place:
        raise Refusal(RefusalCode.NOT_FOUND)
    return known.places[facility_id]


def _day() -> date:
    """?date=, or today."""
    return _within(request.args.get("date", today(), type=date.fromisoformat))


def _within(day: date) -> date:
    """No day that is over: its day masks may be gone, and with them what was open."""
    return min(max(day, today()), today() + timedelta(days=services().settings.horizon_days))


def _asked(name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first where nothing, or anything else, is asked for."""
    found = request.args.get(name, "")
    return found if found in choices else choices[0]
