"""Booking, changing and cancelling by token; the same actions as the screens'."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

import orjson
from apiflask import APIBlueprint
from flask import Response, request
from pydantic import BaseModel

from reservations.actions import bookings as actions
from reservations.actions import papers as paper_actions
from reservations.actions.early import refuse_early
from reservations.actions.step import Context, Done
from reservations.clock import HOLIDAYS
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingConfirmed
from reservations.queries import bookings as booking_query
from reservations.queries import memory as memory_query
from reservations.queries import nearby
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.rules.availability import lent_period
from reservations.rules.period import Period, day_bit
from reservations.web import auth, papers, waiting
from reservations.web.api import answers, openapi
from reservations.web.api.contract import MalformedRequest, Mistake
from reservations.web.api.schemas import (
    BookingChange,
    Bookings,
    BookingsQuery,
    NewBooking,
    Query,
)
from reservations.web.api.schemas import BookingView as BookingSchema
from reservations.web.auth import Who, guard
from reservations.web.errors import problem
from reservations.web.services import context, memory, now, services, session, today
from reservations.web.wishes import FrameWish

blueprint = APIBlueprint("api_bookings", __name__, url_prefix="/api/v1/bookings", tag="Bookings")
guard(blueprint, Who.TOKEN)

_KEY = re.compile(r"[!-~]{1,255}")


@blueprint.get("")
@blueprint.input(BookingsQuery, location="query")
@blueprint.output(Bookings, example=openapi.BOOKINGS)
@blueprint.doc(operation_id="bookings", **openapi.refusals(400, 401, 403))
def bookings(query_data: BookingsQuery) -> Response:
    """One's own bookings from a day on, soonest first

    A page has at most 50.
    """
    known = memory_query.current(session())
    since = query_data.since or today()
    found = booking_query.of_party(
        session(), known, auth.party_id(), since=since, page=query_data.page
    )
    is_full = len(found) == booking_query.PAGE_SIZE
    return answers.stamped(
        page=query_data.page,
        next_page=query_data.page + 1 if is_full else None,
        bookings=[answers.booking_view(each) for each in found],
    )


@blueprint.get("/<uuid:booking_id>")
@blueprint.input(Query, location="query")
@blueprint.output(BookingSchema, example=openapi.BOOKING)
@blueprint.doc(operation_id="booking", **openapi.refusals(400, 401, 403, 404))
def booking(booking_id: UUID, query_data: Query) -> Response:
    """One of one's own bookings"""
    found = _mine(str(booking_id))
    return answers.answer(answers.booking_view(found, waiting.instead(found)))


@blueprint.get("/<uuid:booking_id>/permit.pdf")
@blueprint.input(Query, location="query")
@blueprint.doc(operation_id="booking_permit", **openapi.file_or_refusals(400, 401, 403, 404, 409))
def permit(booking_id: UUID, query_data: Query) -> Response:
    """The permit of one of one's own bookings, in Japanese

    Issued when it is first asked for; asked again, the same bytes. A booking that was changed gets
    a new one. `no_permit`: it was cancelled, or is not confirmed yet. `permission_waits`: the town
    has not said yet that it may be used.
    """
    mine = _mine(str(booking_id))
    issued = paper_actions.permit(session(), memory(), mine, context(auth.actor()))
    return papers.booking_pdf(issued, mine)


@blueprint.post("")
@blueprint.input(NewBooking, location="json", example=openapi.NEW_BOOKING)
@blueprint.output(
    BookingSchema, status_code=201, example=openapi.BOOKING, links=openapi.BOOKING_LINKS
)
@blueprint.doc(operation_id="book", **openapi.refusals(400, 401, 403, 404, 409, 413, 415, 422, 503))
def book(json_data: NewBooking) -> Response:
    """Book a unit

    A time that touches a frame only partly is lent as the whole frames it touches; `start` and
    `end` of the answer say what is lent. When somebody else was first, the answer is 409 `taken`
    with `alternatives`.
    """
    wish = actions.BookingRequest(
        unit_id=json_data.unit_id,
        date=json_data.date,
        period=_lent(json_data),
        party_id=auth.party_id(),
        purpose=json_data.purpose,
        headcount=json_data.headcount,
    )
    act = _context(json_data, "book")
    try:
        refuse_early(session(), wish, act)
    except Refusal as refusal:
        return _refused(refusal, wish, memory_query.held(session()))
    try:
        done = actions.book(session(), wish, act)
    except Refusal as refusal:
        return _refused(refusal, wish, memory())
    return _answer(done, 201)


@blueprint.post("/<uuid:booking_id>/cancel")
@blueprint.output(BookingSchema, example=openapi.BOOKING)
@blueprint.doc(operation_id="cancel_booking", **openapi.refusals(400, 401, 403, 404, 409, 422, 503))
def cancel(booking_id: UUID) -> Response:
    """Give a booking back

    `due_yen` of the answer stays owed, `refund_yen` comes back. A change that waits (`replaced_by`)
    is withdrawn with it; to withdraw only the change, cancel the booking that was asked for.
    """
    mine = _mine(str(booking_id))
    act = _context(None, f"cancel {mine.id}")
    return _answer(actions.cancel(session(), actions.CancelRequest(mine.id), act))


@blueprint.post("/<uuid:booking_id>/change")
@blueprint.input(BookingChange, location="json", example=openapi.CHANGE)
@blueprint.output(BookingSchema, example=openapi.BOOKING)
@blueprint.doc(
    operation_id="change_booking",
    **openapi.refusals(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def change(booking_id: UUID, json_data: BookingChange) -> Response:
    """Move a booking to another time or place

    The old place is given up only if the new one is had; the number stays. Where two desks have to
    answer, the new place is a second booking, `replaced_by` of the answer, and this one is
    `changing` until that is confirmed, or stays `confirmed` if it is refused.
    """
    mine = _mine(str(booking_id))
    wish = actions.ChangeRequest(mine.id, json_data.unit_id, json_data.date, _lent(json_data))
    try:
        done = actions.change(session(), wish, _context(json_data, f"change {mine.id}"))
    except Refusal as refusal:
        anew = actions.BookingRequest(
            wish.unit_id, wish.date, wish.period, auth.party_id(), mine.purpose, mine.headcount
        )
        return _refused(refusal, anew, memory())
    return _answer(done)


def _mine(booking_id: str) -> BookingView:
    """A booking of the token's party; somebody else's does not exist for it."""
    party_id = auth.party_id()
    found = booking_query.one(session(), memory_query.current(session()), booking_id)
    if found is None or found.party_id != party_id:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _lent(wish: FrameWish) -> Period:
    """The whole frames that the wish touches; as it was sent where that cannot be lent.

    The action looks again, with the newest catalogue: here it only decides how to ask.
    """
    asked = wish.period
    unit = memory_query.held(session()).catalogue.units.get(wish.unit_id)
    if unit is None:
        return asked
    bit = day_bit(wish.date, is_holiday=wish.date in HOLIDAYS)
    return lent_period(unit.lending_on(wish.date, bit), asked) or asked


def _context(body: BaseModel | None, what: str) -> Context:
    """The action's context, with the key of the request and the hash of what it asks for."""
    key = request.headers.get(openapi.KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise MalformedRequest(Mistake(openapi.KEY_HEADER, "not_a_key"))
    asked = orjson.dumps([what, body.model_dump() if body else None])
    return context(auth.actor(), key=key, request_hash=hashlib.sha256(asked).hexdigest())


def _refused(refusal: Refusal, wish: actions.BookingRequest, known: Memory) -> Response:
    """The refusal; when somebody else was first, with what could be had instead."""
    if refusal.code is not RefusalCode.TAKEN:
        raise refusal
    found = nearby.alternatives(
        known,
        known.catalogue.units[wish.unit_id],
        wish.date,
        wish.period,
        now=now(),
        viewer=auth.viewer(),
        purpose=wish.purpose,
        headcount=wish.headcount,
    )
    return problem(refusal, alternatives=[answers.alternative_line(each) for each in found])


def _answer(done: Done, status: int = 200) -> Response:
    """The booking as it now stands, and whether nothing was done because it had been before."""
    # The action has seen to it that the catalogue at hand has the booking's unit.
    known = memory_query.held(session())
    waiting.wait_for_answer(done)
    if isinstance(done.fact, BookingConfirmed) and not services().desk.has_witness:
        found = booking_query.as_confirmed(known, done.fact, made_at=now())
    else:
        stored = booking_query.one(session(), known, str(done))
        assert stored is not None, done
        found = stored
    answer = answers.answer(answers.booking_view(found, waiting.instead(found)), status)
    if done.fact is None:
        answer.headers[openapi.REPLAYED_HEADER] = "true"
    return answer
