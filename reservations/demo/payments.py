"""The payment service of the demonstration: simulated, in a process of its own, on loopback."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path

from reservations.config import Settings
from reservations.payments import simulator
from reservations.server import base_url, end_with_parent

FOLDER = "payments"


def prepare(settings: Settings, port: int) -> Settings:
    """Settings with the service in them; its keys are made where there are none."""
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("key", "secret"):
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
    return settings.model_copy(
        update={
            "payment_provider": "simulated",
            "payment_url": base_url(simulator.HOST, port),
            "payment_key_file": str(folder / "key"),
            "payment_secret_file": str(folder / "secret"),
        }
    )


def serve(settings: Settings, port: int, parent: int) -> None:
    """Take no money until the parent ends."""
    end_with_parent(parent)
    # Ctrl-C goes to the whole group; the parent ends this by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    key, secret = (
        Path(each).read_text().strip()
        for each in (settings.payment_key_file, settings.payment_secret_file)
    )
    books = simulator.Books(key, secret, settings.data_dir / FOLDER / "books.json")
    simulator.run(port, books).serve_forever()
