"""減免 that is asked for and decided, 減免登録 of parties, and 精算 between towns.

Money that was taken until now counts as the facility's own town's: nothing is to be settled of it.

Revision 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("payment", "refund"):
        op.add_column(table, _text("account_town"))
        op.execute(f"UPDATE {table} SET account_town = town")  # noqa: S608 - our own names
    _make_reduction("percent >= 0 AND percent <= 100", _text("request_id"), _text("reason"))
    op.create_index("ix_reduction_request_id", "reduction", ["request_id"])
    op.create_table(
        "reduction_request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("is_seen", sa.Boolean(), nullable=False),
        *(_text(name) for name in ("instead_of", "evidence", "words", "actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_request")),
    )
    op.create_index("ix_reduction_request_booking_id", "reduction_request", ["booking_id"])
    op.create_table(
        "party_reduction",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("municipality_code", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_party_reduction_party_id_party")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_party_reduction_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint(
            "party_id", "municipality_code", "clause", "since", name=op.f("pk_party_reduction")
        ),
    )
    _make_settlements()


def _make_settlements() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        _text("actor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
    )
    op.create_table(
        "settlement_line",
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("account_town", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("booking_number", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("yen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "settlement_id", "item", "account_town", "town", name=op.f("pk_settlement_line")
        ),
    )
    op.create_index("ix_settlement_line_item", "settlement_line", ["item"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _make_reduction(check: str, *more: sa.Column[str]) -> None:
    """The table anew with its rows, as SQLite cannot change a constraint."""
    kept = ("id", "booking_id", "percent", "clause", "decided_at", "node_no", "evidence",
            "approved_by", "actor")  # fmt: skip
    op.drop_index("ix_reduction_booking_id", table_name="reduction")
    # Its name goes with the table on SQLite, and stays behind on PostgreSQL.
    op.rename_table("reduction", "reduction_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_reduction RENAME TO pk_reduction_before")
    op.create_table(
        "reduction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        *more,
        *(_text(name) for name in ("evidence", "approved_by", "actor")),
        sa.CheckConstraint(check, name=op.f("ck_reduction_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction")),
    )
    names = ", ".join(kept)
    copied = f"INSERT INTO reduction ({names}) SELECT {names} FROM reduction_before"  # noqa: S608 - our own names
    op.execute(f"{copied} WHERE percent > 0")
    op.drop_table("reduction_before")
    op.create_index("ix_reduction_booking_id", "reduction", ["booking_id"])


def downgrade() -> None:
    for table in ("settlement_line", "settlement", "party_reduction", "reduction_request"):
        op.drop_table(table)
    op.drop_index("ix_reduction_request_id", table_name="reduction")
    _make_reduction("percent > 0 AND percent <= 100")
    for table in ("payment", "refund"):
        op.drop_column(table, "account_town")
