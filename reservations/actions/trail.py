"""監査の記録: looks are written as they happen, and lines are put under seals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reservations import clock, sheets
from reservations.actions.asking import desk_of
from reservations.actions.sharing import home_scope
from reservations.actions.step import Context, action
from reservations.db import Database, insert_new, run, write_transaction
from reservations.events import AuditSealed
from reservations.models import AuditLine, AuditSeal, PartyLook
from reservations.models.base import table_of
from reservations.queries import trail
from sync import ledger
from sync.document import Slip

# As many as fit in a document, with room to spare.
LOOKS_A_SLIP = 300


def note_looks(session: Session, parties: Collection[str], page: str, context: Context) -> None:
    """Write down that this actor was shown these parties' data, in a transaction of its own.

    Within one hour the same look is written once.
    """
    hour = trail.hour_of(context.now)
    rows = [
        {
            "at": context.now,
            "node": context.node,
            "actor": context.actor,
            "action": trail.LOOK,
            "subject": party,
            "key": f"look {page} {party} {hour:%Y%m%d%H}",
            "request_hash": None,
            "reason": page,
        }
        for party in sorted(parties)
    ]
    with write_transaction(session):
        _put(session, table_of(AuditLine), rows)


@dataclass(frozen=True, slots=True)
class SealRequest:
    """through: the last line to be sealed (queries/trail.py: whole_through)."""

    through: int


def seal(database: Database, context: Context) -> AuditSealed | None:
    """Seal what was done since the last time; None when there is nothing."""
    through = trail.whole_through(database)
    with database.session() as session:
        if not trail.is_due(session, through):
            return None
        fact = seal_audit(session, SealRequest(through), context).fact
    assert fact is None or isinstance(fact, AuditSealed)
    return fact


@action("seal_audit", turn=lambda _request: "audit trail")
def seal_audit(
    session: Session, request: SealRequest, context: Context, subject: str
) -> AuditSealed:
    """Put the lines up to `through` under a seal, and say it to the other desks, with the looks
    that people may read of."""
    last = trail.last_seal(session)
    if request.through <= last.through:
        return AuditSealed(subject=subject, no=last.no, lines=0, digest=last.digest)
    no = last.no + 1
    lines, digest = trail.digest(
        session, no=no, previous=last.digest, after=last.through, through=request.through
    )
    row = {"no": no, "at": context.now, "through": request.through, "lines": lines}
    row |= {"previous": last.digest, "digest": digest}
    run(session, insert(table_of(AuditSeal)), row)
    looks = trail.looks_between(session, last.through, request.through)
    _keep(session, context.node, looks)
    said = {"node": context.node, "no": no, "lines": lines}
    _say(session, {**said, "previous": last.digest, "digest": digest}, looks, context)
    return AuditSealed(subject=subject, no=no, lines=lines, digest=digest)


def _say(
    session: Session,
    data: dict[str, Any],
    looks: list[tuple[str, datetime, str]],
    context: Context,
) -> None:
    desk = desk_of(session)
    scope = home_scope(session, context.node, clock.local_day(context.now))
    at = sheets.milliseconds(context.now)
    told = [[party, sheets.milliseconds(hour), page] for party, hour, page in looks]
    # What the hub has seen, people read at the hub.
    count = 0 if desk.is_home else len(told)
    for first in range(0, max(count, 1), LOOKS_A_SLIP):
        whole = {**data, "looks": told[first : min(first + LOOKS_A_SLIP, count)]}
        ledger.post(session, desk.node, f"{scope}/{trail.SHEET}", trail.KIND, at=at, data=whole)


def take(session: Session, slip: Slip) -> None:
    """Looks at another desk. Idempotent; what cannot be read says nothing."""
    node, looks = slip.data.get("node"), slip.data.get("looks")
    if isinstance(node, str) and isinstance(looks, list):
        _keep(session, node, _readable(looks))


def _readable(looks: list[Any]) -> Iterator[tuple[str, datetime, str]]:
    for each in looks:
        match each:
            case [str(party), int(hour), str(page)] if 0 <= hour < 2**42:
                yield party, trail.hour_of(sheets.instant_of(hour)), page


def _keep(session: Session, node: str, looks: Iterable[tuple[str, datetime, str]]) -> None:
    rows = [
        {"party_id": party, "hour": hour, "node": node, "page": page} for party, hour, page in looks
    ]
    _put(session, table_of(PartyLook), rows)


def _put(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Those that are not there yet."""
    if rows:
        session.connection().execute(insert_new(session, table), rows)
