"""The masks in memory are the table: after any change, by anybody, from the very next look."""

from __future__ import annotations

import random
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.actions.occupancy import claim
from reservations.db import WRITING, Database, write_transaction
from reservations.errors import Refusal
from reservations.models import DayMask
from reservations.queries import masks as masks_module
from reservations.queries import memory
from reservations.queries.masks import Masks
from reservations.rules.period import HALF_DAY_SLOTS
from tests.support.lending import EVENING, a_period, a_wish, booked, free_units, refreshed
from tests.town import SATURDAY, TODAY, Region, context

MORNING = a_period("09:00-12:00")


@pytest.fixture
def elsewhere(url: str):
    """A session of another process on the same database."""
    other = Database(url, threads=2, is_durable=False)
    with other.session() as session:
        yield session
    other.dispose()


def copied(masks: Masks, day: date) -> dict[int, tuple[int, int]]:
    kept = masks.day(day)
    return {part_id: (kept.open[part_id], kept.free[part_id]) for part_id in kept.open}


def stored(session: Session, day: date) -> dict[int, tuple[int, int]]:
    session.rollback()
    found = {}
    for row in session.execute(select(DayMask).where(DayMask.date == day)).scalars():
        opened = row.open_am | row.open_pm << HALF_DAY_SLOTS
        found[row.part_id] = (opened, opened & ~(row.am | row.pm << HALF_DAY_SLOTS))
    session.rollback()
    session.expire_all()
    return found


def test_a_booking_of_another_process_is_gone_from_the_very_next_answer(
    session: Session, elsewhere: Session, region: Region
):
    before = free_units(session)

    booking_id = book(elsewhere, a_wish(region.here.whole, region.resident), context())
    during = free_units(session)
    cancel(elsewhere, CancelRequest(booking_id), context())

    assert set(before) - set(during) == {region.here.whole, *region.here.halves}
    assert free_units(session) == before


def test_the_copy_equals_the_table_after_any_bookings_by_two_processes(
    session: Session, elsewhere: Session, region: Region
):
    randomly = random.Random(5)
    days = [SATURDAY + timedelta(days=offset) for offset in range(4)]
    units = [region.here.whole, *region.here.halves, *region.next_door.halves]
    made: list[str] = []
    copy = refreshed(session).masks
    for step in range(60):
        by = randomly.choice([session, elsewhere])
        try:
            if made and randomly.random() < 0.4:
                cancel(by, CancelRequest(made.pop(randomly.randrange(len(made)))), context())
            else:
                wish = a_wish(
                    randomly.choice(units),
                    region.resident,
                    date=randomly.choice(days),
                    period=randomly.choice([MORNING, EVENING]),
                )
                made.append(book(by, wish, context()))
        except Refusal:
            pass
        if step % 5 == 0:
            copy.refresh()
            for day in days:
                assert copied(copy, day) == stored(session, day)


def test_a_transaction_that_commits_late_is_not_missed(postgres_region_url: str, region: Region):
    """PostgreSQL: a younger transaction commits first; the older one is seen all the same."""
    database = Database(postgres_region_url, threads=4, is_durable=False)
    with database.session() as older, database.session() as younger, database.session() as reader:
        copy = refreshed(reader).masks
        copied(copy, SATURDAY)
        for writer in (older, younger):
            writer.connection(execution_options=WRITING)
        older.execute(text("SELECT pg_current_xact_id()"))
        claim(younger, (1,), SATURDAY, EVENING)
        younger.commit()
        copy.refresh()
        between = copied(copy, SATURDAY)
        claim(older, (2,), SATURDAY, EVENING)
        copy.refresh()
        uncommitted = copied(copy, SATURDAY)
        older.commit()

        copy.refresh()

        assert between[1] != between[2]
        assert uncommitted == between
        assert copied(copy, SATURDAY) == stored(reader, SATURDAY)
        assert copied(copy, SATURDAY)[1] == copied(copy, SATURDAY)[2]
    database.dispose()


def test_versions_from_another_server_are_not_brought_in_for_ever(
    postgres_region_url: str, region: Region
):
    """PostgreSQL: after a restore the table holds numbers above every transaction so far."""
    database = Database(postgres_region_url, threads=4, is_durable=False)
    with database.session() as session:
        with write_transaction(session):
            session.execute(text("UPDATE day_mask SET version = 1000000000000"))
        copy = refreshed(session).masks
        copied(copy, SATURDAY)
        rows = counted_rows(database.engine)

        copy.refresh()
        book(session, a_wish(region.here.halves[0], region.resident), context())
        copy.refresh()

        assert copied(copy, SATURDAY) == stored(session, SATURDAY)
    assert max(rows) <= 2
    database.dispose()


def counted_rows(engine: Engine) -> list[int]:
    """How many rows each look for changes brings from now on."""
    found: list[int] = []

    def count(_connection, cursor, statement, *_others) -> None:
        if "horizon" in statement:
            found.append(cursor.rowcount)

    event.listen(engine, "after_cursor_execute", count)
    return found


def test_readers_and_a_writer_at_once_never_see_a_promise_broken(
    database: Database, region: Region
):
    """A reader that looks after a booking was told never finds the place free."""
    told: list[date] = []
    stale: list[date] = []
    is_over = threading.Event()

    def read() -> None:
        with database.session() as session:
            known = memory.current(session)
            while not is_over.is_set():
                promised = list(told)
                known.masks.refresh()
                for day in promised:
                    if known.masks.free_bits((1,), day) & EVENING.bits == EVENING.bits:
                        stale.append(day)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with database.session() as session:
        for offset in range(10):
            day = SATURDAY + timedelta(days=offset)
            booked(session, region.here.halves[0], region.resident, date=day)
            told.append(day)
    is_over.set()
    for reader in readers:
        reader.join()

    assert (len(told), stale) == (10, [])


def test_many_days_without_masks_do_not_push_out_those_that_have_some(
    session: Session, database: Database, region: Region, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(masks_module, "DAYS_KEPT", 10)
    copy = refreshed(session).masks
    for offset in range(5):
        copy.day(TODAY + timedelta(days=offset))
    statements = counted(database.engine)
    for offset in range(200, 250):
        copy.day(TODAY + timedelta(days=offset))
    statements.clear()

    for offset in range(5):
        copy.day(TODAY + timedelta(days=offset))

    assert statements == []


def test_no_more_days_are_kept_than_there_is_room_for(
    session: Session, region: Region, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(masks_module, "DAYS_KEPT", 3)
    copy = refreshed(session).masks
    for offset in range(30):
        day = TODAY + timedelta(days=offset)
        assert copied(copy, day) == stored(session, day)

    assert len(copy._days) == 3


def test_a_part_without_a_row_is_not_bookable(session: Session, region: Region):
    copy = refreshed(session).masks

    assert copy.free_bits((1, 999), SATURDAY) == 0
    assert copy.free_bits((), SATURDAY) == 0
    assert copy.free_bits((1,), SATURDAY + timedelta(days=300)) == 0


def test_a_lost_connection_is_opened_again(
    postgres_region_url: str, postgres_cluster, region: Region
):
    database = Database(postgres_region_url, threads=4, is_durable=False)
    with database.session() as session:
        before = free_units(session)
        administrator = create_engine(postgres_cluster.url("postgres"))
        with administrator.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = :name AND query LIKE '%horizon%'"
                ),
                {"name": database.url.database},
            )
        administrator.dispose()

        memory.current(session).masks.refresh()

        assert free_units(session) == before
    database.dispose()


def test_closing_the_database_closes_the_copys_connection_too(
    database: Database, session: Session, region: Region
):
    free_units(session)
    session.close()

    database.dispose()

    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert memory.held(session).masks._connection is None


def test_all_threads_can_ask_for_a_changed_catalogue_at_once(url: str, region: Region):
    """Each holds a connection, the masks have one, and one of them must load."""
    database = Database(url, threads=3, is_durable=False)
    lined_up = threading.Barrier(3)
    versions: list[int] = []

    def ask() -> None:
        with database.session() as session:
            session.execute(text("SELECT 1"))
            lined_up.wait(20)
            versions.append(refreshed(session).catalogue.version)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert versions == [1, 1, 1]
    database.dispose()


def counted(engine: Engine) -> list[str]:
    """Every statement from now on, but those that only begin and end transactions."""
    found: list[str] = []

    def note(_connection, _cursor, statement, *_others) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "PRAGMA")):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return found
