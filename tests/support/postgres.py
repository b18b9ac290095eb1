"""A PostgreSQL cluster of the tests' own: made in a temporary folder, gone afterwards.

`./run bench` uses the same with `fsync=True`, so that its figures are those of a server that
keeps its promises. An installed server, if there is one, is left alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.process import free_port, running, wait_until


def binaries() -> Path | None:
    """The folder of the newest server found, or None."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: float(each.parts[-3])
    )
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Cluster:
    """A running server on loopback."""

    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        import psycopg  # noqa: PLC0415 - the quick tests never need it

        # A database's name cannot be a parameter; the names are made below.
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def fresh_database(self, template: str = "template0") -> Iterator[str]:
        """URL of a database that nobody has written to; dropped when the block ends."""
        name = f"tonari_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def postgres_cluster(
    *, fsync: bool = False, settings: dict[str, str] | None = None
) -> Iterator[Cluster]:
    """Start a server of our own; about 0.8 s. Raises RuntimeError if its programs are missing."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="tonari-pg-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        # PostgreSQL refuses to run as root.
        options: dict[str, Any] = {"cwd": folder, "umask": 0o077}
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
            options |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        create = ["initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync"]
        subprocess.run(
            [programs / create[0], *create[1:], "--encoding=UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            **options,
        )
        port = free_port()
        chosen = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": folder,
            "fsync": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off",
            "max_connections": "200",
            "timezone": "UTC",
        } | (settings or {})
        flags = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        log = home / "log"
        log.touch()
        command = [str(programs / "postgres"), "-D", "data", *flags]
        # SIGINT is its fast shutdown: sessions are ended, nothing is waited for.
        with running(command, log=log, stop=signal.SIGINT, **options) as process:
            cluster = Cluster(port)
            wait_until(lambda: _answers(cluster), process, seconds=20, log=log)
            yield cluster


def _answers(cluster: Cluster) -> bool:
    import psycopg  # noqa: PLC0415 - the quick tests never need it

    try:
        cluster.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
