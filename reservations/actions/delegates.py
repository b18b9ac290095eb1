"""代理: a party consents that somebody books for them, until a day or until it is ended.

Only that a consent was seen is kept, who gave it and of what kind it was; it travels sealed with
the party.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from reservations.actions.people import is_news, known_contact
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.errors import Refusal, RefusalCode, strongest
from reservations.events import DelegateAppointed, DelegateEnded
from reservations.models import Party, PartyDelegate
from reservations.models.base import table_of
from reservations.rules import registration

_TABLE = table_of(PartyDelegate)


@dataclass(frozen=True, slots=True)
class AppointRequest:
    """giver: who consented; seen: how that was shown (rules/registration.py: CONSENTS)."""

    party_id: str
    delegate_id: str
    giver: str
    seen: str
    until: date


@dataclass(frozen=True, slots=True)
class EndDelegateRequest:
    party_id: str
    delegate_id: str


@action("appoint_delegate", subject=lambda request: request.party_id)
def appoint_delegate(
    session: Session, request: AppointRequest, context: Context, party_id: str
) -> DelegateAppointed:
    """Let somebody book for a party from today on; again takes the place of the consent before.

    raises   Refusal party_not_here (either of them); not_found for a delegate that is a group or
             the party itself, or a kind of consent that is none; until_wrong
    """
    known_contact(session, party_id)
    known_contact(session, request.delegate_id)
    is_person = session.get_one(Party, request.delegate_id).kind == "person"
    if not is_person or request.delegate_id == party_id:
        raise Refusal(RefusalCode.NOT_FOUND)
    today = local_day(context.now)
    found = registration.consent_refusals(request.seen, request.until, today=today)
    if found:
        raise strongest(found)
    _end(session, party_id, request.delegate_id)
    row = {"party_id": party_id, "delegate_id": request.delegate_id, "giver": request.giver}
    dated = {"seen": request.seen, "since": today, "until": request.until}
    run(session, insert(_TABLE), row | dated)
    is_news(session, party_id)
    return DelegateAppointed(
        subject=party_id,
        delegate=request.delegate_id,
        seen=request.seen,
        until=request.until.isoformat(),
    )


@action("end_delegate", subject=lambda request: request.party_id)
def end_delegate(
    session: Session, request: EndDelegateRequest, context: Context, party_id: str
) -> DelegateEnded:
    """From now on they book for the party no more; to end it twice is no error.

    raises   Refusal party_not_here
    """
    known_contact(session, party_id)
    if _end(session, party_id, request.delegate_id):
        is_news(session, party_id)
    return DelegateEnded(subject=party_id, delegate=request.delegate_id)


def _end(session: Session, party_id: str, delegate_id: str) -> bool:
    mine = _TABLE.c.party_id == party_id, _TABLE.c.delegate_id == delegate_id
    return bool(run(session, delete(_TABLE).where(*mine)).rowcount)
