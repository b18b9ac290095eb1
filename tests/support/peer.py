"""CouchDB-compatible servers of the tests' own, on loopback; tests/peer has what they run.

Where TONARI_TEST_COUCHDB_URL names a real CouchDB (with its administrator in the address), the same
tests use that one instead, with databases of new names, which are removed afterwards.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sync.carriers.couch import Address, Server
from tests.support.process import free_port, running, wait_until

FOLDER = Path(__file__).parents[1] / "peer"
MODULES = FOLDER / "node_modules"
ADMIN = "admin"


@dataclass(frozen=True)
class Couch:
    """A running server and its administrator."""

    url: str
    user: str
    password: str

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def admin(self) -> Server:
        return Server(Address(self.url, self.user, self.password))


def programs() -> bool:
    """Whether there is a Node.js that can run the peer."""
    return bool(shutil.which("node")) and bool(shutil.which("npm"))


def install() -> None:
    """Fetch the packages of the lock file, once; what they would run while installing stays off."""
    lock = (FOLDER / "package-lock.json").read_bytes()
    stamp = MODULES / ".tonari"
    wanted = hashlib.sha256(lock).hexdigest()
    with (FOLDER / "package.json").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(
            command, cwd=FOLDER, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"npm ci failed in {FOLDER}: {done.stderr.decode()[-2000:]}")
        stamp.write_text(wanted, encoding="utf-8")


def real_couch() -> Couch | None:
    """The server that the environment names, if it does."""
    address = os.environ.get("TONARI_TEST_COUCHDB_URL", "")
    if not address:
        return None
    parts = urlsplit(address)
    host = f"{parts.scheme}://{parts.hostname}:{parts.port or 5984}"
    return Couch(host, parts.username or ADMIN, parts.password or "")


@contextlib.contextmanager
def running_peer(*, is_open: bool = False) -> Iterator[Couch]:
    """One peer, with everything in memory; up in half a second. `is_open`: anybody may enter."""
    with tempfile.TemporaryDirectory(prefix="tonari-peer-", ignore_cleanup_errors=True) as folder:
        port, password = free_port(), hashlib.sha256(folder.encode()).hexdigest()[:12]
        log = Path(folder) / "peer.log"
        known = [] if is_open else [ADMIN, password]
        command = ["node", str(FOLDER / "peer.js"), str(port), folder, *known]
        with running(command, log=log, cwd=folder) as process:
            couch = Couch(f"http://127.0.0.1:{port}", ADMIN, password)
            wait_until(lambda: _is_up(couch.url), process, seconds=20, log=log)
            yield couch


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_up", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
