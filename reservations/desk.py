"""This machine's desk: its key, whom it knows, and the ledger inside our own transactions.

A machine on its own is a region with one desk: it makes the region's key and its own at its first
start, and holds every sheet. What lies in data_dir/node/: `desk.json` (names and public things),
`key` (this incarnation's secret), `region-key` (only where the region began), `suspended` (why
nothing is written; its absence means that all is well), `contact` (touched when a peer answers).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reservations import bell
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.sheets import parsed
from sync import checkpoint, tables
from sync.document import Document, SigningKey
from sync.ledger import SqlStore
from sync.members import Directory, Member, certify
from sync.node import Node
from sync.sheet import Position
from sync.store import Head
from sync.witness import Answer, FileWitness, Silent, Witness

NO_WITNESS = "none:"
_STORED = select(func.count()).select_from(tables.member)


class Desk:
    """One node of the region, as this process sees it. `Node` decides; this knows where things are.

    project   what is done with lines that came or went, in the transaction that changes them;
              set by whoever puts the application together (projection.py)
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.folder = settings.data_dir / "node"
        self.settings = settings
        made = _opened(self.folder, settings)
        self.key = SigningKey(bytes.fromhex((self.folder / "key").read_text().strip()))
        self.directory = Directory(made["region"], made["root"], made["home"])
        for certificate in made["certificates"]:
            self.directory.add(certificate)
        self.is_home = self.directory.home in self._own_keys(made["node"])
        self.name = made["node"]
        # Certificates are only ever added, so their number says whether there are new ones.
        self._learnt = 0
        self.project: Callable[[Session, Changes], None] | None = None
        self.node = Node(self.key, self.directory, self.transaction, self.witness_of)
        self.node.why_suspended = self.why_suspended()
        database.desk = self
        # Without its tables, or without its database, a desk knows what its own folder says.
        with contextlib.suppress(DBAPIError), database.session() as session:
            self.learn(session)

    @property
    def has_witness(self) -> bool:
        """Whether what is written here must be at a second medium before anybody is told."""
        return not self.node.me.witness.startswith(NO_WITNESS)

    # Suspension, shared by all processes of this machine

    def why_suspended(self) -> str:
        try:
            return (self.folder / "suspended").read_text()
        except FileNotFoundError:
            return ""

    def suspend(self, why: str) -> None:
        self.node.why_suspended = why
        (self.folder / "suspended").write_text(why)

    def resume(self) -> None:
        self.node.why_suspended = ""
        (self.folder / "suspended").unlink(missing_ok=True)

    def is_suspended(self) -> bool:
        """Whether nothing may be written, as the other processes of this machine know it."""
        self.node.why_suspended = self.why_suspended()
        return bool(self.node.why_suspended)

    # Contact with others, for the strip on every screen; no rule asks for it

    def heard(self) -> None:
        """A peer or a mailbox has answered."""
        (self.folder / "contact").touch()

    def last_heard(self) -> datetime | None:
        """When somebody was heard last, by this machine's clock; None: never."""
        try:
            return datetime.fromtimestamp((self.folder / "contact").stat().st_mtime, tz=UTC)
        except FileNotFoundError:
            return None

    # The ledger in a transaction

    @contextmanager
    def transaction(self) -> Iterator[RecordingStore]:
        """A write transaction on the ledger. What its lines mean for our own tables is done before
        it commits, so that the two never differ."""
        with self.database.session() as session, write_transaction(session):
            self.learn(session)
            store = RecordingStore(session, self.directory)
            yield store
            if self.project is not None and store.changes:
                self.project(session, store.changes)

    def learn(self, session: Session) -> None:
        """Take in the certificates that another process of this machine has stored."""
        stored = session.connection().scalar(_STORED) or 0
        if stored != self._learnt:
            for certificate in checkpoint.certificates(session):
                self.directory.add(certificate)
            self._learnt = stored

    def keep(self, session: Session) -> None:
        """Store every certificate that is known here."""
        for certificate in self.directory.certificates():
            checkpoint.keep(session, certificate)

    def settle(self, *, is_quiet: bool = False) -> None:
        """Give the witness what was written here; what it takes may be told (S2).

        A silent witness leaves the answers tentative; the next round tries again.

        is_quiet   for whoever tends the desk: everybody else rings for him
        """
        self.node.why_suspended = self.why_suspended()
        self.node.settle()
        if self.node.why_suspended and not self.why_suspended():
            self.suspend(self.node.why_suspended)
        if not is_quiet:
            bell.ring(self.folder)

    # Witnesses

    def witness_of(self, name: str) -> Witness:
        """The medium of this name, as far as this machine can reach it.

        raises   Silent for one that is not known here
        """
        if name == NO_WITNESS + self.name:
            return NoWitness()
        where = self.settings.witnesses.get(name)
        if where is None:
            raise Silent(f"no way to the witness {name}")
        return FileWitness(Path(where))

    def _own_keys(self, node: str) -> set[str]:
        return {member.key for member in self.directory.incarnations(node)}


class NoWitness:
    """For a machine on its own: there is no second medium, and what is committed may be told."""

    def append(self, chain: str, lines: Any) -> Answer:
        return Answer(True, Head(lines[-1].number, lines[-1].hash))

    def after(self, chain: str, number: int) -> list[Document]:
        return []

    def heads(self) -> dict[str, Head]:
        return {}


@dataclass(slots=True)
class Changes:
    """What a transaction did to the ledger, in order.

    gone   lines that stand no more, the last one first; `applied` those that stand now
    told   chain to the number up to which its lines may be told
    """

    gone: list[Document] = field(default_factory=list)
    applied: list[Document] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.gone or self.applied or self.told)


class RecordingStore(SqlStore):
    """The ledger's store, which remembers what was changed through it."""

    def __init__(self, session: Session, directory: Directory) -> None:
        super().__init__(session, directory)
        self.changes = Changes()

    def append(self, line: Document, after: Position, *, is_witnessed: bool) -> None:
        super().append(line, after, is_witnessed=is_witnessed)
        self.changes.applied.append(line)

    def take_back(self, chain: str, after: int) -> list[Document]:
        gone = super().take_back(chain, after)
        fresh = {line.id for line in self.changes.applied}
        self.changes.gone += [line for line in gone if line.id not in fresh]
        taken = {line.id for line in gone}
        self.changes.applied = [line for line in self.changes.applied if line.id not in taken]
        return gone

    def set_witnessed(self, chain: str, through: int) -> None:
        super().set_witnessed(chain, through)
        self.changes.told[chain] = through


# Which sheets are held here


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which sheets this desk holds: all but some, or only some."""

    is_home: bool
    others: frozenset[tuple[int, date]]

    def is_held(self, facility_id: int, day: date) -> bool:
        return ((facility_id, day) in self.others) != self.is_home


def holdings(session: Session) -> Holdings:
    """As the ledger says in this transaction. Without a desk (a script) all is held here."""
    desk: Desk | None = getattr(session.info["database"], "desk", None)
    if desk is None:
        return Holdings(True, frozenset())
    c = tables.chain.c
    is_mine = c.holder == desk.key.id
    wanted = ~is_mine if desk.is_home else is_mine
    query = select(c.chain).where(wanted, c.number > 0)
    names = (parsed(chain) for chain in session.connection().scalars(query))
    found = frozenset((name.facility_id, name.date) for name in names if name is not None)
    return Holdings(desk.is_home, found)


# The first start


def _opened(folder: Path, settings: Settings) -> dict[str, Any]:
    """What `desk.json` says; made where this is the first start of a machine on its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / "desk.json"
        if not path.exists():
            _found(folder, settings)
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return made


def _found(folder: Path, settings: Settings) -> None:
    """A region of one desk: its root key signs its only member."""
    root, key = new_key(folder / "region-key"), new_key(folder / "key")
    region = f"region-{root.id[:8]}"
    witness = settings.witness or NO_WITNESS + settings.node_name
    me = Member(settings.node_name, 1, key.public, frozenset({"node", "adopter"}), witness)
    write_json(
        folder / "desk.json",
        {
            "region": region,
            "root": root.public,
            "home": key.id,
            "node": settings.node_name,
            "certificates": [certify(me, root, region=region)],
        },
    )


def new_key(path: Path) -> SigningKey:
    """A fresh secret, kept in a file that only its owner can read."""
    return keep_key(path, secrets.token_bytes(32))


def keep_key(path: Path, secret: bytes) -> SigningKey:
    """Keep this secret in such a file."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret.hex())
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(secret)


def write_json(path: Path, value: Any) -> None:
    """The file appears whole or not at all."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    with contextlib.suppress(OSError):
        os.chmod(unfinished, 0o600)
    unfinished.replace(path)


def write_bytes(path: Path, content: bytes) -> None:
    """A file for a stick, which is pulled out: whole and on the medium before it has its name."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


# The region grows


def admit(
    desk: Desk,
    session: Session,
    node: str,
    public: str,
    *,
    witness: str = "",
    roles: frozenset[str] = frozenset({"node"}),
    sealing: str = "",
) -> Member:
    """Certify a key as the next incarnation of a node; only where the region began.

    sealing   the public key with which boxes for it begin; empty: it will say one
    raises   FileNotFoundError where the region's own key is not on this machine
    """
    root = SigningKey(bytes.fromhex((desk.folder / "region-key").read_text().strip()))
    earlier = desk.directory.incarnations(node)
    incarnation = earlier[-1].incarnation + 1 if earlier else 1
    member = Member(node, incarnation, public, roles, witness or NO_WITNESS + node, sealing)
    desk.directory.add(certify(member, root, region=desk.directory.region))
    desk.keep(session)
    return member


def introduce(desk: Desk) -> dict[str, Any]:
    """What a new node must know of the region: nothing of it is secret."""
    return {
        "region": desk.directory.region,
        "root": desk.directory.root,
        "home": desk.directory.home,
        "certificates": desk.directory.certificates(),
    }


def join(folder: Path, node: str, introduction: dict[str, Any], **more: Any) -> None:
    """Make this machine a node of the region that introduced itself; its key lies there already.

    more   what else the machine was told, such as its number
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "desk.json", {**introduction, "node": node, **more})
