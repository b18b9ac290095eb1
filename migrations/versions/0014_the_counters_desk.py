"""来館, 食い違い that somebody has seen to, and a way to the letters that tell of one.

Revision 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_to",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_seen_to")),
    )
    op.create_table(
        "arrival",
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_arrival")),
    )
    op.create_index("ix_letter_kind", "letter", ["kind"])


def downgrade() -> None:
    op.drop_index("ix_letter_kind", table_name="letter")
    op.drop_table("arrival")
    op.drop_table("seen_to")
