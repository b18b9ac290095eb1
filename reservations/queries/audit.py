"""The two sums that prove the day masks: nothing is lent twice, and nothing else is occupied.

1. The quarter-hours of all bookings of a part and day, added up, are as many as the bits of
   their union: no two overlap.
2. The mask of the part and day is that union.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from reservations.models import Booking, DayMask, UnitPart
from reservations.rules.period import HALF_DAY_SLOTS, WHOLE_DAY_BITS, Period


@dataclass(frozen=True, slots=True)
class Difference:
    """One part and day for which a sum is wrong.

    kind   overlap (bookings of the same time), mask (the mask says something else)
    """

    date: date
    part_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class MaskAudit:
    """What was compared, and what differs; `differences` is empty when all is well."""

    bookings: int
    masks: int
    differences: tuple[Difference, ...]


_BOOKINGS = select(Booking.unit_id, Booking.date, Booking.start_slot, Booking.end_slot).where(
    Booking.status == "confirmed", Booking.date >= bindparam("since")
)
_MASKS = select(DayMask.date, DayMask.part_id, DayMask.am, DayMask.pm).where(
    DayMask.date >= bindparam("since"), or_(DayMask.am != 0, DayMask.pm != 0)
)


def masks(session: Session, *, since: date) -> MaskAudit:
    """Both sums over every part and every day from `since` on."""
    parts: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(select(UnitPart.unit_id, UnitPart.part_id)):
        parts[row.unit_id].append(row.part_id)
    union: dict[tuple[date, int], int] = defaultdict(int)
    overlaps: set[tuple[date, int]] = set()
    bookings = 0
    # A booking of the evening before may reach into the first day.
    for booking in session.execute(_BOOKINGS, {"since": since - timedelta(days=1)}):
        bookings += 1
        bits = Period(booking.start_slot, booking.end_slot).bits
        for offset in (0, 1):
            of_day = (bits >> (96 * offset)) & WHOLE_DAY_BITS
            day = booking.date + timedelta(days=offset)
            if not of_day or day < since:
                continue
            for part_id in parts[booking.unit_id]:
                if union[day, part_id] & of_day:
                    overlaps.add((day, part_id))
                union[day, part_id] |= of_day
    held = {
        (row.date, row.part_id): row.am | row.pm << HALF_DAY_SLOTS
        for row in session.execute(_MASKS, {"since": since})
    }
    wrong = [key for key in union.keys() | held.keys() if union.get(key, 0) != held.get(key, 0)]
    differences = [Difference(day, part_id, "overlap") for day, part_id in sorted(overlaps)]
    differences += [Difference(day, part_id, "mask") for day, part_id in sorted(wrong)]
    return MaskAudit(bookings, len(held), tuple(differences))
