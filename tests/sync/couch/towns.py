"""Desks with their ledgers in SQL, and the mailboxes through which they hear of each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from sync import checkpoint
from sync.carriers import couch
from sync.carriers.couch import Address, Mailbox, NoContact, Server
from sync.carriers.courier import Courier
from sync.carriers.post import Carrier, CarrierStatus
from sync.checkpoint import Refused
from sync.document import Slip
from sync.exchange import Receipt
from sync.ledger import SqlStore
from sync.store import Aside, Store
from tests.support.peer import Couch
from tests.sync.desks import GYM, SCOPE, Desk, Region

PASSWORD = "four words of a node"
NUMBERS = count(1)


class Towns:
    """A region, a database of this test's own on each server, and a user for each desk.

    lines   addresses that stand for a server's own: a proxy in front of it
    """

    def __init__(self, folder: Path, couches: Mapping[str, Couch], mark: str) -> None:
        self.folder = folder
        self.couches = couches
        self.database = f"ev-{SCOPE}-{mark}-{next(NUMBERS)}"
        self.region = Region(folder, hub_sql=self.sqlite("hub"))
        self.lines: dict[str, str] = {}
        self.made: list[tuple[Server, str]] = []
        self.servers: list[Server] = []

    def sqlite(self, name: str) -> str:
        """A database as the application makes it: with a write-ahead log, which stays on."""
        path = self.folder / f"{name}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        return f"sqlite:///{path}"

    def desk(self, name: str, *, sql: str = "") -> Desk:
        """A desk of the region; `hub` is there already."""
        return self.region.desk(name, sql=sql or self.sqlite(name))

    def database_at(self, role: str) -> str:
        return f"{self.database}-{role}"

    def prepare(self, role: str = "hub", *members: str) -> Mailbox:
        """The mailbox of this role, as its administrator sees it."""
        admin = self.couches[role].admin
        for name in members:
            couch.add_user(admin, name, PASSWORD)
        mailbox = couch.prepare(admin, self.database_at(role), members)
        self.made.append((admin, mailbox.database))
        self.servers.append(admin)
        return mailbox

    def mailbox(self, role: str = "hub", *, user: str, password: str = PASSWORD) -> Mailbox:
        """The mailbox as this user sees it."""
        url = self.lines.get(role, self.couches[role].url)
        server = Server(Address(url, user, password))
        self.servers.append(server)
        return Mailbox(server, self.database_at(role))

    def carrier(self, desk: Desk, role: str = "hub", **more: Any) -> Carrier:
        """A desk's carrier to the mailbox of this role."""
        user = more.pop("user", desk.name)
        return Carrier(desk.node, self.mailbox(role, user=user), SCOPE, **more)

    def close(self) -> None:
        for admin, database in self.made:
            with suppress(NoContact):
                admin.call("delete_database", db=database)
        for server in self.servers:
            server.close()


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def sql(desk: Desk) -> Iterator[SqlStore]:
    with desk.transaction() as store:
        assert isinstance(store, SqlStore)
        yield store


def write(desk: Desk, *claims: str, on: str = GYM) -> Slip:
    """A request that is on two media, and so fit to be shown."""
    slip = desk.request(on, *claims)
    desk.node.settle()
    return slip


def write_many(desk: Desk, count: int) -> None:
    """A backlog: as many slips in one transaction, on two media."""
    with desk.transaction() as store:
        for number in range(count):
            claims = (f"{desk.name} {number}",)
            desk.node.post(store, GYM, "request", at=number, asks=True, claims=claims)
    desk.node.settle()


def post(carrier: Carrier) -> int:
    """What the courier's one thread and its poster do."""
    Courier(carrier.node, [carrier])._number()
    return carrier.post()


def follow(carrier: Carrier, **options: Any) -> Receipt:
    """Everything that there is to read; the receipts of all pages together."""
    whole = Receipt()
    while (page := carrier.follow(**options)) is not None:
        whole.applied += page.applied
        whole.gone += page.gone
        whole.forked += page.forked
        whole.waiting += page.waiting
        whole.refused += page.refused
        whole.duplicates += page.duplicates
    return whole


def carry(source: Carrier, target: Carrier) -> Receipt:
    """From one desk through a mailbox to another."""
    post(source)
    return follow(target)


def heads(desk: Desk) -> Mapping[str, Any]:
    with desk.transaction() as store:
        return store.heads()


def refused(desk: Desk) -> list[Refused]:
    with sql(desk) as store:
        return checkpoint.refused(store.session)


def quarantine(desk: Desk) -> dict[str, int]:
    with sql(desk) as store:
        return store.reasons()


def waiting(desk: Desk) -> list[str]:
    with desk.transaction() as store:
        return [line.id for line in store.aside(why=Aside.WAITING)]


def status(carrier: Carrier) -> CarrierStatus:
    with carrier.node.transaction() as store:
        assert isinstance(store, SqlStore)
        return carrier.status(store.session)


def rows(mailbox: Mailbox) -> dict[str, Any]:
    """Everything in a mailbox, by id."""
    answer = mailbox._call("post_all_docs", include_docs=True)
    return {row["id"]: row["doc"] for row in answer["rows"]}


def recorder() -> tuple[list[str], Callable[[Store, Receipt], None]]:
    """What an application would have been told, in order."""
    told: list[str] = []

    def apply(store: Store, receipt: Receipt) -> None:
        told.extend(f"- {line.kind}" for line in receipt.gone)
        told.extend(f"+ {line.kind}" for line in receipt.applied)

    return told, apply
