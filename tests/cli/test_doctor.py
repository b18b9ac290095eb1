"""`tonari doctor` on a town's rules: what they name has to be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reservations.cli import main
from reservations.db import Database
from tests import town
from tests.support.approving import looks_first


def test_the_doctor_names_what_a_rule_of_approval_means_and_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TONARI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)
    CliRunner().invoke(main, ["doctor"])
    database = Database(f"sqlite:///{tmp_path / 'tonari.sqlite3'}", is_durable=False)
    town.a_region(database)
    with database.session() as session:
        looks_first(session, facilities=[99])
    database.dispose()

    result = CliRunner().invoke(main, ["doctor", "--json"])

    check = json.loads(result.stdout)["checks"]["approval"]
    assert (result.exit_code, check) == (
        1,
        {
            "ok": False,
            "seen": "となり市: case 1: facility 99 is unknown; towns that look first: 1",
        },
    )
