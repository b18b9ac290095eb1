"""Forgetting what has run out: sessions and one-time links that nobody can use any more, and
letters that nobody asks for any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reservations import clock
from reservations.actions.step import Context, action
from reservations.events import ExpiredForgotten
from reservations.models import Booking, Letter, LoginLink, PasskeyChallenge, SignInSession
from reservations.models.base import table_of
from reservations.rules import letters


@dataclass(frozen=True, slots=True)
class ForgetRequest:
    """Rows that ran out at least `kept` ago go; until then they explain a refusal."""

    kept: timedelta = timedelta(days=7)


@action("forget_expired")
def forget_expired(
    session: Session, request: ForgetRequest, context: Context, subject: str
) -> ExpiredForgotten:
    """Delete sessions and links that ran out, and letters about days long past. Idempotent."""
    before = context.now - request.kept
    counts = []
    for table in map(table_of, (SignInSession, LoginLink, PasskeyChallenge)):
        done = session.execute(delete(table).where(table.c.expires_at < before))
        counts.append(int(done.rowcount))  # type: ignore[attr-defined]
    first = letters.kept_from(clock.local_day(context.now))
    past = select(Booking.id).where(Booking.date < first)
    its_letters = delete(table_of(Letter)).where(Letter.booking_id.in_(past))
    counts.append(int(session.execute(its_letters).rowcount))  # type: ignore[attr-defined]
    return ExpiredForgotten(subject=subject, sessions=counts[0], links=counts[1], letters=counts[3])
