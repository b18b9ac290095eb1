"""利用者情報の消去: a person is forgotten at every desk, by destroying what opens the seals.

It cannot be undone, so it takes two acts by two officers: one asks, and another one, who names the
request, agrees. Both sign the same statement; the order carries the signatures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import party_feed, sheets
from reservations.actions.asking import desk_of
from reservations.actions.step import Context, action
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import ForgettingAsked, PartyKeyDestroyed
from reservations.models import Event, Party
from sync import ledger
from sync.document import Key
from sync.members import Member, sign_together

# What nobody has agreed to for so long was perhaps a mistake, and is to be asked for anew.
ASKED_FOR = timedelta(days=14)
_NUMBER = 8


@dataclass(frozen=True, slots=True)
class AskToForgetRequest:
    """officer   the key of whoever asks"""

    party_id: str
    officer: Key = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForgetPartyRequest:
    """asked     the number of the other officer's request; both are not needed a second time
    officer   the key of whoever agrees
    """

    party_id: str
    asked: str = ""
    officer: Key | None = field(default=None, repr=False)


@action("ask_to_forget", subject=lambda request: request.party_id)
def ask_to_forget(
    session: Session, request: AskToForgetRequest, context: Context, party_id: str
) -> ForgettingAsked:
    """The first act: nothing is destroyed, another officer may agree for so long (ASKED_FOR).

    raises   Refusal forbidden at any desk but the hub, not_found, officer_unknown
    """
    desk = _hub(session, party_id)
    _known(desk, request.officer.id)
    number = context.new_id()[-_NUMBER:]
    statement = _statement(party_id, number)
    signed = sign_together(statement, [request.officer], region=desk.directory.region)
    return ForgettingAsked(
        subject=party_id,
        request=number,
        officer=request.officer.id,
        signature=signed[request.officer.id],
    )


@action(
    "forget_party", subject=lambda request: request.party_id, reason=lambda request: request.asked
)
def forget_party(
    session: Session, request: ForgetPartyRequest, context: Context, party_id: str
) -> PartyKeyDestroyed:
    """Order every desk to destroy this party's keys, and do so here. Again is no more than once.

    Who has yet to obey: queries/forgetting.py.

    raises   Refusal forbidden at any desk but the hub, which keeps the towns' registers; not_found;
             officer_unknown, not_asked_for, same_officer
    """
    desk = _hub(session, party_id)
    if not party_feed.known_forgotten(session, party_id):
        signatures = _agreed(session, desk, request, context)
        at, kind = sheets.milliseconds(context.now), party_feed.FORGET
        data = {"party": party_id, "request": request.asked, "officers": signatures}
        slip = ledger.post(session, desk.node, party_feed.SHEET, kind, at=at, data=data)
        party_feed.take(session, desk, slip)
    return PartyKeyDestroyed(subject=party_id)


def _hub(session: Session, party_id: str) -> Desk:
    desk = desk_of(session)
    if not desk.is_home:
        raise Refusal(RefusalCode.FORBIDDEN)
    is_known = session.scalar(select(Party.id).where(Party.id == party_id)) is not None
    if not is_known and not party_feed.known_forgotten(session, party_id):
        raise Refusal(RefusalCode.NOT_FOUND)
    return desk


def _known(desk: Desk, key: str) -> Member:
    officer = desk.directory.member(key)
    if officer is None or "officer" not in officer.roles:
        raise Refusal(RefusalCode.OFFICER_UNKNOWN)
    return officer


def _agreed(
    session: Session, desk: Desk, request: ForgetPartyRequest, context: Context
) -> dict[str, str]:
    """Both officers' signatures under what the first one asked for."""
    if request.officer is None:
        raise Refusal(RefusalCode.NOT_ASKED_FOR)
    agrees = _known(desk, request.officer.id)
    asked = _asked(session, request, context)
    if _known(desk, asked["officer"]).node == agrees.node:
        raise Refusal(RefusalCode.SAME_OFFICER)
    statement = _statement(request.party_id, request.asked)
    signatures = {asked["officer"]: asked["signature"]}
    signatures |= sign_together(statement, [request.officer], region=desk.directory.region)
    # A request that somebody wrote into the database was signed by nobody.
    if not desk.directory.officers_agree(statement, signatures):
        raise Refusal(RefusalCode.NOT_ASKED_FOR)
    return signatures


def _asked(session: Session, request: ForgetPartyRequest, context: Context) -> dict[str, Any]:
    """The request of this number, about this party, as it was kept."""
    about = Event.subject == request.party_id, Event.name == ForgettingAsked.name
    recent = Event.at >= context.now - ASKED_FOR
    for body in session.scalars(select(Event.body).where(*about, recent)):
        if body["request"] == request.asked:
            return dict(body)
    raise Refusal(RefusalCode.NOT_ASKED_FOR)


def _statement(party_id: str, number: str) -> dict[str, str]:
    """What both sign: of use for this party and this request only."""
    return {"forget": party_id, "request": number}
