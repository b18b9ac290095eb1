"""Letters that go out: their words, whether they were sent, and who has to be told otherwise.

Revision 0007. The table is made anew around its rows, on both databases alike; what waited there
has no words yet, and gets them from the job.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BEFORE = "id, party_id, booking_id, kind, body, at, sent_at"
_ADDED = "state, locale, subject, text, tries, why, next_at"
_FIRST = "CASE WHEN sent_at IS NULL THEN 'to_hand_over' ELSE 'sent' END, 'ja', '', '', 0, '', at"


def upgrade() -> None:
    _anew(
        (
            sa.Column("state", sa.Text(), nullable=False),
            sa.Column("locale", sa.Text(), nullable=False),
            sa.Column("subject", sa.Text(), nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("tries", sa.Integer(), nullable=False),
            sa.Column("why", sa.Text(), nullable=False),
            sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        ),
        (
            sa.CheckConstraint(
                "state IN ('to_send', 'failed', 'sent', 'to_hand_over', 'handed_over', 'void')",
                name=op.f("ck_letter_state"),
            ),
        ),
        into=f"{_BEFORE}, {_ADDED}",
        values=f"{_BEFORE}, {_FIRST}",
    )
    op.create_index("ix_letter_state_next_at", "letter", ["state", "next_at"])


def downgrade() -> None:
    _anew((), (), into=_BEFORE, values=_BEFORE)


def _anew(
    columns: tuple[sa.Column[object], ...],
    checks: tuple[sa.CheckConstraint, ...],
    *,
    into: str,
    values: str,
) -> None:
    op.execute("CREATE TABLE letter_before AS SELECT * FROM letter")
    op.drop_table("letter")
    op.create_table(
        "letter",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        *checks,
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_letter_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    fill = f"INSERT INTO letter ({into}) SELECT {values} FROM letter_before"  # noqa: S608 - ours
    op.execute(fill)
    op.drop_table("letter_before")
    op.create_index("ix_letter_party_id", "letter", ["party_id"])
