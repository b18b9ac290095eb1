"""Seals on the audit lines, which nobody changes any more; and what people may read of looks.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT = ("audit_line", "audit_seal")
_INSTANT = sa.DateTime(timezone=True)
_LOOK = sa.text("action = 'look'")


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "party_look",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("hour", _INSTANT, nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "hour", "node", "page", name=op.f("pk_party_look")),
    )
    op.create_index(
        "ix_audit_line_look",
        "audit_line",
        ["subject"],
        sqlite_where=_LOOK,
        postgresql_where=_LOOK,
    )
    for statement in _kept():
        op.execute(statement)


def downgrade() -> None:
    for statement in _let_go():
        op.execute(statement)
    op.drop_index("ix_audit_line_look", "audit_line")
    op.drop_table("party_look")
    op.drop_table("audit_seal")


def _kept() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {name}_no_{verb} BEFORE {verb.upper()} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
            for name in KEPT
            for verb in ("update", "delete")
        ]
    return [
        "CREATE OR REPLACE FUNCTION tonari_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        *(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tonari_append_only()"
            for name in KEPT
        ),
    ]


def _let_go() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [f"DROP TRIGGER {name}_no_{verb}" for name in KEPT for verb in ("update", "delete")]
    return [
        *(f"DROP TRIGGER {name}_append_only ON {name}" for name in KEPT),
        "DROP FUNCTION tonari_append_only()",
    ]
