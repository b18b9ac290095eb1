"""S1 to S13, each shown with a hub and a gym that share one ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync import exchange
from sync.document import log_of, seal
from sync.members import sign_together
from sync.node import Draft, NotWritten
from sync.sheet import KINDS, Fault, Position, form_key, in_order, judge
from sync.store import Aside
from sync.witness import Silent
from tests.sync.desks import GYM, HALL, REGION, SCOPE, Desk, Region, a_key, decide, sync


def refused(desk: Desk, on: str, kind: str, *settles: str, **more: object) -> Fault:
    with pytest.raises(NotWritten) as caught:
        desk.write(on, kind, *settles, **more)
    return caught.value.fault


def test_s1_only_the_holder_writes(region, hub, gym):
    assert refused(gym, GYM, "confirm", "a", claims=("court",)) is Fault.NOT_HOLDER

    hub.hand_over(GYM, gym)
    sync(hub, gym)

    assert gym.holds(GYM) and not hub.holds(GYM)
    gym.write(GYM, "confirm", "a", claims=("court",))
    assert refused(hub, GYM, "confirm", "b", claims=("court",)) is Fault.NOT_HOLDER


def test_s1_the_receiver_waits_for_the_whole_chain(hub, gym):
    hub.write(GYM, "confirm", "a", claims=("court",))
    hub.hand_over(GYM, gym)
    with hub.transaction() as store:
        confirm, hand_over = store.lines(GYM)

    gym.node.receive([hand_over])
    assert not gym.holds(GYM)

    gym.node.receive([confirm])
    assert gym.holds(GYM)
    assert gym.owner(GYM, "court") == "a"


def test_s2_nothing_is_told_while_the_witness_is_silent(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    region.silent.add("w-gym")
    gym.request(GYM, "court")

    assert gym.answer() == []

    region.silent.clear()
    assert gym.answer() == ["confirm"]


def test_s2_a_line_that_the_witness_refused_is_taken_back(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    hub.node.adopt(GYM, gym.me.key, at=region.at())
    slip = gym.request(GYM, "court")
    gym.node.answer(decide, at=region.at())
    assert gym.owner(GYM, "court") == slip.hash

    settled = gym.node.settle()

    assert [line.kind for line in settled.told] == ["request"]
    assert [line.kind for line in settled.receipt.gone] == ["confirm"]
    assert gym.lines(GYM) == ["hand over", "adopt"]
    assert gym.owner(GYM, "court") == ""
    with gym.transaction() as store:
        assert [each.hash for each in store.pending(GYM)] == [slip.hash]


def test_s2_an_unwitnessed_line_is_shown_to_nobody(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    region.silent.add("w-gym")
    gym.request(GYM, "court")
    gym.answer()

    sync(gym, hub)

    assert hub.lines(GYM) == ["hand over"]
    assert gym.lines(GYM) == ["hand over", "confirm"]


def test_s2_a_line_of_ours_with_a_strangers_signature_is_no_answer_of_the_witness(region, hub):
    gym = region.desk("gym")
    region.silent.add("w-gym")
    slip = gym.request(GYM, "court")
    gym.node.settle()

    gym.node.receive([replace(slip, signature=a_key("stranger").sign(slip.raw))])
    assert gym.memory.heads() == {}

    gym.node.receive([slip])
    assert gym.memory.heads() != {}


def test_s9_the_home_that_begins_again_inherits_the_sheets_nobody_has_written_on(region, gym):
    hub = region.hub
    hub.write(HALL, "confirm", "before", claims=("hall.72",))
    hub.node.settle()

    again = hub.again()
    again.node.start()
    again.node.begin_again()
    wished = gym.request(GYM, "gym.72")
    gym.node.settle()
    sync(again, gym)
    told = again.answer()
    sync(again, gym)

    assert told == ["adopt", "confirm"]
    assert gym.lines(GYM) == ["adopt", "confirm"]
    assert gym.owner(GYM, "gym.72") == wished.hash
    assert not again.holds(HALL)


def test_s9_an_old_copy_of_the_home_that_was_first_at_the_witness_is_believed(region, gym):
    hub = region.hub
    again = hub.again()
    again.node.start()
    again.node.begin_again()
    hub.write(GYM, "confirm", "told by the copy", claims=("gym.72",))
    hub.node.settle()

    again.write(GYM, "confirm", "too late", claims=("gym.72",))
    told = again.node.settle().told

    assert told == []
    assert again.lines(GYM) == ["confirm"]
    assert again.owner(GYM, "gym.72") == "told by the copy"


def test_s9_an_inherited_sheet_is_not_adopted_for_a_line_that_may_not_stand(region, gym):
    again = region.hub.again()
    again.node.start()
    again.node.begin_again()

    assert refused(again, GYM, "cancel", "a", frees="nobody") is Fault.NOT_OWNED
    assert again.lines(GYM) == []


def test_s10_what_was_adopted_is_at_the_adopters_own_witness_at_once(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)

    hub.node.adopt(GYM, gym.me.key, at=region.at())

    assert [line.kind for line in region.witness("w-hub").after(GYM, 0)] == ["hand over", "adopt"]


def test_s3_a_hand_over_is_the_givers_last_line(hub, gym):
    hub.hand_over(GYM, gym)

    assert refused(hub, GYM, "confirm", "a", claims=("court",)) is Fault.NOT_HOLDER


def test_s4_a_slip_is_answered_once_by_the_holder(region, hub, gym):
    slip = hub.request(HALL, "room")
    gym_slip = gym.request(HALL, "room")
    gym.node.settle()
    sync(gym, hub)

    assert hub.answer() == ["confirm", "refuse"]
    assert hub.answer() == []
    assert hub.owner(HALL, "room") == slip.hash
    assert refused(hub, HALL, "confirm", gym_slip.hash, claims=("x",)) is Fault.SETTLED


def test_s4_the_order_of_answers_is_rank_then_time_then_hash(hub):
    slips = [hub.request(HALL, "room", person=n) for n in range(3)]
    late, middle, early = (
        replace(slip, at=at, rank=rank)
        for slip, at, rank in zip(slips, (5, 9, 20), (1, 0, 0), strict=True)
    )

    assert in_order([late, early, middle]) == [middle, early, late]


def test_s4_a_slip_that_could_not_be_answered_is_tried_again(region, hub, gym):
    gym.request(GYM, "court")
    assert gym.answer() == []

    hub.hand_over(GYM, gym)
    sync(hub, gym)

    assert gym.answer() == ["confirm"]


def test_s5_only_the_holders_line_frees_the_place(hub, gym):
    slip = hub.request(GYM, "court")
    hub.answer()
    sync(hub, gym)

    gym.request(GYM, kind="cancel", of=slip.hash)
    gym.answer()
    assert gym.owner(GYM, "court") == slip.hash

    sync(gym, hub)
    assert hub.answer() == ["cancel"]
    assert hub.owner(GYM, "court") == ""


def test_s6_a_payment_is_never_refused_and_a_refund_is_paid_once(region, hub, gym):
    hub.write(GYM, "close")
    hub.node.settle()
    payment = gym.fact(GYM, "payment", yen=1200)
    gym.request(GYM, kind="refund", of=payment.hash)
    gym.node.settle()
    hub.request(GYM, kind="refund", of=payment.hash)
    sync(gym, hub)

    assert sorted(hub.answer()) == ["record", "refuse"]
    with hub.transaction() as store:
        assert payment.hash in [slip.hash for slip in store.slips(GYM)]


def test_s7_a_decision_on_absence_waits_for_every_report(region: Region, hub: Desk, gym: Desk):
    deadline = 50_000

    def is_reported() -> bool:
        with hub.transaction() as store:
            return hub.node.is_reported(store, SCOPE, deadline)

    hub.fact(GYM, "report", at=60_000)
    hub.node.settle()
    assert not is_reported()

    gym.fact(GYM, "payment", at=40_000)
    gym.fact(GYM, "report", at=50_000)
    gym.node.settle()
    sync(gym, hub)
    assert not is_reported()

    gym.fact(GYM, "report", at=50_001)
    gym.node.settle()
    sync(gym, hub)
    assert is_reported()


def test_s7_a_new_incarnation_answers_for_the_log_of_the_former_one(region, hub):
    gym = region.desk("gym")
    for desk in (hub, gym):
        desk.fact(GYM, "report", at=60_000)
        desk.node.settle()
    sync(gym, hub)
    gym.fact(GYM, "payment", at=40_000)
    gym.node.settle()

    again = gym.again()
    hub.node.directory.add(region.certificates[-1])
    with hub.transaction() as store:
        assert not hub.node.is_reported(store, SCOPE, 50_000)

    again.node.start()
    again.node.begin_again()
    again.node.reclaim(at=1)
    again.fact(GYM, "report", at=1)
    again.node.settle()
    sync(again, hub)

    with hub.transaction() as store:
        assert hub.node.is_reported(store, SCOPE, 50_000)
        assert [slip.kind for slip in store.slips(GYM)].count("payment") == 1


def test_s8_a_node_is_suspended_until_its_witness_was_read(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    gym.node.why_suspended = "it has not been compared with its witness"
    region.silent.add("w-gym")

    with pytest.raises(Silent):
        gym.node.start()
    assert refused(gym, GYM, "confirm", "a", claims=("court",)) is Fault.SUSPENDED

    region.silent.clear()
    gym.node.start()
    gym.write(GYM, "confirm", "a", claims=("court",))


def test_s8_a_database_of_last_week_learns_from_its_witness_what_it_told(region, hub):
    gym = region.desk("gym")
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    last_week = gym.memory.image()
    slip = gym.request(GYM, "court")
    assert gym.answer() == ["confirm"]

    gym.memory.load(last_week)
    gym.node.start()

    assert gym.owner(GYM, "court") == slip.hash


def test_s8_a_line_that_the_disk_changed_is_fetched_again(region, hub):
    gym = region.desk("gym")
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    gym.request(GYM, "court")
    gym.answer()
    line = gym.memory.chains_[GYM].lines[1]
    gym.memory.chains_[GYM].lines[1] = replace(line, raw=line.raw + b" ", hash="changed", id="?")
    gym.memory.load(gym.memory.image())

    gym.node.start()

    assert gym.memory.lines(GYM)[1] == line


def test_s8_a_damaged_line_is_no_fork_and_comes_again_while_running(region, hub):
    gym = region.desk("gym")
    for number in range(3):
        hub.write(GYM, "confirm", str(number), claims=(f"c{number}",))
    hub.node.settle()
    sync(hub, gym)
    good = list(gym.memory.lines(GYM))
    gym.memory.chains_[GYM].lines[0] = replace(good[0], raw=b"{}", hash="changed", id="?")
    gym.memory.load(gym.memory.image())

    gym.node.receive(good[1:])
    gym.node.receive(good)

    assert list(gym.memory.lines(GYM)) == good
    assert not gym.memory.position(GYM).is_forked


def test_s9_the_next_incarnation_takes_its_own_sheets_again(region, hub):
    gym = region.desk("gym")
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    slip = gym.request(GYM, "court")
    gym.answer()

    again = gym.again()
    again.node.start()
    again.node.begin_again()
    again.node.reclaim(at=region.at())

    assert again.me.key != gym.me.key
    assert again.holds(GYM)
    assert again.owner(GYM, "court") == slip.hash
    gym.node.directory.add(region.certificates[-1])
    gym.request(GYM, "other court")
    assert gym.answer() == []
    assert gym.node.why_suspended == "another copy of this node is writing"
    with pytest.raises(NotWritten):
        gym.request(GYM, "other court")


def test_s10_an_adoption_goes_through_the_witness_and_fences_the_old_holder(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    slip = gym.request(GYM, "court")
    gym.answer()

    hub.node.adopt(GYM, gym.me.key, at=region.at())

    assert hub.holds(GYM)
    assert hub.owner(GYM, "court") == slip.hash
    gym.request(GYM, "other court")
    assert gym.answer() == []
    assert not gym.holds(GYM)


def test_s10_without_the_witness_two_officers_must_sign(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    region.silent.add("w-gym")
    with pytest.raises(Silent):
        hub.node.adopt(GYM, gym.me.key, at=region.at())
    with hub.transaction() as store:
        position = store.position(GYM)
    statement = {"adopt": GYM, "number": position.number + 1, "previous": position.hash}
    statement |= {"to": hub.me.key, "accounted": "paper"}
    signed = sign_together(statement, region.officers, region=REGION)
    one = dict(list(signed.items())[:1])

    with pytest.raises(NotWritten):
        hub.node.adopt(GYM, gym.me.key, at=1, officers=one, accounted="paper")
    with pytest.raises(NotWritten):
        hub.node.adopt(GYM, gym.me.key, at=1, officers=signed, accounted="date")
    assert not hub.holds(GYM)
    hub.node.adopt(GYM, gym.me.key, at=1, officers=signed, accounted="paper")
    assert hub.holds(GYM)


def test_s10_a_node_may_not_adopt_from_another(region, hub, gym):
    with pytest.raises(NotWritten) as caught:
        gym.node.adopt(HALL, hub.me.key, at=1)

    assert caught.value.fault is Fault.MAY_NOT_ADOPT


def test_s11_two_valid_lines_for_one_number_stop_the_sheet(region, hub, gym):
    hub.write(GYM, "confirm", "a", claims=("court",))
    hub.node.settle()
    with hub.transaction() as store:
        told = store.lines(GYM)[0]
    body = {"type": "entry", "chain": GYM, "number": 1, "kind": "confirm"}
    rival = seal({**body, "settles": ["b"], "claims": ["court"]}, hub.node.key, region=REGION)

    gym.node.receive([told])
    receipt = gym.node.receive([rival])

    assert receipt.forked == [GYM]
    assert [line.id for line in receipt.gone] == [told.id]
    assert gym.owner(GYM, "court") == ""
    with gym.transaction() as store:
        assert {line.id for line in store.aside(GYM, Aside.FORK)} == {told.id, rival.id}
        assert exchange.lacking(store, {}) and store.position(GYM).forked_at == 1
    sync(gym, hub)
    assert refused(hub, GYM, "confirm", "c", claims=("x",)) is Fault.FORKED


def test_s12_a_pads_share_returns_when_every_form_is_accounted_for(region, hub, gym):
    pad = {"pad": "P1", "first": 1, "last": 3}
    hub.write(GYM, "pad", claims=("c1", "c2", "c3"), data=pad)
    assert refused(hub, GYM, "confirm", "a", claims=("c1",)) is Fault.TAKEN

    hub.write(GYM, "form", form_key("P1", 2), "slip 2", claims=("c2",))
    hub.write(GYM, "form", form_key("P1", 1), "slip 1", data={"status": "void"})
    assert refused(hub, GYM, "pad back", frees="pad:P1") is Fault.FORMS_MISSING
    assert refused(hub, GYM, "close") is Fault.FORMS_MISSING

    hub.write(GYM, "form", form_key("P1", 3), claims=("c3",), data={"status": "lost"})
    hub.write(GYM, "pad back", frees="pad:P1")

    assert [hub.owner(GYM, c) for c in ("c1", "c2", "c3")] == ["", "form:P1:2", "form:P1:3"]


def test_s13_an_unknown_kind_is_kept_and_forwarded_and_stops_this_node(region, hub, gym):
    body = {"type": "entry", "chain": GYM, "number": 1, "kind": "swap", "claims": ["court"]}
    line = seal({**body, "settles": ["a"], "news": 7}, hub.node.key, region=REGION)
    assert "swap" not in KINDS

    gym.node.receive([line])

    with gym.transaction() as store:
        assert exchange.lacking(store, {}) == [line]
        position = store.position(GYM)
    assert position.number == 1 and not position.is_understood
    assert gym.owner(GYM, "court") == ""
    hub.node.receive([line])
    assert refused(hub, GYM, "confirm", "b", claims=("x",)) is Fault.UNKNOWN_KIND


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_line_that_lacks_what_its_kind_needs_is_incomplete(kind, hub):
    everything = {"claims": ["c"], "frees": "f", "to": "t", "witness": "w", "settles": ["s"]}
    needs = KINDS[kind]
    wrong = {
        name: ([] if isinstance(everything[name], list) else "") if need else everything[name]
        for name, need in (
            ("settles", needs.settles),
            ("claims", needs.claims),
            ("frees", needs.frees),
            ("to", needs.to),
        )
        if need is not None
    }
    body = {"type": "entry", "chain": GYM, "number": 1, "kind": kind, **wrong}
    entry = seal(body, hub.node.key, region=REGION)

    with hub.transaction() as store:
        position = store.position(GYM)
        fault = judge(position, entry, store, hub.node.directory)

    expected = Fault.MAY_NOT_ADOPT if kind == "adopt" else Fault.INCOMPLETE
    assert isinstance(position, Position) and fault is expected


def test_a_draft_says_only_what_the_application_may_say():
    assert set(Draft.__dataclass_fields__) == {"kind", "settles", "claims", "frees", "data"}
    assert log_of(SCOPE, a_key("x").id).startswith(f"{SCOPE}/log/")


def test_a_region_has_its_hub_and_its_officers(region: Region):
    assert region.hub.node.directory.nodes() == ["hub"]
