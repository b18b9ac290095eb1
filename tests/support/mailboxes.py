"""The hub's mailbox for tests of the application: databases and users, gone afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sync.carriers import couch
from sync.carriers.couch import NoContact
from tests.support.peer import Couch

PASSWORD = "only for tests"


@contextlib.contextmanager
def prepared(server: Couch, scopes: Sequence[str], users: Sequence[str]) -> Iterator[None]:
    """Databases that these users may enter, as the hub's administrator makes them."""
    admin = server.admin
    try:
        for name in users:
            couch.add_user(admin, name, PASSWORD)
        for scope in scopes:
            couch.prepare(admin, couch.database_of(scope), users)
        yield
    finally:
        for scope in scopes:
            with contextlib.suppress(NoContact):
                admin.call("delete_database", db=couch.database_of(scope))
        admin.close()


def way_to(folder: Path, which: str, url: str, user: str) -> dict[str, str]:
    """The settings of one mailbox: `mailbox` or `upstream`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{which}-password"
    file.write_text(PASSWORD + "\n")
    return {f"{which}_url": url, f"{which}_user": user, f"{which}_password_file": str(file)}
