"""仮受付: what is asked of the node that holds a sheet, by a slip that it answers once (S4, S5)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from reservations import sheets
from reservations.clock import LOCAL
from reservations.desk import Desk
from reservations.events import (
    BookingAsked,
    BookingCancelled,
    BookingConfirmed,
    CancellationAsked,
)
from reservations.events.counter import ClosureAsked
from reservations.rules.period import Period
from reservations.rules.tentative import answer_by
from sync import ledger

if TYPE_CHECKING:
    from reservations.actions.step import Context

# The kind of slip by which a room is closed on a sheet that another node holds.
CLOSE = "close"


def desk_of(session: Session) -> Desk:
    """The desk of this database: without one no sheet is held elsewhere."""
    desk: Desk = session.info["database"].desk
    return desk


def until(values: dict[str, Any], context: Context, *, before: datetime | None = None) -> datetime:
    """By when the answer to a booking with these columns comes.

    before   the start of what is given up for it, where that is sooner
    """
    period = Period(values["start_slot"], values["end_slot"])
    starts_at = period.starts_at(values["date"], LOCAL)
    first = starts_at if before is None else min(before, starts_at)
    return answer_by(now=context.now, starts_at=first, zone=LOCAL)


def ask(
    session: Session, wish: BookingConfirmed, context: Context, *, until: datetime
) -> BookingAsked:
    """Ask the holder for this booking. It occupies nothing until the answer comes."""
    words = sheets.words_of(wish.name, wish.version, wish.subject, wish.body())
    data = words | {"answer_by": until.isoformat()}
    desk = desk_of(session)
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk.node, wish.sheet, "book", at=at, asks=True, data=data)
    return BookingAsked(subject=wish.subject, wish=wish.body(), answer_by=until.isoformat())


def ask_to_close(
    session: Session, wish: BookingConfirmed, context: Context, *, reason: str, seen: frozenset[str]
) -> ClosureAsked:
    """Ask the holder to close a room. Who is in the way there and not in `seen` keeps the place,
    and the room stays open."""
    asked = ClosureAsked(
        subject=wish.subject, wish=wish.body(), reason=reason, seen=tuple(sorted(seen))
    )
    data = sheets.words_of(wish.name, wish.version, wish.subject, wish.body())
    data |= {"reason": asked.reason, "seen": list(asked.seen)}
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk_of(session).node, wish.sheet, CLOSE, at=at, asks=True, data=data)
    return asked


def ask_to_cancel(
    session: Session, fact: BookingCancelled, context: Context, *, is_withdrawal: bool = False
) -> CancellationAsked:
    """Ask the holder to free the place. What stays owed is fixed by the time of the wish.

    is_withdrawal   only if it has not been confirmed by then: who thinks better of a change must
                    not lose the new place when the old one has gone already
    """
    data = sheets.words_of(fact.name, fact.version, fact.subject, fact.body())
    if is_withdrawal:
        data["withdraws"] = True
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk_of(session).node, fact.sheet, "cancel", at=at, asks=True, data=data)
    return CancellationAsked(
        subject=fact.subject,
        town=fact.town,
        facility_id=fact.facility_id,
        date=fact.date,
        due_yen=fact.due_yen,
    )
