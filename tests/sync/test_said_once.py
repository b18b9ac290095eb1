"""S6 and S9: what a node says is said once, whoever else has its key, its disk or its place."""

from __future__ import annotations

from dataclasses import replace

from sync.document import log_of
from tests.sync.desks import GYM, SCOPE, Desk, sync


def test_s6_what_lost_its_place_in_the_log_comes_again_once(region, hub):
    pool = f"{SCOPE}/pool/2026-07-01"
    gym = region.desk("gym")
    hub.hand_over(pool, gym)
    sync(hub, gym)
    copy = Desk(region, "gym", gym.node.key)
    copy.node.start()
    sync(hub, copy)
    copy.fact(GYM, "payment", yen=1)
    copy.write(pool, "confirm", "a", claims=("lane",))
    copy.node.settle()
    ours = gym.fact(GYM, "payment", yen=3)

    # Two chains have news here: the slip gives way with the first, and not again with the second.
    gym.node.start()
    gym.node.settle()

    with gym.transaction() as store:
        assert [slip.data["yen"] for slip in store.lines(ours.chain)] == [1, 3]
        assert [slip.again for slip in store.slips(GYM) if slip.data["yen"] == 3] == [ours.hash]


def test_s6_of_two_copies_of_a_node_only_one_says_again_what_both_remember(region, hub):
    gym = region.desk("gym")
    region.silent.add("w-gym")
    both = gym.fact(GYM, "payment", yen=3)
    copy = Desk(region, "gym", gym.node.key)
    copy.memory.load(gym.memory.image())
    third = Desk(region, "gym", gym.node.key)
    region.silent.clear()
    third.node.start()
    third.fact(GYM, "payment", yen=1)
    third.node.settle()

    copy.node.start()
    copy.node.settle()
    gym.node.settle()

    with gym.transaction() as store:
        assert sorted(slip.data["yen"] for slip in store.slips(GYM)) == [1, 3]
        assert {slip.origin for slip in store.slips(GYM)} >= {both.hash}


def test_s8_a_slip_that_the_disk_changed_is_not_signed_again(region, hub):
    gym = region.desk("gym")
    for yen in (1, 2, 3):
        gym.fact(GYM, "payment", yen=yen)
    gym.node.settle()
    region.silent.add("w-gym")
    gym.fact(GYM, "payment", yen=4)
    log = log_of(SCOPE, gym.me.key)
    told = list(gym.memory.lines(log))
    broken = replace(told[1], raw=told[1].raw.replace(b'"yen":2', b'"yen":9'), hash="?", id="?")
    gym.memory.chains_[log].lines[1] = broken
    gym.memory.load(gym.memory.image())

    # A peer has the lines; one of them shows that the disk has changed another.
    gym.node.receive(told[2:3])
    region.silent.clear()
    gym.node.start()
    gym.node.settle()

    with gym.transaction() as store:
        assert [slip.data["yen"] for slip in store.lines(log)] == [1, 2, 3, 4]
