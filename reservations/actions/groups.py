"""団体の名簿: its names stay at the desk where they are typed; counts and marks travel sealed with
the group (rules/groups.py)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from reservations import party_feed
from reservations.actions.asking import desk_of
from reservations.actions.people import is_news, known_contact
from reservations.actions.step import Context, action
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events import RosterSet
from reservations.models import GroupMember, GroupRoster, Party
from reservations.models.base import table_of
from reservations.queries import groups, memory
from reservations.rules.groups import MEMBERS_MAX, Member, roster_of

_ROSTER, _MEMBER = table_of(GroupRoster), table_of(GroupMember)


@dataclass(frozen=True, slots=True)
class RosterRequest:
    """before: the version of the roster that the clerk saw (queries/groups.py: RosterView)."""

    party_id: str
    town: str
    before: str
    members: tuple[Member, ...]


@action("set_roster", subject=lambda request: request.party_id)
def set_roster(
    session: Session, request: RosterRequest, context: Context, party_id: str
) -> RosterSet:
    """Put a group's roster for a town in the place of the one before; no lines end it.

    raises   Refusal party_not_here; not_found for a person or an unknown town; changed_meanwhile
    """
    assert len(request.members) <= MEMBERS_MAX, len(request.members)
    known_contact(session, party_id)
    is_group = session.get_one(Party, party_id).kind == "group"
    if not is_group or request.town not in memory.current(session).catalogue.towns:
        raise Refusal(RefusalCode.NOT_FOUND)
    if groups.one(session, party_id, request.town).version != request.before:
        raise Refusal(RefusalCode.CHANGED_MEANWHILE)
    secret = party_feed.region_secret(session, desk_of(session))
    roster = roster_of(request.members, secret)
    key = {"party_id": party_id, "municipality_code": request.town}
    for table in (_ROSTER, _MEMBER):
        mine = table.c.party_id == party_id, table.c.municipality_code == request.town
        run(session, delete(table).where(*mine))
    if request.members:
        counts = {"members": roster.members, "local": roster.local, "marks": list(roster.marks)}
        session.connection().execute(insert(_ROSTER), {**key, **counts})
        lines = [
            {"no": no, "name": each.name, "kana": each.kana, "residency": each.residency.value}
            for no, each in enumerate(request.members, 1)
        ]
        session.connection().execute(insert(_MEMBER), [{**key, **line} for line in lines])
    is_news(session, party_id)
    return RosterSet(
        subject=party_id, town=request.town, members=roster.members, local=roster.local
    )
