"""来館と無断不使用 as they travel: check-ins by slips, strikes by lines of a sheet (S7).

In whatever order and however often they come, the tables are the same (I7): a check-in is known by
its id, whether it was written or taken back first, and a strike's answer wins over its question.
Whether a strike counts is worked out when somebody asks (queries/attendance.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.events.attendance import StrikeDecided
from reservations.models import CheckIn, Strike
from reservations.models.base import table_of
from reservations.rules.town import StrikeKind
from reservations.sheets import SheetName
from reservations.slip_words import instant, number, sheet, text
from sync.document import Document, Entry, Slip

CHECK_IN, UNDONE, STRIKE = "check in", "check in undone", "strike"
KINDS = (CHECK_IN, UNDONE, STRIKE)
# A desk says that all it wrote until now is in its log (S7); it means nothing else.
REPORT = "report"

log = structlog.get_logger("tonari.attendance")

_CHECK_IN, _STRIKE = table_of(CheckIn), table_of(Strike)


def take(session: Session, slip: Slip) -> None:
    """A check-in, its undoing, or a wish for a strike, from any desk. Idempotent."""
    data = slip.data
    try:
        match slip.kind:
            case "check in":
                came_at = instant(data["came_at"])
                put_check_in(session, data, text(data["check_in"]), came_at=came_at)
            case "check in undone":
                undone_at = instant(data["undone_at"])
                for each in data["check_ins"]:
                    put_check_in(session, data, text(each), undone_at=undone_at)
            case "strike":
                put_strike(session, strike_row(data) | {"status": "asked"})
    except (KeyError, TypeError, ValueError) as fault:
        log.error("attendance that this program cannot read", line=slip.id, fault=repr(fault))


def put_check_in(
    session: Session,
    data: Mapping[str, Any],
    check_in: str,
    *,
    came_at: datetime | None = None,
    undone_at: datetime | None = None,
    actor: str = "",
) -> None:
    """Add what is known of a check-in by now; of two that undo it the earlier stands.

    data   `booking` and `node_no` of the slip
    """
    c = _CHECK_IN.c
    connection = session.connection()
    known = connection.execute(select(c.undone_at).where(c.id == check_in)).one_or_none()
    if known is None:
        row: dict[str, Any] = {"id": check_in, "booking_id": text(data["booking"])}
        row |= {"node_no": number(data["node_no"]), "actor": actor}
        row |= {"came_at": came_at, "undone_at": undone_at}
        connection.execute(insert(_CHECK_IN), row)
        return
    mine = update(_CHECK_IN).where(c.id == check_in)
    if came_at is not None:
        # Who wrote it is the node that it came to, not the one that took it back.
        connection.execute(mine.values(came_at=came_at, node_no=number(data["node_no"])))
    elif undone_at is not None and (known.undone_at is None or undone_at < known.undone_at):
        connection.execute(mine.values(undone_at=undone_at))


def put_strike(session: Session, values: dict[str, Any]) -> None:
    """Add a strike that is not known yet."""
    known = select(func.count()).where(_STRIKE.c.id == values["id"])
    if not session.connection().scalar(known):
        session.connection().execute(insert(_STRIKE), values)


def is_strike(entry: Entry) -> bool:
    """Whether the line answers a wish for a strike."""
    asked = entry.kind == "refuse" and entry.data.get("asked") == STRIKE
    return asked or (entry.kind == "record" and entry.data.get("event") == StrikeDecided.name)


def answered(session: Session, entry: Entry, *, is_told: bool) -> None:
    """A line about a strike: it is decided, or refused for the reason in `code`. Idempotent."""
    try:
        values = strike_row(entry.data)
    except (KeyError, TypeError, ValueError) as fault:
        log.error("a strike that this program cannot read", line=entry.id, fault=repr(fault))
        return
    values |= {"status": "decided" if is_told else "written", "code": ""}
    values["decided_at"] = sheets.instant_of(entry.at)
    if entry.kind == "refuse":
        values |= {"status": "refused", "code": str(entry.data.get("code", ""))}
        values["decided_at"] = None
    mine = _STRIKE.c.id == values["id"]
    before = session.connection().scalar(select(_STRIKE.c.status).where(mine))
    if before is None:
        session.connection().execute(insert(_STRIKE), values)
    elif before != "decided":
        session.connection().execute(update(_STRIKE).where(mine).values(**values))


def undo(session: Session, entry: Entry) -> None:
    """A line about a strike stands no more; nobody was told. Its slip waits again."""
    mine = _STRIKE.c.id == entry.data.get("strike")
    values = {"status": "asked", "code": "", "decided_at": None}
    session.connection().execute(update(_STRIKE).where(mine).values(**values))


def tell(session: Session, name: SheetName, later: Collection[Document]) -> None:
    """Strikes on this sheet are on two media, but for those in `later` lines."""
    waiting = {str(line.data.get("strike")) for line in later}
    c = _STRIKE.c
    told = update(_STRIKE).where(
        c.town == name.town,
        c.facility_id == name.facility_id,
        c.date == name.date,
        c.status == "written",
        c.id.not_in(waiting),
    )
    session.connection().execute(told.values(status="decided"))


def strike_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a strike, from a slip's or a line's words.

    raises   KeyError, TypeError, ValueError where they are not whole
    """
    excuse = data["excuse"]
    return {
        "id": text(data["strike"]),
        "booking_id": text(data["booking"]),
        **sheet(data),
        "kind": StrikeKind(data["kind"]).value,
        "excuse": text(excuse) if excuse != "" else "",
        "node_no": number(data["node_no"]),
        "asked_at": instant(data["asked_at"]),
    }
