"""One node of the simulated region: the real `sync.node.Node` on a machine that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sync.document import Entry, log_of
from sync.members import Directory, Member
from sync.node import Draft, Node, NotWritten, Settled
from sync.sheet import Pad
from sync.simulate import people
from sync.simulate.devices import Connection, PaperKey
from sync.simulate.memory import Image, MemoryStore
from sync.simulate.people import SCOPE
from sync.store import Store
from sync.witness import Silent, Witness

if TYPE_CHECKING:
    from sync.simulate.world import World

DEADLINE = 300_000
REPORT_EVERY = 4


class Killed(Exception):  # noqa: N818 - a power cut
    """The machine stopped between two of its reads and writes."""


class DiskFull(OSError):  # noqa: N818 - what the database raises
    """Nothing more can be written; what was written is whole."""


class Actor:
    """A machine with a node on it, and the person at its counter."""

    def __init__(self, name: str, world: World, key: PaperKey, directory: Directory) -> None:
        self.name = name
        self.world = world
        self.key = key
        self.directory = directory
        self.store = MemoryStore(directory)
        self.is_up = True
        self.is_begun = True
        self.is_full = False
        self.is_new_program = False
        self.is_clone = False
        self.is_damaged = False
        self.offset, self.drift = 0.0, 1.0
        self.kill_in = 0
        self.images: list[Image] = []
        self.dead: set[str] = set()
        self.ticks = 0
        self.node = self._fresh_node()

    @property
    def me(self) -> Member:
        return self.node.me

    @property
    def at(self) -> int:
        """What this machine believes the time to be, in milliseconds."""
        return int((self.world.now * self.drift + self.offset) * 1000)

    def _fresh_node(self) -> Node:
        return Node(self.key, self.directory, self.transaction, self.witness)

    # Disk and witness

    def transaction(self) -> Transaction:
        return Transaction(self)

    def witness(self, name: str) -> Witness:
        device = self.world.devices.get(name)
        if device is None or not self.world.reaches_device(self, name):
            raise Silent(name)
        return Connection(device, self.io)

    def io(self, what: str) -> None:
        """One read or write; the power may fail here."""
        if self.kill_in:
            self.kill_in -= 1
            if not self.kill_in:
                self.world.faults["torn tail" if what == "commit" else "kill at an I/O"] += 1
                raise Killed(what)

    # Starting

    def boot(self) -> None:
        """Power on: a fresh process, suspended until the witness is read."""
        self.is_up, self.kill_in = True, 0
        self.node = self._fresh_node()
        self.start()

    def start(self) -> None:
        if self.node.why_suspended.startswith("it has not"):
            receipt = self.node.start(dead=self.dead)
            self.world.hear(self, receipt.applied)
        if not self.is_begun and not self.node.why_suspended:
            self.node.begin_again()
            self.is_begun = True

    # The counter

    def tick(self) -> None:
        """What the machine does every few seconds."""
        self.ticks += 1
        if self.node.why_suspended or not self.is_begun:
            self.start()
            return
        self.settle()
        if self.ticks % REPORT_EVERY == 0:
            self.post(f"{SCOPE}/-", "report")
        for settled in self.node.reclaim(at=self.at):
            self.tell(settled)
        self._adopt_with_officers()
        if self.node.answer(people.decide, at=self.at):
            self.settle()
        self._clear_up()
        self.settle()

    def settle(self) -> None:
        self.tell(self.node.settle())

    def tell(self, settled: Settled) -> None:
        self.world.hear(self, [*settled.told, *settled.receipt.applied])

    def post(self, sheet: str, kind: str, **more: object) -> None:
        """Somebody at this counter says something; it is told when it is on two media."""
        if not self.is_begun:
            return
        data = {**more.pop("data", {}), "wish": self.world.next_wish()}  # type: ignore[dict-item]
        with self.transaction() as store:
            self.node.post(store, sheet, kind, at=self.at, data=data, **more)  # type: ignore[arg-type]

    def ask(self, sheet: str, kind: str, **more: object) -> None:
        """A wish, answered at once where the sheet is held here."""
        self.post(sheet, kind, asks=True, **more)
        if not self.node.why_suspended and self.is_begun:
            self.node.answer(people.decide, at=self.at)
            self.settle()

    def _clear_up(self) -> None:
        """Pads come back, and who has not paid in time loses the place."""
        with self.transaction() as store:
            held = [on for on in people.SHEETS if not self.node.may_write(store.position(on))]
            is_late = self.at > DEADLINE and self.world.decides_on_absence
            is_reported = is_late and self.node.is_reported(store, SCOPE, DEADLINE)
            for on in held:
                drafts = people.pads_ready(store, on)
                drafts += people.unpaid(store, on, DEADLINE) if is_reported else []
                for draft in drafts:
                    self.node.try_write(store, on, draft, at=self.at)

    def _adopt_with_officers(self) -> None:
        """S10: only where the witness is lost, and the officers have heard everybody who could
        have taken the sheet through it before."""
        keys = self.node.former_keys
        for on in (*people.SHEETS, *(log_of(SCOPE, key) for key in keys)) if keys else ():
            position = self.store.position(on)
            if position.holder in self.node.former_keys and position.witness in self.dead:
                signatures = self.world.officers_sign(on, position, self.me)
                if signatures is None:
                    continue
                try:
                    lost, at = position.holder, self.at
                    self.tell(
                        self.node.adopt(on, lost, at=at, officers=signatures, accounted="tail")
                    )
                    self.world.faults["adoption by officers"] += 1
                except (NotWritten, Silent):
                    continue

    def hand_over(self, sheet: str, to: Member) -> None:
        with self.transaction() as store:
            if self.node.may_write(store.position(sheet)) is None:
                self.node.hand_over(store, sheet, to, at=self.at)
                self.world.faults["hand-over"] += 1
        self.settle()

    def lend_pad(self, sheet: str, name: str) -> tuple[Pad, list[str]] | None:
        """Print numbered forms for a share of the sheet. Printed only when two media know it."""
        with self.transaction() as store:
            claims = people.free_claims(store, sheet)[:3]
            if len(claims) < 2 or self.node.may_write(store.position(sheet)):
                return None
            data = {"pad": name, "first": 1, "last": people.FORMS}
            draft = Draft("pad", claims=tuple(claims), data=data)
            entry: Entry = self.node.write(store, sheet, draft, at=self.at)
        settled = self.node.settle()
        self.tell(settled)
        is_told = any(line.id == entry.id for line in settled.told)
        return (Pad(name, 1, people.FORMS), claims) if is_told else None


class Transaction:
    """A transaction on a disk that may be full, or lose its power before or after the commit."""

    __slots__ = ("actor",)

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def __enter__(self) -> Store:
        self.actor.io("transaction")
        return self.actor.store.__enter__()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        actor, store = self.actor, self.actor.store
        if kind is None and store.is_touched:
            try:
                actor.io("commit")
                if actor.is_full:
                    raise DiskFull
            except (Killed, DiskFull) as fault:
                store.__exit__(type(fault))
                raise
        store.__exit__(kind)
        if kind is None:
            actor.io("committed")


def calmly(action: Callable[[], object]) -> None:
    """An outage of the witness or a full disk stops what was being done, and nothing else."""
    try:
        action()
    except (Silent, DiskFull, NotWritten):
        return
