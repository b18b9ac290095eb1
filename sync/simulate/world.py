"""The seeded world: one queue of events, a network that fails, machines, and one all-seeing oracle.

Everything random comes from one generator and everything iterates in a fixed order, so a seed
repeats to the last bit. The world knows neither rules nor faults: people.py and faults.py use it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from sync import exchange, sheet
from sync.document import Document, hash_of
from sync.members import Directory, Member, certify, sign_together
from sync.sheet import KINDS, Kind, Position
from sync.simulate import people
from sync.simulate.actor import Actor, Killed, calmly
from sync.simulate.devices import Device, PaperKey, verify
from sync.simulate.oracle import Oracle
from sync.store import Head

REGION = "simulated"
HUB = "hub"
NAMES = (HUB, *people.FACILITIES)
NEW_PROGRAM: Mapping[str, Kind] = {**KINDS, "swap": Kind(settles=True, claims=True)}
OLD_PROGRAM: Mapping[str, Kind] = KINDS
ROUNDS_MAX = 40


class Network:
    """What happens to a message on its way."""

    def __init__(self) -> None:
        self.cut: dict[tuple[str, str], float] = {}
        self.loss = self.duplication = self.reordering = self.lateness = self.flips = 0.0
        self.is_slow = False

    def is_cut(self, source: str, target: str, now: float) -> bool:
        return self.cut.get((source, target), 0.0) > now


class World:
    """One schedule's region."""

    def __init__(self, seed: int, *, stops_early: bool = False) -> None:
        self.random = Random(seed)
        self.stops_early = stops_early
        self.now = 0.0
        self.queue: list[tuple[float, int, Callable[[], object]]] = []
        self.count = 0
        self.wishes = 0
        self.faults: Counter[str] = Counter()
        self.oracle = Oracle()
        self.network = Network()
        self.devices: dict[str, Device] = {}
        self.decides_on_absence = True
        self.current: Actor | None = None
        self.root = PaperKey("root")
        self.officers = [PaperKey(f"officer {number}") for number in (1, 2, 3)]
        self.certificates: list[Mapping[str, Any]] = []
        self.incarnation: Counter[str] = Counter()
        self.actors: dict[str, Actor] = {}
        self.clones: list[Actor] = []
        self.off_line: dict[tuple[str, str], float] = {}
        self.archive: list[Document] = []
        for officer in self.officers:
            member = Member(f"o-{officer.id}", 1, officer.public, frozenset({"officer"}), "")
            self.certificates.append(certify(member, self.root, region=REGION))
        keys = {name: self.new_key(name, f"w-{name}") for name in NAMES}
        self.home = keys[HUB].id
        for name in NAMES:
            self.actors[name] = Actor(name, self, keys[name], self.new_directory())
        for name in NAMES:
            self.run(self.actors[name], self.actors[name].boot)

    # Keys and devices

    def new_key(self, name: str, device: str) -> PaperKey:
        """The next incarnation of a node, certified by the region."""
        self.incarnation[name] += 1
        number = self.incarnation[name]
        key = PaperKey(f"{name} {number}")
        roles = frozenset({"node", "adopter"} if name == HUB else {"node"})
        member = Member(name, number, key.public, roles, device)
        self.certificates.append(certify(member, self.root, region=REGION))
        if device not in self.devices:
            self.devices[device] = Device(device, self._on_taken)
        return key

    def new_directory(self) -> Directory:
        directory = Directory(REGION, self.root.public, self.home, verifier=verify)
        for certificate in self.certificates:
            directory.add(certificate)
        return directory

    def _on_taken(self, line: Document) -> None:
        assert self.current is not None
        is_own = line.author == self.current.key.id
        is_old = is_own and not self.current.is_new_program
        self.oracle.witnessed(line, by_old_program=is_old)

    def reaches_device(self, actor: Actor, name: str) -> bool:
        """A device stands beside its own node; others need the line to that node."""
        home = name.split("-")[1]
        return home == actor.name or not self.network.is_cut(actor.name, home, self.now)

    def officers_sign(self, on: str, position: Position, to: Member) -> dict[str, str] | None:
        """Two officers sign once they have heard everybody that nobody is further on this sheet."""
        heads = [actor.store.head(on).number for actor in self.everybody()]
        heads += [len(device.lines.get(on, ())) for device in self.live_devices()]
        if max(heads) > position.number:
            return None
        number, previous = position.number + 1, position.hash
        statement = {"adopt": on, "number": number, "previous": previous}
        statement |= {"to": to.key, "accounted": "tail"}
        return sign_together(statement, self.officers[:2], region=REGION)

    def live_devices(self) -> list[Device]:
        return [device for device in self.devices.values() if not device.is_lost]

    def everybody(self) -> list[Actor]:
        return [*self.actors.values(), *self.clones]

    # Time

    def next_wish(self) -> int:
        """A number for each time that somebody says something at a counter."""
        self.wishes += 1
        return self.wishes

    def later(self, delay: float, action: Callable[[], object]) -> None:
        self.count += 1
        heapq.heappush(self.queue, (self.now + delay, self.count, action))

    def pass_time(self, until: float) -> None:
        while self.queue and self.queue[0][0] <= until and not self.is_over:
            self.now, _, action = heapq.heappop(self.queue)
            action()
        self.now = until

    @property
    def is_over(self) -> bool:
        """Whether one violation is enough, and there is one."""
        return self.stops_early and bool(self.oracle.violations)

    def run(self, actor: Actor, action: Callable[[], object]) -> None:
        """Let a machine do something; it may lose its power in the middle."""
        if not actor.is_up:
            return
        self.current = actor
        sheet.KINDS = NEW_PROGRAM if actor.is_new_program else OLD_PROGRAM
        try:
            calmly(action)
        except Killed:
            self.crash(actor, back_in=self.random.uniform(5, 60))
        finally:
            sheet.KINDS = OLD_PROGRAM

    def crash(self, actor: Actor, *, back_in: float) -> None:
        actor.is_up = False
        self.later(back_in, lambda: self.start(actor))

    def start(self, actor: Actor) -> None:
        if not actor.is_up and (not actor.is_clone or actor in self.clones):
            actor.is_up = True
            self.run(actor, actor.boot)

    # Words to people

    def hear(self, actor: Actor, lines: Sequence[Document]) -> None:
        """The persons concerned are told what these lines say."""
        for line in lines:
            if line.id not in self.oracle.told:
                self.oracle.tell(line, self._media(line))

    def _media(self, line: Document) -> int:
        count = 0
        for device in self.devices.values():
            count += device.has(line)
        for actor in self.everybody():
            count += actor.store.has(line.id)
            if count > 1:
                break
        return count

    # The network

    def send(self, source: Actor, target: Actor, deliver: Callable[[], object]) -> None:
        """One message: it may be lost, doubled, late, out of order, or cut off."""
        network, random = self.network, self.random
        if network.is_cut(source.name, target.name, self.now):
            self.faults["message cut off"] += 1
            return
        if random.random() < network.loss:
            self.faults["loss"] += 1
            return
        delay = 0.05
        if random.random() < network.reordering:
            self.faults["reorder"] += 1
            delay += random.uniform(0, 20)
        if random.random() < network.lateness:
            self.faults["late"] += 1
            delay += random.uniform(60, 200)
        if network.is_slow:
            self.faults["slow link"] += 1
            delay += random.uniform(3, 15)
        self.later(delay, lambda: self.run(target, deliver))
        if random.random() < network.duplication:
            self.faults["duplicate"] += 1
            self.later(delay + random.uniform(0, 60), lambda: self.run(target, deliver))

    def sync(self, one: Actor, other: Actor) -> None:
        """One round: one says what it has, the other sends what lacks and says what it has."""
        if one.is_up and other.is_up:
            heads, certificates = one.store.heads(), list(self.certificates_of(one))
            self.send(one, other, lambda: self._on_heads(one, other, heads, certificates, True))

    def certificates_of(self, actor: Actor) -> list[Mapping[str, Any]]:
        return actor.directory.certificates()

    def _on_heads(
        self,
        sender: Actor,
        receiver: Actor,
        heads: Mapping[str, Head],
        certificates: Sequence[Mapping[str, Any]],
        is_first: bool,
    ) -> None:
        self.learn(receiver, certificates)
        documents = exchange.lacking(
            receiver.store, heads, limit=5 if self.network.is_slow else 500
        )
        if documents:
            carried = self._carried(documents)
            self.send(receiver, sender, lambda: self.deliver(sender, carried))
        if is_first:
            ours, known = receiver.store.heads(), self.certificates_of(receiver)
            back = receiver, sender, ours, known, False
            self.send(receiver, sender, lambda: self._on_heads(*back))

    def learn(self, actor: Actor, certificates: Sequence[Mapping[str, Any]]) -> None:
        """Certificates that came along; then what waited for them."""
        news = [c for c in certificates if actor.directory.member(c["_id"][7:]) is None]
        for certificate in news:
            actor.directory.add(certificate)
        if news:
            with actor.transaction() as store:
                receipt = exchange.retry(store, actor.directory)
            self.hear(actor, receipt.applied)

    def _carried(self, documents: list[Document]) -> list[Document]:
        if self.network.flips and self.random.random() < self.network.flips:
            self.faults["bit flip on the wire"] += 1
            place = self.random.randrange(len(documents))
            documents = documents[:]
            documents[place] = flipped(documents[place], self.random)
        return documents

    def deliver(self, actor: Actor, documents: Sequence[Document]) -> None:
        """Documents arrive, by whatever carrier."""
        receipt = actor.node.receive(documents)
        self.hear(actor, receipt.applied)

    def hand(self, actor: Actor, documents: Sequence[Document]) -> None:
        """A stick, or a stranger, brings documents at once."""
        self.run(actor, lambda: self.deliver(actor, documents))

    # After the faults

    def heal(self, hand_in_papers: Callable[[], None]) -> int:
        """Everything works again and everybody has the new program; returns the rounds it took.

        Machines that run are left running: a start would read the witness and hide what was missed.
        """
        self.network = Network()
        self.queue.clear()
        self.clones.clear()
        for device in self.devices.values():
            device.is_silent = device.loses_answers = False
        for actor in self.actors.values():
            must_boot = actor.is_damaged or not actor.is_up or self.faults["mixed versions"]
            actor.is_full, actor.kill_in, actor.is_up, actor.is_new_program = False, 0, True, True
            if must_boot:
                self.run(actor, actor.boot)
        hub = self.actors[HUB]
        self.run(hub, lambda: self.deliver(hub, self.archive))
        for number in range(ROUNDS_MAX):
            self.now += 30
            if number == 1:
                hand_in_papers()
            for actor in self.actors.values():
                if actor.node.why_suspended.startswith("another copy"):
                    self.reincarnate(actor)
                self.run(actor, actor.tick)
            for name in people.FACILITIES * 2:
                self.sync(self.actors[name], hub)
                self.pass_time(self.now + 0.5)
                self.queue.clear()
            if number > 2 and self.is_quiet():
                return number + 1
        return ROUNDS_MAX

    def is_quiet(self) -> bool:
        """Whether all nodes have the same heads and nothing waits for an answer."""
        first, *others = [actor.store for actor in self.actors.values()]
        heads = first.heads()
        return all(store.heads() == heads for store in others) and not any(
            on not in self.oracle.spoiled for on in first.sheets_waiting()
        )

    def reincarnate(self, actor: Actor, *, device: str = "", is_lost: bool = False) -> None:
        """S9: the operator's command `restore`: a new key, and the old one is never used again."""
        old = actor.me.witness
        actor.key = self.new_key(actor.name, device or old)
        if is_lost:
            actor.dead.add(old)
        for certificate in self.certificates:
            actor.directory.add(certificate)
        actor.is_begun = False
        self.run(actor, actor.boot)


def flipped(document: Document, random: Random) -> Document:
    """The document with one bit wrong, as a disk or a line may bring it."""
    raw = bytearray(document.raw)
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    digest = hash_of(bytes(raw))
    changed = document.id.removesuffix(document.hash) + digest
    return replace(document, raw=bytes(raw), hash=digest, id=changed)
