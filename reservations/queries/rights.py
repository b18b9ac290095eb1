"""だれが何をしてよいか, as it stands: the grants of an account, and of everybody at the counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from reservations.clock import local_day
from reservations.db import run
from reservations.models import (
    Account,
    Booking,
    Decision,
    Facility,
    FacilityGroup,
    FacilityGroupMember,
    FacilityNode,
    Handout,
    ImportRecord,
    IssuedPaper,
    Item,
    Letter,
    Municipality,
    PaperPack,
    Payment,
    ReductionRequest,
    Refund,
    RoleGrant,
)
from reservations.rules.rights import Area, Grant, Place, Role

_STANDS = and_(
    RoleGrant.revoked_at.is_(None),
    RoleGrant.since <= bindparam("today"),
    or_(RoleGrant.until.is_(None), RoleGrant.until >= bindparam("today")),
)
_COLUMNS = (
    RoleGrant.id.label("grant_id"),
    RoleGrant.role.label("grant_role"),
    RoleGrant.town.label("grant_town"),
    RoleGrant.group_id.label("grant_group_id"),
    RoleGrant.facility_id.label("grant_facility_id"),
    RoleGrant.since.label("grant_since"),
    RoleGrant.until.label("grant_until"),
    RoleGrant.used_on.label("grant_used_on"),
)


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as it is shown. `at` is the name of its place; `used_on` None is never."""

    id: str
    account_id: str
    login: str
    grant: Grant
    at: str
    given_by: str
    given_at: datetime
    revoked_at: datetime | None
    used_on: date | None

    def idle_since(self) -> date:
        """The day from which on nobody has opened anything by it."""
        return max(self.used_on or self.grant.since, local_day(self.given_at), self.grant.since)


def with_grants(found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A statement that finds an account, with what `grants_in` reads in its rows.

    It takes `today`, and gives a row for each grant that holds.
    """
    return found.add_columns(*_COLUMNS).outerjoin(
        RoleGrant, and_(RoleGrant.account_id == Account.id, _STANDS)
    )


def grants_in(rows: Sequence[Row[Any]]) -> tuple[Grant, ...]:
    """Each grant once, whatever else the rows tell."""
    found = {row.grant_id: row for row in rows if row.grant_id is not None}
    return tuple(_grant(row) for row in found.values())


def held_in(rows: Sequence[Row[Any]], today: date) -> tuple[Mapping[str, Grant], frozenset[str]]:
    """The same by their ids, and the ids of those by which something was opened today."""
    found = {row.grant_id: row for row in rows if row.grant_id is not None}
    used = frozenset(each for each, row in found.items() if row.grant_used_on == today)
    return {each: _grant(row) for each, row in found.items()}, used


def _grant(row: Row[Any]) -> Grant:
    area = Area(row.grant_town, row.grant_group_id, row.grant_facility_id)
    return Grant(Role(row.grant_role), area, row.grant_since, row.grant_until)


_OF = select(*_COLUMNS).where(
    RoleGrant.account_id == bindparam("account_id"), RoleGrant.revoked_at.is_(None)
)
_FACILITY = (
    select(Facility.municipality_code, Facility.name, FacilityGroupMember.group_id)
    .outerjoin(FacilityGroupMember, FacilityGroupMember.facility_id == Facility.id)
    .where(Facility.id == bindparam("facility_id"))
)
_TOWN = select(Municipality.name).where(Municipality.code == bindparam("code"))
_GROUP = select(FacilityGroup.name).where(FacilityGroup.id == bindparam("group_id"))
_MEMBERS = select(FacilityGroupMember.facility_id).where(
    FacilityGroupMember.group_id == bindparam("group_id")
)
_GROUPS = select(FacilityGroup.id, FacilityGroup.name).order_by(FacilityGroup.name)
_ALL = (
    select(
        Account.id.label("account_id"),
        Account.login,
        *_COLUMNS,
        Municipality.name.label("town_name"),
        FacilityGroup.name.label("group_name"),
        Facility.name.label("facility_name"),
        RoleGrant.given_by,
        RoleGrant.given_at,
        RoleGrant.revoked_at,
    )
    .join(RoleGrant, RoleGrant.account_id == Account.id)
    .outerjoin(Municipality, Municipality.code == RoleGrant.town)
    .outerjoin(FacilityGroup, FacilityGroup.id == RoleGrant.group_id)
    .outerjoin(Facility, Facility.id == RoleGrant.facility_id)
    .order_by(Account.login, RoleGrant.given_at, RoleGrant.id)
)
_ONE = _ALL.where(RoleGrant.id == bindparam("id"))
_STAFF = select(Account.id, Account.login).where(Account.role == "staff").order_by(Account.login)


def grants_of(session: Session, account_id: str) -> tuple[Grant, ...]:
    """What was given to an account and not taken back, whenever it holds."""
    return grants_in(run(session, _OF, {"account_id": account_id}).all())


def place_in(session: Session, area: Area) -> tuple[Place, str] | None:
    """The place that an area covers as a whole, and its name; None where there is no such place."""
    if area.town is not None:
        name = run(session, _TOWN, {"code": area.town}).scalar()
        return None if name is None else (Place(area.town), name)
    if area.group_id is not None:
        name = run(session, _GROUP, {"group_id": area.group_id}).scalar()
        return None if name is None else (Place(groups=frozenset({area.group_id})), name)
    rows = run(session, _FACILITY, {"facility_id": area.facility_id}).all()
    if not rows:
        return None
    groups = frozenset(row.group_id for row in rows if row.group_id is not None)
    return Place(rows[0].municipality_code, area.facility_id, groups), rows[0].name


def places_in(session: Session, area: Area) -> tuple[list[Place], str] | None:
    """The same, but of a group each of its facilities: who has a right at all of them has it at the
    group. A group without any is a place of its own."""
    whole = place_in(session, area)
    if whole is None or area.group_id is None:
        return None if whole is None else ([whole[0]], whole[1])
    inside = [place_in(session, Area(facility_id=each)) for each in members(session, area.group_id)]
    return [each[0] for each in inside if each is not None] or [whole[0]], whole[1]


def given(session: Session) -> list[GrantView]:
    """Every grant of everybody, by login, the oldest first; also what was revoked or has ended."""
    return [_view(row) for row in run(session, _ALL).all()]


def one(session: Session, grant_id: str) -> GrantView | None:
    """One grant, whether it holds or not."""
    row = run(session, _ONE, {"id": grant_id}).one_or_none()
    return None if row is None else _view(row)


def staff(session: Session) -> Mapping[str, str]:
    """Account id to login of everybody who works at a counter here."""
    return {row.id: row.login for row in run(session, _STAFF).all()}


def groups(session: Session) -> Mapping[int, str]:
    """Group id to name."""
    return {row.id: row.name for row in run(session, _GROUPS).all()}


def members(session: Session, group_id: int) -> frozenset[int]:
    """The facilities of a group."""
    return frozenset(run(session, _MEMBERS, {"group_id": group_id}).scalars())


# A paper's subject begins with its booking's id (models/papers.py).
ID_LENGTH = 36

# What a page is about, as far as its place is concerned: one row by its key.
_FACILITY_OF = {
    "booking": select(Booking.facility_id).where(Booking.id == bindparam("id")),
    "payment": select(Payment.facility_id).where(Payment.id == bindparam("id")),
    "refund": select(Refund.facility_id).where(Refund.id == bindparam("id")),
    "decision": select(Booking.facility_id)
    .join(Decision, Decision.booking_id == Booking.id)
    .where(Decision.id == bindparam("id")),
    "reduction": select(Booking.facility_id)
    .join(ReductionRequest, ReductionRequest.booking_id == Booking.id)
    .where(ReductionRequest.id == bindparam("id")),
    "handout": select(Item.facility_id)
    .join(Handout, Handout.item_id == Item.id)
    .where(Handout.id == bindparam("id")),
    "pack": select(PaperPack.facility_id).where(PaperPack.pad == bindparam("id")),
    "letter": select(Booking.facility_id)
    .join(Letter, Letter.booking_id == Booking.id)
    .where(Letter.id == bindparam("id")),
    "paper": select(Booking.facility_id)
    .join(IssuedPaper, func.substr(IssuedPaper.subject, 1, ID_LENGTH) == Booking.id)
    .where(IssuedPaper.id == bindparam("id")),
}
_OF_RECORD = select(ImportRecord.target_id).where(
    ImportRecord.file_id == bindparam("file_id"),
    ImportRecord.record_no == bindparam("record_no"),
    ImportRecord.target_kind == "facility",
)
_SERVED = select(FacilityNode.facility_id).where(FacilityNode.node == bindparam("node"))


def facility_of(session: Session, kind: str, its_id: str) -> int | None:
    """The facility of a booking, payment, refund, handout, pack, letter or paper, by its id."""
    found: int | None = run(session, _FACILITY_OF[kind], {"id": its_id}).scalar()
    return found


def facility_of_record(session: Session, file_id: str, record_no: int) -> int | None:
    """The facility that a record of an import became, if it became one."""
    found: int | None = run(
        session, _OF_RECORD, {"file_id": file_id, "record_no": record_no}
    ).scalar()
    return found


def served(session: Session, node: str) -> list[int]:
    """The facilities that have this node; none at a hub."""
    return list(run(session, _SERVED, {"node": node}).scalars())


def _view(row: Row[Any]) -> GrantView:
    return GrantView(
        row.grant_id,
        row.account_id,
        row.login,
        _grant(row),
        row.town_name or row.group_name or row.facility_name,
        row.given_by,
        row.given_at,
        row.revoked_at,
        row.grant_used_on,
    )
