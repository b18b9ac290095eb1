"""Who asked for a link by which they can sign in.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "link_wish",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_link_wish_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_link_wish")),
    )


def downgrade() -> None:
    op.drop_table("link_wish")
