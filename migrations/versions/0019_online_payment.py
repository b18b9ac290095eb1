"""オンライン払い: checkouts at a provider, and refunds that it is to give back.

Revision 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkout",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_checkout_amount")),
        sa.CheckConstraint(
            "state IN ('begun', 'open', 'failed', 'lapsed', 'paid')", name=op.f("ck_checkout_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
    )
    op.create_index("ix_checkout_booking_id", "checkout", ["booking_id"])
    op.create_index("ix_checkout_next_at", "checkout", ["next_at"])
    op.create_index("ix_checkout_provider_id", "checkout", ["provider_id"])
    op.create_table(
        "give_back",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'given', 'failed')", name=op.f("ck_give_back_state")
        ),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_give_back")),
    )
    op.create_index("ix_give_back_state_next_at", "give_back", ["state", "next_at"])


def downgrade() -> None:
    op.drop_table("give_back")
    op.drop_table("checkout")
