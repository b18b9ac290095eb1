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


def test_s9_a_copy_of_the_old_machine_and_its_successor_do_not_both_say_what_both_remember(
    region, hub
):
    gym = region.desk("gym")
    region.silent.add("w-gym")
    both = gym.fact(GYM, "payment", yen=3)
    again = gym.again()
    region.silent.clear()
    again.node.start()
    again.node.begin_again()
    again.node.settle()

    gym.node.settle()  # the old machine runs still, and its witness has heard of nobody else
    again.node.reclaim(at=region.at())
    again.node.settle()

    with again.transaction() as store:
        assert [slip.hash for slip in store.slips(GYM)] == [both.hash]
        assert store.aside() == []


def test_s9_what_a_former_key_said_comes_again_when_its_place_is_taken_and_its_log_is_ours(
    region, hub
):
    gym = region.desk("gym")
    copy = Desk(region, "gym", gym.node.key)
    copy.node.start()
    ours = gym.fact(GYM, "payment", yen=3)
    again = gym.again()
    copy.fact(GYM, "payment", yen=1)
    copy.node.settle()

    # The witness has another line in its place, which is read before anything else is done.
    again.node.start()
    again.node.begin_again()
    region.silent.add("w-gym")
    again.node.reclaim(at=region.at())
    with again.transaction() as store:
        assert [slip.data["yen"] for slip in store.slips(GYM)] == [1]
    region.silent.clear()
    for _ in range(2):
        again.node.reclaim(at=region.at())
    again.node.settle()

    with again.transaction() as store:
        said = {slip.data["yen"]: slip.again for slip in store.slips(GYM)}
        assert said == {1: "", 3: ours.hash}
        assert not store.unwitnessed() and store.aside() == []


def test_s9_no_line_of_a_former_key_comes_to_the_witness_of_the_next(region, hub):
    gym = region.desk("gym")
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    region.silent.add("w-gym")
    gym.request(GYM, "court")
    gym.answer()
    again = gym.again(witness="w-gym-2")
    again.node.start(dead={"w-gym"})

    # The machine stopped before `begin_again`, or its disk was full.
    assert again.node.settle().told == []

    assert region.witness("w-gym-2").heads() == {}
    again.node.begin_again()
    assert again.lines(GYM) == ["hand over"]
