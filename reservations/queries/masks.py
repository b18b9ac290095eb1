"""The day masks in memory: free time over many days and units without asking the database twice.

Never a cache that may be stale: every search begins with one statement that brings what has been
committed since the last one, in this process or any other. A day is loaded when it is first asked
for; of too many, first those without rows are dropped, then the ones loaded longest ago.

How changes are found. Each claim and release writes a `version` into the rows it touches. SQLite
has one writer at a time, so the next number is the highest plus one, and a reader takes what is
above the last it saw. PostgreSQL has many, and a lower number may commit later; there the version
is the transaction's own id, and a reader takes everything from the oldest transaction that was
still running at its last look (pg_snapshot_xmin): some rows twice, none never. What lies above
every transaction so far came with a backup from another server, and is no change.

On SQLite the rows with the highest version must never be deleted: the number would be given again,
and readers that have seen it would not look.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    event,
    func,
    outerjoin,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnElement

from reservations.db import AUTOCOMMIT, Database
from reservations.models import CatalogueVersion, DayMask, Declaration
from reservations.rules.modes import Mode
from reservations.rules.period import HALF_DAY_SLOTS, SLOTS_PER_DAY, WHOLE_DAY_BITS

DAYS_KEPT = 120
_NEXT_DAY = timedelta(days=1)
# Above every version there can be: the first look only learns where to start from.
_NOTHING_YET = 1 << 62

_BITS = (DayMask.part_id, DayMask.am, DayMask.pm, DayMask.open_am, DayMask.open_pm)
_ONE_DAY = select(*_BITS).where(DayMask.date == bindparam("day"))


def declared_mode() -> ScalarSelect[str]:
    """The mode that was declared last, as SQL; empty when there never was a declaration."""
    last = select(Declaration.mode).order_by(Declaration.at.desc(), Declaration.id.desc())
    return last.limit(1).scalar_subquery()


def next_version(dialect: str) -> ColumnElement[int]:
    """The version that a claim or release writes into its rows, as SQL."""
    if dialect == "postgresql":
        return cast(cast(func.pg_current_xact_id(), Text), BigInteger)
    return select(func.coalesce(func.max(DayMask.version), 0) + 1).scalar_subquery()


def _changes(dialect: str) -> Select[Any]:
    """What changed from `since` on, from where to look next time, and the catalogue's version.

    All in one snapshot, with the declared mode. At least one row; without a change its other
    columns are empty.
    """
    changed = DayMask.version >= bindparam("since")
    catalogue = select(CatalogueVersion.version).scalar_subquery().label("catalogue")
    mode = declared_mode().label("mode")
    if dialect == "postgresql":
        snapshot = func.pg_current_snapshot()
        oldest = cast(cast(func.pg_snapshot_xmin(snapshot), Text), BigInteger)
        above = cast(cast(func.pg_snapshot_xmax(snapshot), Text), BigInteger)
        start = select(oldest.label("horizon"), above.label("above"), catalogue, mode).subquery()
        changed = and_(changed, DayMask.version < start.c.above)
    else:
        highest = func.coalesce(func.max(DayMask.version), 0) + 1
        start = select(highest.label("horizon"), catalogue, mode).subquery()
    joined = outerjoin(start, DayMask, changed)
    about = (start.c.horizon, start.c.catalogue, start.c.mode)
    return select(*about, DayMask.date, *_BITS).select_from(joined)


@dataclass(slots=True)
class MaskDay:
    """One day: part id to the 96 bits that are free, and to those that may be lent at all."""

    free: dict[int, int] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    _same: dict[int, int] = field(default_factory=dict)

    def store(self, part_id: int, am: int, pm: int, open_am: int, open_pm: int) -> None:
        """Take over one row."""
        opened = open_am | open_pm << HALF_DAY_SLOTS
        busy = am | pm << HALF_DAY_SLOTS
        # Most parts of a day have the same hours and no booking: one number serves them all.
        opened = self._same.setdefault(opened, opened)
        self.open[part_id] = opened
        self.free[part_id] = opened & ~busy if busy else opened


class Masks:
    """This process's copy of the day masks. One for an application; safe for its threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.engine.dialect.name
        self._changes = _changes(self._dialect)
        self._lock = threading.Lock()
        self._days: OrderedDict[date, MaskDay] = OrderedDict()
        self._since = _NOTHING_YET
        self._connection: Connection | None = None
        self._begun = 0
        self._finished = 0
        self._catalogue = 0
        # What was declared, as of the last look.
        self.mode = Mode.NORMAL
        event.listen(database.engine, "engine_disposed", lambda _engine: self.forget())

    def refresh(self) -> int:
        """Bring in everything that was committed before this call; one statement.

        Threads that wait here while another one's look begins after they came are served by that
        look: under a rush one statement answers many requests.

        returns  the catalogue's version in the same snapshot
        """
        mine = self._begun
        with self._lock:
            if self._finished <= mine:
                self._begun += 1
                look = self._begun
                self._apply()
                self._finished = look
            return self._catalogue

    def day(self, day: date) -> MaskDay:
        """The masks of one day; loaded when it is not at hand. A day without rows is empty."""
        known = self._days.get(day)
        if known is not None:
            return known
        with self._lock:
            if day not in self._days:
                if self._since == _NOTHING_YET:
                    self._apply()
                self._load(day)
            return self._days[day]

    def free_bits(self, parts: tuple[int, ...], day: date, *, days: int = 1) -> int:
        """The quarter-hours at which all of `parts` are free; with days=2 the next day's as well.

        A part without a row that day is not bookable: 0.
        """
        free = self.day(day).free
        bits = _common(free, parts)
        if days == 2:
            bits |= _common(self.day(day + _NEXT_DAY).free, parts) << SLOTS_PER_DAY
        return bits

    def open_bits(self, parts: tuple[int, ...], day: date, *, days: int = 1) -> int:
        """The quarter-hours at which all of `parts` may be lent, free or not."""
        bits = _common(self.day(day).open, parts)
        if days == 2:
            bits |= _common(self.day(day + _NEXT_DAY).open, parts) << SLOTS_PER_DAY
        return bits

    def forget(self) -> None:
        """Drop everything, as after a change of what is lent or a lost connection."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._days.clear()
        self._since = _NOTHING_YET
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _apply(self) -> None:
        for row in self._rows(self._changes, {"since": self._since}):
            self._since = row.horizon
            self._catalogue = row.catalogue or 0
            self.mode = Mode(row.mode) if row.mode else Mode.NORMAL
            known = self._days.get(row.date) if row.part_id is not None else None
            if known is not None:
                known.store(*row[4:])

    def _load(self, day: date) -> None:
        loaded = MaskDay()
        for row in self._rows(_ONE_DAY, {"day": day}):
            loaded.store(*row)
        if len(self._days) >= DAYS_KEPT:
            # Days far beyond the horizon have no rows; asking for many must not cost the others.
            empty = (each for each, held in self._days.items() if not held.open)
            del self._days[next(empty, next(iter(self._days)))]
        self._days[day] = loaded

    def _rows(self, statement: Executable, values: dict[str, Any]) -> list[Any]:
        """Run one statement on the copy's own connection, each in a snapshot of its own.

        A request's session may stand in an older snapshot; loading a day from there would lose
        what was committed in between.
        """
        try:
            return list(self._connected().execute(statement, values))
        except DBAPIError as error:
            self._forget()
            if not error.connection_invalidated:
                raise
            return list(self._connected().execute(statement, values))

    def _connected(self) -> Connection:
        """The copy's own connection, opened where there is none."""
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(
                **{AUTOCOMMIT: True}
            )
        return self._connection


def _common(bits: dict[int, int], parts: tuple[int, ...]) -> int:
    """The bits that all of `parts` have; without parts, or a row for one of them, none."""
    common = WHOLE_DAY_BITS if parts else 0
    for part_id in parts:
        common &= bits.get(part_id, 0)
    return common
