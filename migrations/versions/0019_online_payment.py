"""オンライン払い: checkouts at a provider, and refunds that it is to give back; and 充当.

Revision 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BEFORE = "method IN ('cash', 'coupon', 'transfer', 'online')"
METHODS = "method IN ('cash', 'coupon', 'transfer', 'online', 'moved')"
INDEXES = {
    "payment": ("booking_id", "day_node_no"),
    "refund": ("booking_id", "payment_id", "handed_day"),
}
COLUMNS_OF = {"day_node_no": ["day", "node_no"]}


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
    op.create_table(
        "payment_move",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_payment_move")),
    )
    _allow(METHODS, before=BEFORE)


def _allow(methods: str, *, before: str) -> None:
    for name, indexes in INDEXES.items():
        if op.get_bind().dialect.name == "sqlite":
            _rebuild(name, indexes, before, methods)
        else:
            op.drop_constraint(op.f(f"ck_{name}_method"), name, type_="check")
            op.create_check_constraint(op.f(f"ck_{name}_method"), name, methods)


def _rebuild(name: str, indexes: tuple[str, ...], before: str, methods: str) -> None:
    """SQLite changes no constraint: the table is made anew by its own words, but for this one."""
    words = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    made: str = op.get_bind().execute(words, {"name": name}).scalar_one()
    assert made.count(before) == 1, made
    op.rename_table(name, f"{name}_before")
    op.execute(made.replace(before, methods))
    old, new = sa.table(f"{name}_before"), sa.table(name)
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(name)]
    chosen = sa.select(*(sa.column(each) for each in columns)).select_from(old)
    for each in columns:
        new.append_column(sa.column(each))
    op.execute(sa.insert(new).from_select(columns, chosen))
    op.drop_table(f"{name}_before")
    for index in indexes:
        op.create_index(f"ix_{name}_{index}", name, COLUMNS_OF.get(index, [index]))


def downgrade() -> None:
    # Nothing else knows of it: what was moved counts as a transfer from one booking to the other.
    op.execute("UPDATE payment SET method = 'transfer' WHERE method = 'moved'")
    op.execute("UPDATE refund SET method = 'transfer' WHERE method = 'moved'")
    _allow(BEFORE, before=METHODS)
    op.drop_table("payment_move")
    op.drop_table("give_back")
    op.drop_table("checkout")
