"""The two sums that prove the day masks: nothing is lent twice, and nothing else is occupied.

1. The quarter-hours of all bookings of a part and day, added up, are as many as the bits of
   their union: no two overlap.
2. The mask of the part and day is that union.

Masks and bookings are read by one statement, so the sums hold at any moment, also under load.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, literal, or_, select, union_all
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.models import Booking, DayMask, UnitPart
from reservations.rules.period import HALF_DAY_SLOTS, SLOTS_PER_DAY, WHOLE_DAY_BITS, Period
from sync import tables


@dataclass(frozen=True, order=True, slots=True)
class Discrepancy:
    """One part and day for which a sum is wrong.

    kind   overlap (bookings of the same time), mask (the mask says something else)
    bits   the quarter-hours concerned: booked twice, or those in which mask and bookings differ
    """

    kind: str
    date: date
    part_id: int
    bits: int


@dataclass(frozen=True, slots=True)
class MaskAudit:
    """What was compared, and what differs; `differences` is empty when all is well."""

    bookings: int
    masks: int
    differences: tuple[Discrepancy, ...]


_MASKS = select(
    literal("").label("booking_id"),
    DayMask.date,
    DayMask.part_id,
    DayMask.am.label("one"),
    DayMask.pm.label("other"),
).where(DayMask.date >= bindparam("since"), or_(DayMask.am != 0, DayMask.pm != 0))
_BOOKINGS = (
    select(Booking.id, Booking.date, UnitPart.part_id, Booking.start_slot, Booking.end_slot)
    .join(UnitPart, UnitPart.unit_id == Booking.unit_id)
    # A booking of the evening before may reach into the first day.
    .where(Booking.status == "confirmed", Booking.date >= bindparam("day_before"))
)
_BOTH = union_all(_MASKS, _BOOKINGS)


def masks(session: Session, *, since: date) -> MaskAudit:
    """Both sums over every part and every day from `since` on."""
    held: dict[tuple[date, int], int] = {}
    union: dict[tuple[date, int], int] = defaultdict(int)
    twice: dict[tuple[date, int], int] = defaultdict(int)
    bookings: set[str] = set()
    day_before = since - timedelta(days=1) if since > date.min else since
    for row in session.execute(_BOTH, {"since": since, "day_before": day_before}):
        if not row.booking_id:
            held[row.date, row.part_id] = row.one | row.other << HALF_DAY_SLOTS
            continue
        bookings.add(row.booking_id)
        bits = Period(row.one, row.other).bits
        for offset in (0, 1):
            key = (row.date + timedelta(days=offset), row.part_id)
            of_day = (bits >> (SLOTS_PER_DAY * offset)) & WHOLE_DAY_BITS
            if of_day and key[0] >= since:
                twice[key] |= union[key] & of_day
                union[key] |= of_day
    for key, bits in (*_lent_to_pads(session, since).items(), *_half_had(session, day_before)):
        twice[key] |= union[key] & bits
        union[key] |= bits
    found = [Discrepancy("overlap", *key, bits) for key, bits in twice.items() if bits]
    for key in held.keys() | union.keys():
        if differing := held.get(key, 0) ^ union.get(key, 0):
            found.append(Discrepancy("mask", *key, differing))
    return MaskAudit(len(bookings), len(held), tuple(sorted(found)))


def _lent_to_pads(session: Session, since: date) -> dict[tuple[date, int], int]:
    """What packs of paper hold that are open: occupied, though by no booking yet."""
    claim = tables.claim.c
    claims: dict[str, list[str]] = defaultdict(list)
    query = select(claim.sheet, claim.claim).where(claim.owner.startswith("pad:"))
    for row in session.execute(query):
        claims[row.sheet].append(row.claim)
    names = ((sheets.parsed(sheet), each) for sheet, each in claims.items())
    return {
        (name.date, part_id): bits
        for name, each in names
        if name is not None and name.date >= since
        for part_id, bits in sheets.bits_of(each).items()
    }


def _half_had(session: Session, day_before: date) -> list[tuple[tuple[date, int], int]]:
    """What bookings that are not confirmed occupy after midnight: of one that waits for the holder
    of its first day, or of one whose second day has not been freed yet."""
    claim = tables.claim.c
    query = select(Booking.id, Booking.municipality_code, Booking.facility_id, Booking.date).where(
        Booking.end_slot > SLOTS_PER_DAY,
        Booking.status != "confirmed",
        Booking.date >= day_before,
    )
    found = []
    for row in session.execute(query).all():
        day = row.date + timedelta(days=1)
        name = sheets.SheetName(row.municipality_code, row.facility_id, day)
        owned = claim.owner.startswith(sheets.key_of(row.id, ""))
        claims = session.scalars(select(claim.claim).where(claim.sheet == name.text, owned))
        found += [((day, part), bits) for part, bits in sheets.bits_of(claims).items()]
    return found


def masks_agree(session: Session) -> list[Discrepancy]:
    """Everything that is wrong with the masks, over all days; [] when nothing is."""
    return list(masks(session, since=date.min).differences)
