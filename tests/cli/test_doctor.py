"""`tonari doctor` on a town's rules: what they name has to be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reservations.cli import main
from reservations.db import Database
from tests import town
from tests.support.approving import looks_first


@pytest.fixture
def diagnosis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the doctor says of a region in which となり市 has this case in its rules."""
    monkeypatch.setenv("TONARI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)
    CliRunner().invoke(main, ["doctor"])
    database = Database(f"sqlite:///{tmp_path / 'tonari.sqlite3'}", is_durable=False)
    town.a_region(database)

    def of(**case: Any) -> tuple[int, dict[str, object]]:
        with database.session() as session:
            looks_first(session, **case)
        result = CliRunner().invoke(main, ["doctor", "--json"])
        return result.exit_code, json.loads(result.stdout)["checks"]

    yield of
    database.dispose()


def test_the_doctor_names_what_a_rule_of_approval_means_and_is_not_there(diagnosis):
    code, checks = diagnosis(facilities=[99])

    assert (code, checks["approval"]) == (
        1,
        {
            "ok": False,
            "seen": "となり市: case 1: facility 99 is unknown; towns that look first: 1",
        },
    )


def test_the_doctor_names_the_town_and_the_case_that_cannot_be_read(diagnosis):
    code, checks = diagnosis(standard_days=0)

    told = "rules of 172014: approval, case 1: standard_days is not 1 to 90"
    assert (code, checks) == (1, {"rules": {"ok": False, "seen": told}})
