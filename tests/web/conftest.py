"""What the tests of the web layer stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api, an_api
from tests.support.site import Site, a_site


@pytest.fixture
def api(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    made = an_api(sqlite_url, tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def api_on_both(database_url: str, tmp_path: Path) -> Iterator[Api]:
    """The same, once on SQLite and once on PostgreSQL."""
    made = an_api(database_url, tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """The residents' screens."""
    made = a_site(sqlite_url, tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def counter(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """The screens of staff."""
    made = a_site(sqlite_url, tmp_path, audience="counter")
    yield made
    made.database.dispose()
