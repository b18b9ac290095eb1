"""What a test needs of the system, and what becomes of it where that is missing."""

from __future__ import annotations

import os

import pytest


def need(present: object, package: str) -> None:
    """Skip where a package is missing; in CI, which must run everything, fail."""
    if present:
        return
    message = f"{package} is missing: sudo apt-get install {package}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)
