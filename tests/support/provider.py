"""The simulated payment service in a process of its own, and a payer who presses its buttons."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.process import running
from tests.support.server import ROOT, first_line

KEY, SECRET = "a key of this test", "a secret of this test"


class _Stays(urllib.request.HTTPRedirectHandler):
    """Where the payer is sent back to is told, not followed."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays())


@dataclass(frozen=True)
class Service:
    """Where it answers, and the settings by which Tonari finds it."""

    url: str
    folder: Path

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "payment_provider": "simulated",
            "payment_url": self.url,
            "payment_key_file": str(self.folder / "key"),
            "payment_secret_file": str(self.folder / "secret"),
            "payment_seconds": 2,
        }

    @property
    def environment(self) -> dict[str, str]:
        return {f"TONARI_{name.upper()}": str(value) for name, value in self.settings.items()}

    def pays(self, address: str, how: str = "pay") -> str:
        """Press a button of the pay page; where the browser is sent back to."""
        assert address.startswith(f"{self.url}/pay/"), address
        sent = urllib.parse.urlencode({"how": how}).encode()
        return str(self._asked(address, sent)[1]["Location"])

    def control(self, path: str) -> Any:
        """The hand of a test: notify, down, up, slow/SECONDS."""
        return json.loads(self._asked(f"{self.url}/control/{path}", b"")[0])

    def seen(self, path: str) -> Any:
        """asked: how often it was asked what; checkouts."""
        return json.loads(self._asked(f"{self.url}/control/{path}")[0])

    def statement(self) -> str:
        return self._asked(f"{self.url}/statement.csv")[0].decode()

    def begun(self, reference: str) -> dict[str, Any]:
        """What it knows of a checkout of ours."""
        (found,) = [each for each in self.seen("checkouts") if each["reference"] == reference]
        return dict(found)

    def _asked(self, url: str, sent: bytes | None = None) -> tuple[bytes, Any]:
        try:
            with _OPENER.open(urllib.request.Request(url, sent), timeout=10) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as sent_on:
            with sent_on:
                assert sent_on.code == 303, sent_on
                return sent_on.read(), sent_on.headers


@contextlib.contextmanager
def a_payment_service(folder: Path) -> Iterator[Service]:
    """Runs until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_text(KEY)
    (folder / "secret").write_text(SECRET)
    command = [sys.executable, "-P", "-m", "reservations.payments.simulator", "--port", "0"]
    command += ["--key-file", str(folder / "key"), "--secret-file", str(folder / "secret")]
    with running(command, log=folder / "log", cwd=ROOT, stdout=-1) as process:
        line = first_line(process, seconds=20).decode().strip()
        assert line, (folder / "log").read_text()
        yield Service(line, folder)
