"""Runs the revisions one by one, with timeouts: a waiting lock never stops the counter.

The settings are in pyproject.toml ([tool.alembic]). `tonari` hands its database over; the command
`alembic` on its own takes it from the same environment variables as the application.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from reservations.config import Settings
from reservations.db import WRITE, Database
from reservations.models import Base
from reservations.models.base import Instant
from reservations.models.schema import ADVISORY_LOCK

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "120s"


def render_item(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """A revision stands for itself: it never imports a type that may change under it."""
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """All revisions that are missing, in one transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        render_item=render_item,
        # SQLite changes a column by making the table anew.
        render_as_batch=is_sqlite,
    )
    with context.begin_transaction():
        if not is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ADVISORY_LOCK})
        context.run_migrations()


def main() -> None:
    database: Database | None = context.config.attributes.get("database")
    own = None if database else Database(Settings().url)
    used = database or own
    assert used is not None
    with used.engine.connect().execution_options(**{WRITE: True}) as connection:
        migrate(connection)
        connection.commit()
    if own:
        own.dispose()


main()
