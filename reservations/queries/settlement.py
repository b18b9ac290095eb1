"""市町間の精算: which town has whose money, and what was settled.

Everything is worked out from payments, refunds and closed months as they came in documents, so that
two towns come to the same yen on their own nodes. What is to be settled is, payment by payment, the
difference between what is true now and what the closed months say in all: nothing is settled twice,
nothing is forgotten, and what turned out otherwise later comes back in a later month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from reservations.clock import LOCAL, local_day
from reservations.db import run
from reservations.desk import Desk
from reservations.models import (
    Booking,
    Facility,
    FacilityNode,
    Payment,
    Refund,
    Settlement,
    SettlementLine,
)
from reservations.models.base import table_of
from reservations.queries.bookings import number_text
from reservations.rules.money import WHERE_IT_CAME, Method

_SERVED = (
    select(Facility.municipality_code)
    .join(FacilityNode, FacilityNode.facility_id == Facility.id)
    .where(FacilityNode.node == bindparam("node"))
    .distinct()
)
_LINE = table_of(SettlementLine)
_SETTLED = (
    select(
        _LINE.c.item,
        _LINE.c.account_town,
        _LINE.c.town,
        func.sum(_LINE.c.yen).label("yen"),
        func.max(_LINE.c.booking_number).label("booking_number"),
        func.max(_LINE.c.day).label("day"),
    )
    .group_by(_LINE.c.item, _LINE.c.account_town, _LINE.c.town)
    .subquery()
)


def _same(table: Any) -> Any:
    return and_(
        _SETTLED.c.item == table.id,
        _SETTLED.c.account_town == table.account_town,
        _SETTLED.c.town == table.town,
    )


def _of_others(table: Any) -> Any:
    return and_(table.account_town != table.town, table.account_town != "")


_YEN = func.coalesce(_SETTLED.c.yen, 0)
_PAID = (
    select(
        Payment.id.label("item"),
        Payment.account_town,
        Payment.town,
        Payment.booking_id,
        Payment.day,
        (Payment.amount_yen - _YEN).label("yen"),
    )
    .outerjoin(_SETTLED, _same(Payment))
    .where(_of_others(Payment), Payment.day <= bindparam("until"), Payment.amount_yen != _YEN)
)
_BACK = (
    select(
        Refund.id.label("item"),
        Refund.account_town,
        Refund.town,
        Refund.booking_id,
        Refund.asked_at,
        (-Refund.amount_yen - _YEN).label("yen"),
    )
    .outerjoin(_SETTLED, _same(Refund))
    .where(
        _of_others(Refund),
        Refund.status == "decided",
        Refund.asked_at < bindparam("before"),
        -Refund.amount_yen != _YEN,
    )
)
# What was settled of money that is known by now to be another town's.
_TAKEN_BACK = select(_SETTLED).where(
    _SETTLED.c.yen != 0,
    ~exists().where(_same(Payment), _of_others(Payment)),
    ~exists().where(_same(Refund), _of_others(Refund), Refund.status == "decided"),
)
_NUMBERS = select(Booking.id, Booking.node_no, Booking.serial).where(
    Booking.id.in_(bindparam("ids", expanding=True))
)
_CLOSED = select(table_of(Settlement)).order_by(
    Settlement.month, Settlement.town, Settlement.closed_at, Settlement.id
)
_OF_MONTH = (
    select(_LINE)
    .join(Settlement, Settlement.id == _LINE.c.settlement_id)
    .where(Settlement.month == bindparam("month"))
    .order_by(_LINE.c.account_town, _LINE.c.town, _LINE.c.day, _LINE.c.booking_number, _LINE.c.item)
)
_LAST = select(func.max(Settlement.month)).where(Settlement.town == bindparam("town"))
# SQLite takes no more values at once.
IDS_AT_ONCE = 500


@dataclass(frozen=True, order=True, slots=True)
class Line:
    """What `account_town` hands to `town` for one payment or refund; below zero the other way.

    item     the payment's id, or the refund's
    number   of the booking; empty where it is not known
    """

    account_town: str
    town: str
    day: date
    number: str
    item: str
    yen: int


@dataclass(frozen=True, slots=True)
class Pair:
    """What one town has of another's money of a month.

    is_closed   then the sums are those of the closing, else what is open up to the month's end
    lines       those that have come; `count` how many there are
    """

    account_town: str
    town: str
    is_closed: bool
    count: int
    yen: int
    lines: tuple[Line, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.lines) == self.count


@dataclass(frozen=True, slots=True)
class Net:
    """Between two towns, both directions together: `giver` hands `yen` >= 0 to `taker`."""

    giver: str
    taker: str
    yen: int
    is_closed: bool


# Whose money


def account_town(session: Session) -> str:
    """The town that has the money taken at this desk: as the setting says, else that of the
    facilities which it serves. Empty where they are of several towns, or none: then the money is
    each facility's own town's."""
    desk: Desk | None = session.info["database"].desk
    if desk is None:
        return ""
    if desk.settings.account_town:
        return desk.settings.account_town
    towns = run(session, _SERVED, {"node": desk.name}).scalars().all()
    return str(towns[0]) if len(towns) == 1 else ""


def pays_out(session: Session, payment: Any, method: Method, *, node_no: int) -> str:
    """Out of which town's money a refund goes: where an account is asked, the money only moves, or
    this desk took the payment, that of the payment; cash of another desk is that desk's own."""
    came_to: str = payment.account_town or payment.town
    if method in WHERE_IT_CAME or node_no == payment.node_no:
        return came_to
    return account_town(session) or str(payment.town)


# What is open


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def last_day(month: date) -> date:
    """The last day of its month."""
    return month_of(month + timedelta(days=31)) - timedelta(days=1)


def open_lines(session: Session, month: date, *, is_home: bool) -> list[Line]:
    """What is not settled yet of all months up to the end of this one, as far as is known here.

    is_home   at the hub, which hears everything: also what was settled and turned out otherwise.
              Elsewhere a payment that is not known may just not have come.
    """
    last = last_day(month)
    before = datetime.combine(last + timedelta(days=1), time(), LOCAL)
    rows: list[Any] = [
        *((row, row.day) for row in run(session, _PAID, {"until": last}).all()),
        *((row, local_day(row.asked_at)) for row in run(session, _BACK, {"before": before}).all()),
    ]
    numbers = _numbers(session, {row.booking_id for row, _ in rows})
    found = [
        Line(row.account_town, row.town, day, numbers.get(row.booking_id, ""), row.item, row.yen)
        for row, day in rows
    ]
    for row in run(session, _TAKEN_BACK).all() if is_home else ():
        line = Line(
            row.account_town, row.town, row.day, row.booking_number, row.item, -int(row.yen)
        )
        found.append(line)
    return sorted(found)


def _numbers(session: Session, ids: Collection[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    wanted = sorted(ids)
    for first in range(0, len(wanted), IDS_AT_ONCE):
        asked = {"ids": wanted[first : first + IDS_AT_ONCE]}
        for row in run(session, _NUMBERS, asked):
            found[row.id] = number_text(row.node_no, row.serial)
    return found


# Months


def closings(session: Session) -> list[Row[Any]]:
    """Every month that was closed (models/settlement.py), the first one first."""
    return list(run(session, _CLOSED).all())


def last_closed(session: Session, town: str) -> date | None:
    """The last month that a town has closed; its first day."""
    found: date | None = run(session, _LAST, {"town": town}).scalar()
    return found


def pairs(session: Session, month: date, *, is_home: bool) -> list[Pair]:
    """Who has whose money of a month: as it was closed, or as it stands.

    What came after a town had closed the month, or a later one, stands under its next.
    """
    known_closings = closings(session)
    closed = [row for row in known_closings if row.month == month]
    lines = [
        Line(row.account_town, row.town, row.day, row.booking_number, row.item, row.yen)
        for row in run(session, _OF_MONTH, {"month": month}).all()
    ]
    sums: dict[tuple[str, str], list[int]] = {}
    for row in closed:
        for town, (count, yen) in row.sums.items():
            known = sums.setdefault((row.town, town), [0, 0])
            known[0] += count
            known[1] += yen
    found = list(_pairs(lines, sums, is_closed=True))
    done = {row.town for row in known_closings if row.month >= month}
    still = [
        line
        for line in open_lines(session, month, is_home=is_home)
        if line.account_town not in done
    ]
    found += _pairs(still, {}, is_closed=False)
    return sorted(found, key=lambda pair: (pair.account_town, pair.town))


def _pairs(
    lines: list[Line], sums: Mapping[tuple[str, str], list[int]], *, is_closed: bool
) -> Iterator[Pair]:
    by_pair: dict[tuple[str, str], list[Line]] = {key: [] for key in sums}
    for line in lines:
        by_pair.setdefault((line.account_town, line.town), []).append(line)
    for (giver, taker), own in by_pair.items():
        count, yen = sums.get((giver, taker), (len(own), sum(line.yen for line in own)))
        yield Pair(giver, taker, is_closed, count, yen, tuple(own))


def nets(found: Collection[Pair]) -> list[Net]:
    """Both directions of each two towns against each other; a month is closed once both are."""
    yen: dict[tuple[str, str], int] = {}
    is_closed: dict[tuple[str, str], bool] = {}
    for pair in found:
        one, other = sorted((pair.account_town, pair.town))
        sign = 1 if pair.account_town == one else -1
        yen[one, other] = yen.get((one, other), 0) + sign * pair.yen
        is_closed[one, other] = is_closed.get((one, other), True) and pair.is_closed
    return [
        Net(*(key if amount >= 0 else key[::-1]), abs(amount), is_closed[key])
        for key, amount in sorted(yen.items())
    ]
