"""Who sits at this machine's desk: one thread of the process that runs the jobs.

Everything here may be done twice, late, or by the next process after a crash.
"""

from __future__ import annotations

import threading
import time
from datetime import date
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from reservations import clock, sheets
from reservations.actions import answering, moving, publishing, sharing, starting
from reservations.bell import Bell
from reservations.config import Settings
from reservations.db import Database
from reservations.desk import Desk
from reservations.projection import open_desk
from reservations.queries import ledger

if TYPE_CHECKING:
    from reservations.mail import Mail

ROUND_SECONDS = 1.0
# Looking who lacks whom reads the coming bookings of every node: at most so often, and for no more
# than a twentieth of the time.
SHARE_SECONDS = 3.0
SHARE_PART = 20
# The courier's threads take connections only for moments.
DESK_THREADS = 12

log = structlog.get_logger("tonari.keeper")


def keep_desk(settings: Settings, stopping: threading.Event | None = None) -> None:
    """Tend this machine's desk: at every ring, and at least each second.

    stopping   set, and the bell rung, for an orderly stop; without it this never ends
    """
    database = Database(settings.url, threads=DESK_THREADS if settings.has_mailboxes else 1)
    desk = open_desk(database, settings)
    rung = Bell(desk.folder)
    keeper = Keeper(desk, settings)
    while stopping is None or not stopping.is_set():
        try:
            keeper.round()
        except (SQLAlchemyError, OSError):
            # The database or a file is away: the next round finds everything as it was.
            log.exception("the desk could not be tended")
        rung.wait(ROUND_SECONDS)
    keeper.leave()


class Keeper:
    """What is done in a round, and what was done in the one before."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk = desk
        self.mail = _mail(desk, settings)
        self._is_started = False
        self._published = 0
        self._present: frozenset[tuple[str, int]] = frozenset()
        self._share_at = float("-inf")

    def round(self) -> None:
        """Begin, if that has not succeeded yet; carry, publish, answer, hand over."""
        now = clock.now()
        today, at = clock.local_day(now), sheets.milliseconds(now)
        if not self._is_started:
            self._is_started = starting.start(self.desk, at=at)
        if self.mail is not None:
            self.mail.keep(today)
        if self._is_started and not self.desk.why_suspended():
            self._tend(today, at)
        if self.mail is not None:
            self.mail.wake()

    def _tend(self, today: date, at: int) -> None:
        if self.desk.is_home and self.mail is not None:
            # Without a mailbox the stick brings it (stick.admit, `tonari sync export`).
            self._published = publishing.keep_published(self.desk, self._published, at=at)
        if self.desk.is_home:
            present = frozenset(moving.present(self.desk).items())
            if present - self._present:
                # Somebody has come (back): the near dates are taken again.
                moving.hand_over_near(self.desk, today, at=at)
            self._present = present
        answering.tend(self.desk, at=at)
        if (began := time.monotonic()) >= self._share_at:
            sharing.tend(self.desk, today=today, at=at)
            took = time.monotonic() - began
            self._share_at = began + max(SHARE_SECONDS, SHARE_PART * took)

    def leave(self) -> None:
        """An orderly stop. While the line is cut a node keeps its sheets: whoever starts it
        tomorrow, still cut off, goes on lending."""
        now = clock.now()
        today = clock.local_day(now)
        if not ledger.contact(self.desk).is_cut_off(now):
            starting.leave(self.desk, today, at=sheets.milliseconds(now))
            if self.mail is not None:
                self.mail.once(today)


def _mail(desk: Desk, settings: Settings) -> Mail | None:
    if not settings.has_mailboxes:
        return None
    from reservations.mail import Mail  # noqa: PLC0415 - the client of CouchDB takes its time

    return Mail(desk, settings)
