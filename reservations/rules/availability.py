"""Why a unit is free, taken or closed: the ten canonical statuses, and the refusals of a wish."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from reservations.errors import Refusal, RefusalCode
from reservations.rules.period import (
    SLOTS_PER_DAY,
    WHOLE_DAY_BITS,
    Frame,
    Period,
    clock_text,
    covering,
    span,
)


class Status(Enum):
    """What a board can say of a time; towns have 45 labels for these ten."""

    FREE = "free"
    PARTLY_FREE = "partly_free"
    TAKEN = "taken"
    LOTTERY_OPEN = "lottery_open"
    LOTTERY = "lottery"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    MAINTENANCE = "maintenance"
    PUBLIC = "public"
    EMERGENCY = "emergency"


class Kind(Enum):
    """What a booking row is for; all of them occupy the day mask alike."""

    USE = "use"
    OFFICIAL = "official"
    MAINTENANCE = "maintenance"
    CLOSURE = "closure"
    PUBLIC = "public"
    EMERGENCY = "emergency"


STATUS_OF_KIND = {
    Kind.USE: Status.TAKEN,
    Kind.OFFICIAL: Status.MAINTENANCE,
    Kind.MAINTENANCE: Status.MAINTENANCE,
    Kind.CLOSURE: Status.CLOSED,
    Kind.PUBLIC: Status.PUBLIC,
    Kind.EMERGENCY: Status.EMERGENCY,
}


@dataclass(frozen=True, slots=True)
class Occupied:
    """A time on one day that something holds."""

    period: Period
    kind: Kind


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One unit on one day, as bits (period.py); bits 96 to 191 are the next day's."""

    open_bits: int
    busy_bits: int
    occupied: tuple[Occupied, ...] = ()


def status(facts: DayFacts, period: Period, *, bookable_from: date | None, today: date) -> Status:
    """The one status of `period` on this day.

    What occupies the time is said before what the calendar says: a closure for repair is more
    useful to know than a day on which booking has not yet opened.

    bookable_from   the day on which this person may begin to book it; None: already past booking
    """
    bits = period.bits
    if facts.busy_bits & bits:
        return _status_of_occupied(facts, period)
    if facts.open_bits & bits != bits:
        return Status.CLOSED
    if bookable_from is None or bookable_from > today:
        return Status.NOT_OPEN
    return Status.FREE


def _status_of_occupied(facts: DayFacts, period: Period) -> Status:
    kinds = [each.kind for each in facts.occupied if each.period.overlaps(period)]
    for kind in (Kind.EMERGENCY, Kind.CLOSURE, Kind.MAINTENANCE, Kind.OFFICIAL, Kind.PUBLIC):
        if kind in kinds:
            return STATUS_OF_KIND[kind]
    return Status.TAKEN


def day_status(statuses: Iterable[Status]) -> Status:
    """One word for a whole day, from its frames."""
    found = set(statuses)
    if not found:
        return Status.CLOSED
    if len(found) == 1:
        return found.pop()
    if Status.FREE in found:
        return Status.PARTLY_FREE
    for each in (Status.EMERGENCY, Status.TAKEN, Status.PUBLIC, Status.MAINTENANCE):
        if each in found:
            return each
    return Status.NOT_OPEN if Status.NOT_OPEN in found else Status.CLOSED


@dataclass(frozen=True, slots=True)
class Lending:
    """How a unit is lent on one day.

    frames       the day's コマ in order; empty: any period on the step grid
    step_slots   without frames: start and end lie on multiples of this, counted from midnight
    max_slots    the longest booking; None is no limit
    """

    frames: tuple[Frame, ...]
    step_slots: int = 4
    max_slots: int | None = None


def lent_period(lending: Lending, wish: Period) -> Period | None:
    """The period that is really lent when somebody asks for `wish`, or None.

    With frames it is the run of frames that the wish touches. Without frames the wish is widened
    to the step grid; what would end after the following day cannot be lent.
    """
    if lending.frames:
        touched = covering(lending.frames, wish)
        return span(touched) if touched else None
    step = lending.step_slots
    end = wish.end + -wish.end % step
    return Period(wish.start - wish.start % step, end) if end <= 2 * SLOTS_PER_DAY else None


def refusals(lending: Lending, facts: DayFacts, wish: Period) -> list[Refusal]:
    """Why `wish` cannot be lent on this day, before anybody asks whether it is taken.

    returns  codes not_a_frame, closed_day, outside_hours, too_long, taken; [] when it can be lent
    """
    found: list[Refusal] = []
    lent = lent_period(lending, wish)
    if lent is None or lent != wish:
        found.append(
            Refusal(
                RefusalCode.NOT_A_FRAME,
                frames=tuple((f.label, str(f.period)) for f in lending.frames),
                nearest=str(lent) if lent else None,
            )
        )
    found += hours_refusals(facts.open_bits, wish)
    if lending.max_slots is not None and wish.end - wish.start > lending.max_slots:
        found.append(Refusal(RefusalCode.TOO_LONG, hours_max=lending.max_slots / 4))
    if facts.busy_bits & wish.bits:
        found.append(Refusal(RefusalCode.TAKEN))
    return found


def hours_refusals(open_bits: int, wish: Period) -> list[Refusal]:
    """Whether the place is open at all: codes closed_day, outside_hours; [] when it is.

    open_bits  96 bits, or 192 where the wish runs past midnight
    """
    if not open_bits & WHOLE_DAY_BITS:
        return [Refusal(RefusalCode.CLOSED_DAY)]
    if open_bits & wish.bits != wish.bits:
        return [Refusal(RefusalCode.OUTSIDE_HOURS, open=open_text(open_bits))]
    return []


def open_text(bits: int) -> str:
    """Opening hours of a day's bits as `09:00-12:00 13:00-21:00`."""
    return " ".join(f"{clock_text(first)}-{clock_text(last)}" for first, last in runs(bits))


def runs(bits: int) -> list[tuple[int, int]]:
    """The unbroken runs of set bits as half-open (start, end) quarter-hours, in order."""
    found = []
    slot = 0
    while bits >> slot:
        if bits >> slot & 1:
            start = slot
            while bits >> slot & 1:
                slot += 1
            found.append((start, slot))
        else:
            slot += 1
    return found
