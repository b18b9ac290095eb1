"""Which of several texts a paper form really says, decided by people and heard at every desk.

Revision 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_decision",
        sa.Column("pad", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pad", "number", "id", name=op.f("pk_form_decision")),
    )
    with op.batch_alter_table("paper_form") as table:
        table.add_column(sa.Column("name", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("phone", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("paper_form") as table:
        table.drop_column("phone")
        table.drop_column("name")
    op.drop_table("form_decision")
