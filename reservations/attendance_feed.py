"""来館 as it travels: a slip that nobody has to answer. In any order, and however often (I7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reservations.models import Arrival
from reservations.models.base import table_of
from sync.document import Slip

ARRIVED = "arrived"
_TABLE = table_of(Arrival)

log = structlog.get_logger("tonari.attendance")


def take(session: Session, slip: Slip) -> None:
    """An arrival that any desk has noted. Idempotent."""
    try:
        put(session, row_of(slip.data))
    except (KeyError, TypeError, ValueError) as fault:
        log.error("an arrival that this program cannot read", line=slip.id, fault=repr(fault))


def row_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows, from a slip's words.

    raises   KeyError, TypeError, ValueError where they are not whole
    """
    booking_id, node_no = data["booking"], data["node_no"]
    at = datetime.fromisoformat(data["arrived_at"])
    is_whole = isinstance(booking_id, str) and booking_id and "\0" not in booking_id
    if not is_whole or type(node_no) is not int or at.tzinfo is None:
        raise TypeError(data)
    return {"booking_id": booking_id, "at": at, "node_no": node_no}


def put(session: Session, values: Mapping[str, Any]) -> None:
    """Keep the earlier of two; at the same instant the lower node's."""
    c = _TABLE.c
    connection = session.connection()
    mine = c.booking_id == values["booking_id"]
    known = connection.execute(select(c.at, c.node_no).where(mine)).one_or_none()
    if known is None:
        connection.execute(insert(_TABLE), dict(values))
    elif (values["at"], values["node_no"]) < (known.at, known.node_no):
        connection.execute(update(_TABLE).where(mine).values(**values))
