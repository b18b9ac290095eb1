"""だれが何をしてよいか: roles that somebody holds at a place, and facilities under one manager.

They stay on this node, as the accounts do that they are about.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class FacilityGroup(Base):
    """A named list of facilities, over towns too: what one 指定管理者 runs."""

    __tablename__ = "facility_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class FacilityGroupMember(Base):
    __tablename__ = "facility_group_member"

    group_id: Mapped[int] = mapped_column(ForeignKey("facility_group.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(
        ForeignKey("facility.id"), primary_key=True, index=True
    )


class RoleGrant(Base):
    """A role at one place (rules/rights.py:Grant). Rows are added and revoked, never removed.

    given_by   account id, or `system`; revoked_by is empty until somebody takes it back
    until      the last day; None is no end
    used_on    the last day on which something was opened by it; None is never
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(
            "role IN ('counter', 'manager', 'approver', 'cashier', 'auditor')", name="role"
        ),
        CheckConstraint(
            "(town IS NOT NULL AND group_id IS NULL AND facility_id IS NULL)"
            " OR (town IS NULL AND group_id IS NOT NULL AND facility_id IS NULL)"
            " OR (town IS NULL AND group_id IS NULL AND facility_id IS NOT NULL)",
            name="place",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(Text)
    town: Mapped[str | None] = mapped_column(ForeignKey("municipality.code"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("facility_group.id"))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    given_by: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(Instant)
    revoked_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    used_on: Mapped[date | None] = mapped_column(Date)


class SecondStep(Base):
    """The second step of a member of staff's sign-in: a code of their telephone (RFC 6238).

    secret      base32; this machine must be able to work the codes out with the line cut
    last_step   of the newest code that was used: it and those before it are refused
    """

    __tablename__ = "second_step"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    last_step: Mapped[int] = mapped_column(default=0)


class EmergencyCode(Base):
    """A sealed code that stands for the telephone once. Only its hash is kept."""

    __tablename__ = "emergency_code"

    code_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
