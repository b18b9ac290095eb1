"""`tonari letters`: what waits, and once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reservations import clock
from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.cli import main
from tests import town
from tests.support.lending import a_wish
from tests.support.smtp import Mailman, a_mailman


@pytest.fixture
def mailman() -> Iterator[Mailman]:
    with a_mailman() as running:
        yield running


@pytest.fixture
def tonari(tmp_path: Path, mailman: Mailman, monkeypatch):
    """A region in which the town took one promise back, and its mail server."""
    url = f"sqlite:///{tmp_path}/tonari.sqlite3"
    database = town.an_empty_database(url)
    region = town.a_region(database)
    monkeypatch.setattr(clock, "now", lambda: town.NOW)
    with database.session() as session:
        made = book(session, a_wish(region.here.whole, region.resident), town.context())
        cancel(session, CancelRequest(made, "closure"), town.context("account-staff"))
    database.dispose()
    for name, value in {
        "DATA_DIR": tmp_path / "state", "DATABASE_URL": url, "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": mailman.port, "SMTP_SECURITY": "none", "SMTP_FROM": "tonari@example.jp",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TONARI_{name}", str(value))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["letters", *arguments])

    return run


def test_what_waits_is_listed_and_sent(tonari, mailman):
    before = json.loads(tonari("list", "--json").stdout)
    done = json.loads(tonari("send", "--json").stdout)
    after = json.loads(tonari("list", "--show", "done", "--json").stdout)

    assert [(each["kind"], each["state"]) for each in before["letters"]] == [
        ("cancelled", "to_send")
    ]
    assert done == {"worded": 1, "sent": 1, "failed": 0}
    assert [each["state"] for each in after["letters"]] == ["sent"]
    assert len(mailman.letters) == 1


def test_what_failed_is_sent_once_the_server_is_mended(tonari, mailman):
    mailman.answers["MAIL"] = "550 who are you"
    tonari("send")
    waiting = json.loads(tonari("list", "--show", "hand", "--json").stdout)["letters"]
    mailman.answers.clear()

    again = json.loads(tonari("retry", "--json").stdout)

    assert [each["why"] for each in waiting] == ["550 who are you"]
    assert again == {"retried": 1, "sent": 1, "failed": 0}


def test_no_list_names_a_person(tonari):
    assert "resident" not in tonari("list").output + tonari("list", "--json").output


def test_a_letter_that_is_done_is_not_sent_again(tonari):
    tonari("send")
    (letter,) = json.loads(tonari("list", "--show", "done", "--json").stdout)["letters"]

    refused = tonari("retry", letter["id"])

    assert refused.exit_code == 2


def test_the_nodes_status_says_what_waits(tonari, mailman):
    def letters() -> object:
        status = CliRunner().invoke(main, ["node", "status", "--json"])
        return json.loads(status.stdout)["letters"]

    before = letters()
    tonari("send")

    assert before == {"to_send": 1, "failed": 0, "to_hand_over": 0}
    assert letters() == {"to_send": 0, "failed": 0, "to_hand_over": 0}
