"""A unit at a time: taken, given back, or exchanged for another in one step; or why that cannot be.

occupancy.py claims and releases the quarter-hours; here it is told whose affair they are. A desk
writes only on the sheets that it holds, and a place over midnight lies on two.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from reservations.actions.occupancy import claim, release, state
from reservations.errors import Refusal, RefusalCode, strongest
from reservations.queries.catalogue import LentUnit
from reservations.rules import availability
from reservations.rules.period import SLOTS_PER_DAY, Period

# A field is called `date`; inside its class the type needs another name.
Day = date


@dataclass(frozen=True, slots=True)
class Place:
    """A unit at a time."""

    unit: LentUnit
    date: Day
    period: Period

    @property
    def is_over_midnight(self) -> bool:
        return self.period.end > SLOTS_PER_DAY

    def bits_in(self, other: Place) -> int:
        """What of the other's two days this place occupies itself, if they share any part."""
        later = (self.date - other.date).days
        if abs(later) > 1 or not set(self.unit.parts) & set(other.unit.parts):
            return 0
        return (self.period.bits << SLOTS_PER_DAY) >> SLOTS_PER_DAY * (1 - later)


def take(session: Session, place: Place, *, given_up: Place | None = None) -> None:
    """Occupy it, or say why not: closed since we last looked, taken, or another node's to give.

    given_up   what does not count as taken, because the holder of both frees it in the same line
    raises     Refusal closed_day, outside_hours, taken; held_elsewhere, and nothing is touched
    """
    try:
        with _undone_alone(session, place):
            claim(session, place.unit.parts, place.date, place.period)
    except Refusal as taken:
        found = state(session, place.unit.parts, place.date, place.period)
        against = availability.hours_refusals(found.open, place.period)
        own = given_up.bits_in(place) if given_up else 0
        if found.is_held or found.busy & ~own & place.period.bits:
            against.append(taken)
        else:
            against.append(Refusal(RefusalCode.HELD_ELSEWHERE))
        raise strongest(against) from None


def give_back(session: Session, place: Place) -> bool:
    """Release it; False, and nothing is touched, where that is another node's to do."""
    try:
        with _undone_alone(session, place):
            release(session, place.unit.parts, place.date, place.period)
    except Refusal as refusal:
        if refusal.code is not RefusalCode.HELD_ELSEWHERE:
            raise
        return False
    return True


def swap(session: Session, old: Place, new: Place) -> bool:
    """The new place for the old one in one step; False, and nothing is touched, where the sheet of
    either is another node's.

    raises   Refusal closed_day, outside_hours, taken
    """
    is_on_two_days = old.is_over_midnight or new.is_over_midnight
    try:
        with session.begin_nested() if is_on_two_days else nullcontext():
            release(session, old.unit.parts, old.date, old.period)
            try:
                take(session, new, given_up=old)
            except Refusal as refusal:
                if refusal.code is RefusalCode.HELD_ELSEWHERE and not is_on_two_days:
                    # Cheaper than a savepoint that every other change would pay for.
                    claim(session, old.unit.parts, old.date, old.period)
                raise
    except Refusal as refusal:
        if refusal.code is not RefusalCode.HELD_ELSEWHERE:
            raise
        return False
    return True


def _undone_alone(session: Session, place: Place) -> AbstractContextManager[object]:
    """A savepoint where two days are touched, of which one may be held here and the other not."""
    return session.begin_nested() if place.is_over_midnight else nullcontext()
