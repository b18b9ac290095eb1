"""Fixtures that every folder may use; what they start is in tests/support.

`database_url` makes a test run twice, on SQLite and on PostgreSQL. `page` makes it a browser test.
Where Chromium, PostgreSQL or Node.js is missing, their tests are skipped; with CI=true they fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support import browser as browsers
from tests.support import peer, postgres
from tests.support.needs import need
from tests.support.peer import Couch
from tests.support.provider import Service, a_payment_service
from tests.support.server import Server, running_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FUZZ = Path(__file__).parent / "fuzz"
# A busy machine is no failure. With CI=true hypothesis takes its own profile, which also repeats.
settings.register_profile("here", deadline=None, parent=settings())
settings.load_profile("here")

BY_FIXTURE = {"browser": "browser", "postgres_cluster": "postgres", "couches": "couch"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what needs Python alone")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--quick") and collection_path == FUZZ else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they use, so that no test can forget to."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in BY_FIXTURE:
                item.add_marker(BY_FIXTURE[fixture])
        if FUZZ in item.path.parents:
            item.add_marker("fuzz")
    if config.getoption("--quick"):
        slow = [item for item in items if set(BY_FIXTURE.values()) & markers_of(item)]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


def markers_of(item: pytest.Item) -> set[str]:
    return {mark.name for mark in item.iter_markers()}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run in which every test was skipped has proved nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    only_listed = session.config.option.collectonly
    if reporter and exitstatus == 0 and not only_listed and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """One server a test process, started by the first test that asks for it."""
    need(postgres.binaries(), "postgresql")
    with postgres.postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database."""
    with postgres_cluster.fresh_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tonari.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLAlchemy URL of an empty database; the test runs once on each of the two engines."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(scope="session")
def couches() -> Iterator[dict[str, Couch]]:
    """The CouchDB servers of a hub, a town and a facility, started by the first test that asks."""
    roles = ("hub", "town", "gym")
    if real := peer.real_couch():
        yield dict.fromkeys(roles, real)
        return
    need(peer.programs(), "npm")
    peer.install()
    with ExitStack() as stack:
        yield {role: stack.enter_context(peer.running_peer()) for role in roles}


@pytest.fixture(scope="session")
def payment_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The simulated payment service, started by the first test that asks for it."""
    with a_payment_service(tmp_path_factory.mktemp("payments")) as service:
        yield service


@pytest.fixture
def service(payment_process: Service) -> Iterator[Service]:
    """The same, with its line up and quick."""
    yield payment_process
    payment_process.control("up")
    payment_process.control("slow/0")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need(browsers.executable(), "chromium")
    with browsers.running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone; the test fails if the page asks another machine or a script of it raises."""
    with browsers.open_context(browser) as context:
        yield context.new_page()


@pytest.fixture
def desk_page(browser: Browser) -> Iterator[Page]:
    """A counter's PC."""
    with browsers.open_context(browser, **browsers.desk()) as context:
        yield context.new_page()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`tonari serve` on an empty SQLite database; other needs call running_server themselves."""
    with running_server(tmp_path / "data") as running:
        yield running
