"""One schedule: people at work while things fail (safety), then all is mended (liveness)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial

from sync.simulate import faults, people
from sync.simulate.actor import Actor
from sync.simulate.oracle import Promise, digest
from sync.simulate.world import HUB, World

LENGTH = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one schedule came to; the same seed gives the same outcome to the last bit."""

    seed: int
    violations: list[str]
    kinds: Counter[str]
    faults: Counter[str]
    promises: int
    rounds: int
    digest: str


def run(seed: int, *, stops_early: bool = False) -> Outcome:
    """Play the schedule of this seed, to its end or to the first violation."""
    world = World(seed, stops_early=stops_early)
    _plan_machines(world)
    _plan_people(world)
    papers = _plan_paper(world)
    faults.draw(world, LENGTH * 0.9)
    world.pass_time(LENGTH)
    rounds = 0
    if not world.is_over:
        rounds = world.heal(papers.hand_in_rest)
        world.oracle.judge([actor.store for actor in world.actors.values()])
    for device in world.devices.values():
        world.faults["witness refused"] += device.refused
    return Outcome(
        seed,
        world.oracle.violations,
        world.oracle.kinds,
        +world.faults,
        len(world.oracle.promises),
        rounds,
        "".join(digest(actor.store)[:16] for actor in world.actors.values()),
    )


def _plan_machines(world: World) -> None:
    random = world.random
    for name, actor in world.actors.items():
        start = random.uniform(0, 12)
        period = random.uniform(10, 16)
        for number in range(int(LENGTH / period)):
            world.later(start + number * period, partial(world.run, actor, actor.tick))
        if name != HUB:
            period = random.uniform(12, 25)
            for number in range(int(LENGTH / period)):
                world.later(number * period, partial(world.sync, actor, world.actors[HUB]))
    for on in people.SHEETS:
        if random.random() < 0.8:
            world.later(random.uniform(1, 40), partial(_hand_out, world, on))
        if random.random() < 0.4:
            world.later(random.uniform(200, 560), partial(_hand_out, world, on))


def _hand_out(world: World, on: str) -> None:
    """The evening's hand-over: from whoever holds the sheet to the other."""
    hub, local = world.actors[HUB], world.actors[people.facility_of(on)]
    for giver, receiver in ((hub, local), (local, hub)):
        if giver.is_up and giver.node.may_write(giver.store.position(on)) is None:
            newest = giver.directory.incarnations(receiver.name)[-1]
            world.run(giver, partial(giver.hand_over, on, newest))
            return


# People


def _plan_people(world: World) -> None:
    random = world.random
    for _ in range(random.randint(20, 40)):
        world.later(random.uniform(5, LENGTH), lambda: _request(world))
    for _ in range(random.randint(6, 18)):
        world.later(random.uniform(60, LENGTH), lambda: _afterthought(world))


def _somebody(world: World, on: str) -> Actor:
    local = world.actors[people.facility_of(on)]
    return (
        local if world.random.random() < 0.6 else world.random.choice(list(world.actors.values()))
    )


def _request(world: World) -> None:
    on = world.random.choice(people.SHEETS)
    actor, claims = _somebody(world, on), people.some_claims(world.random)
    data = {"pays": True} if world.random.random() < 0.5 else {}
    world.run(actor, lambda: actor.ask(on, "request", claims=claims, data=data))


def _afterthought(world: World) -> None:
    """A person with a promise comes back: cancels, changes, pays or wants the money back."""
    random = world.random
    promises = [p for p in world.oracle.promises.values() if not p.owner.startswith("form:")]
    if not promises:
        return
    promise = random.choice(promises)
    on, of = promise.on, promise.owner
    actor, other = _somebody(world, on), _somebody(world, on)
    match random.choice(("cancel", "cancel", "change", "payment", "payment", "payment", "refund")):
        case "cancel":
            world.run(actor, lambda: actor.ask(on, "cancel", data={"of": of}))
        case "change":
            claims = people.some_claims(random)
            world.run(actor, lambda: actor.ask(on, "change", claims=claims, data={"of": of}))
        case "payment":
            world.run(actor, lambda: actor.post(on, "payment", data={"of": of}))
            world.run(actor, actor.settle)
        case "refund":
            world.run(actor, lambda: actor.ask(on, "refund", data={"of": of}))
            world.run(other, lambda: other.ask(on, "refund", data={"of": of}))


# Paper


class Papers:
    """Pads that were printed, and the heap of forms to be typed in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heap: list[tuple[str, dict[str, object], list[str]]] = []

    def print_pad(self, name: str) -> None:
        world = self.world
        on = world.random.choice(people.SHEETS)
        for actor in world.actors.values():
            if not actor.is_up or actor.node.may_write(actor.store.position(on)):
                continue
            printed: list[tuple[str, list[str]]] = []

            def lend(actor: Actor = actor, to: list[tuple[str, list[str]]] = printed) -> None:
                lent = actor.lend_pad(on, name)
                to += [(lent[0].name, lent[1])] if lent else []

            world.run(actor, lend)
            for pad, claims in printed:
                self._give_out(on, pad, claims)
            return

    def _give_out(self, on: str, pad: str, share: list[str]) -> None:
        """The clerk fills forms by hand; the master grid keeps two forms off one cell."""
        random, grid = self.world.random, list(share)
        for form in range(1, people.FORMS + 1):
            data: dict[str, object] = {"pad": pad, "form": form}
            claims = [grid.pop()] if grid and random.random() < 0.8 else []
            if claims:
                owner = f"form:{pad}:{form}"
                promise = Promise(on, owner, tuple(claims))
                self.world.later(random.uniform(0, 60), partial(self.world.oracle.promise, promise))
                if random.random() < 0.15:
                    # The copy is gone; the grid still says which cell it was.
                    self.world.faults["form lost"] += 1
                    data["status"] = "lost"
            self.heap.append((on, data, claims))
            if random.random() < 0.7:
                self.world.later(random.uniform(80, 300), partial(self.type_in, self.heap[-1]))

    def type_in(self, form: tuple[str, dict[str, object], list[str]]) -> None:
        """Typed in at any desk, perhaps read wrongly, perhaps typed already."""
        on, data, claims = form
        actor = _somebody(self.world, on)
        if self.world.random.random() < 0.2:
            self.world.faults["paper misread"] += 1
            wrong = [self.world.random.choice(people.RESOURCES)]
            elsewhere = {**data, "form": people.FORMS + 1}
            self._ask(actor, on, elsewhere, wrong)
        if self.world.random.random() < 0.3:
            self.world.faults["paper typed twice"] += 1
            self._ask(_somebody(self.world, on), on, data, claims)
        self._ask(actor, on, data, claims)

    def _ask(self, actor: Actor, on: str, data: dict[str, object], claims: list[str]) -> None:
        self.world.run(actor, lambda: actor.ask(on, "paper", claims=claims, data=data))

    def hand_in_rest(self) -> None:
        """After the outage every form on the heap is typed in, also those that were already."""
        for form in self.heap:
            self.world.later(0.0, partial(self.type_in, form))
        self.world.pass_time(self.world.now + 1)


def _plan_paper(world: World) -> Papers:
    papers = Papers(world)
    for number in range(world.random.randint(0, 2)):
        at = world.random.uniform(40, 400)
        world.later(at, partial(papers.print_pad, f"P{number}"))
    return papers
