"""精算の締め: a town closes a month of the money that it has for others, at the hub.

What is in a closed month are the lines that its document names, payment by payment. What comes
later, however old, is in the next month that is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from reservations import settlement_feed, sheets
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events.money import MonthSettled
from reservations.models import Settlement
from reservations.models.base import table_of
from reservations.queries import memory, settlement
from reservations.queries.settlement import Line
from sync import ledger


@dataclass(frozen=True, slots=True)
class CloseMonthRequest:
    """month: its first day."""

    town: str
    month: date


@action("close_month", turn=lambda request: f"settlement of {request.town}")
def close_month(
    session: Session, request: CloseMonthRequest, context: Context, settlement_id: str
) -> MonthSettled:
    """Fix what the town owes others for all that is known by now, up to the end of the month.

    raises   Refusal not_found (town), at_hub_only, month_not_over, month_settled
    """
    desk: Desk | None = session.info["database"].desk
    if desk is not None and not desk.is_home:
        raise Refusal(RefusalCode.AT_HUB_ONLY)
    if request.town not in memory.current(session).catalogue.towns or request.month.day != 1:
        raise Refusal(RefusalCode.NOT_FOUND)
    today = local_day(context.now)
    if settlement.last_day(request.month) >= today:
        raise Refusal(RefusalCode.MONTH_NOT_OVER)
    last = settlement.last_closed(session, request.town)
    if last is not None and last >= request.month:
        raise Refusal(RefusalCode.MONTH_SETTLED)
    found = settlement.open_lines(session, request.month, is_home=True)
    mine = [line for line in found if line.account_town == request.town]
    rows = [_row(settlement_id, line) for line in mine]
    sums: dict[str, list[int]] = {}
    for line in mine:
        count, yen = sums.get(line.town, (0, 0))
        sums[line.town] = [count + 1, yen + line.yen]
    closing = {
        "id": settlement_id,
        "town": request.town,
        "month": request.month,
        "closed_at": context.now,
        "node_no": context.node_no,
        "sums": sums,
    }
    settlement_feed.put(session, closing, rows)
    who = update(table_of(Settlement)).where(Settlement.id == settlement_id)
    run(session, who.values(actor=context.actor))
    if desk is not None:
        _say(session, desk, closing, rows, context)
    return MonthSettled(
        subject=settlement_id,
        town=request.town,
        month=request.month.isoformat(),
        closed_at=sheets.instant_text(context.now),
        node_no=context.node_no,
        sums=sums,
    )


def _row(settlement_id: str, line: Line) -> dict[str, Any]:
    return {
        "settlement_id": settlement_id,
        "item": line.item,
        "account_town": line.account_town,
        "town": line.town,
        "booking_number": line.number,
        "day": line.day,
        "yen": line.yen,
    }


def _say(
    session: Session,
    desk: Desk,
    closing: dict[str, Any],
    rows: list[dict[str, Any]],
    context: Context,
) -> None:
    """To the town itself all lines, to each of the others those that are theirs."""
    at, today = sheets.milliseconds(context.now), local_day(context.now)
    for town in (closing["town"], *sorted(closing["sums"])):
        own = [row for row in rows if town in (closing["town"], row["town"])]
        sheet = settlement_feed.sheet_for(town, today, closing["month"])
        for some in _some(own):
            data = settlement_feed.said(closing, some)
            ledger.post(session, desk.node, sheet, settlement_feed.KIND, at=at, data=data)


def _some(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many as one document takes; one without any, where there are none."""
    for first in range(0, max(len(rows), 1), settlement_feed.LINES_A_SLIP):
        yield rows[first : first + settlement_feed.LINES_A_SLIP]
