"""What the counter was shown of a residency; the rosters of groups; delegates.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "party_residency", sa.Column("seen", sa.Text(), nullable=False, server_default="")
    )
    op.create_table(
        "group_roster",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("municipality_code", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("local", sa.Integer(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        *_of_party_and_town("group_roster"),
        sa.PrimaryKeyConstraint("party_id", "municipality_code", name=op.f("pk_group_roster")),
    )
    op.create_table(
        "group_member",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("municipality_code", sa.Text(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("residency", sa.Text(), nullable=False),
        *_of_party_and_town("group_member"),
        sa.PrimaryKeyConstraint(
            "party_id", "municipality_code", "no", name=op.f("pk_group_member")
        ),
    )

    op.create_table(
        "party_delegate",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("delegate_id", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_party_delegate_party_id_party")
        ),
        sa.PrimaryKeyConstraint("party_id", "delegate_id", name=op.f("pk_party_delegate")),
    )
    op.create_index(op.f("ix_party_delegate_delegate_id"), "party_delegate", ["delegate_id"])


def _of_party_and_town(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f(f"fk_{table}_party_id_party")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f(f"fk_{table}_municipality_code_municipality"),
        ),
    ]


def downgrade() -> None:
    op.drop_table("party_delegate")
    op.drop_table("group_member")
    op.drop_table("group_roster")
    op.drop_column("party_residency", "seen")
