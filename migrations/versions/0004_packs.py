"""Packs of paper: numbers that are given once, and the forms that came back.

Revision 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_counter",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_number_counter")),
    )
    op.create_table(
        "paper_form",
        sa.Column("pad", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "fate IN ('used', 'void', 'lost', 'blank')", name=op.f("ck_paper_form_fate")
        ),
        sa.PrimaryKeyConstraint("pad", "number", "digest", name=op.f("pk_paper_form")),
    )
    op.create_table(
        "paper_pack",
        sa.Column("pad", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("first > 0 AND first <= last", name=op.f("ck_paper_pack_forms")),
        sa.PrimaryKeyConstraint("pad", name=op.f("pk_paper_pack")),
        sa.UniqueConstraint("node_no", "lease", name=op.f("uq_paper_pack_node_no_lease")),
    )
    op.create_index("ix_paper_pack_facility_id", "paper_pack", ["facility_id"])


def downgrade() -> None:
    op.drop_table("paper_pack")
    op.drop_table("paper_form")
    op.drop_table("number_counter")
