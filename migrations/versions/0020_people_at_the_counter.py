"""What the counter was shown of a residency.

Revision ID: 0020
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "party_residency", sa.Column("seen", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("party_residency", "seen")
