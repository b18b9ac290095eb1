"""The nodes of a region, and the ledger that they share.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "facility_node", "declaration", "notice", "letter", "sync_line", "sync_chain", "sync_claim",
    "sync_settled", "sync_slip", "sync_aside", "sync_member", "sync_checkpoint", "sync_refused",
)  # fmt: skip


def upgrade() -> None:
    pending = sa.text("sheet <> '' AND line IS NULL")
    op.create_index(
        "ix_event_sheet", "event", ["sheet", "seq"], sqlite_where=pending, postgresql_where=pending
    )
    _nodes()
    _ledger()
    _set_aside()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_event_sheet", "event")


def _nodes() -> None:
    op.create_table(
        "facility_node",
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_facility_node_facility_id_facility")
        ),
        sa.PrimaryKeyConstraint("facility_id", name=op.f("pk_facility_node")),
    )
    op.create_table(
        "declaration",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
    )
    op.create_table(
        "notice",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notice")),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_letter_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index("ix_letter_party_id", "letter", ["party_id"], unique=False)


def _ledger() -> None:
    """The tables of the library `sync`."""
    name, digest = sa.String(255), sa.String(43)
    op.create_table(
        "sync_line",
        sa.Column("chain", name, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hash", digest, nullable=False),
        sa.Column("author", sa.String(22), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_sync_line")),
        sa.UniqueConstraint("id", name=op.f("uq_sync_line_id")),
        sa.UniqueConstraint("arrival", name=op.f("uq_sync_line_arrival")),
    )
    op.create_table(
        "sync_chain",
        sa.Column("chain", name, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", digest, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(22), nullable=False),
        sa.Column("witness", name, nullable=False),
        sa.Column("is_closed", sa.Boolean(name="is_closed"), nullable=False),
        sa.Column("is_understood", sa.Boolean(name="is_understood"), nullable=False),
        sa.Column("forked_at", sa.Integer(), nullable=False),
        sa.Column("pads", sa.Text(), nullable=False),
        sa.Column("witnessed", sa.Integer(), nullable=False),
        sa.Column("witnessed_hash", digest, nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_sync_chain")),
    )
    op.create_index("ix_sync_chain_holder", "sync_chain", ["holder"], unique=False)
    op.create_table(
        "sync_claim",
        sa.Column("sheet", name, nullable=False),
        sa.Column("claim", name, nullable=False),
        sa.Column("owner", name, nullable=False),
        sa.PrimaryKeyConstraint("sheet", "claim", name=op.f("pk_sync_claim")),
    )
    op.create_index("ix_sync_claim_owner", "sync_claim", ["sheet", "owner"], unique=False)


def _set_aside() -> None:
    name, digest = sa.String(255), sa.String(43)
    op.create_table(
        "sync_settled",
        sa.Column("sheet", name, nullable=False),
        sa.Column("key", name, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sheet", "key", name=op.f("pk_sync_settled")),
    )
    op.create_table(
        "sync_slip",
        sa.Column("hash", digest, nullable=False),
        sa.Column("sheet", name, nullable=False),
        sa.Column("chain", name, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asks", sa.Boolean(name="asks"), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sync_slip")),
    )
    op.create_index("ix_sync_slip_sheet", "sync_slip", ["sheet"], unique=False)
    op.create_table(
        "sync_aside",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", name, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", digest, nullable=False),
        sa.Column("why", name, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_aside")),
    )
    op.create_index("ix_sync_aside_chain", "sync_aside", ["chain"], unique=False)
    op.create_index("ix_sync_aside_why", "sync_aside", ["why"], unique=False)
    op.create_table(
        "sync_member",
        sa.Column("key", sa.String(22), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sync_member")),
    )
    op.create_table(
        "sync_checkpoint",
        sa.Column("mailbox", name, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("marked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_sync_checkpoint")),
    )
    op.create_table(
        "sync_refused",
        sa.Column("mailbox", name, nullable=False),
        sa.Column("id", name, nullable=False),
        sa.Column("is_ours", sa.Boolean(name="is_ours"), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "id", name=op.f("pk_sync_refused")),
    )
