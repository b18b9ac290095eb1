"""審査: bookings whose use the town permits first, and what was decided about them.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("decide_by", sa.Date(), nullable=True))
    asked = sa.text("decide_by IS NOT NULL")
    op.create_index(
        "ix_booking_decide_by",
        "booking",
        ["decide_by"],
        sqlite_where=asked,
        postgresql_where=asked,
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'written', 'decided', 'refused')",
            name=op.f("ck_decision_status"),
        ),
        sa.CheckConstraint("verdict IN ('granted', 'refused')", name=op.f("ck_decision_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_booking_id", "decision", ["booking_id", "revision"])
    stands = sa.text("status IN ('written', 'decided')")
    op.create_index(
        "ix_decision_stands",
        "decision",
        ["booking_id", "revision"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_index("ix_decision_sheet", "decision", ["sheet"])


def downgrade() -> None:
    op.drop_table("decision")
    op.drop_index("ix_booking_decide_by", table_name="booking")
    op.drop_column("booking", "decide_by")
