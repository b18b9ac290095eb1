"""What is dear to import is imported where it is used, so that commands and workers start fast."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.tidy.repository import ROOT

APPLICATION = {"alembic", "reportlab", "openpyxl", "ibmcloudant", "webauthn", "cbor2", "OpenSSL"}
APPLICATION |= {"playwright", "hypothesis"}
COMMAND = APPLICATION | {"sqlalchemy", "flask", "apiflask", "granian", "pydantic"}


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `statement`."""
    program = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "dear"), [("reservations.cli", COMMAND), ("reservations.app", APPLICATION)]
)
def test_a_module_does_not_import_what_only_some_need(module, dear):
    if not (ROOT / f"{module.replace('.', '/')}.py").exists():
        pytest.skip(f"{module} is not there yet")

    assert imported_by(f"import {module}") & dear == set()
