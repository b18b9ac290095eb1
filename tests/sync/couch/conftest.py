"""One region a test, with databases of its own on the servers of hub, town and gym."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.carriers.couch import Mailbox
from tests.support import peer
from tests.support.peer import Couch
from tests.sync.couch.towns import Towns
from tests.sync.desks import Desk


@pytest.fixture
def towns(tmp_path: Path, couches: dict[str, Couch]) -> Iterator[Towns]:
    made = Towns(tmp_path, couches, f"{os.getpid()}")
    yield made
    made.close()


@pytest.fixture
def hub(towns: Towns) -> Desk:
    return towns.region.hub


@pytest.fixture
def gym(towns: Towns) -> Desk:
    return towns.desk("gym")


@pytest.fixture
def box(towns: Towns) -> Mailbox:
    """The hub's mailbox, which the hub, the town and the gym may use, as its administrator."""
    return towns.prepare("hub", "hub", "town", "gym")


@pytest.fixture
def open_peer(couches: dict[str, Couch]) -> Iterator[str]:
    """A server without an administrator, as nobody should run one."""
    if peer.real_couch():
        pytest.skip("a real CouchDB has an administrator")
    with peer.running_peer(is_open=True) as couch:
        yield couch.url
