"""The carriers of one node at work: when each step is taken, and what happens at a cut.

Clock, pauses and lots are arguments, so a test may do without waiting.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.exc import IntegrityError, OperationalError

from sync.carriers.couch import FEW, WAIT_SECONDS, NoContact, Trouble
from sync.carriers.post import POST_LINES, Carrier, sql
from sync.document import Document, scope_of
from sync.node import Node

RETRY_FIRST_SECONDS = 1.0
RETRY_MOST_SECONDS = 30.0
# Applying a line takes this process's processor from the thread that passes it on, and about as
# long as a mailbox near by takes to answer.
GIVE_WAY_SECONDS = 0.02
OWN_DATABASE = "our own database does not answer"


def pause_after(trouble: Trouble | None, failures: int, *, lot: float) -> float:
    """How long to wait after so many failures in a row.

    Silence is asked about every second, because whoever was cut off wants to be heard at once when
    the line is back; one unanswered call a second burdens nobody. A server that answers, but not as
    it should, is left alone for longer and longer.

    lot   from 0 to 1: not everybody comes back in the same instant
    """
    most = RETRY_FIRST_SECONDS if trouble is Trouble.SILENT else RETRY_MOST_SECONDS
    return min(most, RETRY_FIRST_SECONDS * 2.0 ** min(failures - 1, 10)) * (1 - lot / 2)


class Courier:
    """The carriers of one node at work: a reader and a poster each, and one look for news.

    wait    pauses; by default until the courier is stopped
    lot     spreads the pauses, so that not all nodes come back in the same instant
    """

    def __init__(
        self,
        node: Node,
        carriers: Sequence[Carrier],
        *,
        look_seconds: float = 1.0,
        wait: Callable[[float], object] | None = None,
        lot: Callable[[], float] = random.random,
    ) -> None:
        self.node = node
        self.carriers = list(carriers)
        self.look_seconds = look_seconds
        self._stopping = threading.Event()
        self._wait = wait or self._stopping.wait
        self._lot = lot
        self._news = threading.Event()
        self._threads: list[threading.Thread] = []
        for carrier in self.carriers:
            carrier.heard = self.wake
            if any(self._others(carrier)):
                carrier.ahead = partial(self._pass_on, carrier)

    def start(self) -> None:
        """Begin; returns at once."""
        jobs: list[Callable[[], None]] = [self._look]
        for carrier in self.carriers:
            carrier.news.set()
            jobs += [partial(self.read, carrier), partial(self.post, carrier)]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was written or settled here: look now, not at the next second."""
        self._news.set()

    def stop(self, *, seconds: float = 2.0) -> None:
        """End what is done; a reader who waits for an answer is let go, and changes nothing."""
        self._stopping.set()
        self._news.set()
        for carrier in self.carriers:
            carrier.news.set()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def once(self) -> dict[str, str]:
        """Carry everything there is, one round, in this thread; returns what went wrong where."""
        errors: dict[str, str] = {}
        for carrier in [*self.carriers, *self.carriers]:
            self._number()
            try:
                carrier.post()
                while carrier.follow():
                    continue
            except NoContact as error:
                carrier.failed(str(error))
                errors[carrier.mailbox.name] = str(error)
        return errors

    @property
    def is_running(self) -> bool:
        """Whether every thread lives: one that met a mistake of ours has ended with it."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def read(self, carrier: Carrier) -> None:
        """Follow one mailbox until the courier is stopped."""
        self._keep_on(carrier, lambda: carrier.take(wait_seconds=WAIT_SECONDS))

    def post(self, carrier: Carrier) -> None:
        """Post to one mailbox whenever there is something new, until the courier is stopped."""

        def step() -> None:
            is_quiet = not carrier.news.wait(carrier.patience_seconds)
            carrier.news.clear()
            if not self._stopping.is_set():
                carrier.send(is_quiet=is_quiet)

        self._keep_on(carrier, step)

    def _keep_on(self, carrier: Carrier, step: Callable[[], object]) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                step()
                failures = 0
            except (NoContact, OperationalError) as error:
                failures += 1
                trouble = error.trouble if isinstance(error, NoContact) else None
                carrier.failed(str(error) if trouble else OWN_DATABASE)
                carrier.news.set()
                self._pause(carrier, pause_after(trouble, failures, lot=self._lot()))

    def _pause(self, carrier: Carrier, seconds: float) -> None:
        """Wait, but not beyond the moment when the other thread has had an answer."""
        before, end = carrier.contact, carrier.clock() + seconds
        while (left := end - carrier.clock()) > 0 and carrier.contact == before:
            if self._wait(min(left, RETRY_FIRST_SECONDS)) is True:
                return

    def _look(self) -> None:
        """Give what is new its order, in this one thread, and wake whom it concerns."""
        while not self._stopping.is_set():
            self._news.clear()
            self._number()
            self._news.wait(self.look_seconds)

    def _pass_on(self, source: Carrier, lines: Sequence[Document]) -> None:
        """To the other mailboxes of the scope, at once: what proves itself needs us for nothing.

        Our own tables give way to that for a moment, unless there is trouble on the way.
        """
        for carrier in self._others(source) if lines else ():
            if carrier.hand(lines) and not carrier.error:
                carrier.is_through.wait(GIVE_WAY_SECONDS)

    def _others(self, source: Carrier) -> list[Carrier]:
        return [c for c in self.carriers if c is not source and c.scope == source.scope]

    def _show(self, lines: Sequence[Document]) -> None:
        """To the mailboxes of their scope: a few in person, of more the poster is told to look."""
        by_scope: dict[str, list[Document]] = {}
        for line in lines:
            by_scope.setdefault(scope_of(line.chain), []).append(line)
        for carrier in self.carriers:
            if mine := by_scope.get(carrier.scope):
                carrier.hand(mine if len(mine) <= FEW else [])

    def _number(self) -> None:
        try:
            count = POST_LINES
            while count == POST_LINES:
                with self.node.transaction() as store:
                    lines = sql(store).number_arrivals(limit=POST_LINES)
                    count = len(lines)
                    # They were fit to be shown before this transaction, so they need not wait for
                    # its end; but what is read beyond the checkpoint has to.
                    if count <= FEW:
                        self._show(lines)
                if count > FEW:
                    self._show(lines)
        except (IntegrityError, OperationalError):
            # Another process was at it in the same instant, or the database is away: next second.
            return
