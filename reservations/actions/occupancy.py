"""Claiming and releasing time in the day masks: where a double booking is refused.

One conditional UPDATE over the unit's parts claims them all or is rolled back. There is no check
before it that a second person could slip behind. A booking past midnight claims two days.

Everybody locks rows in one order, by day and then by part: then two who want the same rows wait
for each other, and never both at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, Update, bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.models import DayMask
from reservations.models.base import table_of
from reservations.queries.masks import next_version
from reservations.rules.period import (
    HALF_DAY_SLOTS,
    SLOTS_PER_DAY,
    WHOLE_DAY_BITS,
    Period,
    by_day,
)

_TABLE = table_of(DayMask)
_LOCK = (
    select(_TABLE.c.part_id)
    .where(tuple_(_TABLE.c.date, _TABLE.c.part_id).in_(bindparam("rows", expanding=True)))
    .order_by(_TABLE.c.date, _TABLE.c.part_id)
    .with_for_update()
)
_STATE = select(
    _TABLE.c.part_id,
    _TABLE.c.am,
    _TABLE.c.pm,
    _TABLE.c.open_am,
    _TABLE.c.open_pm,
    _TABLE.c.is_held,
).where(_TABLE.c.date == bindparam("day"), _TABLE.c.part_id.in_(bindparam("parts", expanding=True)))


@cache
def _claim(dialect: str, count: int) -> Update:
    c = _TABLE.c
    am: BindParameter[int] = bindparam("am_")
    pm: BindParameter[int] = bindparam("pm_")
    return (
        update(_TABLE)
        .where(
            c.date == bindparam("date_"),
            c.part_id.in_(_in_order(dialect, count)),
            c.am.bitwise_and(am) == 0,
            c.pm.bitwise_and(pm) == 0,
            c.open_am.bitwise_and(am) == am,
            c.open_pm.bitwise_and(pm) == pm,
            c.is_held.is_(True),
        )
        .values(am=c.am.bitwise_or(am), pm=c.pm.bitwise_or(pm), version=next_version(dialect))
    )


@cache
def _release(dialect: str, count: int) -> Update:
    c = _TABLE.c
    am: BindParameter[int] = bindparam("am_")
    pm: BindParameter[int] = bindparam("pm_")
    # a - b clears bits that are known to be set, on any engine and in any integer width.
    return (
        update(_TABLE)
        .where(
            c.date == bindparam("date_"),
            c.part_id.in_(_in_order(dialect, count)),
            c.am.bitwise_and(am) == am,
            c.pm.bitwise_and(pm) == pm,
            c.is_held.is_(True),
        )
        .values(am=c.am - am, pm=c.pm - pm, version=next_version(dialect))
    )


def _in_order(dialect: str, count: int) -> list[BindParameter[int]] | Select[Any]:
    """The unit's parts, as in_() takes them: a statement for each number of parts, because a list
    that is expanded at each call takes as long as the statement itself.

    PostgreSQL locks their rows in part order first; an UPDATE alone would lock them in whatever
    order it finds them.
    """
    parts: list[BindParameter[int]] = [bindparam(f"part_{number}") for number in range(count)]
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

    raises   Refusal taken: at least one part is occupied, closed, held elsewhere or has no row for
             that day; the caller's transaction, or its savepoint, must be rolled back
    """
    if not _touch_all(session, _claim, parts, day, period):
        raise Refusal(RefusalCode.TAKEN)


def release(session: Session, parts: tuple[int, ...], day: date, period: Period) -> None:
    """Give back what a booking occupies: all of it was set, or this is a bug.

    raises   Refusal held_elsewhere
    """
    if not _touch_all(session, _release, parts, day, period):
        if not state(session, parts, day, period).is_held:
            raise Refusal(RefusalCode.HELD_ELSEWHERE)
        raise AssertionError(f"released what was not occupied: parts {parts}, {day} {period}")


def lock(session: Session, places: Sequence[tuple[tuple[int, ...], date, Period]]) -> None:
    """Wait for the rows of several places at once, each being parts, day and period.

    For whoever releases one place and claims another: two people who swap would otherwise each
    hold what the other waits for. SQLite has one writer and needs no such lock.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    rows = {
        (day + timedelta(days=offset), part_id)
        for parts, day, period in places
        for offset, _, _ in by_day(period)
        for part_id in parts
    }
    run(session, _LOCK, {"rows": sorted(rows)})


@dataclass(frozen=True, slots=True)
class State:
    """What the masks say of some parts over a period, as the transaction sees them.

    open, busy   96 bits, or 192 where the period runs past midnight: when all of them may be lent,
                 and when one of them is occupied
    is_held      whether the sheets of all its days are held here
    """

    open: int
    busy: int
    is_held: bool


def state(session: Session, parts: tuple[int, ...], day: date, period: Period) -> State:
    """Why a claim failed: for the answer, never for the decision."""
    opened = busy = 0
    is_held = _may_write(session)
    for offset, _, _ in by_day(period):
        values = {"day": day + timedelta(days=offset), "parts": parts}
        rows = run(session, _STATE, values).all()
        common = WHOLE_DAY_BITS if len(rows) == len(parts) else 0
        for row in rows:
            common &= row.open_am | row.open_pm << HALF_DAY_SLOTS
            busy |= (row.am | row.pm << HALF_DAY_SLOTS) << (SLOTS_PER_DAY * offset)
            is_held = is_held and row.is_held
        opened |= common << (SLOTS_PER_DAY * offset)
    return State(opened, busy, is_held)


def _touch_all(
    session: Session,
    change: Callable[[str, int], Update],
    parts: tuple[int, ...],
    day: date,
    period: Period,
) -> bool:
    """Change the rows of all parts; False as soon as one of them could not be."""
    if not _may_write(session):
        return False
    connection = session.connection()
    statement = change(connection.dialect.name, len(parts))
    named = {f"part_{number}": part_id for number, part_id in enumerate(parts)}
    for offset, am, pm in by_day(period):
        values = {"date_": day + timedelta(days=offset), "am_": am, "pm_": pm, **named}
        if connection.execute(statement, values).rowcount != len(parts):
            return False
    return True


def _may_write(session: Session) -> bool:
    """A suspended desk holds nothing: what is wished there waits, as if it were held elsewhere."""
    desk: Desk | None = session.info["database"].desk
    return desk is None or not desk.is_suspended()
