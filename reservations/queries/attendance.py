"""来館と無断不使用: who came, what stands against a party, and whom a decision waits for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL, local_day
from reservations.db import run
from reservations.desk import Desk
from reservations.models import (
    Booking,
    CheckIn,
    Decision,
    Declaration,
    Facility,
    FacilityNode,
    Strike,
)
from reservations.models.base import table_of
from reservations.rules import modes, strikes
from reservations.rules.approval import Permission
from reservations.rules.availability import Kind
from reservations.rules.modes import Mode
from reservations.rules.period import Period
from reservations.rules.strikes import Ban
from reservations.rules.town import StrikeKind, StrikeRules
from reservations.sheets import SheetName, milliseconds
from sync.document import log_of, scope_of
from sync.ledger import SqlStore

_CHECK_IN, _STRIKE = table_of(CheckIn), table_of(Strike)
_ABSENCES = tuple(kind.value for kind in StrikeKind if kind.is_absence)
_STANDS = and_(_CHECK_IN.c.came_at.is_not(None), _CHECK_IN.c.undone_at.is_(None))
_CAME = exists().where(_CHECK_IN.c.booking_id == Booking.id, _STANDS)
_PERMITTED = exists().where(
    Decision.booking_id == Booking.id,
    Decision.revision == Booking.revision,
    Decision.verdict == Permission.GRANTED.value,
    Decision.status == "decided",
)

# When somebody came, beside the columns of a statement on bookings.
CAME_AT = (
    select(func.min(_CHECK_IN.c.came_at))
    .where(_CHECK_IN.c.booking_id == Booking.id, _STANDS)
    .correlate(Booking)
    .scalar_subquery()
)
# Whether anything was decided against a party in a town; nearly always not.
HAS_STRIKES = (
    select(_STRIKE.c.id)
    .join(Booking, Booking.id == _STRIKE.c.booking_id)
    .where(
        Booking.party_id == bindparam("party_id"),
        _STRIKE.c.town == bindparam("town"),
        _STRIKE.c.status == "decided",
    )
    .exists()
)
_STANDING = (
    select(_CHECK_IN)
    .where(_CHECK_IN.c.booking_id == bindparam("booking_id"), _STANDS)
    .order_by(_CHECK_IN.c.came_at, _CHECK_IN.c.id)
)
_STRIKES = (
    select(_STRIKE)
    .where(_STRIKE.c.booking_id == bindparam("booking_id"))
    .order_by(_STRIKE.c.asked_at, _STRIKE.c.id)
)
# A decision on absence counts for nothing once it is known that somebody came.
_AGAINST = (
    select(_STRIKE)
    .join(Booking, Booking.id == _STRIKE.c.booking_id)
    .where(
        Booking.party_id == bindparam("party_id"),
        _STRIKE.c.town == bindparam("town"),
        _STRIKE.c.status == "decided",
        or_(_STRIKE.c.kind.not_in(_ABSENCES), ~_CAME),
    )
    .order_by(_STRIKE.c.date, _STRIKE.c.id)
)
_WAITING = (
    select(_STRIKE, Booking.end_slot)
    .join(Booking, Booking.id == _STRIKE.c.booking_id)
    .where(_STRIKE.c.status == "asked", _STRIKE.c.kind.in_(_ABSENCES))
    .order_by(_STRIKE.c.id)
)
_ABSENT = (
    select(Booking.id, Booking.municipality_code, Booking.facility_id, Booking.date)
    .where(
        Booking.municipality_code.in_(bindparam("towns", expanding=True)),
        Booking.date >= bindparam("since"),
        Booking.date < bindparam("before"),
        Booking.kind == Kind.USE.value,
        Booking.party_id.is_not(None),
        Booking.status == "confirmed",
        Booking.cancelled_at.is_(None),
        ~_CAME,
        # Nobody has to come to what the town has not permitted.
        or_(Booking.decide_by.is_(None), _PERMITTED),
        ~exists().where(_STRIKE.c.booking_id == Booking.id),
    )
    .order_by(Booking.date, Booking.id)
)
_DECLARED = select(Declaration.at, Declaration.mode).order_by(Declaration.at, Declaration.id)
_SERVING = (
    select(FacilityNode.node)
    .join(Facility, Facility.id == FacilityNode.facility_id)
    .where(Facility.municipality_code == bindparam("town"))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Attendance:
    """One booking: the check-ins that stand, the earliest first, and what was asked against it."""

    check_ins: tuple[Row[Any], ...]
    strikes: tuple[Row[Any], ...]

    @property
    def came_at(self) -> datetime | None:
        """When its party came; None: nobody did, as far as is known here."""
        found: datetime | None = self.check_ins[0].came_at if self.check_ins else None
        return found


@dataclass(frozen=True, slots=True)
class Struck:
    """What one strike means to its party: what it counts, and the ban that is or will be."""

    kind: StrikeKind
    half_points: int
    ban: Ban | None


def attendance(session: Session, booking_id: str) -> Attendance:
    """Two statements."""
    asked = {"booking_id": booking_id}
    return Attendance(
        tuple(run(session, _STANDING, asked).all()), tuple(run(session, _STRIKES, asked).all())
    )


def against(session: Session, party_id: str | None, town: str) -> tuple[strikes.Strike, ...]:
    """What stands against a party in a town, by day of use."""
    rows = run(session, _AGAINST, {"party_id": party_id, "town": town}).all()
    return tuple(map(_strike, rows))


def struck(
    session: Session,
    party_id: str,
    town: str,
    strike_id: str,
    *,
    rules: StrikeRules,
    today: date,
) -> Struck | None:
    """None where the strike does not stand any more, or counts for nothing."""
    rows = run(session, _AGAINST, {"party_id": party_id, "town": town}).all()
    found = [each for each in rows if each.id == strike_id]
    counts = [rules.half_points_of(StrikeKind(each.kind), each.excuse) for each in found]
    if not any(counts):
        return None
    bans = strikes.bans(map(_strike, rows), rules)
    ahead = [each for each in bans if each.last >= today]
    return Struck(StrikeKind(found[0].kind), counts[0], ahead[-1] if ahead else None)


def absent(session: Session, towns: Iterable[str], *, since: date, before: date) -> list[Row[Any]]:
    """Bookings of past days for which nobody came and nothing has been asked; by day."""
    asked = {"towns": sorted(towns), "since": since, "before": before}
    return list(run(session, _ABSENT, asked).all())


def unasked_days(session: Session, *, until: date) -> frozenset[date]:
    """The days up to `until` on which, by what was declared then, nobody is to be missed."""
    rows = run(session, _DECLARED).all()
    found: set[date] = set()
    for row, after in zip_longest(rows, rows[1:]):
        if not modes.may("ask_strike", Mode(row.mode)):
            first, last = local_day(row.at), local_day(after.at) if after else until
            found |= {first + timedelta(days=each) for each in range((last - first).days + 1)}
    return frozenset(found)


def waiting(session: Session) -> list[Row[Any]]:
    """Wishes for a decision on absence that have no answer yet, with `end_slot` of the booking."""
    return list(run(session, _WAITING).all())


def ends_at(row: Any) -> datetime:
    """When the booking ends that a row with `date` and `end_slot` is about."""
    return Period(0, row.end_slot).ends_at(row.date, LOCAL)


def writers(session: Session, desk: Desk, town: str) -> tuple[str, ...]:
    """The nodes that may write a check-in for a town: those that serve it, and the hub."""
    home = desk.directory.member(desk.directory.home)
    serving = run(session, _SERVING, {"town": town}).scalars()
    return tuple(sorted({*serving, *([home.node] if home else [])}))


def unheard(session: Session, desk: Desk, name: SheetName, over_at: datetime) -> tuple[str, ...]:
    """S7: the nodes that may have written a check-in by `over_at` which has not come here yet."""
    store, scope = SqlStore(session, desk.directory), scope_of(name.text)
    after = milliseconds(over_at)
    return tuple(
        node
        for node in writers(session, desk, name.town)
        if not desk.node.is_reported(store, scope, after, node)
    )


def has_reported(session: Session, desk: Desk, name: SheetName, over_at: datetime) -> bool:
    """Whether this desk's own log says already that the end of the booking is over."""
    position = SqlStore(session, desk.directory).position(log_of(scope_of(name.text), desk.key.id))
    return position.at > milliseconds(over_at)


def _strike(row: Row[Any]) -> strikes.Strike:
    kind = StrikeKind(row.kind)
    return strikes.Strike(row.date, local_day(row.decided_at), kind, row.excuse)
