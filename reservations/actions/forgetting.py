"""利用者情報の消去: a person is forgotten at every desk, by destroying what opens the seals."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import party_feed, sheets
from reservations.actions.asking import desk_of
from reservations.actions.step import Context, action
from reservations.errors import Refusal, RefusalCode
from reservations.events import PartyKeyDestroyed
from reservations.models import Party
from sync import ledger


@dataclass(frozen=True, slots=True)
class ForgetPartyRequest:
    party_id: str


@action("forget_party", subject=lambda request: request.party_id)
def forget_party(
    session: Session, request: ForgetPartyRequest, context: Context, party_id: str
) -> PartyKeyDestroyed:
    """Order every desk to destroy this party's keys, and do so here. Again is no more than once.

    Who has yet to obey: queries/forgetting.py.

    raises   Refusal forbidden at any desk but the hub, which keeps the towns' registers; not_found
    """
    desk = desk_of(session)
    if not desk.is_home:
        raise Refusal(RefusalCode.FORBIDDEN)
    is_done = party_feed.known_forgotten(session, party_id)
    if not is_done and session.scalar(select(Party.id).where(Party.id == party_id)) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if not is_done:
        at, data = sheets.milliseconds(context.now), {"party": party_id}
        kind = party_feed.FORGET
        slip = ledger.post(session, desk.node, party_feed.SHEET, kind, at=at, data=data)
        party_feed.take(session, desk, slip)
    return PartyKeyDestroyed(subject=party_id)
