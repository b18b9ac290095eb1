"""Who came for a booking, what was decided of those who did not; keys and equipment.

Whoever was noted as arrived before has checked in. Revision 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_WAITS = sa.text("status = 'asked'")
_IS_OUT = sa.text("returned_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "check_in",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("came_at", _INSTANT, nullable=True),
        sa.Column("undone_at", _INSTANT, nullable=True),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
    )
    op.create_index("ix_check_in_booking_id", "check_in", ["booking_id"])
    op.execute(
        "INSERT INTO check_in (id, booking_id, came_at, node_no, actor)"
        " SELECT 'arrival:' || booking_id, booking_id, at, node_no, actor FROM arrival"
    )
    op.drop_table("arrival")
    op.create_table(
        "strike",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("excuse", sa.Text(), nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'written', 'decided', 'refused')", name=op.f("ck_strike_status")
        ),
        sa.CheckConstraint(
            "kind IN ('no_show', 'told', 'late_cancel', 'unpaid', 'no_card')",
            name=op.f("ck_strike_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strike")),
    )
    op.create_index("ix_strike_booking_id", "strike", ["booking_id"])
    op.create_index(
        "ix_strike_asked",
        "strike",
        ["status"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    _make_items()


def _make_items() -> None:
    op.create_table(
        "item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("out", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('key', 'equipment')", name=op.f("ck_item_kind")),
        sa.CheckConstraint('out >= 0 AND out <= "count"', name=op.f("ck_item_out")),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_item_facility_id_facility")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint(
            "facility_id", "kind", "name", name=op.f("uq_item_facility_id_kind_name")
        ),
    )
    op.create_table(
        "handout",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("handed_at", _INSTANT, nullable=False),
        sa.Column("handed_by", sa.Text(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("returned_at", _INSTANT, nullable=True),
        sa.Column("returned_to", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_handout_quantity")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_handout_item_id_item")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_handout_booking_id_booking")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handout")),
    )
    op.create_index("ix_handout_booking_id", "handout", ["booking_id"])
    op.create_index("ix_handout_item_id_handed_at", "handout", ["item_id", "handed_at"])
    op.create_index(
        "ix_handout_out",
        "handout",
        ["item_id"],
        sqlite_where=_IS_OUT,
        postgresql_where=_IS_OUT,
    )


def downgrade() -> None:
    op.drop_table("handout")
    op.drop_table("item")
    op.drop_table("strike")
    op.create_table(
        "arrival",
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("node_no", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_arrival")),
    )
    op.drop_table("check_in")
