"""The same documents, in any order, as often as they like: the same tables."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import exchange, sheet
from sync.document import Document, Entry, scope_of, seal
from sync.members import Directory, Member, certify
from sync.simulate import faults, people, schedule
from sync.simulate.memory import MemoryStore
from sync.simulate.oracle import digest
from sync.simulate.world import HUB, NEW_PROGRAM, World
from sync.store import Aside, Head
from tests.sync.desks import GYM, HALL, REGION, Desk, Region, a_key, sync


@cache
def a_history(seed: int) -> tuple[Directory, tuple[Document, ...], str]:
    """What a simulated region wrote in ten minutes of faults, and what the hub made of it."""
    world = World(seed)
    schedule._plan_machines(world)
    schedule._plan_people(world)
    papers = schedule._plan_paper(world)
    faults.draw(world, 500)
    world.pass_time(600)
    world.heal(papers.hand_in_rest)
    hub = world.actors[HUB]
    standing = [line for chain in hub.store.chains() for line in hub.store.lines(chain)]
    evidence = hub.store.aside(why=Aside.FORK)
    return hub.directory, (*standing, *evidence), digest(hub.store)


@settings(max_examples=12)
@given(st.integers(1, 4), st.randoms(use_true_random=False), st.data())
def test_i7_any_order_and_any_repetition_give_the_same_tables(seed, random, data):
    directory, documents, expected = a_history(seed)
    order = [*documents, *data.draw(st.lists(st.sampled_from(documents), max_size=30))]
    random.shuffle(order)
    store = MemoryStore(directory)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "KINDS", NEW_PROGRAM)
        while order:
            size = random.randint(1, 40)
            batch, order = order[:size], order[size:]
            with store.transaction():
                exchange.receive(store, directory, batch)

    assert digest(store) == expected
    assert store.aside(why=Aside.WAITING) == []


def test_a_peer_is_sent_what_it_lacks_in_order(hub):
    for number in range(5):
        hub.write(GYM, "confirm", str(number), claims=(f"c{number}",))
    hub.node.settle()

    with hub.transaction() as store:
        lines = list(store.lines(GYM))
        assert exchange.lacking(store, {}) == lines
        assert exchange.lacking(store, {GYM: Head(3, lines[2].hash)}) == lines[3:]
        assert exchange.lacking(store, {}, limit=2) == lines[:2]
        assert exchange.lacking(store, {GYM: Head(3, "another branch")}) == lines
        assert exchange.lacking(store, store.heads()) == []


def test_what_comes_too_early_waits_and_its_gap_is_known(region, hub):
    gym = region.desk("gym")
    for number in range(4):
        hub.write(GYM, "confirm", str(number), claims=(f"c{number}",))
    with hub.transaction() as store:
        lines = list(store.lines(GYM))

    receipt = gym.node.receive([lines[3], lines[2]])
    assert receipt.waiting == 2 and receipt.applied == []
    with gym.transaction() as store:
        assert exchange.gaps(store) == {GYM: range(1, 3)}

    assert gym.node.receive([lines[1], lines[0]]).applied == lines
    with gym.transaction() as store:
        assert exchange.gaps(store) == {} and store.aside() == []


def test_documents_of_an_unknown_signer_wait_for_the_certificate(region, hub):
    stranger = a_key("annex 1")
    body = {"type": "slip", "number": 1, "kind": "request", "sheet": GYM, "asks": True}
    chain = f"{scope_of(GYM)}/log/{stranger.id}"
    slip = seal({**body, "chain": chain}, stranger, region=REGION)

    assert hub.node.receive([slip]).refused == 1
    with hub.transaction() as store:
        assert store.aside(why=Aside.UNKNOWN_SIGNER) == [slip]

    member = Member("annex", 1, stranger.public, frozenset({"node"}), "w")
    hub.node.directory.add(certify(member, region.root, region=REGION))
    with hub.transaction() as store:
        assert exchange.retry(store, hub.node.directory).applied == [slip]
        assert store.aside() == []


@pytest.mark.parametrize("forger", ["gym 1 of kanagawa-test", "nobody"])
def test_a_forged_line_is_kept_apart_and_stops_nothing(forger, region, hub):
    gym = region.desk("gym")
    body = {"type": "entry", "chain": HALL, "number": 1, "kind": "confirm"}
    forged = seal({**body, "settles": ["x"], "claims": ["room"]}, a_key(forger), region=REGION)
    hub.write(HALL, "confirm", "a", claims=("room",))
    hub.node.settle()
    with hub.transaction() as store:
        good = list(store.lines(HALL))

    gym.node.receive([forged, *good])

    assert gym.owner(HALL, "room") == "a"
    with gym.transaction() as store:
        assert store.aside(HALL) == [forged]
        assert not store.position(HALL).is_forked


def test_a_line_that_the_holder_may_not_write_is_evidence(region, hub):
    gym = region.desk("gym")
    hub.write(GYM, "confirm", "a", claims=("court",))
    with hub.transaction() as store:
        first = store.lines(GYM)[0]
    body = {"type": "entry", "chain": GYM, "number": 2, "previous": first.hash, "kind": "confirm"}
    twice = seal({**body, "settles": ["b"], "claims": ["court"]}, hub.node.key, region=REGION)
    assert isinstance(twice, Entry)

    gym.node.receive([first, twice])

    assert gym.owner(GYM, "court") == "a"
    with gym.transaction() as store:
        assert store.position(GYM).forked_at == 2


def test_the_audit_finds_what_the_transport_left_out(region: Region, hub: Desk):
    gym = region.desk("gym")
    hub.write(GYM, "confirm", "a", claims=("court",))
    hub.request(HALL, "room")
    hub.node.settle()
    gym.request(HALL, "room")
    gym.node.settle()
    with hub.transaction() as store:
        theirs = store.heads()

    with gym.transaction() as store:
        found = exchange.audit(store, theirs)

    assert set(found.behind) == {GYM, *(c for c in theirs if hub.me.key in c)}
    assert [len(lines) for lines in found.ahead.values()] == [1]
    assert found.differing == [] and not found.is_complete
    sync(hub, gym)
    with gym.transaction() as store, hub.transaction() as other:
        assert exchange.audit(store, other.heads()).is_complete
        wrong = {GYM: Head(1, "x")}
        assert exchange.audit(store, wrong).wanted == [GYM]


def test_i11_a_node_is_offered_nothing_out_of_its_scope(hub):
    elsewhere = "13219-2026/pool/2026-07-01"
    for on in (GYM, elsewhere):
        hub.write(on, "confirm", "a", claims=("x",))
        hub.request(on, "y")
    hub.node.settle()

    with hub.transaction() as store:
        everything = exchange.lacking(store, {})
        own = exchange.lacking(store, {}, scope=lambda chain: scope_of(chain) == scope_of(GYM))

    assert {scope_of(line.chain) for line in everything} == {scope_of(GYM), scope_of(elsewhere)}
    assert {scope_of(line.chain) for line in own} == {scope_of(GYM)}
    assert scope_of(GYM) == people.SCOPE


def test_a_forked_sheet_takes_each_line_of_evidence_once(region, hub, monkeypatch):
    gym, count, looked = region.desk("gym"), 40, []
    lines: list[Document] = []
    for word in "ab":
        branch: list[Document] = []
        for number in range(1, count + 1):
            body = {"type": "entry", "chain": GYM, "number": number, "kind": "refuse"}
            body |= {"previous": branch[-1].hash if branch else "", "settles": [f"{word}{number}"]}
            branch.append(seal(body, hub.node.key, region=REGION))
        lines += branch[:1] if word == "a" else branch[::-1]
    place = exchange._place

    def counted(*arguments):
        looked.append(1)
        return place(*arguments)

    monkeypatch.setattr(exchange, "_place", counted)
    gym.node.receive(lines)

    with gym.transaction() as store:
        assert store.position(GYM).forked_at == 1
        assert len(store.aside(GYM, Aside.FORK)) == count + 1
    assert len(looked) <= 3 * count
