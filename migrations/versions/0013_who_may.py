"""Roles at places, groups of facilities, the second step of sign-in, and when a session was used.

Whoever worked at the counter before could do everything: they keep it, as grants that say so and
can be revoked (`tonari staff list`).

Revision 0013.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Before anybody worked here.
SINCE = date(2026, 1, 1)
ROLES = ("counter", "manager", "approver", "cashier", "auditor")
ONE_PLACE = (
    "(town IS NOT NULL AND group_id IS NULL AND facility_id IS NULL)"
    " OR (town IS NULL AND group_id IS NOT NULL AND facility_id IS NULL)"
    " OR (town IS NULL AND group_id IS NULL AND facility_id IS NOT NULL)"
)


def _text(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=not is_needed)


def _number(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=not is_needed)


def _at(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_needed)


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [other], name=name)


def upgrade() -> None:
    _make_grants()
    _make_second_steps()
    with op.batch_alter_table("sign_in_session") as table:
        table.add_column(_at("seen_at", is_needed=False))
        table.add_column(sa.Column("device", sa.Text(), nullable=False, server_default=""))
    _keep_what_staff_could_do()


def _keep_what_staff_could_do() -> None:
    statement = sa.text(
        "INSERT INTO role_grant (id, account_id, role, town, since, given_by, given_at)"
        " SELECT account.id || '/' || :role || '/' || municipality.code, account.id,"
        " :role, municipality.code, :since, 'system', account.created_at"
        " FROM account CROSS JOIN municipality WHERE account.role = 'staff'"
    )
    for role in ROLES:
        said = (sa.bindparam("role", role, type_=sa.Text()),)
        op.execute(statement.bindparams(*said, sa.bindparam("since", SINCE, type_=sa.Date())))


def _make_grants() -> None:
    op.create_table(
        "facility_group",
        _number("id"),
        _text("name"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility_group")),
        sa.UniqueConstraint("name", name=op.f("uq_facility_group_name")),
    )
    op.create_table(
        "facility_group_member",
        _number("group_id"),
        _number("facility_id"),
        _of("facility_group_member", "group_id", "facility_group.id"),
        _of("facility_group_member", "facility_id", "facility.id"),
        sa.PrimaryKeyConstraint("group_id", "facility_id", name=op.f("pk_facility_group_member")),
    )
    op.create_index(
        "ix_facility_group_member_facility_id", "facility_group_member", ["facility_id"]
    )
    op.create_table(
        "role_grant",
        _text("id"),
        _text("account_id"),
        _text("role"),
        _text("town", is_needed=False),
        _number("group_id", is_needed=False),
        _number("facility_id", is_needed=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        _text("given_by"),
        _at("given_at"),
        sa.Column("revoked_by", sa.Text(), nullable=False, server_default=""),
        _at("revoked_at", is_needed=False),
        sa.CheckConstraint(
            "role IN ('counter', 'manager', 'approver', 'cashier', 'auditor')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.CheckConstraint(ONE_PLACE, name=op.f("ck_role_grant_place")),
        _of("role_grant", "account_id", "account.id"),
        _of("role_grant", "town", "municipality.code"),
        _of("role_grant", "group_id", "facility_group.id"),
        _of("role_grant", "facility_id", "facility.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index("ix_role_grant_account_id", "role_grant", ["account_id"])


def _make_second_steps() -> None:
    op.create_table(
        "second_step",
        _text("account_id"),
        _text("secret"),
        _at("made_at"),
        _number("last_step"),
        _of("second_step", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_step")),
    )
    op.create_table(
        "emergency_code",
        _text("code_hash"),
        _text("account_id"),
        _at("made_at"),
        _at("used_at", is_needed=False),
        _of("emergency_code", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_emergency_code")),
    )
    op.create_index("ix_emergency_code_account_id", "emergency_code", ["account_id"])


def downgrade() -> None:
    with op.batch_alter_table("sign_in_session") as table:
        table.drop_column("device")
        table.drop_column("seen_at")
    for table_name in (
        "emergency_code",
        "second_step",
        "role_grant",
        "facility_group_member",
        "facility_group",
    ):
        op.drop_table(table_name)
