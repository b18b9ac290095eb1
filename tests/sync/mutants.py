"""Seeded faults in the protocol itself: each removes one duty of one rule.

A mutant is a small patch of the library's own functions. The simulation has to notice every one of
them; which of its checks does is not asked, because the oracle judges outcomes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from sync import exchange, sheet
from sync.document import Entry, Slip, is_log
from sync.members import Directory
from sync.node import Node, NotWritten, Settled
from sync.sheet import Fault
from sync.simulate.devices import Device
from sync.simulate.memory import MemoryStore
from sync.store import Aside, Head
from sync.witness import Answer, Silent

Mutant = Callable[[pytest.MonkeyPatch], None]


def s1_gap_ignored(patch):
    """A line is applied although the lines before it are missing."""

    def place(store, directory, line, receipt):
        position = store.position(line.chain)
        if (
            not is_log(line.chain)
            and line.number > position.number + 1
            and line.kind in sheet.MOVES
        ):
            for number in range(position.number + 1, line.number):
                filler = replace(line, number=number, kind="gap", id=f"{line.id}{number}")
                store.append(filler, sheet.follow(position, filler), is_witnessed=True)
                position = store.position(line.chain)
            return None
        return original(store, directory, line, receipt)

    original = exchange._place
    patch.setattr(exchange, "_place", place)


def s1_anybody_writes(patch):
    """A node that does not hold the sheet frees what was cancelled and confirms what it likes."""
    patch.setattr(sheet, "may_write", lambda position, key: None)
    judge = sheet.judge

    def lenient(position, line, book, directory):
        fault = judge(position, line, book, directory)
        return None if fault is Fault.NOT_HOLDER else fault

    patch.setattr(sheet, "judge", lenient)


def s2_told_before_witness(patch):
    """People are told as soon as the line is in the database."""

    def settle(self):
        settled = Settled()
        with self.transaction() as store:
            for chain in store.unwitnessed():
                settled.told += store.lines(chain, after=store.head(chain).number)
        more = original(self)
        settled.receipt = more.receipt
        return settled

    original = Node.settle
    patch.setattr(Node, "settle", settle)


def s2_no_witness(patch):
    """A silent witness counts as one that agreed."""

    def settle_chain(self, chain, settled):
        try:
            original(self, chain, settled)
        except Silent:
            with self.transaction() as store:
                lines = store.lines(chain, after=store.head(chain).number)
            settled.told += self._mark(chain, lines)

    original = Node._settle_chain
    patch.setattr(Node, "_settle_chain", settle_chain)


def s2_witness_compares_nothing(patch):
    """The witness appends whatever comes."""

    def append(self, chain, lines):
        self._must_answer()
        here = self.lines.setdefault(chain, [])
        for line in lines:
            if not self.has(line):
                here.append(line)
                self._on_taken(line)
        return Answer(True, self._head(chain))

    patch.setattr(Device, "append", append)


def s2_refusal_ignored(patch):
    """The witness refuses, and the node tells people all the same."""

    def take_over(self, chain, witness, receipt):
        with self.transaction() as store:
            number = store.position(chain).number
            store.set_witnessed(chain, number)

    patch.setattr(Node, "_take_over", take_over)


def s2_no_step_back(patch):
    """The tail of the witness is not taken over, the line that was refused stays for ever."""
    patch.setattr(Node, "_take_over", lambda self, chain, witness, receipt: None)


def s2_slips_not_witnessed(patch):
    """仮受付 is told while it is on one disk only."""

    def settle_chain(self, chain, settled):
        if not is_log(chain):
            return original(self, chain, settled)
        with self.transaction() as store:
            lines = store.lines(chain, after=store.head(chain).number)
        settled.told += self._mark(chain, lines)
        return None

    original = Node._settle_chain
    patch.setattr(Node, "_settle_chain", settle_chain)


def s3_giver_goes_on(patch):
    """The giver of a sheet goes on writing after its hand-over."""

    def may_write(position, key):
        fault = original(position, key)
        return None if fault is Fault.NOT_HOLDER and key in GAVE.get(position.chain, ()) else fault

    def hand_over(self, store, on, to, *, at):
        entry = give(self, store, on, to, at=at)
        GAVE.setdefault(on, set()).add(self.key.id)
        return entry

    def judge(position, line, book, directory):
        fault = judged(position, line, book, directory)
        is_giver = line.author in GAVE.get(line.chain, ())
        return None if fault is Fault.NOT_HOLDER and is_giver else fault

    GAVE: dict[str, set[str]] = {}
    original, give, judged = sheet.may_write, Node.hand_over, sheet.judge
    patch.setattr(sheet, "may_write", may_write)
    patch.setattr(sheet, "judge", judge)
    patch.setattr(Node, "hand_over", hand_over)


def s3_unwitnessed_lines_travel(patch):
    """Peers are shown lines that the witness has not taken."""

    def heads(self):
        return {
            name: Head(chain.position.number, chain.position.hash)
            for name, chain in self.chains_.items()
            if chain.lines
        }

    patch.setattr(MemoryStore, "heads", heads)


def s4_not_retried(patch):
    """The queue is looked at when something arrives, not on a timer."""
    original = Node.answer

    def answer(self, decide, *, at, batch=50):
        self.__dict__.setdefault("looked", set())
        with self.transaction() as store:
            sheets = [on for on in store.sheets_waiting() if on not in self.looked]
        self.looked.update(sheets)
        return original(self, decide, at=at, batch=batch) if sheets else 0

    patch.setattr(Node, "answer", answer)


def s4_answered_twice(patch):
    """A slip, or a refund, is answered as often as somebody asks."""
    patch.setattr(sheet, "already_settled", lambda entry, book: False)


def s4_forwards_nothing(patch):
    """Slips stay where they were written."""
    original = exchange.lacking

    def lacking(store, theirs, **more):
        return [line for line in original(store, theirs, **more) if not isinstance(line, Slip)]

    patch.setattr(exchange, "lacking", lacking)


def s5_wish_frees(patch):
    """A wish to cancel frees the place where it is heard."""

    def owners(self, on, claims):
        wishes = {s.data.get("of") for s in self.slips(on) if s.kind == "cancel"}
        return {c: o for c, o in original(self, on, claims).items() if o not in wishes}

    original = MemoryStore.owners
    patch.setattr(MemoryStore, "owners", owners)


def s6_said_again_without_looking(patch):
    """What a damaged log has lost is posted again, although the witness, or a copy, has it."""

    def every_slip(node, store):
        lines = [line for chain in store.chains() if is_log(chain) for line in store.lines(chain)]
        return [each for each in lines if isinstance(each, Slip) and each.author == node.key.id]

    patch.setattr("sync.again.tentative_slips", every_slip)
    patch.setattr(Slip, "origin", property(lambda self: self.id))


def s7_no_reports(patch):
    """Who has not paid as far as is known here loses the place."""
    patch.setattr(Node, "is_reported", lambda self, store, scope, after: True)


def s7_former_logs_ignored(patch):
    """A restored node reports, and what its former key wrote is not waited for."""

    def has_reported(logs, node, after, directory):
        newest = directory.incarnations(node)[-1].key
        return newest in logs and logs[newest].at > after

    patch.setattr(sheet, "has_reported", has_reported)


def s8_no_gate(patch):
    """A node starts without reading its witness."""

    def start(self, *, dead=()):
        self.why_suspended = ""
        return exchange.Receipt()

    patch.setattr(Node, "start", start)


def s8_gate_opens_unread(patch):
    """A witness that cannot be read is skipped, and a copy of this node is not suspected either."""

    def read_witness(self, name, receipt):
        try:
            read(self, name, receipt)
        except Silent:
            return

    def take_over(self, chain, witness, receipt):
        take(self, chain, witness, receipt)
        self.why_suspended = ""

    read, take = Node.read_witness, Node._take_over
    patch.setattr(Node, "read_witness", read_witness)
    patch.setattr(Node, "_take_over", take_over)


def s8_chains_not_verified(patch):
    """What the disk has made of the lines is believed."""
    patch.setattr(exchange, "_verify_chain", lambda store, directory, chain, receipt: None)


def s9_never_reclaims(patch):
    """A new incarnation leaves what its former key held."""
    patch.setattr(Node, "reclaim", lambda self, *, at: [])


def s10_adopts_without_witness(patch):
    """A silent holder's sheet is seized on the adopter's own witness."""

    def read_tail(self, on, lost, receipt):
        return self.me.witness

    patch.setattr(Node, "_read_tail", read_tail)


def s10_tail_not_read(patch):
    """An adoption writes on top of what the adopter happens to know, and overrides the witness."""

    def read_tail(self, on, lost, receipt):
        with self.transaction() as store:
            position = store.position(on)
        device = self.witness_of(position.witness)._device
        device.lines[on] = device.lines.get(on, [])[: position.number]
        return position.witness

    patch.setattr(Node, "_read_tail", read_tail)


def s9_logs_left_behind(patch):
    """What a former incarnation had told people as 仮受付 is left on its witness."""

    def read_witness(self, name, receipt):
        witness = self.witness_of(name)
        for chain in sorted(witness.heads()):
            if not is_log(chain):
                with self.transaction() as store:
                    known = store.head(chain)
                self._receive(witness.after(chain, known.number), receipt)

    def adopt(self, on, lost, **more):
        if is_log(on):
            raise NotWritten(Fault.MAY_NOT_ADOPT)
        return original(self, on, lost, **more)

    original = Node.adopt
    patch.setattr(Node, "read_witness", read_witness)
    patch.setattr(Node, "adopt", adopt)


def s11_first_line_wins(patch):
    """Of two valid lines with one number, the one that came first stands."""
    original = exchange._place

    def place(store, directory, line, receipt):
        found = original(store, directory, line, receipt)
        return Aside.NOT_ALLOWED if found is Aside.FORK else found

    patch.setattr(exchange, "_place", place)


def s11_last_line_wins(patch):
    """Of two valid lines with one number, the later one replaces the other."""
    original = exchange._place

    def place(store, directory, line, receipt):
        found = original(store, directory, line, receipt)
        if found is Aside.FORK:
            store.take_back(line.chain, line.number - 1)
            if store.position(line.chain).number == line.number - 1:
                return None
        return found

    patch.setattr(exchange, "_place", place)


def s12_pad_back_early(patch):
    """A pad's share comes back although forms are still out."""
    patch.setattr(sheet, "forms_missing", lambda pad, book, on: None)


def s12_share_not_held(patch):
    """A pad is lent a share that the counter goes on lending."""
    original = sheet.effects

    def effects(line, after):
        change = original(line, after)
        return replace(change, claims=()) if line.kind == "pad" else change

    patch.setattr(sheet, "effects", effects)
    patch.setattr("sync.simulate.memory.effects", effects)


def s12_form_takes_anything(patch):
    """A form typed in takes what it says, whoever has it."""
    patch.setattr(sheet, "_judge_form", lambda position, entry, book: None)


def s13_unknown_kind_ignored(patch):
    """A line of an unknown kind is skipped, and the node writes on."""
    original = sheet.follow

    def follow(position, line):
        return replace(original(position, line), is_understood=True)

    patch.setattr(sheet, "follow", follow)
    patch.setattr("sync.simulate.memory.follow", follow)


def signatures_not_checked(patch):
    """Whoever names a holder as author is believed."""
    patch.setattr(Directory, "check", lambda self, document: None)


def overlap_not_checked(patch):
    """Two bookings of one thing are both confirmed."""
    patch.setattr(sheet, "overlaps", lambda entry, book: None)


def waiting_lines_dropped(patch):
    """What comes too early is thrown away, and the peer believes that it was received."""

    def lacking(store, theirs, **more):
        sent = store.__dict__.setdefault("sent", set())
        found = [line for line in original(store, theirs, **more) if line.id not in sent]
        sent.update(line.id for line in found)
        return found

    original = exchange.lacking
    patch.setattr(exchange, "lacking", lacking)


def order_of_arrival(patch):
    """A sheet's tables depend on the order in which lines arrived: claims of frees stay."""
    original = MemoryStore._put

    def put(self, chain, line, after):
        before = dict(chain.claims)
        original(self, chain, line, after)
        if isinstance(line, Entry) and line.frees and not line.claims and len(self.ids) % 2:
            chain.claims = before

    patch.setattr(MemoryStore, "_put", put)


def s10_adoption_on_the_wrong_witness(patch):
    """The lost holder's witness is read, but the adoption is appended at the adopter's own."""
    patch.setattr("sync.node.governing", lambda line, author: author.witness)


def s2_no_catch_up(patch):
    """A witness that the sheet had left is not given the lines before ours."""
    patch.setattr(Node, "_catch_up", lambda self, chain, witness, known, through: False)


def s3_successors_forgotten(patch):
    """What waited for a line is not looked at when the line has come."""
    patch.setattr(exchange, "_successors", lambda store, line: [])


def s5_cancelled_place_stays_taken(patch):
    """A cancellation is written and frees nothing."""
    original = sheet.effects

    def effects(line, after):
        change = original(line, after)
        return replace(change, frees="") if line.kind == "cancel" else change

    patch.setattr("sync.simulate.memory.effects", effects)


def s11_evidence_stays_at_home(patch):
    """A fork is seen where both lines met, and told to nobody."""

    def lacking(store, theirs, **more):
        return [line for line in original(store, theirs, **more) if store.has(line.id)]

    original = exchange.lacking
    patch.setattr(exchange, "lacking", lacking)


def s11_branch_kept(patch):
    """A fork stops the sheet, and each node keeps the branch that it saw first."""

    def fork(store, line, receipt):
        store.set_forked(line.chain, line.number)
        return []

    patch.setattr(exchange, "_fork", fork)


def s12_pad_forgotten(patch):
    """A pad is lent, and the sheet does not remember it."""
    original = sheet.follow

    def follow(position, line):
        return replace(original(position, line), pads=())

    patch.setattr(sheet, "follow", follow)
    patch.setattr("sync.simulate.memory.follow", follow)


MUTANTS: Mapping[str, Mutant] = {
    name: value
    for name, value in list(globals().items())
    if inspect.isfunction(value) and [*inspect.signature(value).parameters] == ["patch"]
}
