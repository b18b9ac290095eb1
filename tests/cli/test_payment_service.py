"""A payment service in the settings: whole or not at all, and the doctor asks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reservations.cli import main
from tests.support.provider import Service


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Result]:
    monkeypatch.setenv("TONARI_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)
    return lambda: CliRunner().invoke(main, ["doctor", "--json"])


@pytest.mark.parametrize(
    ("name", "said"), [("nobody", "nobody.py"), ("simulated", "TONARI_PAYMENT_KEY_FILE")]
)
def test_a_payment_service_that_is_not_whole_stops_the_start(doctor, monkeypatch, name, said):
    monkeypatch.setenv("TONARI_PAYMENT_PROVIDER", name)

    result = doctor()

    assert result.exit_code == 2
    assert said in result.output


def test_the_doctor_says_whether_the_payment_service_answers(doctor, monkeypatch, service: Service):
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    well: dict[str, Any] = json.loads(doctor().stdout)["checks"]["payments"]
    service.control("down")
    down = json.loads(doctor().stdout)["checks"]["payments"]

    assert well == {"ok": True, "seen": "simulated answers; no money moves"}
    assert down["ok"] is False
