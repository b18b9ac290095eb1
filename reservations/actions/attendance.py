"""来館・無断不使用: a check-in is a fact at any desk of the town; absence is decided by one (S7).

A wish for a strike is always a slip, also where this desk holds the sheet: it is answered when
every desk that could have written a check-in has told all it wrote up to the end of the booking
(answering.py). Each of those says so as soon as it hears that somebody waits (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reservations import attendance_feed, sheets
from reservations.actions.asking import desk_of
from reservations.actions.step import Context, action
from reservations.attendance_feed import CHECK_IN, REPORT, STRIKE, UNDONE
from reservations.clock import local_day
from reservations.db import Database, run
from reservations.desk import Desk, holdings
from reservations.errors import Refusal, RefusalCode
from reservations.events import Fact
from reservations.events.attendance import CheckedIn, CheckInUndone, StrikeAsked
from reservations.models import Booking, Strike
from reservations.models.base import table_of
from reservations.queries import attendance, memory
from reservations.rules.period import SLOTS_PER_DAY
from reservations.rules.town import StrikeKind
from reservations.sheets import SheetName
from sync import ledger
from sync.document import scope_of

# A machine that was off makes up for so many nights.
NIGHTS_MAX = 7


@dataclass(frozen=True, slots=True)
class CheckInRequest:
    """Somebody came for this booking, or did not after all."""

    booking_id: str


@dataclass(frozen=True, slots=True)
class StrikeRequest:
    """What is to count against the party of a booking.

    excuse   why it may not, in a word of the town's rules; empty: there is none
    """

    booking_id: str
    kind: StrikeKind = StrikeKind.NO_SHOW
    excuse: str = ""


@action("check_in", subject=lambda request: request.booking_id)
def check_in(
    session: Session, request: CheckInRequest, context: Context, booking_id: str
) -> CheckedIn:
    """来館: written once; of two desks the earlier stands.

    raises   Refusal not_found, not_active, not_the_day; held_elsewhere at a desk that does not
             serve the town, for whose report nobody waits
    """
    booking = _on_its_day(session, booking_id, context)
    if booking.status not in ("confirmed", "tentative"):
        raise Refusal(RefusalCode.NOT_ACTIVE)
    found = attendance.attendance(session, booking_id).check_ins
    if found:
        first = found[0]
        came_at = sheets.instant_text(first.came_at)
        return CheckedIn(
            subject=booking_id, check_in=first.id, came_at=came_at, node_no=first.node_no
        )
    fact = CheckedIn(
        subject=booking_id,
        check_in=context.new_id(),
        came_at=sheets.instant_text(context.now),
        node_no=context.node_no,
    )
    said = {"booking": booking_id, "node_no": context.node_no}
    attendance_feed.put_check_in(
        session, said, fact.check_in, came_at=context.now, actor=context.actor
    )
    _post(session, fact, CHECK_IN, _sheet(booking), context)
    return fact


@action("undo_check_in", subject=lambda request: request.booking_id)
def undo_check_in(
    session: Session, request: CheckInRequest, context: Context, booking_id: str
) -> CheckInUndone:
    """A slip of the finger: what is known here of this booking's check-ins stands no more.

    raises   Refusal as `check_in`
    """
    booking = _on_its_day(session, booking_id, context)
    found = attendance.attendance(session, booking_id).check_ins
    fact = CheckInUndone(
        subject=booking_id,
        check_ins=tuple(each.id for each in found),
        undone_at=sheets.instant_text(context.now),
        node_no=context.node_no,
    )
    said = {"booking": booking_id, "node_no": context.node_no}
    for each in fact.check_ins:
        attendance_feed.put_check_in(session, said, each, undone_at=context.now)
    if found:
        _post(session, fact, UNDONE, _sheet(booking), context)
    return fact


@action("ask_strike", turn=lambda request: request.booking_id)
def ask_strike(
    session: Session, request: StrikeRequest, context: Context, strike_id: str
) -> StrikeAsked:
    """無断不使用など: asked of the holder of the booking's sheet; asked twice, it is one.

    raises   Refusal not_found; not_counted where the town does not count it; not_active, not_over,
             has_come for what is no absence
    """
    booking = _booking(session, request.booking_id)
    _check(session, booking, request, context)
    for known in attendance.attendance(session, booking.id).strikes:
        if known.kind == request.kind.value and known.status != "refused":
            return _asked(dict(known._mapping))
    values = {
        "id": strike_id,
        "booking_id": booking.id,
        "town": booking.municipality_code,
        "facility_id": booking.facility_id,
        "date": booking.date,
        "kind": request.kind.value,
        "excuse": request.excuse,
        "node_no": context.node_no,
        "asked_at": context.now,
        "status": "asked",
        "actor": context.actor,
    }
    run(session, insert(table_of(Strike)), values)
    fact = _asked(values)
    _post(session, fact, STRIKE, _sheet(booking), context, asks=True)
    return fact


def report(desk: Desk, *, at: datetime) -> int:
    """Say, where somebody waits for it, that all we wrote is in our log (S7).

    returns   how many logs
    """
    with desk.database.session() as session:
        if not attendance.waiting(session):
            return 0
    said: set[str] = set()
    with desk.transaction() as store:
        session = store.session
        for row in attendance.waiting(session):
            name, over_at = SheetName(row.town, row.facility_id, row.date), attendance.ends_at(row)
            scope = scope_of(name.text)
            is_ours = desk.name in attendance.writers(session, desk, name.town)
            if scope in said or not is_ours or at <= over_at:
                continue
            if not attendance.has_reported(session, desk, name, over_at):
                data, now = {"node": desk.name}, sheets.milliseconds(at)
                desk.node.post(store, name.text, REPORT, at=now, data=data)
                said.add(scope)
    if said:
        desk.settle()
    return len(said)


def ask_for_absent(database: Database, desk: Desk, context: Context) -> int:
    """毎晩: every booking of a sheet held here for which nobody came, where the town says so.

    Not for a day of a disaster, also when the disaster is over.
    """
    today = local_day(context.now)
    with database.session() as session:
        towns = [
            code
            for code, town in memory.current(session).catalogue.towns.items()
            if town.rules_on(today).strikes.is_nightly
        ]
        since = today - timedelta(days=NIGHTS_MAX)
        found = attendance.absent(session, towns, since=since, before=today) if towns else []
        held = holdings(session)
        excepted = attendance.unasked_days(session, until=today)
        session.rollback()
        wanted = [
            each.id
            for each in found
            if held.is_held(each.facility_id, each.date) and each.date not in excepted
        ]
        asked = 0
        for booking_id in wanted:
            try:
                ask_strike(session, StrikeRequest(booking_id), context)
                asked += 1
            except Refusal:
                # Somebody came or cancelled meanwhile; or it ends past midnight, and waits a night.
                continue
    return asked


def _check(session: Session, booking: Any, request: StrikeRequest, context: Context) -> None:
    town = memory.current(session).catalogue.towns[booking.municipality_code]
    rules = town.rules_on(local_day(context.now)).strikes
    kind, excuse = request.kind, request.excuse
    is_excuse = not excuse or excuse in dict(rules.excuses).get(kind, ())
    if not rules.half_points_of(kind) or not is_excuse:
        raise Refusal(RefusalCode.NOT_COUNTED)
    if kind is StrikeKind.LATE_CANCEL and booking.status != "cancelled":
        raise Refusal(RefusalCode.NOT_COUNTED)
    if not kind.is_absence:
        return
    if booking.status != "confirmed" or booking.cancelled_at is not None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    if context.now <= attendance.ends_at(booking):
        raise Refusal(RefusalCode.NOT_OVER)
    if attendance.attendance(session, booking.id).check_ins:
        raise Refusal(RefusalCode.HAS_COME)


def _asked(values: dict[str, Any]) -> StrikeAsked:
    return StrikeAsked(
        subject=values["booking_id"],
        strike=values["id"],
        town=values["town"],
        facility_id=values["facility_id"],
        date=values["date"].isoformat(),
        kind=values["kind"],
        excuse=values["excuse"],
        node_no=values["node_no"],
        asked_at=sheets.instant_text(values["asked_at"]),
    )


def _on_its_day(session: Session, booking_id: str, context: Context) -> Any:
    """The booking, at a desk that may write that somebody came, on a day of its use."""
    booking = _booking(session, booking_id)
    last = booking.date + timedelta(days=booking.end_slot > SLOTS_PER_DAY)
    if not booking.date <= local_day(context.now) <= last:
        raise Refusal(RefusalCode.NOT_THE_DAY, day=booking.date)
    desk = desk_of(session)
    if desk.name not in attendance.writers(session, desk, booking.municipality_code):
        raise Refusal(RefusalCode.HELD_ELSEWHERE)
    return booking


def _booking(session: Session, booking_id: str) -> Any:
    query = select(
        Booking.id,
        Booking.municipality_code,
        Booking.facility_id,
        Booking.date,
        Booking.end_slot,
        Booking.status,
        Booking.cancelled_at,
    ).where(Booking.id == booking_id, Booking.party_id.is_not(None))
    found = run(session, query).one_or_none()
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _sheet(booking: Any) -> SheetName:
    return SheetName(booking.municipality_code, booking.facility_id, booking.date)


def _post(
    session: Session,
    fact: Fact,
    kind: str,
    on: SheetName,
    context: Context,
    *,
    asks: bool = False,
) -> None:
    data = sheets.words_of(fact.name, fact.version, fact.subject, fact.body())
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk_of(session).node, on.text, kind, at=at, asks=asks, data=data)
