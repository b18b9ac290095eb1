"""`tonari audit`: sealing by hand, and the exit code that a nightly script looks at."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reservations.actions.bookings import book
from reservations.cli import main
from tests import town
from tests.support.lending import a_wish


@pytest.fixture
def tonari(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A data folder in which one booking was made."""
    state = tmp_path / "state"
    state.mkdir()
    database = town.an_empty_database(f"sqlite:///{state / 'tonari.sqlite3'}")
    region = town.a_region(database)
    with database.session() as session:
        book(session, a_wish(region.here.whole, region.resident), town.context())
    database.dispose()
    monkeypatch.setenv("TONARI_DATA_DIR", str(state))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["audit", *arguments], catch_exceptions=False)

    return run


def test_what_was_done_is_sealed_once(tonari):
    assert json.loads(tonari("seal", "--json").output)["lines"] == 1
    assert "新しい行はありません" in tonari("seal").output


def test_a_record_that_is_whole_is_said_to_be(tonari):
    tonari("seal")

    found = tonari("verify", "--json")

    assert found.exit_code == 0
    said = json.loads(found.output)
    assert (said["ok"], said["seals"], said["lines"], said["faults"]) == (True, 1, 1, [])


def test_a_record_that_was_rewritten_is_named_and_ends_with_one(tonari, tmp_path):
    tonari("seal")
    file = sqlite3.connect(tmp_path / "state" / "tonari.sqlite3")
    with file:
        file.execute("DROP TRIGGER audit_line_no_update")
        file.execute("UPDATE audit_line SET actor = 'somebody-else'")
    file.close()

    found = tonari("verify")

    assert found.exit_code == 1
    assert "1番の封（1行から1行）" in found.output
