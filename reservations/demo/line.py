"""The line between the demonstration's two desks, in a process of its own: it can be cut."""

from __future__ import annotations

import os
import time
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from reservations import sheets
from reservations.actions import answering, sharing
from reservations.clock import local_day, now
from reservations.config import Settings
from reservations.db import Database
from reservations.projection import open_desk
from reservations.server import end_with_parent
from sync import tables
from sync.carriers.local import Link

ROUND_SECONDS = 0.1
SHARE_SECONDS = 3.0
log = structlog.get_logger("tonari.demo")


def cut_file(settings: Settings) -> Path:
    """While it is there, the line is cut."""
    return settings.data_dir / "line-is-cut"


def carry(settings: Settings, own: Settings, parent: int) -> None:
    """Tend both desks and carry what is new, for as long as the demonstration runs."""
    end_with_parent(parent)
    hub = open_desk(Database(settings.url, threads=1), settings)
    node = open_desk(Database(own.url, threads=1), own)
    node.node.start()
    link = Link(hub.node, node.node)
    mark = cut_file(settings)
    before: object = None
    shared = float("-inf")
    while os.getppid() == parent:
        is_cut = mark.exists()
        try:
            at = sheets.milliseconds(now())
            answering.tend(hub, at=at)
            answering.tend(node, at=at)
            if time.monotonic() - shared >= SHARE_SECONDS:
                for desk in (hub, node):
                    sharing.tend(desk, today=local_day(now()), at=at)
                shared = time.monotonic()
            if not is_cut:
                if (_version(hub.database), _version(node.database)) != before:
                    link.sync()
                    before = (_version(hub.database), _version(node.database))
                hub.heard()
                node.heard()
        except DBAPIError:
            log.exception("a desk could not be tended")
        time.sleep(ROUND_SECONDS)


def _version(database: Database) -> tuple[int, int]:
    """Changes with everything that the other desk could lack."""
    c = tables.chain.c
    query = select(func.count(), func.coalesce(func.sum(c.witnessed), 0))
    with database.session() as session:
        count, lines = session.execute(query).one()
    return int(count), int(lines)
