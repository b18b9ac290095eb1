"""The one way to write: alone, in turn, all or nothing."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from reservations.db import Database, Turns, write_transaction
from reservations.models import CatalogueVersion, Party
from tests.support.lending import row_counts
from tests.support.postgres import Cluster
from tests.town import NOW, Region


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread to get there; the test's own time limit ends a wait in vain."""
    turn = threading.Event()
    while not is_so():
        turn.wait(0.001)


def test_threads_get_their_turn_in_the_order_in_which_they_came():
    turns = Turns()
    order: list[int] = []

    def take(number: int) -> None:
        with turns:
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    with turns:
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            until(lambda waiting=waiting: len(turns._waiting) == waiting)  # type: ignore[misc]
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def test_a_turn_is_handed_on_when_its_work_fails():
    turns = Turns()
    with suppress(ZeroDivisionError), turns:
        _ = 1 / 0

    with turns:
        pass

    assert not turns._is_taken


@pytest.fixture
def two(sqlite_region_url: str) -> Iterator[tuple[Database, Database]]:
    """The same file as two processes have it open."""
    both = (Database(sqlite_region_url), Database(sqlite_region_url))
    yield both
    for each in both:
        each.dispose()


def test_who_has_just_written_does_not_come_before_who_waits(two: tuple[Database, Database]):
    one, other = two
    order: list[str] = []

    def wait_and_write() -> None:
        with other.writers_lock():
            order.append("who waited")

    waiter = threading.Thread(target=wait_and_write)
    with one.writers_lock():
        waiter.start()
        until(lambda: is_locked(f"{one.url.database}.lock-next"))
    with one.writers_lock():
        order.append("who wrote before")
    waiter.join()

    assert order == ["who waited", "who wrote before"]


def is_locked(path: str) -> bool:
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def test_a_write_rests_on_what_is_committed_and_not_on_what_was_read_before(
    session: Session, database: Database, region: Region
):
    asked = select(CatalogueVersion.version)
    before = session.execute(asked).scalar_one()
    with database.session() as other, write_transaction(other):
        other.execute(update(CatalogueVersion).values(version=before + 1))

    with write_transaction(session):
        seen = session.execute(asked).scalar_one()

    assert seen == before + 1


def test_a_write_that_fails_leaves_nothing_and_lets_the_next_one_in(
    session: Session, region: Region
):
    before = row_counts(session)

    with pytest.raises(ZeroDivisionError), write_transaction(session):
        session.add(Party(id="party-x", name="x", created_at=NOW))
        session.flush()
        _ = 1 / 0

    assert row_counts(session) == before
    with write_transaction(session):
        session.add(Party(id="party-x", name="x", created_at=NOW))
    assert row_counts(session)["party"] == before["party"] + 1


def test_changes_outside_an_action_stop_the_program(session: Session, region: Region):
    session.add(Party(id="party-x", name="x", created_at=NOW))

    outside = pytest.raises(AssertionError, match="changes outside an action")
    with outside, write_transaction(session):
        pass

    session.rollback()


def test_a_snapshot_does_not_see_what_is_committed_after_its_first_read(
    database: Database, region: Region
):
    asked = select(CatalogueVersion.version)
    with database.snapshot() as reading:
        before = reading.execute(asked).scalar_one()
        with database.session() as other, write_transaction(other):
            other.execute(update(CatalogueVersion).values(version=before + 1))
        after = reading.execute(asked).scalar_one()

    assert before == after
    with database.session() as session:
        assert session.execute(asked).scalar_one() == before + 1


def test_after_the_server_was_away_one_writer_hears_so_and_the_next_one_writes(
    postgres_region_url: str, postgres_cluster: Cluster
):
    database = Database(postgres_region_url, threads=1, is_durable=False)
    rename = update(Party).where(Party.id == "p").values(name="x")
    with database.session() as session, write_transaction(session):
        session.execute(rename)
    end_all = "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname = '{}'"
    postgres_cluster.execute(end_all.format(database.url.database))

    with database.session() as session:
        with pytest.raises(OperationalError), write_transaction(session):
            session.execute(rename)
        with write_transaction(session):
            session.execute(rename)
    database.dispose()


def test_a_snapshot_sees_nothing_of_what_others_write_meanwhile(database: Database, region: Region):
    version = select(CatalogueVersion.version)
    with database.snapshot() as looking:
        before = looking.execute(version).scalar_one()
        with database.session() as session, write_transaction(session):
            session.execute(update(CatalogueVersion).values(version=before + 1))

        assert looking.execute(version).scalar_one() == before
    with database.session() as session:
        assert session.execute(version).scalar_one() == before + 1
