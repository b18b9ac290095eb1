"""市町間の精算: which town has whose money, and what was settled.

Everything is worked out from payments, refunds and closed months as they came in documents, so that
two towns come to the same yen on their own nodes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.desk import Desk
from reservations.models import Facility, FacilityNode
from reservations.rules.money import BY_ACCOUNT, Method

_SERVED = (
    select(Facility.municipality_code)
    .join(FacilityNode, FacilityNode.facility_id == Facility.id)
    .where(FacilityNode.node == bindparam("node"))
    .distinct()
)


def account_town(session: Session) -> str:
    """The town that has the money taken at this desk: as the setting says, else that of the
    facilities which it serves. Empty where they are of several towns, or none: then the money is
    each facility's own town's."""
    desk: Desk | None = session.info["database"].desk
    if desk is None:
        return ""
    if desk.settings.account_town:
        return desk.settings.account_town
    towns = run(session, _SERVED, {"node": desk.name}).scalars().all()
    return str(towns[0]) if len(towns) == 1 else ""


def pays_out(session: Session, payment: Any, method: Method, *, node_no: int) -> str:
    """Out of which town's money a refund goes: where an account is asked, or another desk, that of
    the payment; cash is this desk's own."""
    came_to: str = payment.account_town or payment.town
    if method in BY_ACCOUNT or node_no == payment.node_no:
        return came_to
    return account_town(session) or str(payment.town)
