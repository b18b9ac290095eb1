"""`tonari sync prepare`: a CouchDB is made ready for a fiscal year, and asked for in time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reservations import clock
from reservations.cli import main
from sync.carriers import couch
from sync.carriers.couch import Address, Mailbox, NoContact, Server
from tests import town
from tests.support.peer import Couch

pytestmark = pytest.mark.timeout(120)

THIS_YEAR = ["public", "ev-172014-2026", "ev-172120-2026"]
NEXT_YEAR = ["ev-172014-2027", "ev-172120-2027"]
NOT_YET = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
SOON = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)
DUE = datetime(2027, 1, 15, 3, 0, tzinfo=UTC)


class Hub:
    """The commands at the hub, with its CouchDB."""

    def __init__(self, folder: Path, server: Couch) -> None:
        self.folder, self.server = folder, server
        self.secret = folder / "admin-password"
        self.secret.write_text(server.password + "\n")

    def run(self, *words: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    def says(self, *words: object) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code in (0, 1), (done.output, done.exception)
        return json.loads(done.stdout)

    def prepares(self, *words: object) -> Any:
        return self.says("sync", "prepare", *self.as_admin(), *words)

    def as_admin(self) -> tuple[object, ...]:
        return "--admin", self.server.user, "--admin-password-file", self.secret

    def enters(self, database: str, name: str) -> bool:
        """Whether somebody comes in with the password from the file."""
        password = (self.folder / "stick" / f"{name}-password").read_text().strip()
        server = Server(Address(self.server.url, name, password))
        try:
            Mailbox(server, database).changes("", limit=1)
        except NoContact:
            return False
        finally:
            server.close()
        return True


@pytest.fixture
def hub(tmp_path: Path, couches: dict[str, Couch], monkeypatch) -> Iterator[Hub]:
    url = f"sqlite:///{tmp_path}/tonari.sqlite3"
    database = town.an_empty_database(url)
    town.a_region(database)
    database.dispose()
    server = couches["hub"]
    made = Hub(tmp_path, server)
    for name, value in {
        "DATA_DIR": tmp_path / "state", "DATABASE_URL": url, "MAILBOX_URL": server.url,
        "MAILBOX_USER": server.user, "MAILBOX_PASSWORD_FILE": made.secret,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TONARI_{name}", str(value))
    monkeypatch.setattr(clock, "now", lambda: town.NOW)
    # Other tests have used this server, and others will.
    emptied(server)
    yield made
    emptied(server)
    server.admin.close()


def emptied(server: Couch) -> None:
    admin = server.admin
    for database_name in [*THIS_YEAR, *NEXT_YEAR]:
        with contextlib.suppress(NoContact):
            admin.call("delete_database", db=database_name)
    for name in ("hub", "gym", "annex"):
        with contextlib.suppress(NoContact):
            doc_id = f"org.couchdb.user:{name}"
            known = admin.call("get_document", db=couch.USERS, doc_id=doc_id)
            admin.call("delete_document", db=couch.USERS, doc_id=doc_id, rev=known["_rev"])


def members(found: Any) -> dict[str, list[str]]:
    return {each["name"]: each["members"] for each in found["databases"]}


def test_databases_users_and_who_may_enter_are_made_and_again_is_nothing_new(hub):
    words = "--user", "hub", "--user", "gym", "--passwords", hub.folder / "stick"

    first, again = hub.prepares(*words), hub.prepares(*words)

    assert members(first) == members(again) == {key: ["gym", "hub"] for key in THIS_YEAR}
    assert [each["made"] for each in first["databases"] + first["users"]] == [True] * 5
    assert [each["made"] for each in again["databases"] + again["users"]] == [False] * 5
    assert all(hub.enters(name, user) for name in THIS_YEAR for user in ("hub", "gym"))
    assert (hub.folder / "stick" / "gym-password").stat().st_mode & 0o077 == 0


def test_a_new_year_takes_over_who_may_enter(hub, monkeypatch):
    hub.prepares("--user", "hub", "--user", "gym", "--passwords", hub.folder / "stick")
    monkeypatch.setattr(clock, "now", lambda: DUE)

    found = hub.prepares()

    assert members(found) == {key: ["gym", "hub"] for key in [*THIS_YEAR, *NEXT_YEAR]}
    assert hub.enters(NEXT_YEAR[0], "gym")


def test_another_node_is_let_in_and_nobody_is_shut_out(hub):
    hub.prepares("--user", "hub", "--passwords", hub.folder / "stick")

    found = hub.prepares("--user", "annex", "--passwords", hub.folder / "stick")

    assert members(found) == {key: ["annex", "hub"] for key in THIS_YEAR}
    assert hub.enters("public", "hub")


def test_a_database_without_users_would_be_everybodys_and_is_not_made(hub):
    refused = hub.run("sync", "prepare", *hub.as_admin())

    admin = hub.server.admin
    assert (refused.exit_code, "--user" in refused.stderr) == (2, True)
    assert couch.members_of(admin, "public") is None
    admin.close()


def test_a_wrong_password_is_said_in_words(hub):
    hub.secret.write_text("not this one\n")

    refused = hub.run("sync", "prepare", *hub.as_admin(), "--user", "hub")

    assert refused.exit_code == 2
    assert "パスワードが違います" in refused.stderr


@pytest.mark.parametrize(
    ("when", "lacking", "is_well"),
    [(NOT_YET, [], True), (SOON, NEXT_YEAR, True), (DUE, NEXT_YEAR, False)],
)
def test_the_next_years_databases_are_asked_for_in_time(hub, monkeypatch, when, lacking, is_well):
    hub.prepares("--user", "hub", "--passwords", hub.folder / "stick")
    monkeypatch.setattr(clock, "now", lambda: when)

    status = hub.says("node", "status")
    check = hub.says("doctor")["checks"]["mailboxes"]
    in_words = hub.run("node", "status").stdout
    hub.prepares("--user", "hub")
    afterwards = hub.says("node", "status")

    assert [name.rpartition("/")[2] for name in status["mailboxes_lacking"]] == lacking
    assert (status["ok"], check["ok"]) == (is_well, is_well)
    assert [name in check["seen"] for name in lacking] == [True] * len(lacking)
    assert ("tonari sync prepare" in in_words) == bool(lacking)
    assert (afterwards["ok"], afterwards["mailboxes_lacking"]) == (True, [])


def test_a_server_that_does_not_answer_lacks_nothing_that_is_known(hub, monkeypatch):
    monkeypatch.setenv("TONARI_MAILBOX_URL", "http://127.0.0.1:1")

    assert hub.says("node", "status")["mailboxes_lacking"] == []
