"""Any order of hand-overs, adoptions, sticks, restarts and wishes: three machines, one ledger.

At night: `TONARI_TEST_EXAMPLES=5000 ./run test tests/sync/test_machines.py`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.carriers import bundle
from sync.document import Document, Entry
from sync.node import NotWritten
from sync.simulate import people
from sync.witness import Silent
from tests.sync.desks import GYM, Desk, Region, sync

pytestmark = pytest.mark.timeout(0 if "TONARI_TEST_EXAMPLES" in os.environ else 300)
EXAMPLES = int(os.environ.get("TONARI_TEST_EXAMPLES", "12"))
FEW = settings(max_examples=EXAMPLES, stateful_step_count=20)
NOT_READ = "it has not been compared with its witness"
names = st.sampled_from(["hub", "gym", "hall"])
claims = st.sampled_from(["c1", "c2"])


class Desks(RuleBasedStateMachine):
    """Three desks and one sheet, which may go anywhere in every allowed way."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tonari-"))
        self.region = Region(self.folder)
        self.desks = {"hub": self.region.hub}
        for name in ("gym", "hall"):
            self.desks[name] = self.region.desk(name)
        self.sticks: list[Path] = []
        self.images: dict[str, Any] = {}
        for desk in self.desks.values():
            for certificate in self.region.certificates:
                desk.node.directory.add(certificate)

    def hear(self, line: Document) -> None:
        """A person is told what this line says."""

    def judge(self, desk: Desk) -> None:
        """All is mended: what must hold at each desk."""

    def tell(self, desk: Desk) -> None:
        for line in desk.node.settle().told:
            self.hear(line)

    def ask(self, name: str, kind: str, *claims: str, **data: Any) -> None:
        desk = self.desks[name]
        with suppress(NotWritten):
            desk.request(GYM, *claims, kind=kind, **data)
        if not desk.node.why_suspended:
            desk.node.answer(people.decide, at=self.region.at())
        self.tell(desk)

    @rule(giver=names, receiver=names)
    def hand_over(self, giver: str, receiver: str) -> None:
        desk = self.desks[giver]
        if giver != receiver and desk.holds(GYM):
            with desk.transaction() as store:
                desk.node.hand_over(store, GYM, self.desks[receiver].me, at=self.region.at())
            self.tell(desk)

    @rule(lost=st.sampled_from(["gym", "hall"]))
    def adopt(self, lost: str) -> None:
        with suppress(NotWritten, Silent):
            key = self.desks[lost].me.key
            self.desks["hub"].node.adopt(GYM, key, at=self.region.at())

    @rule(one=names, other=names)
    def sync(self, one: str, other: str) -> None:
        if one != other:
            sync(self.desks[one], self.desks[other])

    @rule(name=names)
    def write_a_stick(self, name: str) -> None:
        path = self.folder / f"stick {len(self.sticks)}"
        bundle.export(self.desks[name].node, path)
        self.sticks.append(path)

    @rule(name=names, data=st.data())
    def read_a_stick(self, name: str, data: st.DataObject) -> None:
        if self.sticks:
            bundle.load(self.desks[name].node, data.draw(st.sampled_from(self.sticks)))

    @rule(name=names)
    def restart_with_an_older_disk(self, name: str) -> None:
        desk = self.desks[name]
        if name in self.images:
            desk.memory.load(self.images.pop(name))
            desk.node.why_suspended = NOT_READ
            with suppress(Silent):
                desk.node.start()
        else:
            self.images[name] = desk.memory.image()

    @rule(name=names)
    def silence(self, name: str) -> None:
        self.region.silent ^= {f"w-{name}"}

    @invariant()
    def nothing_is_forked(self) -> None:
        for desk in self.desks.values():
            assert not desk.memory.position(GYM).is_forked

    def mend(self) -> None:
        self.region.silent.clear()
        for desk in self.desks.values():
            desk.node.why_suspended = NOT_READ
        for _ in range(4):
            for desk in self.desks.values():
                desk.node.start()
                desk.node.answer(people.decide, at=self.region.at())
                self.tell(desk)
                self.sync(desk.name, "hub")
        for name in ("gym", "hall", "gym"):
            self.sync(name, "hub")

    def teardown(self) -> None:
        """Everything is mended: all agree, nothing waits, and each desk is judged."""
        self.mend()
        heads = [desk.memory.heads() for desk in self.desks.values()]
        assert heads[0] == heads[1] == heads[2]
        for desk in self.desks.values():
            assert desk.memory.pending(GYM) == []
            self.judge(desk)
        shutil.rmtree(self.folder)


class Bookings(Desks):
    """Two courts, wanted by everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.promised: dict[str, str] = {}
        self.freed: set[str] = set()

    def hear(self, line: Document) -> None:
        if not isinstance(line, Entry):
            return
        if line.kind == "cancel":
            self.freed.add(line.frees)
        for claim in line.claims:
            before = self.promised.get(claim, line.settles[0])
            assert before == line.settles[0] or before in self.freed, "promised twice"
            self.promised[claim] = line.settles[0]

    @rule(name=names, claim=claims)
    def book(self, name: str, claim: str) -> None:
        self.ask(name, "request", claim)

    @rule(name=names, claim=claims)
    def cancel(self, name: str, claim: str) -> None:
        if claim in self.promised:
            self.ask(name, "cancel", of=self.promised[claim])

    def judge(self, desk: Desk) -> None:
        for claim, owner in self.promised.items():
            assert owner in self.freed or desk.owner(GYM, claim) == owner


FORMS: Mapping[int, list[str]] = {1: ["p1"], 2: [], 3: ["p2", "p3"], 4: ["p4"]}


class Paper(Desks):
    """I10: a pad of four forms, typed in at any desk, in any order, as often as anybody likes."""

    @initialize()
    def lend(self) -> None:
        hub = self.desks["hub"]
        pad = {"pad": "P", "first": 1, "last": len(FORMS)}
        hub.write(GYM, "pad", claims=("p1", "p2", "p3", "p4", "p5"), data=pad)
        self.tell(hub)

    @rule(name=names, form=st.sampled_from(sorted(FORMS)))
    def type_in(self, name: str, form: int) -> None:
        self.ask(name, "paper", *FORMS[form], pad="P", form=form)

    @rule(name=names, claim=st.sampled_from(["p1", "p5", "c1"]))
    def walk_in(self, name: str, claim: str) -> None:
        self.ask(name, "request", claim)

    @rule(name=names)
    def hand_the_pad_back(self, name: str) -> None:
        with suppress(NotWritten):
            self.desks[name].write(GYM, "pad back", frees="pad:P")
        self.tell(self.desks[name])

    def mend(self) -> None:
        super().mend()
        for form in FORMS:
            self.type_in("hall", form)
        super().mend()
        for name in self.desks:
            self.hand_the_pad_back(name)
        super().mend()

    def judge(self, desk: Desk) -> None:
        for form, taken in FORMS.items():
            assert [desk.owner(GYM, claim) for claim in taken] == [f"form:P:{form}"] * len(taken)
        assert not desk.owner(GYM, "p5").startswith("pad:") and not desk.memory.position(GYM).pads


class Money(Desks):
    """I8: payments are facts at any desk; each is paid back at most once, wherever it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.paid: dict[str, int] = {}
        self.paid_back: Counter[str] = Counter()

    def hear(self, line: Document) -> None:
        if line.kind == "payment":
            self.paid.setdefault(line.hash, line.data["yen"])
        if isinstance(line, Entry) and line.kind == "record":
            of = line.settles[1].removeprefix("refund:")
            self.paid_back[of] += 1
            assert self.paid_back[of] == 1, "paid out twice"

    @rule(name=names, yen=st.integers(1, 3000))
    def pay(self, name: str, yen: int) -> None:
        with suppress(NotWritten):
            self.desks[name].fact(GYM, "payment", yen=yen)
        self.tell(self.desks[name])

    @rule(name=names, data=st.data())
    def want_it_back(self, name: str, data: st.DataObject) -> None:
        if self.paid:
            of = data.draw(st.sampled_from(sorted(self.paid)))
            self.ask(name, "refund", of=of)

    @rule(name=names)
    def close(self, name: str) -> None:
        with suppress(NotWritten):
            self.desks[name].write(GYM, "close")
        self.tell(self.desks[name])

    def judge(self, desk: Desk) -> None:
        with desk.transaction() as store:
            known = {s.hash: s.data["yen"] for s in store.slips(GYM) if s.kind == "payment"}
            lines = [line for line in store.lines(GYM) if isinstance(line, Entry)]
            back = store.settled(GYM, [f"refund:{of}" for of in known])
        assert known.items() >= self.paid.items(), "a payment was lost"
        records = [line.settles[1] for line in lines if line.kind == "record"]
        assert sorted(records) == sorted(back) and {*self.paid_back} <= {
            each.removeprefix("refund:") for each in back
        }
        due = sum(yen for of, yen in known.items() if f"refund:{of}" not in back)
        refunds = sum(known[each.removeprefix("refund:")] for each in records)
        assert sum(known.values()) == refunds + due


TestBookings, TestPaper, TestMoney = Bookings.TestCase, Paper.TestCase, Money.TestCase
TestBookings.settings = TestPaper.settings = TestMoney.settings = FEW
