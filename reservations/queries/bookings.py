"""予約 as people read them: one, or all of a party."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, or_, select
from sqlalchemy.orm import Session, aliased

from reservations.clock import LOCAL, local_day
from reservations.db import run
from reservations.events import BookingConfirmed
from reservations.models import Booking, Decision, Rating
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.approval import Permission
from reservations.rules.availability import Kind
from reservations.rules.period import Period
from reservations.rules.refunds import free_until
from reservations.rules.town import TownRules

# A field is called `date`; inside its class the type needs another name.
Day = date


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
    decide_by     審査: by when the town answers; None where it needs no permission of its own
    verdict       what it has answered and people may be told: granted, refused; empty: nothing yet
    decided_at    with it; and `conditions` or `reason` in the words of whoever decided
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
    decide_by: Day | None = None
    verdict: str = ""
    decided_at: datetime | None = None
    conditions: str = ""
    reason: str = ""

    @property
    def permission(self) -> Permission:
        """Whether its use is permitted, as far as its party may be told."""
        if self.verdict:
            return Permission(self.verdict)
        return Permission.NONE if self.decide_by is None else Permission.ASKED

    @property
    def is_in_review(self) -> bool:
        """審査中: its place is held, and nobody has said yet that it may be used."""
        return self.stands and self.permission is Permission.ASKED

    @property
    def owed_from(self) -> datetime:
        """From when the time to pay counts: what was looked at is owed since it was permitted."""
        return self.decided_at if self.decided_at is not None else self.made_at

    @property
    def has_permit(self) -> bool:
        """Whether there is a permit of it."""
        return self.stands and self.permission is not Permission.ASKED

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
        """Whether its place is its party's as far as they were told."""
        return self.status in ("confirmed", "changing")

    @property
    def starts_at(self) -> datetime:
        return self.period.starts_at(self.date, LOCAL)

    @property
    def ends_at(self) -> datetime:
        return self.period.ends_at(self.date, LOCAL)


# Of several bookings in the place of one, what was confirmed counts most, then what waits.
_NEW, _ANY, _OLD = aliased(Booking), aliased(Booking), aliased(Booking)
_WISH = aliased(Decision)
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
    Booking.decide_by,
    Decision.verdict,
    Decision.decided_at,
    Decision.conditions,
    Decision.reason,
)
_COLUMNS = _COLUMNS.outerjoin(Rating, Rating.booking_id == Booking.id)
_COLUMNS = _COLUMNS.outerjoin(_NEW, _NEW.id == _FIRST)
_COLUMNS = _COLUMNS.outerjoin(_OLD, _OLD.id == Booking.instead_of)
# The line that cancels a booking makes its next revision.
_DECIDED_ON = Booking.revision - case((Booking.status == "cancelled", 1), else_=0)
_COLUMNS = _COLUMNS.outerjoin(
    Decision,
    and_(
        Decision.booking_id == Booking.id,
        Decision.revision == _DECIDED_ON,
        # Of what is cancelled already people are told why as well.
        or_(
            Decision.status == "decided",
            and_(Decision.status == "written", Booking.status == "cancelled"),
        ),
    ),
)

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
# 審査中, as people may be told: beside the columns of a statement on bookings that stand.
IS_IN_REVIEW = and_(
    Booking.decide_by.is_not(None),
    ~exists().where(
        _WISH.booking_id == Booking.id,
        _WISH.revision == Booking.revision,
        _WISH.status == "decided",
    ),
)
# What somebody has still to decide about, as far as this desk knows: nothing stands, none is asked.
WAITS = (
    Booking.decide_by.is_not(None),
    Booking.status == "confirmed",
    Booking.is_told,
    Booking.cancelled_at.is_(None),
    Booking.date >= bindparam("since"),
    ~exists().where(
        _WISH.booking_id == Booking.id,
        _WISH.revision == Booking.revision,
        _WISH.status.in_(("asked", "written", "decided")),
    ),
)
_WAITING = (
    _COLUMNS.where(*WAITS, Booking.facility_id.in_(bindparam("facilities", expanding=True)))
    .order_by(Booking.decide_by, Booking.made_at, Booking.id)
    .limit(bindparam("page_size"))
    .offset(bindparam("skip"))
)
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
        decide_by=date.fromisoformat(fact.decide_by) if fact.decide_by else None,
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


def waiting(
    session: Session, memory: Memory, *, since: date, facilities: Collection[int], page: int = 0
) -> list[BookingView]:
    """What waits for a permission at these facilities, used from a day on; those first that are to
    be answered first. A page of 50."""
    values = {
        "since": since,
        "facilities": sorted(facilities),
        "page_size": PAGE_SIZE,
        "skip": page * PAGE_SIZE,
    }
    return [_view(memory, row) for row in run(session, _WAITING, values)]


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
        row.decide_by,
        row.verdict or "",
        row.decided_at,
        row.conditions or "",
        row.reason or "",
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
