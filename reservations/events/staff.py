"""The facts about those who work at the counter: who may do what, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class StaffAdded(Fact):
    """Somebody may sign in at the counter, and do nothing there until they are given a role."""

    name = "account.staff_added"


@dataclass(frozen=True, kw_only=True)
class SecondStepSet(Fact):
    """Somebody has a new key on their telephone."""

    name = "account.second_step_set"


@dataclass(frozen=True, kw_only=True)
class CodesSealed(Fact):
    name = "account.codes_sealed"
    codes: int


@dataclass(frozen=True, kw_only=True)
class EmergencyCodeUsed(Fact):
    """Somebody signed in with a sealed code: shown to managers."""

    name = "account.emergency_code_used"


@dataclass(frozen=True, kw_only=True)
class RoleGiven(Fact):
    """The place is one of the three; `until` is the last day, empty without an end."""

    name = "role.given"
    account_id: str
    role: str
    town: str | None
    group_id: int | None
    facility_id: int | None
    since: str
    until: str


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(Fact):
    name = "role.revoked"
    account_id: str


@dataclass(frozen=True, kw_only=True)
class GroupNamed(Fact):
    """指定管理者: which facilities one list has from now on."""

    name = "facility_group.named"
    facilities: tuple[int, ...]
