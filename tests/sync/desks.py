"""Two desks, a hub and one ledger: real keys, a witness file each, memory or SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from sync import tables
from sync.carriers.local import Link
from sync.document import Entry, SigningKey, Slip
from sync.ledger import SqlStore
from sync.members import Directory, Member, certify
from sync.node import Draft, Node
from sync.simulate.memory import MemoryStore
from sync.store import Store
from sync.witness import FileWitness, Silent, Witness

REGION = "kanagawa-test"
SCOPE = "13201-2026"
GYM = f"{SCOPE}/gym/2026-07-01"
HALL = f"{SCOPE}/hall/2026-07-01"


def a_key(name: str) -> SigningKey:
    return SigningKey(sha256(name.encode()).digest())


class Region:
    """Its key, its officers, its nodes and their witnesses."""

    def __init__(self, folder: Path, region: str = REGION, *, hub_sql: str = "") -> None:
        self.folder = folder
        self.region = region
        self.root = a_key(f"root of {region}")
        self.officers = [a_key(f"officer {number} of {region}") for number in (1, 2)]
        self.certificates: list[dict[str, Any]] = []
        self.witnesses: dict[str, FileWitness] = {}
        self.silent: set[str] = set()
        self.ticks = count(1)
        for number, officer in enumerate(self.officers):
            self.certify(officer, f"officer {number}", {"officer"}, "")
        self.hub = self.desk("hub", roles={"node", "adopter"}, sql=hub_sql)

    def certify(self, key: SigningKey, name: str, roles: set[str], witness: str) -> Member:
        known = [c for c in self.certificates if c["member"]["node"] == name]
        member = Member(name, len(known) + 1, key.public, frozenset(roles), witness)
        self.certificates.append(certify(member, self.root, region=self.region))
        return member

    def directory(self) -> Directory:
        home = a_key(f"hub 1 of {self.region}").id
        directory = Directory(self.region, self.root.public, home)
        for certificate in self.certificates:
            directory.add(certificate)
        return directory

    def witness(self, name: str) -> Witness:
        if name in self.silent:
            raise Silent(name)
        if name not in self.witnesses:
            self.witnesses[name] = FileWitness.create(self.folder / f"{name}.witness")
        return self.witnesses[name]

    def desk(self, name: str, *, roles: set[str] | None = None, sql: str = "") -> Desk:
        key = a_key(f"{name} 1 of {self.region}")
        self.certify(key, name, roles or {"node"}, f"w-{name}")
        desk = Desk(self, name, key, sql_transaction(sql) if sql else None)
        for other in (getattr(self, "hub", desk), desk):
            for certificate in self.certificates:
                other.node.directory.add(certificate)
        desk.node.start()
        return desk

    def at(self) -> int:
        return next(self.ticks) * 1000


class Desk:
    """A node and what its clerk does."""

    def __init__(
        self,
        region: Region,
        name: str,
        key: SigningKey,
        transaction: Callable[[Directory], AbstractContextManager[Store]] | None = None,
    ) -> None:
        self.region = region
        self.name = name
        directory = region.directory()
        self.memory = MemoryStore(directory)
        begin: Callable[[], AbstractContextManager[Store]] = self.memory.transaction
        if transaction:
            begin = lambda: transaction(directory)  # noqa: E731 - a name for either store
        self.transaction = begin
        self.node = Node(key, directory, begin, region.witness)

    @property
    def me(self) -> Member:
        return self.node.me

    def request(self, on: str, *claims: str, kind: str = "request", **data: Any) -> Slip:
        with self.transaction() as store:
            return self.node.post(
                store, on, kind, at=self.region.at(), asks=True, claims=claims, data=data
            )

    def fact(self, on: str, kind: str, *, at: int | None = None, **data: Any) -> Slip:
        with self.transaction() as store:
            return self.node.post(store, on, kind, at=at or self.region.at(), data=data)

    def write(self, on: str, kind: str, *settles: str, **more: Any) -> Entry:
        with self.transaction() as store:
            return self.node.write(store, on, Draft(kind, settles, **more), at=self.region.at())

    def hand_over(self, on: str, to: Desk) -> Entry:
        with self.transaction() as store:
            entry = self.node.hand_over(store, on, to.me, at=self.region.at())
        self.node.settle()
        return entry

    def answer(self) -> list[str]:
        """Answer what waits here; returns the kinds of what people are told."""
        self.node.answer(decide, at=self.region.at())
        return [line.kind for line in self.node.settle().told if isinstance(line, Entry)]

    def lines(self, on: str) -> list[str]:
        with self.transaction() as store:
            return [line.kind for line in store.lines(on)]

    def owner(self, on: str, claim: str) -> str:
        with self.transaction() as store:
            return store.owners(on, [claim]).get(claim, "")

    def holds(self, on: str) -> bool:
        with self.transaction() as store:
            return self.node.may_write(store.position(on)) is None

    def again(self, *, witness: str = "") -> Desk:
        """The next incarnation, on the same memory (S9)."""
        names = [c["member"]["node"] for c in self.region.certificates]
        number = names.count(self.name) + 1
        key = a_key(f"{self.name} {number} of {self.region.region}")
        member = self.region.certify(key, self.name, {"node"}, witness or self.me.witness)
        desk = Desk(self.region, self.name, key)
        desk.memory.load(self.memory.image())
        assert desk.node.me == member
        return desk


def decide(slip: Slip, store: Store) -> Sequence[Draft]:
    refuse = Draft("refuse", (slip.hash,))
    if slip.kind == "cancel":
        return [Draft("cancel", (slip.hash,), frees=slip.data["of"]), refuse]
    if slip.kind == "refund":
        return [Draft("record", (slip.hash, f"refund:{slip.data['of']}")), refuse]
    return [Draft("confirm", (slip.hash,), slip.claims), refuse]


def sync(one: Desk, other: Desk) -> None:
    Link(one.node, other.node).sync()


def sql_transaction(url: str) -> Callable[[Directory], AbstractContextManager[Store]]:
    """A write transaction on a database of its own, as the application would open it."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda c, _: setattr(c, "isolation_level", None))
        event.listen(engine, "begin", _begin_immediate)
    tables.metadata.create_all(engine)

    @contextmanager
    def transaction(directory: Directory) -> Iterator[Store]:
        with Session(engine) as session, session.begin():
            yield SqlStore(session, directory)

    return transaction


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
