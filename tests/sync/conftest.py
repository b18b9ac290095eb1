"""One region a test; the desks of `both` keep their ledgers in memory and in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.desks import Desk, Region


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


@pytest.fixture(params=["memory", "sql"])
def gym(request: pytest.FixtureRequest, region: Region, tmp_path: Path) -> Desk:
    """The gym's own node; the test runs once with its ledger in memory, once in SQL."""
    url = f"sqlite:///{tmp_path / 'gym.db'}" if request.param == "sql" else ""
    return region.desk("gym", sql=url)


@pytest.fixture
def hub(region: Region) -> Desk:
    return region.hub
