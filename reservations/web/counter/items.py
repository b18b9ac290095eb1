"""鍵・備品: the book of a facility and day, and what a booking's party has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as Answer

from reservations import documents
from reservations.actions import items as actions
from reservations.actions.items import HandOutRequest, ItemRequest, TakeBackRequest
from reservations.actions.step import Context
from reservations.errors import Refusal, RefusalCode
from reservations.queries import items
from reservations.queries.catalogue import Place
from reservations.rules.rights import Right
from reservations.web import auth, language, papers
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.board import asked_place
from reservations.web.counter.bookings import found_booking, page_of
from reservations.web.counter.numbers import whole
from reservations.web.forms import Malformed, three_part_date
from reservations.web.language import N_, gettext
from reservations.web.refusals import sentence
from reservations.web.rights import demand, may, needs
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("items", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

KINDS: Mapping[str, str] = {"key": N_("鍵"), "equipment": N_("備品")}


@blueprint.get("/items")
@needs(Right.SEE_PEOPLE)
def page() -> str | tuple[str, int]:
    place = asked_place()
    try:
        return _page(place, _day())
    except Malformed as wrong:
        return _page(place, today(), wrong.errors), 422


def _page(place: Place | None, day: date, errors: Mapping[str, str] | None = None) -> str:
    if place is None:
        return render_template("counter/items.html", place=None, errors={})
    demand(Right.SEE_PEOPLE, place)
    lead_back(url_for("items.page", facility=place.id, date=day.isoformat()))
    return render_template(
        "counter/items.html",
        place=place,
        day=day,
        now=now(),
        lines=items.of_day(session(), place.id, day, now=now()),
        known=items.of_facility(session(), place.id),
        kinds=KINDS,
        kind_options=[(kind, gettext(words)) for kind, words in KINDS.items()],
        places=[
            (str(each.id), language.named(each.name, each.name_en))
            for each in (
                memory().catalogue.places[place_id]
                for place_id in memory().catalogue.units_of_place
            )
            if each.town.code == place.town.code and may(Right.SEE_PEOPLE, each)
        ],
        sent=request.form,
        errors=errors or {},
    )


@blueprint.post("/items/<int:facility_id>")
@needs(Right.CONFIRM_DATA, about.facility)
def set_item(facility_id: int) -> Answer | tuple[str, int]:
    place = _place(facility_id)
    form = request.form
    try:
        count = _whole(form.get("count", ""))
        wish = ItemRequest(place.id, form.get("kind", ""), form.get("name", ""), count)
        actions.set_item(session(), wish, context(auth.actor()))
    except Refusal as wrong:
        field = "name" if wrong.code is RefusalCode.ITEM_WRONG else "count"
        return _page(place, today(), {field: sentence(wrong)}), 422
    return to(url_for("items.page", facility=place.id), 303)


@blueprint.post("/board/bookings/<uuid:booking_id>/items")
@needs(Right.BOOK, about.booking)
def hand_out(booking_id: UUID) -> Answer | tuple[str, int]:
    booking = found_booking(booking_id)
    lead_back(url_for("counter_bookings.one", booking_id=booking.id))
    try:
        item_id, quantity = (_whole(request.form.get(each, "")) for each in ("item", "quantity"))
        wish = HandOutRequest(item_id, booking.id, quantity)
        actions.hand_out(session(), wish, _keyed(wish))
    except Refusal as refusal:
        return page_of(booking, [refusal]), 422
    return to(url_for("counter_bookings.one", booking_id=booking.id), 303)


@blueprint.post("/items/back/<uuid:handout_id>")
@needs(Right.BOOK, about.handout)
def take_back(handout_id: UUID) -> Answer:
    """?day=, or back to the booking's page."""
    found = items.handout(session(), str(handout_id))
    actions.take_back(session(), TakeBackRequest(str(handout_id)), context(auth.actor()))
    assert found is not None, handout_id
    facility = request.args.get("facility", 0, type=int)
    if facility:
        return to(url_for("items.page", facility=facility, date=request.args.get("date")), 303)
    return to(url_for("counter_bookings.one", booking_id=found.booking_id), 303)


@blueprint.get("/items/<int:facility_id>/keys.pdf")
@needs(Right.SEE_PEOPLE, about.facility)
def key_book(facility_id: int) -> Response:
    """鍵受払簿 of ?date=, to be signed."""
    place, day = _place(facility_id), _day()
    lines = items.of_day(session(), place.id, day, now=now())
    node = services().settings.node_name
    document = documents.key_book(place, lines, day, at=now(), node=node)
    name = f"keys-{place.id}-{day.isoformat()}"
    title = f"{place.name}_鍵受払簿_{day.isoformat()}"
    return papers.pdf(document.draw().pdf, name=name, title=title)


def _keyed(wish: Any) -> Context:
    """The same form sent twice hands out once."""
    return context(auth.actor(), key=auth.form_key(request.form.get("key", ""), wish))


def _whole(text: str) -> int:
    """raises   Refusal malformed"""
    found = whole(text)
    if found is None:
        raise Refusal(RefusalCode.MALFORMED)
    return found


def _place(facility_id: int) -> Place:
    """raises   Refusal not_found"""
    found = memory().catalogue.places.get(facility_id)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _day() -> date:
    """?date=, the three fields, or today; raises Malformed."""
    if any(request.args.get(f"date_{part}") for part in ("year", "month", "day")):
        return three_part_date(request.args, "date")
    return request.args.get("date", today(), type=date.fromisoformat)
