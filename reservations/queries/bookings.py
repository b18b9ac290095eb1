"""予約 as people read them: one, or all of a party."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session, aliased

from reservations.clock import LOCAL, local_day
from reservations.db import run
from reservations.events import BookingConfirmed
from reservations.models import Booking, Rating
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.availability import Kind
from reservations.rules.period import Period
from reservations.rules.refunds import free_until
from reservations.rules.town import TownRules


@dataclass(frozen=True, slots=True)
class BookingView:
    """One booking with its unit, as screens, papers and the API need it.

    status        what people are told: confirmed, tentative (not answered, or not yet to be told),
                  changing (kept until another place has been confirmed in its stead), cancelling
                  (wished, and the holder has not freed it), cancelled, refused
    answer_by     of a tentative or changing one
    instead_of    the booking that it takes the place of when it is confirmed
    replaced_by   the booking that has its place, or may have it when it is confirmed
    was_kept      another place had been asked for in its stead, and was refused
    note          of a closure
    is_offer      the booking that it is instead of had been lost before, so that it is no change
    """

    id: str
    number: str
    unit: LentUnit
    party_id: str | None
    status: str
    kind: str
    date: date
    period: Period
    purpose: str
    headcount: int | None
    fee_yen: int
    made_at: datetime
    free_cancel_until: datetime | None
    cancelled_at: datetime | None
    cancel_due_yen: int | None
    town_rules_id: int | None
    revision: int
    rating: int | None
    answer_by: datetime | None = None
    instead_of: str | None = None
    replaced_by: str | None = None
    was_kept: bool = False
    is_offer: bool = False
    note: str = ""

    @property
    def rules(self) -> TownRules:
        """The version of the town's rules that it was made under."""
        return self.unit.town.rules_of(self.town_rules_id, local_day(self.made_at))

    @property
    def is_change(self) -> bool:
        """Whether it takes the place of one that stands until then."""
        return self.instead_of is not None and not self.is_offer

    @property
    def stands(self) -> bool:
        """Whether its place is its party's as far as they were told, so that it has a permit."""
        return self.status in ("confirmed", "changing")

    @property
    def starts_at(self) -> datetime:
        return self.period.starts_at(self.date, LOCAL)

    @property
    def ends_at(self) -> datetime:
        return self.period.ends_at(self.date, LOCAL)


# Of several bookings in the place of one, what was confirmed counts most, then what waits.
_NEW, _ANY, _OLD = aliased(Booking), aliased(Booking), aliased(Booking)
_RANK = case({"confirmed": 0, "tentative": 1}, value=_ANY.status, else_=2)
_FIRST = (
    select(_ANY.id)
    .where(_ANY.instead_of == Booking.id, _ANY.status != "cancelled")
    .order_by(_RANK, _ANY.id)
    .limit(1)
    .correlate(Booking)
    .scalar_subquery()
)
_COLUMNS = select(
    Booking.id,
    Booking.node_no,
    Booking.serial,
    Booking.unit_id,
    Booking.party_id,
    Booking.status,
    Booking.kind,
    Booking.date,
    Booking.start_slot,
    Booking.end_slot,
    Booking.purpose_code,
    Booking.headcount,
    Booking.fee_yen,
    Booking.made_at,
    Booking.free_cancel_until,
    Booking.cancelled_at,
    Booking.cancel_due_yen,
    Booking.town_rules_id,
    Booking.revision,
    Rating.score,
    Booking.is_told,
    Booking.answer_by,
    Booking.instead_of,
    Booking.note,
    _NEW.id.label("new_id"),
    _NEW.status.label("new_status"),
    _NEW.is_told.label("new_is_told"),
    _NEW.answer_by.label("new_answer_by"),
    _OLD.made_at.label("old_made_at"),
)
_COLUMNS = _COLUMNS.outerjoin(Rating, Rating.booking_id == Booking.id)
_COLUMNS = _COLUMNS.outerjoin(_NEW, _NEW.id == _FIRST)
_COLUMNS = _COLUMNS.outerjoin(_OLD, _OLD.id == Booking.instead_of)

_ONE = _COLUMNS.where(Booking.id == bindparam("booking_id"))
_BY_NUMBER = _COLUMNS.where(
    Booking.node_no == bindparam("node_no"), Booking.serial == bindparam("serial")
)
_STATUS = select(Booking.status).where(Booking.id == bindparam("booking_id"))
_MINE = (
    _COLUMNS.where(Booking.party_id == bindparam("party_id"), Booking.date >= bindparam("since"))
    .order_by(Booking.date, Booking.start_slot, Booking.id)
    .limit(bindparam("page_size"))
    .offset(bindparam("skip"))
)

_PAST = (
    _COLUMNS.where(Booking.party_id == bindparam("party_id"), Booking.date < bindparam("before"))
    .order_by(Booking.date.desc(), Booking.start_slot.desc(), Booking.id)
    .limit(bindparam("page_size"))
    .offset(bindparam("skip"))
)
_AROUND = _COLUMNS.where(
    Booking.facility_id == bindparam("facility_id"),
    Booking.date.in_((bindparam("day"), bindparam("day_before"))),
    Booking.status.in_(bindparam("statuses", expanding=True)),
).order_by(Booking.made_at, Booking.id)
_LAST_WISH = (
    select(Booking.purpose_code, Booking.headcount)
    .where(Booking.party_id == bindparam("party_id"), Booking.kind == Kind.USE.value)
    .order_by(Booking.made_at.desc())
    .limit(1)
)

PAGE_SIZE = 50


def as_confirmed(memory: Memory, fact: BookingConfirmed, *, made_at: datetime) -> BookingView:
    """The booking that this event, of `made_at`, has just made: what `one` would read."""
    unit = memory.catalogue.units[fact.unit_id]
    day = date.fromisoformat(fact.date)
    period = Period(fact.start_slot, fact.end_slot)
    rules = unit.town.rules_on(local_day(made_at))
    return BookingView(
        fact.subject,
        number_text(fact.node_no, fact.serial),
        unit,
        fact.party_id,
        "confirmed",
        fact.kind,
        day,
        period,
        fact.purpose,
        fact.headcount,
        fact.fee_yen,
        made_at,
        free_until(made_at=made_at, starts_at=period.starts_at(day, LOCAL), rules=rules),
        None,
        None,
        rules.version or None,
        0,
        None,
    )


def one(session: Session, memory: Memory, booking_id: str) -> BookingView | None:
    """One booking, or None. Who may see it is the caller's question."""
    row = run(session, _ONE, {"booking_id": booking_id}).one_or_none()
    return None if row is None else _view(memory, row)


def by_number(session: Session, memory: Memory, text: str) -> BookingView | None:
    """The booking with this printed number; None also where its check digit is wrong."""
    parts = number_parts(text)
    if parts is None:
        return None
    values = {"node_no": parts[0], "serial": parts[1]}
    row = run(session, _BY_NUMBER, values).one_or_none()
    return None if row is None else _view(memory, row)


def is_tentative(session: Session, booking_id: str) -> bool:
    """Whether the sheet's holder has not answered yet."""
    row = run(session, _STATUS, {"booking_id": booking_id}).one_or_none()
    return row is not None and row.status == "tentative"


def of_party(
    session: Session, memory: Memory, party_id: str, *, since: date, page: int = 0
) -> list[BookingView]:
    """The bookings of a party from a day on, soonest first, a page of 50."""
    values = {
        "party_id": party_id,
        "since": since,
        "page_size": PAGE_SIZE,
        "skip": page * PAGE_SIZE,
    }
    return [_view(memory, row) for row in run(session, _MINE, values)]


def past_of_party(
    session: Session, memory: Memory, party_id: str, *, before: date, page: int = 0
) -> list[BookingView]:
    """The bookings of a party before a day, latest first, a page of 50."""
    values = {
        "party_id": party_id,
        "before": before,
        "page_size": PAGE_SIZE,
        "skip": page * PAGE_SIZE,
    }
    return [_view(memory, row) for row in run(session, _PAST, values)]


def around_day(
    session: Session,
    memory: Memory,
    facility_id: int,
    day: date,
    *,
    statuses: tuple[str, ...],
) -> list[BookingView]:
    """What a house has on a day, and what may reach into it from the evening before; first made
    first, closures among them.

    statuses   as in models/bookings.py
    """
    values = {
        "facility_id": facility_id,
        "day": day,
        "day_before": day - timedelta(days=1),
        "statuses": list(statuses),
    }
    return [_view(memory, row) for row in run(session, _AROUND, values)]


def last_wish(session: Session, party_id: str) -> tuple[str, int | None] | None:
    """Purpose code and head-count of what this party booked last, so as not to ask twice."""
    row = run(session, _LAST_WISH, {"party_id": party_id}).one_or_none()
    return None if row is None else (row.purpose_code, row.headcount)


def number_text(node_no: int, serial: int) -> str:
    """The number as it is printed and read out: node, serial, check digit (01-000123-7)."""
    digits = f"{node_no:02}{serial:06}"
    return f"{node_no:02}-{serial:06}-{check_digit(digits)}"


def number_parts(text: str) -> tuple[int, int] | None:
    """Node and serial of a printed number; None where it is none, or its check digit is wrong."""
    digits = text.replace("-", "")
    is_number = digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 18
    if not is_number or check_digit(digits[:-1]) != int(digits[-1]):
        return None
    return int(digits[:2]), int(digits[2:-1])


def check_digit(digits: str) -> int:
    """Luhn: one wrong digit, or two swapped neighbours (but 09/90), do not pass."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def _view(memory: Memory, row: Any) -> BookingView:
    status = status_of(row)
    return BookingView(
        row.id,
        number_text(row.node_no, row.serial),
        memory.catalogue.units[row.unit_id],
        row.party_id,
        status,
        row.kind,
        row.date,
        Period(row.start_slot, row.end_slot),
        row.purpose_code,
        row.headcount,
        row.fee_yen,
        row.made_at,
        row.free_cancel_until,
        row.cancelled_at,
        row.cancel_due_yen,
        row.town_rules_id,
        row.revision,
        row.score,
        row.new_answer_by if status == "changing" else row.answer_by,
        row.instead_of,
        row.new_id if row.new_status in ("confirmed", "tentative") else None,
        row.new_status == "refused" and status == "confirmed",
        is_offer(row.old_made_at, row.made_at),
        row.note,
    )


def is_offer(old_made_at: datetime | None, made_at: datetime) -> bool:
    """Whether what a booking is instead of had been lost before: it was asked for on its own. A
    change keeps the time of the booking that it changes.

    old_made_at   None where there is no other, or it is not known here
    """
    return old_made_at is not None and made_at > old_made_at


def status_of(row: Any) -> str:
    """The status in people's words, from the columns of a booking."""
    if row.status in ("cancelled", "refused"):
        return str(row.status)
    if row.cancelled_at is not None:
        return "cancelling"
    if row.new_status == "confirmed" and row.new_is_told:
        return "cancelling"
    if row.new_status in ("confirmed", "tentative"):
        return "changing"
    return "confirmed" if row.status == "confirmed" and row.is_told else "tentative"
