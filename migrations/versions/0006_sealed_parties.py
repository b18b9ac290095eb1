"""Parties travel sealed: their texts, who holds their keys, and whom to forget.

Revision 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "party_text",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "key", name=op.f("pk_party_text")),
    )
    op.create_table(
        "party_key",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "key", name=op.f("pk_party_key")),
    )
    op.create_table(
        "party_holder",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("is_good", sa.Boolean(name="is_good"), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "member", "chain", name=op.f("pk_party_holder")),
    )
    op.create_index("ix_party_holder_member", "party_holder", ["member"])
    op.create_table(
        "sealing_key",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_sealing_key")),
    )
    op.create_table(
        "party_unsaid",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_party_unsaid_party_id_party")
        ),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_unsaid")),
    )
    op.create_table(
        "party_forgotten",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_due", sa.Boolean(name="is_due"), nullable=False),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_forgotten")),
    )
    op.create_table(
        "party_destroyed",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "member", name=op.f("pk_party_destroyed")),
    )
    # Whoever was registered at a node until now is known nowhere else by name.
    op.execute("INSERT INTO party_unsaid (party_id) SELECT id FROM party WHERE name <> ''")


def downgrade() -> None:
    for name in (
        "party_destroyed",
        "party_forgotten",
        "party_unsaid",
        "sealing_key",
        "party_holder",
        "party_key",
        "party_text",
    ):
        op.drop_table(name)
