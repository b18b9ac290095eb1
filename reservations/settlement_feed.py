"""精算 as it travels: a month that a town has closed, in slips to the towns concerned.

Every slip says the whole sums and some of the lines, so that a desk knows what is owed before all
the lines have come. In whatever order and however often they come, the tables are the same (I7).
Only the hub closes months, because it alone hears every desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from reservations import events, sheets
from reservations.catalogue_feed import is_from_home
from reservations.db import insert_new
from reservations.desk import Desk
from reservations.models import Settlement, SettlementLine
from reservations.models.base import table_of
from reservations.slip_words import text
from sync.document import Slip

KIND = "settlement"
# A line has about a hundred octets.
LINES_A_SLIP = 300
YEN_MAX = 2**31 - 1

log = structlog.get_logger("tonari.settlement")


def sheet_for(town: str, today: date, month: date) -> str:
    """No facility's day: where a town, in this fiscal year, hears of a closed month."""
    return f"{town}-{events.fiscal_year(today)}/settlement/{month.isoformat()}"


def take(session: Session, desk: Desk, slip: Slip) -> None:
    """A closed month, as the hub says it. Idempotent; what is not whole says nothing."""
    if not is_from_home(desk, slip):
        return
    try:
        closing = closing_row(slip.data)
        lines = [_line_row(closing["id"], each) for each in slip.data["lines"]]
    except (KeyError, TypeError, ValueError) as fault:
        log.error("a settlement that this program cannot read", line=slip.id, fault=repr(fault))
        return
    put(session, closing, lines)


def put(session: Session, closing: Mapping[str, Any], lines: list[dict[str, Any]]) -> None:
    """Those rows that are not there yet."""
    connection = session.connection()
    connection.execute(insert_new(session, table_of(Settlement)), dict(closing))
    if lines:
        connection.execute(insert_new(session, table_of(SettlementLine)), lines)


def closing_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a closed month.

    raises   KeyError, TypeError, ValueError where they are not whole
    """
    sums = data["sums"]
    if not isinstance(sums, Mapping):
        raise TypeError(sums)
    return {
        "id": text(data["settlement"]),
        "town": text(data["town"]),
        "month": date.fromisoformat(data["month"]),
        "closed_at": datetime.fromisoformat(data["closed_at"]),
        "node_no": _whole(data["node_no"]),
        "sums": {text(town): [_whole(count), _whole(yen)] for town, (count, yen) in sums.items()},
    }


def said(closing: Mapping[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A slip's words: the closing and some of its lines."""
    return {
        "settlement": closing["id"],
        "town": closing["town"],
        "month": closing["month"].isoformat(),
        "closed_at": sheets.instant_text(closing["closed_at"]),
        "node_no": closing["node_no"],
        "sums": closing["sums"],
        "lines": [
            [
                row["item"],
                row["account_town"],
                row["town"],
                row["booking_number"],
                row["day"].isoformat(),
                row["yen"],
            ]
            for row in rows
        ],
    }


def _line_row(settlement_id: str, words: Any) -> dict[str, Any]:
    item, account_town, town, number, day, yen = words
    if not isinstance(number, str):
        raise TypeError(number)
    return {
        "settlement_id": settlement_id,
        "item": text(item),
        "account_town": text(account_town),
        "town": text(town),
        "booking_number": number,
        "day": date.fromisoformat(day),
        "yen": _whole(yen),
    }


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > YEN_MAX:
        raise TypeError(value)
    return value
