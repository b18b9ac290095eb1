"""What goes wrong, each kind counted when it fires. A schedule draws some kinds and rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from sync.document import Document, Entry, seal
from sync.node import Draft, NotWritten
from sync.simulate import people
from sync.simulate.actor import Actor
from sync.simulate.devices import PaperKey
from sync.simulate.world import HUB, REGION, World, flipped
from sync.store import Head

Fault = Callable[[World, Actor], None]

# Which machines' disks may fail; the others may lose their witness instead. A holder and its
# witness that are destroyed together are the stated limit, so no schedule does both to one node.
DISK, WITNESS = "disk", "witness"


def draw(world: World, length: float) -> None:
    """Choose this schedule's faults and put them on its calendar."""
    random = world.random
    _draw_network(world, random)
    weak = {name: random.choice((DISK, WITNESS)) for name in world.actors}
    for fault, needs in FAULTS.values():
        if random.random() < 0.3:
            for _ in range(random.randint(1, 3)):
                _plan(world, fault, needs, weak, random.uniform(20, length))


def _plan(world: World, fault: Fault, needs: str, weak: Mapping[str, str], at: float) -> None:
    target = world.random.choice(
        [each for each in weak if not needs or weak[each] == needs] or [""]
    )
    if target:
        world.later(at, partial(fault, world, world.actors[target]))


def _draw_network(world: World, random: Random) -> None:
    network = world.network
    for name in ("loss", "duplication", "reordering", "lateness", "flips"):
        if random.random() < 0.4:
            setattr(network, name, random.choice((0.02, 0.1, 0.3)))


# The line


def cut_both(world: World, actor: Actor) -> None:
    """The facility is alone."""
    _cut(world, actor, world.random.uniform(20, 250), is_both=True)
    world.faults["two-way cut"] += 1


def cut_one_way(world: World, actor: Actor) -> None:
    """Words go out and none come in, or the other way round."""
    _cut(world, actor, world.random.uniform(20, 250), is_both=False)
    world.faults["one-way cut"] += 1


def flap(world: World, actor: Actor) -> None:
    """The line comes and goes."""
    world.faults["flapping"] += 1
    for number in range(6):
        world.later(number * 12, lambda: _cut(world, actor, 7, is_both=True))


def slow(world: World, actor: Actor) -> None:
    """A thin line: everything arrives late and in small pieces."""
    world.network.is_slow = True
    world.later(world.random.uniform(30, 150), lambda: setattr(world.network, "is_slow", False))


def _cut(world: World, actor: Actor, seconds: float, *, is_both: bool) -> None:
    others = [name for name in world.actors if name != actor.name]
    is_outgoing = world.random.random() < 0.5
    for other in others:
        pair = (actor.name, other) if is_outgoing else (other, actor.name)
        for way in (pair, pair[::-1]) if is_both else (pair,):
            world.network.cut[way] = world.now + seconds


def hub_down(world: World, actor: Actor) -> None:
    """The shared service is off."""
    hub = world.actors[HUB]
    if hub.is_up:
        world.faults["hub down"] += 1
        world.crash(hub, back_in=world.random.uniform(60, 300))


# The machine


def crash(world: World, actor: Actor) -> None:
    """The power fails between two actions."""
    if actor.is_up:
        world.faults["crash"] += 1
        world.crash(actor, back_in=world.random.uniform(3, 60))


def kill_at_io(world: World, actor: Actor) -> None:
    """The power fails at the N-th read or write from now; counted where it happens."""
    actor.kill_in = world.random.randint(1, 60)


def lose_fsync(world: World, actor: Actor) -> None:
    """The disk said that it had written, and had not."""
    if actor.is_up and actor.is_begun:
        image = actor.store.image()

        def come_back() -> None:
            world.faults["lost fsync"] += 1
            actor.is_up = False
            actor.store.load(image)
            world.start(actor)

        incarnation = world.incarnation[actor.name]
        world.later(
            world.random.uniform(1, 8),
            lambda: come_back() if world.incarnation[actor.name] == incarnation else None,
        )


def fill_disk(world: World, actor: Actor) -> None:
    """Nothing more can be written for a while."""
    world.faults["disk full"] += 1
    actor.is_full = True
    world.later(world.random.uniform(20, 120), lambda: setattr(actor, "is_full", False))


def flip_bit(world: World, actor: Actor) -> None:
    """A line on the disk is not what was written; the check at the next start finds it."""
    chains = [name for name, chain in actor.store.chains_.items() if chain.lines]
    if not chains:
        return
    world.faults["bit flip"] += 1
    lines = actor.store.chains_[world.random.choice(chains)].lines
    place = world.random.randrange(len(lines))
    lines[place] = flipped(lines[place], world.random)
    actor.is_damaged = True
    actor.is_up = False
    actor.store.load(actor.store.image())
    world.start(actor)


def restore_silently(world: World, actor: Actor) -> None:
    """Somebody copies last week's disk back and tells nobody.

    Often the line was down all the time, and the witness is plugged in again a little later.
    """
    if not actor.is_begun:
        return
    image, incarnation = actor.store.image(), world.incarnation[actor.name]
    device, delay = world.devices[actor.me.witness], world.random.uniform(20, 200)
    is_moved = world.random.random() < 0.5

    def come_back() -> None:
        if world.incarnation[actor.name] == incarnation:
            world.faults["silent restore"] += 1
            actor.is_up = False
            actor.store.load(image)
            device.is_silent = device.is_silent or is_moved
            world.later(world.random.uniform(0, 20), lambda: world.start(actor))
            world.later(world.random.uniform(20, 60), lambda: setattr(device, "is_silent", False))

    if is_moved:
        _cut(world, actor, delay + 60, is_both=True)
    world.later(delay, come_back)


def restore(world: World, actor: Actor) -> None:
    """The documented way: the command `restore`, after which the node has a new key."""
    image = actor.store.image()

    def come_back() -> None:
        world.faults["announced restore"] += 1
        actor.store.load(image)
        actor.is_up = True
        world.reincarnate(actor)

    world.later(world.random.uniform(20, 200), come_back)


def replace_machine(world: World, actor: Actor) -> None:
    """The machine burns; a new one is set up from nothing beside the old witness."""
    world.faults["replacement"] += 1
    actor.store.load(({}, {}))
    actor.is_up = True
    world.reincarnate(actor)


def clone(world: World, actor: Actor) -> None:
    """A copied virtual machine runs beside the original for a while: one key, one witness."""
    if not actor.is_begun or world.clones:
        return
    world.faults["clone"] += 1
    copy = Actor(actor.name, world, actor.key, actor.directory)
    copy.is_clone, copy.is_up, copy.is_new_program = True, False, actor.is_new_program
    copy.store.load(actor.store.image())
    world.clones.append(copy)
    world.start(copy)
    for number in range(12):
        sheet, claims = world.random.choice(people.SHEETS), people.some_claims(world.random)
        asking = partial(copy.ask, sheet, "request", claims=claims)
        world.later(number * 9, partial(world.run, copy, copy.tick))
        world.later(number * 9 + 4, partial(world.run, copy, asking))
        world.later(number * 9 + 6, partial(world.sync, copy, world.actors[HUB]))

    def end() -> None:
        copy.is_up = False
        if copy in world.clones:
            world.clones.remove(copy)

    world.later(110, end)


def jump_clock(world: World, actor: Actor) -> None:
    """Somebody sets the clock, by seconds or by ten years."""
    world.faults["clock jump"] += 1
    actor.offset = world.random.choice((-1, 1)) * world.random.choice((5, 400, 3e8))


def drift_clock(world: World, actor: Actor) -> None:
    """The clock stands, or runs at another speed."""
    world.faults["clock drift"] += 1
    actor.drift = world.random.choice((0.0, 0.5, 1.01, 3.0))


# The witness


def silence_witness(world: World, actor: Actor) -> None:
    """The medium is pulled out and put back."""
    device = world.devices[actor.me.witness]
    world.faults["witness silent"] += 1
    device.is_silent = True
    world.later(world.random.uniform(10, 150), lambda: setattr(device, "is_silent", False))


def lose_answers(world: World, actor: Actor) -> None:
    """The witness takes the line, and its answer never arrives."""
    device = world.devices[actor.me.witness]
    world.faults["witness answer lost"] += 1
    device.loses_answers = True
    world.later(world.random.uniform(5, 60), lambda: setattr(device, "loses_answers", False))


def lose_witness(world: World, actor: Actor) -> None:
    """The medium is gone for good. The operator begins again with another one."""
    device = world.devices[actor.me.witness]
    if device.is_lost or not actor.is_begun or not actor.is_up:
        return
    world.faults["witness lost"] += 1
    device.is_lost = True
    fresh = f"w-{actor.name}-{world.incarnation[actor.name] + 1}"

    def begin() -> None:
        actor.is_up = True
        world.reincarnate(actor, device=fresh, is_lost=True)

    begin()


# People and strangers


def adopt(world: World, actor: Actor) -> None:
    """The hub seizes the sheets of a node that it believes lost, whether it is or not."""
    hub = world.actors[HUB]

    def seize() -> None:
        for on in people.SHEETS:
            holder = hub.directory.member(hub.store.position(on).holder)
            if holder and holder.node == actor.name and hub.node.may_write(hub.store.position(on)):
                try:
                    hub.tell(hub.node.adopt(on, holder.key, at=hub.at))
                    world.faults["adoption"] += 1
                except NotWritten:
                    continue

    if actor is not hub and not hub.node.why_suspended:
        world.run(hub, seize)


def write_new_kind(world: World, actor: Actor) -> None:
    """A node with a newer program writes a kind of line that the others do not know."""
    actor.is_new_program = True

    def write() -> None:
        for on in people.SHEETS:
            with actor.transaction() as store:
                free = people.free_claims(store, on)
                if free and not actor.node.may_write(store.position(on)):
                    draft = Draft("swap", (f"swap:{world.count}",), (free[0],))
                    actor.node.write(store, on, draft, at=actor.at)
                    world.faults["mixed versions"] += 1
                    break
        actor.settle()

    world.run(actor, actor.boot)
    world.run(actor, write)


def lie(world: World, actor: Actor) -> None:
    """A compromised holder signs a second line for a number that it has told already."""
    for on in people.SHEETS:
        lines = actor.store.lines(on)
        own = [line for line in lines if line.author == actor.key.id and line.kind == "confirm"]
        held = actor.store.position(on).holder == actor.key.id
        if own and held and actor.store.head(on).number >= own[-1].number:
            world.faults["compromised signer"] += 1
            rival = _forged(own[-1], actor.key, settles=["a lie"], claims=[people.RESOURCES[-1]])
            world.oracle.spoil(on)
            others = [each for each in world.actors.values() if each is not actor]
            world.hand(world.random.choice(others), [rival])
            world.archive.append(rival)
            return


def forge(world: World, actor: Actor) -> None:
    """A node writes on a sheet that it does not hold, and a stranger writes too."""
    for on in people.SHEETS:
        head = actor.store.head(on)
        position = actor.store.position(on)
        if position.holder != actor.key.id and 0 < head.number == position.number:
            before = actor.store.lines(on, after=head.number - 1, through=head.number)[0]
            assert isinstance(before, Entry)
            body = {"number": head.number + 1, "previous": head.hash, "settles": ["a forgery"]}
            claims = list(people.RESOURCES[:1])
            by_member = _forged(before, actor.key, **body, kind="confirm", claims=claims)
            by_nobody = _forged(before, PaperKey("nobody"), **body, kind="confirm", claims=claims)
            world.faults["forged entry"] += 1
            for victim in world.actors.values():
                world.hand(victim, [by_member, by_nobody])
            return


def _forged(line: Document, key: PaperKey, **changes: object) -> Entry:
    body = {
        "type": "entry",
        "chain": line.chain,
        "number": line.number,
        "previous": line.previous,
        "at": line.at,
        "kind": line.kind,
        "data": {"forged": True},
        **changes,
    }
    entry = seal(body, key, region=REGION)
    assert isinstance(entry, Entry)
    return entry


def replay_bundle(world: World, actor: Actor) -> None:
    """An old stick is read in again, at another node, in any order."""
    documents = [line for chain in actor.store.chains() for line in actor.store.lines(chain)]
    heads = actor.store.heads()
    documents = [d for d in documents if d.number <= heads.get(d.chain, Head(0, "")).number]
    world.random.shuffle(documents)
    target = world.random.choice(list(world.actors.values()))

    def read_in() -> None:
        world.faults["replayed bundle"] += 1
        world.hand(target, documents)

    world.later(world.random.uniform(1, 300), read_in)


def foreign_bundle(world: World, actor: Actor) -> None:
    """A bundle of another region: the same keys' names, other signatures."""
    documents = [
        replace(line, signature=actor.key.sign(b"tonari 1 elsewhere\n" + line.raw))
        for chain in actor.store.chains()[:2]
        for line in actor.store.lines(chain, through=actor.store.head(chain).number)[-3:]
    ]
    if documents:
        world.faults["foreign bundle"] += 1
        target = world.random.choice(list(world.actors.values()))
        world.hand(target, documents)


FAULTS: Mapping[str, tuple[Fault, str]] = {
    "two-way cut": (cut_both, ""),
    "one-way cut": (cut_one_way, ""),
    "flapping": (flap, ""),
    "slow link": (slow, ""),
    "hub down": (hub_down, ""),
    "crash": (crash, ""),
    "kill at an I/O": (kill_at_io, ""),
    "lost fsync": (lose_fsync, DISK),
    "disk full": (fill_disk, ""),
    "bit flip": (flip_bit, DISK),
    "silent restore": (restore_silently, DISK),
    "announced restore": (restore, DISK),
    "replacement": (replace_machine, DISK),
    "clone": (clone, DISK),
    "clock jump": (jump_clock, ""),
    "clock drift": (drift_clock, ""),
    "witness silent": (silence_witness, ""),
    "witness answer lost": (lose_answers, ""),
    "witness lost": (lose_witness, WITNESS),
    "adoption": (adopt, ""),
    "mixed versions": (write_new_kind, ""),
    "compromised signer": (lie, ""),
    "forged entry": (forge, ""),
    "replayed bundle": (replay_bundle, ""),
    "foreign bundle": (foreign_bundle, ""),
}
