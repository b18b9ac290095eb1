"""Last night's copy of a hub, and a machine that has nothing but it: real dumps on both engines."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from reservations import projection
from reservations.db import Database
from reservations.desk import Desk
from tests.support.desks import Office
from tests.support.postgres import binaries


def program(name: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's own, on this database."""
    folder, where = binaries(), make_url(url)
    assert folder is not None
    way = [f"--host={where.host}", f"--port={where.port}", f"--username={where.username}"]
    command = [str(folder / name), *way, f"--dbname={where.database}", *arguments]
    subprocess.run(command, check=True, capture_output=True)


class Copy:
    """Last night's copy of the hub: a dump of its database, and its folder."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.url = office.database.url.render_as_string(hide_password=False)
        self.dump = folder / "dump"
        folder.mkdir()
        shutil.copytree(
            office.desk.folder, folder / "node", ignore=lambda _, names: {"bell"} & {*names}
        )
        if office.database.is_sqlite:
            self._copy(str(office.database.url.database), str(self.dump))
        else:
            program("pg_dump", self.url, "--format=custom", f"--file={self.dump}")

    def _copy(self, source: str, target: str) -> None:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)

    def bring_back(self) -> Desk:
        """The machine is destroyed; another has the dump and the folder now. The witness stands."""
        self.office.session.close()
        self.office.database.dispose()
        shutil.rmtree(self.office.desk.folder)
        shutil.copytree(self.folder / "node", self.office.desk.folder)
        if self.office.database.is_sqlite:
            path = Path(str(self.office.database.url.database))
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink()
            self._copy(str(self.dump), str(path))
        else:
            program("pg_restore", self.url, "--clean", "--if-exists", str(self.dump))
        database = Database(self.url, threads=4, is_durable=False)
        return projection.open_desk(database, self.office.desk.settings)
