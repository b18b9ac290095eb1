"""A booking that takes the place of another, and the bookings that lie on two sheets.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("instead_of", sa.Text(), nullable=True))
    instead = sa.text("instead_of IS NOT NULL")
    op.create_index(
        "ix_booking_instead_of",
        "booking",
        ["instead_of"],
        sqlite_where=instead,
        postgresql_where=instead,
    )
    past_midnight = sa.text("end_slot > 96")
    op.create_index(
        "ix_booking_past_midnight",
        "booking",
        ["date"],
        sqlite_where=past_midnight,
        postgresql_where=past_midnight,
    )


def downgrade() -> None:
    op.drop_index("ix_booking_past_midnight", "booking")
    op.drop_index("ix_booking_instead_of", "booking")
    op.drop_column("booking", "instead_of")
