"""団体の名簿: one group's roster for a town, and the marks of the other groups of that town."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.errors import Refusal
from reservations.models import GroupMember, GroupRoster, PartyResidency
from reservations.rules import groups
from reservations.rules.groups import NO_ROSTER, Member, Roster
from reservations.rules.town import Residency, TownRules


@dataclass(frozen=True, slots=True)
class RosterView:
    """members: with names, at the desk where they were typed; empty anywhere else."""

    roster: Roster
    members: tuple[Member, ...] = ()

    @property
    def version(self) -> str:
        """Another one for whatever differs: what a form showed, without its names."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]

    @property
    def has_names(self) -> bool:
        return len(self.members) == self.roster.members


_OF_PARTY = GroupRoster.party_id == bindparam("party_id")
_ROSTER = select(GroupRoster.members, GroupRoster.local, GroupRoster.marks).where(
    _OF_PARTY, GroupRoster.municipality_code == bindparam("town")
)
_MEMBERS = (
    select(GroupMember.name, GroupMember.kana, GroupMember.residency)
    .where(
        GroupMember.party_id == bindparam("party_id"),
        GroupMember.municipality_code == bindparam("town"),
    )
    .order_by(GroupMember.no)
)
_OTHERS = (
    select(GroupRoster.marks)
    .join(
        PartyResidency,
        (PartyResidency.party_id == GroupRoster.party_id)
        & (PartyResidency.municipality_code == GroupRoster.municipality_code),
    )
    .where(
        GroupRoster.municipality_code == bindparam("town"),
        GroupRoster.party_id != bindparam("party_id"),
        or_(PartyResidency.valid_until.is_(None), PartyResidency.valid_until >= bindparam("today")),
    )
)


def one(session: Session, party_id: str, town: str) -> RosterView:
    """A group's roster for a town, in two statements; an empty one where nobody has typed any."""
    asked = {"party_id": party_id, "town": town}
    row: Any = run(session, _ROSTER, asked).one_or_none()
    if row is None:
        return RosterView(NO_ROSTER)
    lines = run(session, _MEMBERS, asked)
    members = tuple(Member(each.name, each.kana, Residency(each.residency)) for each in lines)
    return RosterView(Roster(row.members, row.local, tuple(row.marks)), members)


def refusals(
    session: Session, party_id: str, town: str, *, today: date, rules: TownRules
) -> list[Refusal]:
    """Why a group is not local in a town (rules/groups.py), compared with the groups that this desk
    can read: the hub reads all, a node those that came to it or book there."""
    if not groups.has_rules(rules):
        return []
    asked = {"party_id": party_id, "town": town, "today": today}
    others = run(session, _OTHERS, asked).scalars() if rules.overlap_percent_max is not None else ()
    return groups.refusals(one(session, party_id, town).roster, others, rules=rules)
