"""Looking before asking for the writers' turn: who comes too late in a rush hears so at once.

It lends nothing and promises nothing: `book` decides, by its conditional update. But a thousand
people who want one hall at the same moment would otherwise each wait for a turn to write, only to
hear that it has gone, with the winner of another hall and the counter waiting behind them.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from reservations.actions.bookings import BookingRequest
from reservations.actions.step import Context, key_is_used
from reservations.actions.terms import preview
from reservations.errors import strongest
from reservations.queries import memory, nearby
from reservations.rules import modes


def refuse_early(session: Session, request: BookingRequest, context: Context) -> None:
    """Refuse what is not free in what has been committed so far.

    What this process last saw is enough to go on: if it was free then, nothing is asked, and `book`
    finds out. The first who is refused there brings the masks up to date for all who follow. If it
    was not, the newest masks decide, and are at hand afterwards.
    A key that has been used is left to `book`, which answers with what it did then.

    raises   Refusal, the same that `book` would at this moment
    """
    known = memory.held(session)
    unit = known.catalogue.units.get(request.unit_id)
    if unit is None or nearby.is_free(known, unit, request.date, request.period):
        return
    if not modes.may("book", context.mode) or key_is_used(session, context):
        return
    refusals = preview(session, request, context).refusals
    if refusals:
        raise strongest(list(refusals))
