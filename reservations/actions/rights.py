"""権限: a role is given at a place for a time, and taken back; groups of facilities get their list.

Nobody gives what they do not hold themselves there. Commands act as `system`, which holds all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations.actions import accounts
from reservations.actions.accounts import SignOutEverywhereRequest
from reservations.actions.horizon import raise_catalogue_version
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.events import SignedOut
from reservations.events.staff import GroupNamed, RoleGiven, RoleRevoked, StaffAdded
from reservations.models import Account, Facility, FacilityGroup, FacilityGroupMember, RoleGrant
from reservations.models.base import table_of
from reservations.queries import rights as rights_query
from reservations.rules import rights
from reservations.rules.rights import Area, Grant, Right

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class StaffRequest:
    """Somebody new at the counter. `login` is folded (web/auth.py:fold_login)."""

    login: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class GiveRequest:
    account_id: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class RevokeRequest:
    grant_id: str


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """The whole list that a group has from now on."""

    name: str
    facilities: tuple[int, ...]


@action("add_staff")
def add_staff(
    session: Session, request: StaffRequest, context: Context, account_id: str
) -> StaffAdded:
    """Make an account for the counter; it may do nothing there yet.

    raises   Refusal login_taken
    """
    assert context.actor == SYSTEM
    row = Account(
        id=account_id,
        login=request.login,
        password_hash=request.password_hash,
        role="staff",
        created_at=context.now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Refusal(RefusalCode.LOGIN_TAKEN) from None
    return StaffAdded(subject=account_id)


@action("give_role")
def give(session: Session, request: GiveRequest, context: Context, grant_id: str) -> RoleGiven:
    """Give a role at a place.

    raises   Refusal not_staff, no_such_place, until_too_early, not_allowed
    """
    grant = request.grant
    role = session.scalar(select(Account.role).where(Account.id == request.account_id))
    if role != "staff":
        raise Refusal(RefusalCode.NOT_STAFF)
    today = local_day(context.now)
    if grant.until is not None and grant.until < max(grant.since, today):
        raise Refusal(RefusalCode.UNTIL_TOO_EARLY)
    _check(session, grant, context)
    row = {
        "id": grant_id,
        "account_id": request.account_id,
        "role": grant.role.value,
        "town": grant.area.town,
        "group_id": grant.area.group_id,
        "facility_id": grant.area.facility_id,
        "since": grant.since,
        "until": grant.until,
        "given_by": context.actor,
        "given_at": context.now,
    }
    session.execute(insert(table_of(RoleGrant)), row)
    return RoleGiven(
        subject=grant_id,
        account_id=request.account_id,
        role=grant.role.value,
        town=grant.area.town,
        group_id=grant.area.group_id,
        facility_id=grant.area.facility_id,
        since=grant.since.isoformat(),
        until=grant.until.isoformat() if grant.until else "",
    )


@action("revoke_role", subject=lambda request: request.grant_id)
def revoke(
    session: Session, request: RevokeRequest, context: Context, grant_id: str
) -> RoleRevoked:
    """Take a role back, at once: the next page of theirs is refused. Twice is no error.

    raises   Refusal not_found, not_allowed (whoever could not give it cannot take it)
    """
    found = rights_query.one(session, grant_id)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    today = local_day(context.now)
    _check(session, Grant(found.grant.role, found.grant.area, today, today), context)
    session.execute(
        update(table_of(RoleGrant))
        .where(RoleGrant.id == grant_id, RoleGrant.revoked_at.is_(None))
        .values(revoked_at=context.now, revoked_by=context.actor)
    )
    return RoleRevoked(subject=grant_id, account_id=found.account_id)


def note_use(session: Session, grant_ids: Collection[str], today: date) -> None:
    """Something was opened by these today. It is no happening: no event, no audit line."""
    c = table_of(RoleGrant).c
    with write_transaction(session):
        session.execute(
            update(table_of(RoleGrant)).where(c.id.in_(grant_ids)).values(used_on=today)
        )


def _check(session: Session, grant: Grant, context: Context) -> None:
    """raises   Refusal no_such_place, not_allowed"""
    found = rights_query.places_in(session, grant.area)
    if found is None:
        raise Refusal(RefusalCode.NO_SUCH_PLACE)
    if context.actor == SYSTEM:
        return
    places, name = found
    own = rights_query.grants_of(session, context.actor)
    since = max(grant.since, local_day(context.now))
    if not all(
        rights.may_give(own, grant.role, each, since=since, until=grant.until) for each in places
    ):
        roles = rights.roles_with(Right.GIVE_RIGHTS)
        raise Refusal(RefusalCode.NOT_ALLOWED, roles=roles, place=name)


@action("end_sessions", subject=lambda request: request.account_id)
def end_sessions(
    session: Session, request: SignOutEverywhereRequest, context: Context, account_id: str
) -> SignedOut:
    """Sign somebody else out everywhere: whoever went home signed in.

    raises   Refusal not_staff; not_allowed, unless the actor has that right at a whole place where
             they have, or had, a role
    """
    given = [each for each in rights_query.given(session) if each.account_id == account_id]
    if not given:
        raise Refusal(RefusalCode.NOT_STAFF)
    own = rights_query.grants_of(session, context.actor)
    places = [rights_query.place_in(session, each.grant.area) for each in given]
    known = [each for each in places if each is not None]
    today = local_day(context.now)
    if not any(rights.may(own, Right.END_SESSIONS, place, today) for place, _ in known):
        roles = rights.roles_with(Right.END_SESSIONS)
        raise Refusal(RefusalCode.NOT_ALLOWED, roles=roles, place=known[0][1])
    accounts.end_all(session, account_id, context)
    return SignedOut(subject=account_id)


@action("name_group", subject=lambda request: request.name)
def name_group(session: Session, request: GroupRequest, context: Context, name: str) -> GroupNamed:
    """指定管理者: make a group of facilities, or give one of this name another list.

    raises   Refusal no_such_place; not_allowed, unless the actor could give, or take back, at each
             facility that comes or goes every role that somebody has at the group
    """
    group = session.scalar(select(FacilityGroup).where(FacilityGroup.name == name))
    if group is None:
        group = FacilityGroup(name=name)
        session.add(group)
        session.flush()
    wanted = tuple(sorted(set(request.facilities)))
    known = session.scalars(select(Facility.id).where(Facility.id.in_(wanted))).all()
    if len(known) < len(wanted):
        raise Refusal(RefusalCode.NO_SUCH_PLACE)
    if context.actor != SYSTEM:
        changed = rights_query.members(session, group.id) ^ frozenset(wanted)
        _check_changed(session, group.id, changed, context)
    member = table_of(FacilityGroupMember)
    session.execute(delete(member).where(FacilityGroupMember.group_id == group.id))
    if wanted:
        rows = [{"group_id": group.id, "facility_id": each} for each in wanted]
        session.execute(insert(member), rows)
    raise_catalogue_version(session)
    return GroupNamed(subject=name, facilities=wanted)


def _check_changed(
    session: Session, group_id: int, changed: Collection[int], context: Context
) -> None:
    """A facility that comes into a group gives all who have a role there that role at it.

    raises   Refusal not_allowed
    """
    today, own = local_day(context.now), rights_query.grants_of(session, context.actor)
    there = [
        each.grant
        for each in rights_query.given(session)
        if each.grant.area.group_id == group_id
        and each.revoked_at is None
        and (each.grant.until is None or each.grant.until >= today)
    ]
    for facility_id in sorted(changed):
        found = rights_query.place_in(session, Area(facility_id=facility_id))
        assert found is not None
        place, name = found
        may = rights.may(own, Right.GIVE_RIGHTS, place, today) and all(
            rights.may_give(own, each.role, place, since=max(each.since, today), until=each.until)
            for each in there
        )
        if not may:
            roles = rights.roles_with(Right.GIVE_RIGHTS)
            raise Refusal(RefusalCode.NOT_ALLOWED, roles=roles, place=name)
