"""Whether a database has the tables that this program needs, and making them so.

A new database is made from the models in one go and marked with the newest revision; a test proves
that the revisions lead to the same tables. An older one goes through the revisions (migrations/).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from reservations.db import WRITE, Database
from reservations.models.base import Base

if TYPE_CHECKING:
    from alembic.config import Config

# The newest file of migrations/versions; a test compares.
HEAD = "0020"

ROOT = Path(__file__).resolve().parents[2]
# One number for everybody who changes tables of one PostgreSQL database.
ADVISORY_LOCK = 7_266_274


def ensure(database: Database) -> str:
    """Make the tables, or bring them up to date; returns what was done: made, upgraded, nothing."""
    with database.engine.connect() as connection:
        if _revision(connection) == HEAD:
            return "nothing"
    with database.writers_lock():
        if _make(database):
            return "made"
        return "upgraded" if _upgrade(database) else "nothing"


def drop(database: Database) -> None:
    """Take every table away. For demonstrations and tests."""
    with database.writers_lock(), _writing(database) as connection:
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        connection.commit()


def is_empty(database: Database) -> bool:
    """Whether there is not one table of ours yet."""
    with database.engine.connect() as connection:
        return not inspect(connection).has_table("municipality")


def _make(database: Database) -> bool:
    """Create all tables in one transaction where there are none. False: there are some."""
    with _writing(database) as connection:
        _wait_for_turn(connection)
        if inspect(connection).has_table("municipality"):
            return False
        Base.metadata.create_all(connection)
        connection.execute(
            text(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
                " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
        )
        connection.execute(
            text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD}
        )
        connection.commit()
    return True


def _upgrade(database: Database) -> bool:
    # Alembic takes 0.2 s that only an old database needs.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - see above
    from alembic.migration import MigrationContext  # noqa: PLC0415 - see above

    with database.engine.connect() as connection:
        before = _revision(connection)
        context = MigrationContext.configure(connection)
        is_unmarked = before is None and not compare_metadata(context, Base.metadata)
    if before == HEAD:
        return False
    if is_unmarked:
        # Made from the models by somebody else (create_all): all it lacks is the mark.
        command.stamp(alembic_config(database), HEAD)
        return False
    command.upgrade(alembic_config(database), "head")
    return True


def alembic_config(database: Database) -> Config:
    """Alembic's settings for this database; migrations/env.py takes the engine from it."""
    from alembic.config import Config  # noqa: PLC0415 - as in _upgrade

    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["database"] = database
    return config


def _writing(database: Database) -> Connection:
    return database.engine.connect().execution_options(**{WRITE: True})


def _wait_for_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
