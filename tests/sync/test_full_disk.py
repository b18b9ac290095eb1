"""A disk that is full or fails at the N-th write, for every N: nothing that was told is lost."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from sync.witness import FileWitness, Silent
from tests.sync.desks import GYM, Desk, Region, a_key, decide, sql_transaction
from tests.sync.killed import desk_engine, durable, integrity
from tests.sync.test_witness import chain

pytestmark = pytest.mark.timeout(240)
PAGE = 4096


@contextmanager
def files_end_at(octets: int) -> Iterator[None]:
    """No file of this process grows beyond this; the write that would fails half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# The witness


def test_a_witness_that_is_full_anywhere_in_a_record_keeps_what_it_took(tmp_path):
    lines = chain(3)
    whole = FileWitness.create(tmp_path / "whole")
    whole.append(GYM, lines[:1])
    first = (tmp_path / "whole").stat().st_size
    whole.append(GYM, lines)
    last = (tmp_path / "whole").stat().st_size
    path = tmp_path / "witness"

    for room in (*range(0, last - first, 5), last - first - 1):
        path.unlink(missing_ok=True)
        witness = FileWitness.create(path)
        witness.append(GYM, lines[:1])
        with files_end_at(first + room), pytest.raises(Silent):
            witness.append(GYM, lines[1:])

        assert witness.after(GYM, 0) == lines[: len(witness.after(GYM, 0))]
        assert FileWitness(path).append(GYM, lines).is_taken
        assert FileWitness(path).after(GYM, 0) == witness.after(GYM, 0) == lines
    assert last - first > 500


def test_a_witness_whose_medium_fails_at_the_nth_sync_keeps_what_it_took(tmp_path, monkeypatch):
    lines, sync = chain(6), os.fsync
    for failing in range(6):
        path = tmp_path / f"witness {failing}"
        witness, calls = FileWitness.create(path), iter(range(100))

        def fail(handle: int, calls: Iterator[int] = calls, failing: int = failing) -> None:
            if next(calls) == failing:
                raise OSError(5, "Input/output error")
            sync(handle)

        with monkeypatch.context() as broken:
            broken.setattr("sync.witness.os.fsync", fail)
            silent = [not is_taken(witness, lines[number : number + 1]) for number in range(6)]

        # What stands on a line that was not taken is refused, until it is given again.
        assert silent.index(True) == failing
        assert witness.append(GYM, lines).is_taken
        assert FileWitness(path).after(GYM, 0) == lines


def is_taken(witness: FileWitness, lines: Any) -> bool:
    try:
        return witness.append(GYM, lines).is_taken
    except Silent:
        return False


# The database beside it


class Counter:
    """A gym whose ledger and witness lie in one folder, and the journal of what people heard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.region = Region(folder)
        self.told: list[str] = []
        self.number = 0
        self.desk = self.restart()

    def restart(self) -> Desk:
        url = f"sqlite:///{self.folder / 'hub.db'}"
        key = a_key(f"hub 1 of {self.region.region}")
        self.desk = Desk(self.region, "hub", key, sql_transaction(url))
        event.listen(desk_engine(self.desk), "connect", durable)
        self.desk.node.start()
        return self.desk

    def book(self) -> None:
        self.number += 1
        self.desk.request(GYM, f"court {self.number}")
        self.desk.node.answer(decide, at=1)
        self.told += [line.id for line in self.desk.node.settle().told]

    def book_until_it_fails(self) -> bool:
        with suppress(OperationalError, Silent, OSError):
            for _ in range(60):
                self.book()
            return False
        return True

    def check(self) -> None:
        """The disk has room again: what was told is there, and the counter works on."""
        self.restart()
        self.book()
        with self.desk.transaction() as store:
            assert [each for each in self.told if not store.has(each)] == []
            assert store.unwitnessed() == [] and store.sheets_waiting() == []
        assert integrity(self.folder / "hub.db") == ["ok"]


def test_a_disk_that_ends_at_the_nth_page_loses_nothing_that_was_told(tmp_path):
    counter, failed = Counter(tmp_path), 0
    counter.book()

    for pages in range(16):
        with files_end_at(pages * PAGE):
            failed += counter.book_until_it_fails()
        counter.check()

    assert failed == 16 and len(counter.told) > 24


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Callable[[int], None]:
    """Leave so many bytes of room, by a ballast file."""
    ballast = place / "ballast"

    def leave(room: int) -> None:
        ballast.unlink(missing_ok=True)
        left = os.statvfs(place).f_bavail * PAGE - room
        ballast.write_bytes(b"\0" * max(0, left))

    return leave


def test_a_full_disk_stops_the_counter_and_room_lets_it_go_on(small_disk):
    counter, failed = Counter(small_disk), 0
    counter.book()
    leave = fill(small_disk)

    for room in range(0, 24 * PAGE, 2 * PAGE):
        leave(room)
        failed += counter.book_until_it_fails()
        (small_disk / "ballast").unlink()
        counter.check()

    assert failed == 12 and len(counter.told) > 24
