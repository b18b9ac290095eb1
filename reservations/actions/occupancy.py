"""Claiming and releasing time in the day masks: where a double booking is refused.

One conditional UPDATE over the unit's parts claims them all or is rolled back. There is no check
before it that a second person could slip behind. A booking past midnight claims two days.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from sqlalchemy import BindParameter, Update, bindparam, select, update
from sqlalchemy.orm import Session

from reservations.errors import Refusal, RefusalCode
from reservations.models import DayMask
from reservations.models.base import table_of
from reservations.queries.masks import next_version
from reservations.rules.period import Period, by_day

_TABLE = table_of(DayMask)


@cache
def _claim(dialect: str) -> Update:
    c = _TABLE.c
    am: BindParameter[int] = bindparam("am_")
    pm: BindParameter[int] = bindparam("pm_")
    return (
        update(_TABLE)
        .where(
            c.date == bindparam("date_"),
            c.part_id.in_(_in_order(dialect)),
            c.am.bitwise_and(am) == 0,
            c.pm.bitwise_and(pm) == 0,
            c.open_am.bitwise_and(am) == am,
            c.open_pm.bitwise_and(pm) == pm,
        )
        .values(am=c.am.bitwise_or(am), pm=c.pm.bitwise_or(pm), version=next_version(dialect))
    )


@cache
def _release(dialect: str) -> Update:
    c = _TABLE.c
    am: BindParameter[int] = bindparam("am_")
    pm: BindParameter[int] = bindparam("pm_")
    # a - b clears bits that are known to be set, on any engine and in any integer width.
    return (
        update(_TABLE)
        .where(
            c.date == bindparam("date_"),
            c.part_id.in_(_in_order(dialect)),
            c.am.bitwise_and(am) == am,
            c.pm.bitwise_and(pm) == pm,
        )
        .values(am=c.am - am, pm=c.pm - pm, version=next_version(dialect))
    )


def _in_order(dialect: str):  # type: ignore[no-untyped-def]  # a bind or a subquery, as in_() takes
    """The unit's parts. PostgreSQL locks them in part order first: two bookings of overlapping
    sets of parts then wait for each other instead of deadlocking."""
    parts: BindParameter[list[int]] = bindparam("parts", expanding=True)
    if dialect != "postgresql":
        return parts
    inner = _TABLE.alias("locked")
    return (
        select(inner.c.part_id)
        .where(inner.c.date == bindparam("date_"), inner.c.part_id.in_(parts))
        .order_by(inner.c.part_id)
        .with_for_update()
    )


def claim(session: Session, parts: tuple[int, ...], day: date, period: Period) -> None:
    """Occupy `period` of `day` on all of `parts`, or nothing.

    raises   Refusal taken: at least one part is occupied, closed or has no row for that day; the
             caller's transaction must be rolled back
    """
    if not _touch_all(session, _claim(session.get_bind().dialect.name), parts, day, period):
        raise Refusal(RefusalCode.TAKEN)


def release(session: Session, parts: tuple[int, ...], day: date, period: Period) -> None:
    """Give back what a booking occupies: all of it was set, or this is a bug."""
    done = _touch_all(session, _release(session.get_bind().dialect.name), parts, day, period)
    assert done, f"released what was not occupied: parts {parts}, {day} {period}"


def _touch_all(
    session: Session, statement: Update, parts: tuple[int, ...], day: date, period: Period
) -> bool:
    for offset, am, pm in by_day(period):
        values = {
            "date_": day + timedelta(days=offset),
            "parts": list(parts),
            "am_": am,
            "pm_": pm,
        }
        if session.execute(statement, values).rowcount != len(parts):  # type: ignore[attr-defined]
            return False
    return True
