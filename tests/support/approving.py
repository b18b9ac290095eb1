"""A town that looks at every application first, and whoever decides about one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reservations.actions.horizon import raise_catalogue_version
from reservations.db import write_transaction
from reservations.models import Decision, TownRulesVersion
from reservations.models.base import table_of

REASON = "施設の管理に支障があるため。"


def looks_first(session: Session, town: str = "172014", **case: Any) -> None:
    """From now on this town has one case in its rules; an empty one fits everything."""
    body = {"approval": [{"standard_days": 5, **case}]}
    with write_transaction(session):
        rules = table_of(TownRulesVersion)
        session.execute(update(rules).where(rules.c.municipality_code == town).values(body=body))
        raise_catalogue_version(session)


def decisions(session: Session, booking_id: str) -> list[tuple[str, str, str]]:
    """(verdict, status, code) of everything that was decided, or is to be."""
    session.rollback()
    table = table_of(Decision)
    query = select(table.c.verdict, table.c.status, table.c.code).order_by(table.c.id)
    found = [tuple(row) for row in session.execute(query.where(table.c.booking_id == booking_id))]
    session.rollback()
    return found
