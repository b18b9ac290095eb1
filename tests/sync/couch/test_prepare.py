"""A server is made ready: databases, a user per node, and who may enter."""

from __future__ import annotations

from datetime import date

import pytest

from sync.carriers import couch
from sync.carriers.couch import Address, NoContact, NotPrepared, Server, Trouble
from tests.sync.couch.towns import PASSWORD

pytestmark = pytest.mark.timeout(120)


def test_preparing_twice_is_preparing_once(towns):
    towns.prepare("hub", "hub", "gym")
    mailbox = towns.prepare("hub", "hub", "gym")

    found = mailbox.server.call("get_security", db=mailbox.database)

    assert found["members"] == {"names": ["gym", "hub"], "roles": []}
    assert found["admins"] == {"names": [], "roles": ["_admin"]}


def test_a_node_that_is_no_longer_named_is_shut_out(towns):
    towns.prepare("hub", "hub", "gym")
    assert towns.mailbox(user="gym").changes("", limit=1).found == []
    towns.prepare("hub", "hub")

    with pytest.raises(NoContact) as caught:
        towns.mailbox(user="gym").changes("", limit=1)
    assert caught.value.trouble is Trouble.NOT_ALLOWED


def test_a_password_can_be_renewed(towns):
    towns.prepare("hub", "gym")
    couch.add_user(towns.couches["hub"].admin, "gym", "another of four words")

    with pytest.raises(NoContact):
        towns.mailbox(user="gym", password=PASSWORD).changes("", limit=1)
    mailbox = towns.mailbox(user="gym", password="another of four words")
    assert mailbox.changes("", limit=1).found == []


def test_a_server_that_lets_strangers_in_is_not_prepared(towns, open_peer):
    with pytest.raises(NotPrepared, match="strangers can read it"):
        couch.prepare(Server(Address(open_peer)), "ev-open", ["gym"])


def test_a_stranger_is_refused(towns):
    towns.prepare("hub", "gym")
    server = Server(Address(towns.couches["hub"].url))

    with pytest.raises(NoContact):
        couch.Mailbox(server, towns.database_at("hub")).changes("", limit=1)
    server.close()


def test_a_node_may_not_prepare(towns):
    towns.prepare("hub", "gym")
    server = towns.mailbox(user="gym").server

    with pytest.raises(NoContact):
        couch.prepare(server, f"{towns.database}-more", ["gym"])


@pytest.mark.parametrize("name", ["Ev-1", "1-ev", "ev 1", "", "ev_1\n", "_users"])
def test_a_name_that_is_no_database_is_a_mistake(towns, name):
    with pytest.raises(AssertionError):
        couch.Mailbox(towns.couches["hub"].admin, name)


@pytest.mark.parametrize(
    ("day", "scope"),
    [
        (date(2026, 3, 31), "13201-2025"),
        (date(2026, 4, 1), "13201-2026"),
        (date(2026, 12, 31), "13201-2026"),
        (date(2027, 1, 1), "13201-2026"),
    ],
)
def test_a_day_belongs_to_the_fiscal_year_that_began_before_it(day, scope):
    assert couch.scope_on("13201", day) == scope
