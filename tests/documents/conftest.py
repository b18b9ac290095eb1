"""The invented region, on SQLite and on PostgreSQL."""

from tests.support.lending import (
    built,
    database,
    postgres_region_url,
    postgres_template,
    region,
    session,
    sqlite_region_url,
    url,
)

__all__ = [
    "built",
    "database",
    "postgres_region_url",
    "postgres_template",
    "region",
    "session",
    "sqlite_region_url",
    "url",
]
