"""What a process keeps in memory of one database: the catalogue and the day masks.

`newest(database)` costs one statement: it brings the masks up to date, and reloads the catalogue
when that has changed. `current(session)` is for those who only need the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from reservations.db import Database, run
from reservations.queries import catalogue as catalogue_query
from reservations.queries.catalogue import Catalogue
from reservations.queries.masks import Masks
from reservations.queries.nearness import Grid


@dataclass(frozen=True, slots=True)
class Memory:
    """One consistent view: masks and grids belong to this catalogue.

    lending   only the places that lend something: most facilities of a region do not, and a
              search need not pass them
    near      what queries/around.py has worked out from this catalogue; gone with it
    """

    catalogue: Catalogue
    grid: Grid
    lending: Grid
    masks: Masks
    near: dict[Any, Any] = field(default_factory=dict)


def current(session: Session) -> Memory:
    """The newest memory. One statement; a changed catalogue is loaded once for all threads."""
    version = run(session, catalogue_query.VERSION).scalar() or 0
    return at_version(session, version)


def held(session: Session) -> Memory:
    """The memory as it is, without asking; for callers that check its version themselves."""
    known: Memory | None = session.info["database"].memory.get("memory")
    return known if known is not None else current(session)


def newest(database: Database) -> Memory:
    """The newest catalogue with the newest day masks: one statement, and no session."""
    known: Memory | None = database.memory.get("memory")
    if known is None:
        with database.session() as session:
            known = current(session)
    return of_version(database, known.masks.refresh())


def at_version(session: Session, version: int) -> Memory:
    """The memory of this catalogue version, loaded if the process does not have it yet."""
    return of_version(session.info["database"], version)


def of_version(database: Database, version: int) -> Memory:
    """The same for whoever has no session."""
    known: Memory | None = database.memory.get("memory")
    if known is not None and known.catalogue.version >= version:
        return known
    with database.memory_lock:
        meanwhile: Memory | None = database.memory.get("memory")
        if meanwhile is not None and meanwhile.catalogue.version >= version:
            return meanwhile
        masks = meanwhile.masks if meanwhile is not None else Masks(database)
        # The day masks of new parts and hours were written with the catalogue: look afresh.
        masks.forget()
        # Its ten statements must see the same rows, though others change them meanwhile.
        with database.snapshot() as fresh:
            loaded = catalogue_query.load(fresh)
        lent = (loaded.places[place_id] for place_id in loaded.units_of_place)
        made = Memory(loaded, Grid(loaded.places.values()), Grid(lent), masks)
        database.memory["memory"] = made
        return made
