"""Any order of hand-overs, adoptions, bundles and bookings: nobody is promised a thing twice."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sync.carriers import bundle
from sync.document import Entry
from sync.node import NotWritten
from sync.witness import Silent
from tests.sync.desks import GYM, Desk, Region, decide, sync

pytestmark = pytest.mark.timeout(300)
names = st.sampled_from(["hub", "gym", "hall"])
claims = st.sampled_from(["c1", "c2"])
FEW = settings(max_examples=12, stateful_step_count=20)


class OneSheet(RuleBasedStateMachine):
    """Three desks, one sheet, two courts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tonari-"))
        self.region = Region(self.folder)
        self.desks = {"hub": self.region.hub}
        for name in ("gym", "hall"):
            self.desks[name] = self.region.desk(name)
        self.promised: dict[str, str] = {}
        self.freed: set[str] = set()
        self.sticks: list[Path] = []
        for desk in self.desks.values():
            for certificate in self.region.certificates:
                desk.node.directory.add(certificate)

    def tell(self, desk: Desk) -> None:
        for line in desk.node.settle().told:
            if not isinstance(line, Entry):
                continue
            if line.kind == "cancel":
                self.freed.add(line.frees)
            for claim in line.claims:
                before = self.promised.get(claim, line.settles[0])
                assert before == line.settles[0] or before in self.freed, "promised twice"
                self.promised[claim] = line.settles[0]

    @rule(name=names, claim=claims)
    def book(self, name: str, claim: str) -> None:
        desk = self.desks[name]
        if desk.node.why_suspended:
            return
        desk.request(GYM, claim)
        desk.node.answer(decide, at=self.region.at())
        self.tell(desk)

    @rule(name=names, claim=claims)
    def cancel(self, name: str, claim: str) -> None:
        if claim in self.promised:
            self.desks[name].request(GYM, kind="cancel", of=self.promised[claim])

    @rule(giver=names, receiver=names)
    def hand_over(self, giver: str, receiver: str) -> None:
        desk = self.desks[giver]
        if giver != receiver and desk.holds(GYM):
            with desk.transaction() as store:
                desk.node.hand_over(store, GYM, self.desks[receiver].me, at=self.region.at())
            self.tell(desk)

    @rule(lost=st.sampled_from(["gym", "hall"]))
    def adopt(self, lost: str) -> None:
        try:
            key = self.desks[lost].me.key
            self.desks["hub"].node.adopt(GYM, key, at=self.region.at())
        except (NotWritten, Silent):
            return

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
        images = self.__dict__.setdefault("images", {})
        if name in images:
            desk.memory.load(images.pop(name))
            desk.node.why_suspended = "it has not been compared with its witness"
            with suppress(Silent):
                desk.node.start()
        else:
            images[name] = desk.memory.image()

    @rule(name=names)
    def silence(self, name: str) -> None:
        self.region.silent ^= {f"w-{name}"}

    @invariant()
    def nothing_is_forked(self) -> None:
        for desk in self.desks.values():
            assert not desk.memory.position(GYM).is_forked

    def teardown(self) -> None:
        """Everything is mended: all agree, and every promise stands or was ended."""
        self.region.silent.clear()
        hub = self.desks["hub"]
        for desk in self.desks.values():
            desk.node.why_suspended = "it has not been compared with its witness"
        for _ in range(4):
            for desk in self.desks.values():
                desk.node.start()
                desk.node.answer(decide, at=self.region.at())
                self.tell(desk)
                self.sync(desk.name, "hub")
        for name in ("gym", "hall", "gym"):
            self.sync(name, "hub")
        heads = [desk.memory.heads() for desk in self.desks.values()]
        assert heads[0] == heads[1] == heads[2]
        for claim, owner in self.promised.items():
            assert owner in self.freed or hub.owner(GYM, claim) == owner
        assert hub.memory.pending(GYM) == []


TestOneSheet = OneSheet.TestCase
TestOneSheet.settings = FEW
