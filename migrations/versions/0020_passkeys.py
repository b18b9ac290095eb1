"""Passkeys and their challenges; why a mode was declared; when a role was last used.

Revision 0020.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _at(name: str, *, is_needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_needed)


def upgrade() -> None:
    op.create_table(
        "passkey",
        *map(_text, ("id", "account_id", "credential", "public_key", "name")),
        _at("made_at"),
        _at("used_at", is_needed=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkey_credential")),
    )
    op.create_index(op.f("ix_passkey_account_id"), "passkey", ["account_id"])
    op.create_table(
        "passkey_challenge",
        *map(_text, ("mark", "challenge", "account_id")),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_passkey_challenge")),
    )
    op.create_index(op.f("ix_passkey_challenge_expires_at"), "passkey_challenge", ["expires_at"])
    with op.batch_alter_table("declaration") as table:
        table.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("role_grant") as table:
        table.add_column(sa.Column("used_on", sa.Date(), nullable=True))
    # Nobody looked before: counting begins today.
    op.execute("UPDATE role_grant SET used_on = CURRENT_DATE WHERE revoked_at IS NULL")


def downgrade() -> None:
    op.drop_column("role_grant", "used_on")
    op.drop_column("declaration", "reason")
    op.drop_table("passkey_challenge")
    op.drop_table("passkey")
