"""Real processes with a SQLite file and a witness file each, killed at random moments.

    python -m tests.sync.killed --rounds 1000 --seed 1

Two desks share three sheets by bundles in a folder. Each is a process of its own that takes wishes,
answers them and reports every line that it told anybody; the pipe it reports into is the journal
outside the system. After some rounds all is mended and judged: nothing told is lost, nothing is
promised twice, the files are whole, both have the same. Their clocks are ten years apart, and now
and then a database is put back from an older copy.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.pool import NullPool

from sync.carriers import bundle
from sync.document import Entry, Slip, packed, read
from sync.node import NotWritten
from sync.store import Store
from sync.witness import FileWitness, Silent, Witness
from tests.sync.desks import SCOPE, Desk, Region, a_key, decide, sql_transaction, sync

NAMES = ("hub", "gym")
SHEETS = tuple(f"{SCOPE}/{place}/2026-07-01" for place in ("gym", "hall", "pool"))
CLAIMS = tuple(f"c{number}" for number in range(8))
ROUNDS_TOGETHER = 20
MEMORY = Path("/dev/shm")
READY = b"\n"
TEN_YEARS = 315_360_000_000


class Town(Region):
    """The region as one process sees it: every file is opened here, none is inherited.

    opens   the desks whose databases it opens: a process at work opens its own only, since SQLite
            does not wait for others when it changes a file's journal mode
    """

    def __init__(self, folder: Path, opens: Collection[str]) -> None:
        self.opens = opens
        super().__init__(folder)

    def witness(self, name: str) -> Witness:
        if name not in self.witnesses:
            path = self.folder / f"{name}.witness"
            is_there = path.exists()
            self.witnesses[name] = FileWitness(path) if is_there else FileWitness.create(path)
        return self.witnesses[name]

    def desk(self, name: str, *, roles: set[str] | None = None, sql: str = "") -> Desk:
        roles = {"node", "adopter"} if name == "hub" else {"node"}
        key = a_key(f"{name} 1 of {self.region}")
        self.certify(key, name, roles, f"w-{name}")
        is_open = name in self.opens
        url = f"sqlite:///{self.folder / name}.db"
        return Desk(self, name, key, sql_transaction(url) if is_open else None)


def a_town(folder: Path, opens: Collection[str] = NAMES) -> dict[str, Desk]:
    town = Town(folder, opens)
    desks = {"hub": town.hub, "gym": town.desk("gym")}
    for desk in desks.values():
        for certificate in town.certificates:
            desk.node.directory.add(certificate)
    return desks


# One desk, in its own process


def work(folder: Path, name: str, seed: int, journal: int) -> None:
    """What a desk does until it is killed."""
    chance = random.Random(seed)
    desk = a_town(folder, [name])[name]
    event.listen(desk_engine(desk), "connect", durable)
    clock = TEN_YEARS if name == "gym" else 0
    desk.node.start()
    os.write(journal, READY)
    while True:
        clock += 1000
        with suppress(NotWritten, Silent):
            step(desk, chance, clock, journal, folder)


def desk_engine(desk: Desk) -> Any:
    with desk.transaction() as store:
        return store.session.get_bind()  # type: ignore[attr-defined]


def durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def step(desk: Desk, chance: random.Random, clock: int, journal: int, folder: Path) -> None:
    on = chance.choice(SHEETS)
    wish = {"wish": f"{desk.name} {chance.getrandbits(60):x}"}
    match chance.choice(("request", "request", "cancel", "payment", "hand over", "out", "in")):
        case "request":
            post(desk, on, "request", clock, claims=[chance.choice(CLAIMS)], data=wish)
        case "cancel":
            with desk.transaction() as store:
                known = [slip.hash for slip in store.slips(on) if slip.kind == "request"]
            if known:
                data = {**wish, "of": chance.choice(sorted(known))}
                post(desk, on, "cancel", clock, data=data)
        case "payment":
            with desk.transaction() as store:
                desk.node.post(store, on, "payment", at=clock, data=wish)
        case "hand over":
            other = next(name for name in NAMES if name != desk.name)
            with desk.transaction() as store:
                to = desk.node.directory.incarnations(other)[-1]
                desk.node.hand_over(store, on, to, at=clock)
        case "out":
            bundle.export(desk.node, folder / f"{desk.name}.bundle")
        case "in":
            for path in sorted(folder.glob("*.bundle")):
                bundle.load(desk.node, path)
    desk.node.answer(decide, at=clock)
    for line in desk.node.settle().told:
        os.write(journal, packed(line) + b"\n")


def post(desk: Desk, on: str, kind: str, clock: int, **more: Any) -> None:
    with desk.transaction() as store:
        desk.node.post(store, on, kind, at=clock, asks=True, **more)


# The rounds


@dataclass
class Journal:
    """What people were told, as far as the word left the process."""

    told: dict[str, Slip | Entry] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, octets: bytes) -> None:
        # A word that the kill cut off in the middle was heard by nobody.
        for record in filter(None, octets.split(b"\n")[:-1]):
            line = read(record)
            self.told[line.id] = line
            self.counts["told"] += 1


def play(rounds: int, seed: int) -> Counter[str]:
    """Kill desks `rounds` times; raises AssertionError with the seed if anything is lost."""
    # A kill leaves what the system has not written yet, so a disk in memory proves as much.
    folder = MEMORY if os.access(MEMORY, os.W_OK) else None
    chance, total = random.Random(seed), Counter[str]()
    while total["rounds"] < rounds:
        together = min(ROUNDS_TOGETHER, rounds - total["rounds"])
        with tempfile.TemporaryDirectory(prefix="tonari-killed-", dir=folder) as place:
            journal = Journal()
            for desk in a_town(Path(place)).values():
                desk.node.start()  # the files are there, as after `node init`
            for _ in range(together):
                kill_some(Path(place), chance, journal)
                copy_or_restore(Path(place), chance, journal)
            judge(Path(place), journal)
        total += journal.counts
    return total


def kill_some(folder: Path, chance: random.Random, journal: Journal) -> None:
    """One round: both desks start, work, and are killed at a moment of their own."""
    desks = {name: start(folder, name, chance.getrandbits(32)) for name in NAMES}
    # A quarter of the kills falls into the start, the others after some words to people, so that
    # a busy machine does not make them all early.
    is_early = {name: chance.random() < 0.25 for name in NAMES}
    words = {name: 0 if is_early[name] else chance.randint(1, 12) for name in NAMES}
    patience = {name: 0.1 * chance.random() if is_early[name] else 20.0 for name in NAMES}
    end = {name: time.monotonic() + patience[name] for name in NAMES}
    heard = dict.fromkeys(NAMES, b"")
    alive = dict(desks)
    while alive:
        due = min(end[name] for name in alive) - time.monotonic()
        pipes = {pipe: name for name, (_, pipe) in alive.items()}
        for pipe in select.select(list(pipes), [], [], max(0, due))[0]:
            name = pipes[pipe]
            heard[name] += os.read(pipe, 1 << 16)
            if words[name] and heard[name].count(b"\n") > words[name]:
                words[name] = 0
                end[name] = time.monotonic() + chance.uniform(0, 0.02)
        for name in [name for name in alive if end[name] <= time.monotonic()]:
            process, pipe = alive.pop(name)
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            heard[name] += b"".join(iter(lambda pipe=pipe: os.read(pipe, 1 << 16), b""))  # type: ignore[misc]
            os.close(pipe)
            assert os.WIFSIGNALED(status), f"{name} ended by itself"
    for octets in heard.values():
        journal.note(octets)
    journal.counts["rounds"] += 1


def copy_or_restore(folder: Path, chance: random.Random, journal: Journal) -> None:
    """Between two rounds somebody copies a database away, or puts an older copy back."""
    name, kind = chance.choice(NAMES), chance.choice(("copy", "restore", "nothing", "nothing"))
    copy = folder / f"copy of {name}"
    files = [folder / f"{name}.db{end}" for end in ("", "-wal", "-shm")]
    if kind == "copy":
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in filter(Path.exists, files):
            shutil.copy(file, copy)
    elif kind == "restore" and copy.exists():
        journal.counts["restored"] += 1
        for file in files:
            file.unlink(missing_ok=True)
        for file in copy.iterdir():
            shutil.copy(file, folder)


def start(folder: Path, name: str, seed: int) -> tuple[int, int]:
    """A desk in a process of its own; returns the process and the pipe that it reports into."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process:
        os.close(theirs)
        return process, ours
    try:
        work(folder, name, seed, theirs)
    except BaseException as error:  # noqa: BLE001 - the parent sees the end, people the reason
        os.write(2, f"{name}, seed {seed}: {error!r}\n".encode())
    finally:
        os._exit(1)


# The judgement


def judge(folder: Path, journal: Journal) -> None:
    """Everything is mended: what was told stands everywhere, once, or has its end."""
    desks = a_town(folder)
    for desk in desks.values():
        desk.node.start()
    for turn in range(4):
        for desk in desks.values():
            desk.node.answer(decide, at=turn)
            for line in desk.node.settle().told:
                assert isinstance(line, Slip | Entry)
                journal.told[line.id] = line
            sync(desks["gym"], desks["hub"])
    for name, desk in desks.items():
        with desk.transaction() as store:
            judge_store(store, journal, name)
        assert integrity(folder / f"{name}.db") == ["ok"]
        journal.counts["unreadable"] += not FileWitness(folder / f"w-{name}.witness").heads()
    with desks["hub"].transaction() as one, desks["gym"].transaction() as other:
        assert one.heads() == other.heads(), "the desks differ"
    journal.counts["judged"] += 1
    journal.counts["entries"] += sum(isinstance(line, Entry) for line in journal.told.values())


def judge_store(store: Store, journal: Journal, name: str) -> None:
    missing = [each for each in journal.told if not store.has(each)]
    assert missing == [], f"told and lost at {name}: {missing}"
    assert not store.unwitnessed() and not store.sheets_waiting(), f"unsettled at {name}"
    wishes = Counter(slip.data["wish"] for on in SHEETS for slip in store.slips(on))
    assert [wish for wish, times in wishes.items() if times > 1] == [], "said twice"
    for on in SHEETS:
        assert not store.position(on).is_forked, f"a fork on {on}"
        assert dict(store.owners(on, CLAIMS)) == occupied(store, on), f"wrong tables on {on}"


def occupied(store: Store, on: str) -> Mapping[str, str]:
    """Who has what, worked out from the lines alone; nothing may be taken twice."""
    found: dict[str, str] = {}
    for line in entries(store, on):
        found = {claim: owner for claim, owner in found.items() if owner != line.frees}
        assert not found.keys() & set(line.claims), f"promised twice: {line.id}"
        found.update(dict.fromkeys(line.claims, line.settles[0] if line.settles else ""))
    return found


def entries(store: Store, on: str) -> Iterator[Entry]:
    return (line for line in store.lines(on) if isinstance(line, Entry))


def integrity(path: Path) -> list[str]:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        assert isinstance(connection, Connection)
        return list(connection.execute(text("PRAGMA integrity_check")).scalars())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sync.killed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.monotonic()
    counts = play(arguments.rounds, arguments.seed)
    print(dict(sorted(counts.items())), f"{time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
