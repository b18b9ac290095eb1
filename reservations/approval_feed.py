"""Permissions as they travel: wishes by slips, decisions by lines of the booking's sheet.

In whatever order and however often they come, the tables are the same (I7): a decision is known by
its id, and its answer wins over its question. None of them waits for its booking: what is
permitted is worked out from both when somebody asks (queries/approval.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reservations import events
from reservations.events.approval import PermissionGranted
from reservations.models import Decision
from reservations.models.base import table_of
from reservations.rules.approval import CONDITIONS_MAX, REASON_MAX, Permission
from reservations.sheets import SheetName
from sync.document import Document, Entry, Slip

DECIDE = "decide"
# What a line settles beside the slip that it answers (sheets.py: draft_of).
_OWN_KEYS = {"record": 1, "cancel": 2}
# Why a decision is none: its line had to be taken back before anybody was told.
TAKEN_BACK = "taken_back"
GRANTED, REFUSED = Permission.GRANTED.value, Permission.REFUSED.value
# A line that the witness does not have yet may be taken back, but nobody decides beside it.
STANDS = ("written", "decided")

log = structlog.get_logger("tonari.approval")

_TABLE = table_of(Decision)


def take(session: Session, slip: Slip) -> None:
    """A wish to decide, from any desk. Idempotent."""
    try:
        row = row_of(slip.data, slip.sheet)
    except (KeyError, TypeError, ValueError) as fault:
        log.error("a decision that this program cannot read", line=slip.id, fault=repr(fault))
        return
    if _status_of(session, row["id"]) is None:
        session.connection().execute(insert(_TABLE), row | {"status": "asked"})


def is_decision(entry: Entry) -> bool:
    """Whether the line grants, refuses, or answers a wish for either."""
    name = entry.data.get("event")
    grants = entry.kind == "record" and name == PermissionGranted.name
    return grants or _is_refusal(entry) or _is_answer(entry)


def answered(session: Session, entry: Entry, *, is_told: bool) -> None:
    """A line about a decision: it stands, or another one does for the reason in `code`."""
    try:
        values = row_of(entry.data, entry.chain)
    except (KeyError, TypeError, ValueError) as fault:
        log.error("a decision that this program cannot read", line=entry.id, fault=repr(fault))
        return
    values |= {"status": "decided" if is_told else "written", "code": ""}
    if _is_answer(entry):
        values |= {"status": "refused", "code": str(entry.data.get("code", ""))}
    elif _is_decided_otherwise(session, values):
        log.error("a second decision about one booking", line=entry.id)
        return
    before = _status_of(session, values["id"])
    if before is None:
        session.connection().execute(insert(_TABLE), values)
    elif before != "decided":
        change = update(_TABLE).where(_TABLE.c.id == values["id"]).values(**values)
        session.connection().execute(change)


def undo(session: Session, entry: Entry) -> None:
    """A line about a decision stands no more; nobody was told.

    A slip waits again for its answer. What was decided without one is none, so that whoever decided
    sees that it has to be decided anew.
    """
    own = _OWN_KEYS.get(entry.kind, 0)
    has_slip = len(entry.settles) > own
    values = {"status": "asked" if has_slip else "refused", "code": "" if has_slip else TAKEN_BACK}
    mine = _TABLE.c.id == entry.data.get("decision")
    session.connection().execute(update(_TABLE).where(mine).values(**values))


def tell(session: Session, name: SheetName, later: Collection[Document]) -> None:
    """Decisions on this sheet are on two media, but for those in `later` lines."""
    waiting = {str(line.data.get("decision")) for line in later}
    told = update(_TABLE).where(_TABLE.c.sheet == name.text, _TABLE.c.status == "written")
    session.connection().execute(told.where(_TABLE.c.id.not_in(waiting)).values(status="decided"))


def row_of(data: Mapping[str, Any], sheet: str) -> dict[str, Any]:
    """The columns that every desk knows of a decision, from the words of a slip or a line.

    raises   KeyError, TypeError, ValueError where they are not whole
    """
    is_cancellation = data.get("event") == events.BookingCancelled.name
    verdict = REFUSED if is_cancellation else data.get("verdict", GRANTED)
    if verdict not in (GRANTED, REFUSED):
        raise ValueError(verdict)
    return {
        "id": _text(data["decision"]),
        "booking_id": _text(data["booking"]),
        # The line that refuses makes the booking's next revision.
        "revision": _number(data["revision"]) - is_cancellation,
        "verdict": verdict,
        "conditions": _words(data.get("conditions", ""), CONDITIONS_MAX),
        "reason": _words(data.get("reason", ""), REASON_MAX),
        "decided_at": _instant(data["cancelled_at" if is_cancellation else "decided_at"]),
        "sheet": sheet,
    }


def _is_refusal(entry: Entry) -> bool:
    return entry.kind == "cancel" and "decision" in entry.data


def _is_answer(entry: Entry) -> bool:
    return entry.kind == "refuse" and entry.data.get("asked") == DECIDE


def _is_decided_otherwise(session: Session, values: Mapping[str, Any]) -> bool:
    """Of one revision one decision stands: the sheet has refused any other."""
    c = _TABLE.c
    query = select(c.id).where(
        c.booking_id == values["booking_id"],
        c.revision == values["revision"],
        c.id != values["id"],
        c.status.in_(STANDS),
    )
    return session.connection().scalar(query) is not None


def _status_of(session: Session, decision_id: str) -> Any:
    return session.connection().scalar(select(_TABLE.c.status).where(_TABLE.c.id == decision_id))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError(value)
    return value


def _words(value: Any, most: int) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > most:
        raise TypeError(value)
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise TypeError(value)
    return value


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(value)
    return found
