"""仮受付: what is asked of the node that holds a sheet, by a slip that it answers once (S4, S5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from reservations import sheets
from reservations.clock import LOCAL
from reservations.desk import Desk
from reservations.events import BookingAsked, BookingCancelled, BookingConfirmed, CancellationAsked
from reservations.rules.period import Period
from reservations.rules.tentative import answer_by
from sync import ledger

if TYPE_CHECKING:
    from reservations.actions.step import Context


def desk_of(session: Session) -> Desk:
    """The desk of this database: without one no sheet is held elsewhere."""
    desk: Desk = session.info["database"].desk
    return desk


def tentative(values: dict[str, Any], context: Context) -> dict[str, Any]:
    """What is different in the columns of a booking that waits for its answer."""
    period = Period(values["start_slot"], values["end_slot"])
    return {"status": "tentative", "answer_by": _answer_by(values["date"], period, context)}


def ask(session: Session, wish: BookingConfirmed, context: Context) -> BookingAsked:
    """Ask the holder for this booking. It occupies nothing until the answer comes."""
    day, period = date.fromisoformat(wish.date), Period(wish.start_slot, wish.end_slot)
    until = _answer_by(day, period, context)
    words = sheets.words_of(wish.name, wish.version, wish.subject, wish.body())
    data = words | {"answer_by": until.isoformat()}
    desk = desk_of(session)
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk.node, wish.sheet, "book", at=at, asks=True, data=data)
    return BookingAsked(subject=wish.subject, wish=wish.body(), answer_by=until.isoformat())


def ask_to_cancel(session: Session, fact: BookingCancelled, context: Context) -> CancellationAsked:
    """Ask the holder to free the place. What stays owed is fixed by the time of the wish."""
    data = sheets.words_of(fact.name, fact.version, fact.subject, fact.body())
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk_of(session).node, fact.sheet, "cancel", at=at, asks=True, data=data)
    return CancellationAsked(
        subject=fact.subject,
        town=fact.town,
        facility_id=fact.facility_id,
        date=fact.date,
        due_yen=fact.due_yen,
    )


def _answer_by(day: date, period: Period, context: Context) -> datetime:
    return answer_by(now=context.now, starts_at=period.starts_at(day, LOCAL), zone=LOCAL)
