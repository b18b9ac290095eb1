"""Two desks, on SQLite and with the hub on PostgreSQL, as in a region; and three on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reservations import clock
from tests.support.desks import Offices, two_offices
from tests.support.many_desks import Desks, Prepared, copied, prepare
from tests.support.people import Three, three
from tests.town import NOW


@pytest.fixture
def offices(tmp_path: Path, database_url: str) -> Iterator[Offices]:
    """The hub on either engine, the gym on SQLite; no witness."""
    yield from _offices(tmp_path, database_url, has_witness=False)


@pytest.fixture
def witnessed(tmp_path: Path, database_url: str) -> Iterator[Offices]:
    """The same, and the gym's lines are told only when its witness has them."""
    yield from _offices(tmp_path, database_url, has_witness=True)


def _offices(folder: Path, url: str, *, has_witness: bool) -> Iterator[Offices]:
    gym_url = f"sqlite:///{folder}/gym.sqlite3"
    made = two_offices(folder, url, gym_url, has_witness=has_witness)
    yield made
    for office in (made.hub, made.gym):
        office.session.close()
        office.database.dispose()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Three desks, to be copied."""
    return prepare(tmp_path_factory.mktemp("desks"))


@pytest.fixture
def desks(prepared: Prepared, tmp_path: Path) -> Iterator[Desks]:
    """A hub, a gym and one next door; the hub holds everything."""
    with copied(prepared, tmp_path / "desks") as made:
        yield made


@pytest.fixture
def region(offices: Offices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Three:
    """A hub and two nodes to which names travel."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return three(offices, tmp_path)
