"""窓口の一日: every frame of one facility on one day, and who or what is in it. For staff only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Text, and_, bindparam, literal, or_, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.desk import Desk
from reservations.events import sheet_of
from reservations.models import Booking, FacilityNode
from reservations.queries import calendar, parties
from reservations.queries.attendance import CAME_AT
from reservations.queries.bookings import IS_IN_REVIEW, number_text
from reservations.queries.calendar import Cell
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.memory import Memory
from reservations.queries.parties import Called
from reservations.rules.availability import Kind, Occupied, Status
from reservations.rules.parts import touch
from reservations.rules.period import SLOTS_PER_DAY, Period
from sync import tables

# A field is called `date`; inside its class the type needs another name.
Day = date


class State(Enum):
    """What a clerk has to tell apart beyond the statuses that everybody is shown.

    FREE       can be confirmed here at once
    TENTATIVE  still free, but somebody's wish waits for the holder's answer
    ELSEWHERE  free as far as is known; another node holds the sheet, so that it would be 仮受付
    OTHER      what its status says
    """

    FREE = "free"
    TENTATIVE = "tentative"
    ELSEWHERE = "elsewhere"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Use:
    """What holds a unit on this day, or waits to.

    period   that part of it which lies on this day; it may end past midnight
    date     of its sheet: the day before, where it began then
    party    None for what is no ordinary use
    note     of a closure or an official use
    came_at  来館: when its party came, as far as is known here
    is_in_review   審査: it has its place, and nobody has permitted the use yet
    """

    booking_id: str
    number: str
    unit: LentUnit
    period: Period
    kind: Kind
    is_tentative: bool
    made_at: datetime
    party: Called | None
    note: str
    date: Day
    is_past_midnight: bool
    came_at: datetime | None
    is_in_review: bool = False


@dataclass(frozen=True, slots=True)
class BoardCell:
    """One frame; `uses` are those that overlap it on a part that it shares, first made first."""

    cell: Cell
    state: State
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One unit with its frames; none: it is not lent that day."""

    unit: LentUnit
    cells: tuple[BoardCell, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One facility on one day. Without `is_held`, another node decides what is lent."""

    place: Place
    date: Day
    is_held: bool
    rows: tuple[BoardRow, ...]
    uses: tuple[Use, ...]

    def first_in(self, unit: LentUnit, period: Period) -> Use | None:
        """Who was first there: the earliest made of those that hold a part of it then."""
        return next(
            (use for use in _in(self.uses, unit, period) if not use.is_tentative),
            None,
        )


_CHAIN = tables.chain.c
_HOLDER = (
    select(_CHAIN.holder)
    .where(_CHAIN.chain == bindparam("sheet", type_=Text), _CHAIN.number > 0)
    .scalar_subquery()
)
_THERE = and_(
    Booking.facility_id == bindparam("facility_id"),
    or_(
        Booking.date == bindparam("day"),
        and_(Booking.date == bindparam("day_before"), Booking.end_slot > SLOTS_PER_DAY),
    ),
    Booking.status.in_(("confirmed", "tentative")),
)
# One row at least, so that the holder is known of a day on which nothing is booked.
_ONE = select(literal(1).label("one")).subquery()
_USES = (
    select(
        _HOLDER.label("holder"),
        Booking.id,
        Booking.node_no,
        Booking.serial,
        Booking.unit_id,
        Booking.date,
        Booking.start_slot,
        Booking.end_slot,
        Booking.kind,
        Booking.status,
        Booking.made_at,
        Booking.party_id,
        Booking.note,
        CAME_AT.label("came_at"),
        IS_IN_REVIEW.label("is_in_review"),
    )
    .select_from(_ONE)
    .outerjoin(Booking, _THERE)
    .order_by(Booking.made_at, Booking.id)
)


def board(
    session: Session, memory: Memory, desk: Desk | None, place: Place, day: date, *, now: datetime
) -> Board:
    """One facility on one day: one statement, and one for the names of those who are in it.

    now   aware; what has begun is past booking
    """
    values = {
        "sheet": sheet_of(place.town.code, place.id, day.isoformat()),
        "facility_id": place.id,
        "day": day,
        "day_before": day - timedelta(days=1),
    }
    rows = run(session, _USES, values).all()
    found = [row for row in rows if row.id is not None]
    named = parties.called(session, (row.party_id for row in found))
    uses = tuple(_use(memory, row, day, named) for row in found)
    is_held = _is_held(desk, rows[0].holder)
    kinds = _kinds(uses, day)
    units = memory.catalogue.units_of_place.get(place.id, ())
    lines = tuple(
        BoardRow(
            unit,
            tuple(
                _cell(each, uses, is_held=is_held)
                for each in calendar.unit_day(memory, unit, day, kinds, now=now).cells
            ),
        )
        for unit in units
    )
    return Board(place, day, is_held, lines, uses)


def _is_held(desk: Desk | None, holder: str | None) -> bool:
    """Whether this desk decides; a sheet without a line is the hub's (desk.py:holdings)."""
    if desk is None:
        return True
    return desk.is_home if holder is None else holder == desk.key.id


def _use(memory: Memory, row: Any, day: date, named: Mapping[str, Called]) -> Use:
    period = Period(row.start_slot, row.end_slot)
    if row.date != day:
        period = Period(0, row.end_slot - SLOTS_PER_DAY)
    return Use(
        row.id,
        number_text(row.node_no, row.serial),
        memory.catalogue.units[row.unit_id],
        period,
        Kind(row.kind),
        row.status == "tentative",
        row.made_at,
        named.get(row.party_id),
        row.note,
        row.date,
        row.end_slot > SLOTS_PER_DAY,
        row.came_at,
        bool(row.is_in_review),
    )


def _kinds(uses: Iterable[Use], day: date) -> dict[tuple[int, date], list[Occupied]]:
    """What is no ordinary use, as calendar.py wants it."""
    kinds: dict[tuple[int, date], list[Occupied]] = defaultdict(list)
    for use in uses:
        if use.kind is not Kind.USE and not use.is_tentative:
            for part_id in use.unit.parts:
                kinds[part_id, day].append(Occupied(use.period, use.kind))
    return kinds


def _in(uses: Iterable[Use], unit: LentUnit, period: Period) -> tuple[Use, ...]:
    return tuple(
        use for use in uses if use.period.overlaps(period) and touch(use.unit.parts, unit.parts)
    )


def _cell(cell: Cell, uses: Iterable[Use], *, is_held: bool) -> BoardCell:
    within = _in(uses, cell.unit, cell.period)
    state = State.OTHER
    if cell.status is Status.FREE:
        state = State.FREE if is_held else State.ELSEWHERE
        if any(use.is_tentative for use in within):
            state = State.TENTATIVE
    return BoardCell(cell, state, within)


_OWN_PLACE = (
    select(FacilityNode.facility_id)
    .where(FacilityNode.node == bindparam("node"))
    .order_by(FacilityNode.facility_id)
    .limit(1)
)


def own_place(session: Session, memory: Memory, node: str) -> Place | None:
    """The facility that a node serves, else one of the town that lends most, if there is any."""
    lent = memory.catalogue.units_of_place
    served = run(session, _OWN_PLACE, {"node": node}).scalar()
    if served is not None and served in lent:
        return memory.catalogue.places[served]
    middle = memory.catalogue.middle
    places = of_town(memory, middle.code) if middle else ()
    return places[0] if places else next((memory.catalogue.places[each] for each in lent), None)


def of_town(memory: Memory, town_code: str) -> tuple[Place, ...]:
    """The facilities of a town that lend something, by name."""
    places = (memory.catalogue.places[place_id] for place_id in memory.catalogue.units_of_place)
    found = (place for place in places if place.town.code == town_code)
    return tuple(sorted(found, key=lambda place: (place.kana or place.name, place.id)))
