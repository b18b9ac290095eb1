"""締め: what is in the drawer is counted at the end of a day, and the difference explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events.money import DrawerClosed
from reservations.models import CashDay
from reservations.models.base import table_of
from reservations.queries import money as money_query
from reservations.rules.money import FACES_YEN, YEN_MAX, counted_yen

REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """A day's count.

    fund_yen  釣銭準備金: what lay in the drawer in the morning
    counts    how many of each note and coin (rules/money.py: FACES_YEN); one left out is none
    reason    why there is more or less than the book says
    """

    day: date
    fund_yen: int
    counts: Mapping[int, int]
    reason: str = ""


@action("close_drawer")
def close_drawer(
    session: Session, request: CloseRequest, context: Context, close_id: str
) -> DrawerClosed:
    """Close this node's drawer for a day, once. Cash that comes later is the next day's.

    raises   Refusal day_not_over for a day to come, day_closed, amount_wrong,
             difference_unexplained with the difference
    """
    _alone(session, context)
    if request.day > local_day(context.now):
        raise Refusal(RefusalCode.DAY_NOT_OVER)
    drawer = money_query.drawer(session, context.node_no, request.day)
    if drawer.closed is not None:
        raise Refusal(RefusalCode.DAY_CLOSED)
    counts, fund_yen = request.counts, request.fund_yen
    is_count = set(counts) <= set(FACES_YEN) and all(0 <= each < 10**6 for each in counts.values())
    if not is_count or not 0 <= fund_yen <= YEN_MAX or counted_yen(counts) > YEN_MAX:
        raise Refusal(RefusalCode.AMOUNT_WRONG)
    counted = counted_yen(counts)
    difference_yen = counted - (fund_yen + drawer.received_yen - drawer.paid_out_yen)
    reason = " ".join(request.reason.split())[:REASON_MAX]
    if difference_yen and not reason:
        raise Refusal(RefusalCode.DIFFERENCE_UNEXPLAINED, difference_yen=difference_yen)
    totals = {
        "fund_yen": fund_yen,
        "received_yen": drawer.received_yen,
        "paid_out_yen": drawer.paid_out_yen,
        "counted_yen": counted,
        "difference_yen": difference_yen,
    }
    row = {
        "node_no": context.node_no,
        "day": request.day,
        **totals,
        "counts": {str(face): counts.get(face, 0) for face in FACES_YEN},
        "reason": reason,
        "closed_at": context.now,
        "actor": context.actor,
    }
    run(session, insert(table_of(CashDay)), row)
    return DrawerClosed(subject=close_id, day=request.day.isoformat(), **totals)


def day_for_cash(session: Session, context: Context) -> date:
    """In which day's drawer cash is now: the first from today on that was not closed."""
    _alone(session, context)
    day = local_day(context.now)
    while money_query.closed(session, context.node_no, day) is not None:
        day += timedelta(days=1)
    return day


def _alone(session: Session, context: Context) -> None:
    """Nobody closes the drawer while cash goes in or out of it. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"drawer:{context.node_no}", 2)
        run(session, select(func.pg_advisory_xact_lock(key)))
