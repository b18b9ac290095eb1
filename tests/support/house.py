"""The residents' screens over the invented region, served on loopback for a browser."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext
from werkzeug.serving import WSGIRequestHandler, make_server

from reservations.web.auth import SESSION_COOKIES
from tests import town
from tests.support.site import Site, a_site

HOST = "127.0.0.1"


class _Silent(WSGIRequestHandler):
    """No line a request: a test's output is its own."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass(frozen=True)
class House:
    """A site and where it answers."""

    site: Site
    url: str

    def enter(self, context: BrowserContext, name: str = "resident") -> None:
        """Sign `account-<name>` in, as a cookie of this browser context."""
        person = self.site.signed_in(name)
        cookie = person.client.get_cookie(SESSION_COOKIES[self.site.audience])
        assert cookie is not None
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])

    def loses_its_database(self) -> None:
        """The file is gone, as after a disk that was not mounted."""
        database = self.site.database
        assert database.url.database is not None
        path = Path(database.url.database)
        database.dispose()
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()


@contextlib.contextmanager
def running_house(folder: Path, *, audience: str = "resident") -> Iterator[House]:
    """となり体育館 is taken whole on the Saturday evening; the next town's gym is free."""
    site = a_site(f"sqlite:///{folder / 'house.db'}", folder, audience=audience)
    site.books(site.region.here.whole, name="neighbour")
    with serving(site) as house:
        yield house
    site.database.dispose()


@contextlib.contextmanager
def serving(
    site: Site, *, port: int = 0, tls: tuple[str, str] | None = None, name: str = HOST
) -> Iterator[House]:
    """A site that answers on loopback.

    tls    files with a certificate and its key: over https, under this name
    """
    server = make_server(
        HOST, port, site.app, threaded=True, request_handler=_Silent, ssl_context=tls
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield House(site, f"{'https' if tls else 'http'}://{name}:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def saturday_evening(town_code: str = "") -> str:
    """The query for badminton on the Saturday evening."""
    where = f"&town={town_code}" if town_code else ""
    return f"purpose=badminton&date={town.SATURDAY}&start=18:00&end=20:00{where}"
