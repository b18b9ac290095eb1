"""災害時の宣言 and its end: said once at any desk, heard at all of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.actions.asking import desk_of
from reservations.actions.step import Context, action
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events import ModeDeclared
from reservations.models import Declaration
from reservations.models.base import table_of
from reservations.queries import declaring as query
from reservations.queries.declaring import REASON_MAX
from reservations.rules.modes import Mode
from sync import ledger

# No facility's day: a sheet that nobody writes on, whose slips concern everybody.
SHEET = "public/mode"


@dataclass(frozen=True, slots=True)
class DeclareRequest:
    """DISASTER to declare one, NORMAL to end it.

    reason   why, for every desk: no names of people
    after    the id of the declaration that was seen to stand, empty for none; None does not ask
    """

    mode: Mode
    reason: str = ""
    after: str | None = None


@action("declare", turn=lambda _request: "declare", reason=lambda request: request.reason)
def declare(
    session: Session, request: DeclareRequest, context: Context, declaration_id: str
) -> ModeDeclared:
    """Declare the mode for the whole region. Isolation is observed, never declared.

    raises   Refusal changed_meanwhile, where somebody else declared something since
    """
    assert request.mode is not Mode.ISOLATED
    standing = query.standing(session)
    if request.after is not None and request.after != (standing.id if standing else ""):
        raise Refusal(RefusalCode.CHANGED_MEANWHILE)
    reason = request.reason[:REASON_MAX]
    values = {"id": declaration_id, "at": context.now, "mode": request.mode.value}
    values |= {"actor": context.actor, "node": context.node, "reason": reason}
    run(session, insert(table_of(Declaration)), values)
    data = {"declaration": declaration_id, "mode": request.mode.value, "node": context.node}
    data |= {"reason": reason}
    desk = desk_of(session)
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk.node, SHEET, "declare", at=at, data=data)
    return ModeDeclared(subject=declaration_id, mode=request.mode.value)
