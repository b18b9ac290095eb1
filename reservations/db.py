"""The engine and its sessions, and the one way to write.

SQLite runs in WAL with synchronous=FULL: a counter that lost its power has lost no booking.
Writers take a lock of our own first (threads, then processes), because SQLite's busy handler
polls and starves whoever polls last; then BEGIN IMMEDIATE never waits. PostgreSQL needs none of
that; it gets as many connections as there are threads, and a second try after a deadlock.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

WRITE = "tonari_write"
AUTOCOMMIT = "tonari_autocommit"
WRITING = {WRITE: True, AUTOCOMMIT: False}
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


_OPTIONS: dict[str, Any] = {
    "json_serializer": _dumps,
    "json_deserializer": orjson.loads,
    # What a statement was run with may be somebody's name; an error's text goes into the log.
    "hide_parameters": True,
}


class Turns:
    """A lock that threads get in the order in which they came; one that leaves hands it on."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class Database:
    """One engine, its sessions and its writers' lock."""

    def __init__(self, url: str, *, threads: int = 6, is_durable: bool = True) -> None:
        """Open `url`; the file and its folder are made when they are missing.

        is_durable   False only for filling a demonstration: the last commits may be lost
        """
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._engine(threads, is_durable)
        self._turns = Turns()
        self._lock_files: tuple[int, int] | None = None
        # What this process keeps in memory of this database (queries/memory.py).
        self.memory: dict[str, Any] = {}
        # This machine's desk (desk.py), where the database belongs to one.
        self.desk: Any = None
        self.memory_lock = threading.Lock()
        # On PostgreSQL every statement of a reader sees what is newest, with a transaction around
        # them or without; without one, a read saves two journeys to the server.
        reading = self.engine.execution_options(**{AUTOCOMMIT: not self.is_sqlite})
        self.sessions = sessionmaker(reading, expire_on_commit=False, info={"database": self})

    def _engine(self, threads: int, is_durable: bool) -> Engine:
        # One a thread, one for the masks, one for whoever reloads the catalogue meanwhile.
        connections = threads + 2
        if not self.is_sqlite:
            engine = create_engine(
                self.url,
                pool_size=connections,
                max_overflow=0,
                pool_pre_ping=False,
                pool_recycle=1800,
                # _begin_postgresql changes it where need be: a level that SQLAlchemy sets and puts
                # back at each turn costs a read as much again as its statement.
                isolation_level="AUTOCOMMIT",
                **_OPTIONS,
            )
            event.listen(engine, "begin", _begin_postgresql)
            return engine
        assert self.url.database, "SQLite needs a file: readers and writers are several connections"
        Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(self.url, pool_size=connections, max_overflow=0, **_OPTIONS)
        event.listen(engine, "connect", _prepare_sqlite if is_durable else _prepare_sqlite_fast)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def session(self) -> Session:
        return self.sessions()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session whose reads all see the database as it is at the first of them."""
        with self.session() as session:
            if not self.is_sqlite:
                # On SQLite a transaction is a snapshot in any case.
                session.connection(execution_options={AUTOCOMMIT: False})
                session.execute(_SNAPSHOT)
            yield session

    @contextmanager
    def writers_lock(self) -> Iterator[None]:
        """Alone among all writers of this database file; nothing to wait for on PostgreSQL."""
        if not self.is_sqlite:
            yield
            return
        with self._turns:
            if self._lock_files is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                path = f"{self.url.database}.lock"
                self._lock_files = (
                    os.open(path + "-next", flags, 0o600),
                    os.open(path, flags, 0o600),
                )
            is_next, writes = self._lock_files
            # Whoever is next waits with the first file in hand, so that a process which has just
            # written cannot come before him again: a rush on the web must not starve the counter.
            fcntl.flock(is_next, fcntl.LOCK_EX)
            fcntl.flock(writes, fcntl.LOCK_EX)
            fcntl.flock(is_next, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(writes, fcntl.LOCK_UN)

    def scrub(self, tables: Iterable[str]) -> None:
        """After something was deleted for good: have the engine keep no older copy of it.

        On SQLite the write-ahead log is emptied, as soon as nobody reads what was before; what is
        deleted in the file itself is overwritten there (secure_delete). PostgreSQL gives the place
        of these tables' dead rows free.
        """
        with self.engine.connect() as connection:
            free = connection.execution_options(**{AUTOCOMMIT: True}, isolation_level="AUTOCOMMIT")
            vacuum = f"VACUUM {', '.join(tables)}"
            free.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if self.is_sqlite else vacuum)

    def dispose(self) -> None:
        """Close every connection, before a fork or at the end."""
        self.engine.dispose()
        for file in self._lock_files or ():
            os.close(file)
        self._lock_files = None


def run(
    session: Session, statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[Any]:
    """Run a statement in the session's transaction, for its columns; entities are not looked for.

    What Session.execute does to find entities takes longer than a small statement itself. Changes
    of entities that still wait in the session are not written first.
    """
    return session.connection().execute(statement, values)


def insert_new(session: Session, table: Table) -> Any:
    """An INSERT in the session's dialect that leaves alone what is there already; for statements
    off the hot path, because it is made anew each time."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    return insert(table).on_conflict_do_nothing()


@contextmanager
def write_transaction(session: Session) -> Iterator[None]:
    """One transaction that writes: committed at the end, or nothing of it.

    Whatever the session has read before is forgotten, so that a decision never rests on an older
    snapshot than the write.
    """
    database: Database = session.info["database"]
    assert not session.new and not session.dirty, "changes outside an action"
    session.rollback()
    with database.writers_lock():
        session.connection(execution_options=WRITING)
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is off: _begin_sqlite says BEGIN itself.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "busy_timeout=5000",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_sqlite_fast(connection: Any, record: Any) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA synchronous=OFF")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(AUTOCOMMIT, False):
        return
    is_write = options.get(WRITE, False)
    # Straight to the driver: SQLAlchemy's own way takes as long as a small statement.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    """Say whether the driver is to begin a transaction with the statement that comes."""
    wanted = connection.get_execution_options().get(AUTOCOMMIT, False)
    driver: Any = connection.connection.dbapi_connection
    if driver.autocommit != wanted:
        driver.autocommit = wanted
