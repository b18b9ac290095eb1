"""`tonari node` and `tonari sync`: two machines and a stick, with no line between them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from reservations import clock
from reservations.actions.bookings import book
from reservations.cli import main
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import Party
from reservations.projection import know_party, open_desk
from tests.support.desks import Office, an_office
from tests.support.lending import a_wish, the_booking
from tests.support.people import registers
from tests.support.process import free_port
from tests.town import NOW, TODAY, Gym, Region, context

A_GYM = Gym(0, 0, ())


@dataclass
class Machine:
    """A data folder, as the commands on that machine see it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: object) -> Result:
        with self.monkeypatch.context() as patch:
            patch.setenv("TONARI_DATA_DIR", str(self.folder))
            for name, value in self.more.items():
                patch.setenv(name, value)
            return CliRunner().invoke(main, [str(word) for word in words])

    def says(self, *words: object) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code in (0, 1), (done.output, done.exception)
        return json.loads(done.stdout)

    def refuses(self, *words: object) -> str:
        done = self.run(*words)
        assert done.exit_code == 2, (done.output, done.exception)
        return done.stderr

    def books(self, region: Region, name: str, *, party: str = "", **other: Any) -> str:
        """Somebody books on this machine; returns the status."""
        settings = Settings(data_dir=self.folder)
        database = Database(settings.url, threads=1)
        open_desk(database, settings)
        who = context(node=settings.node_name, node_no=settings.node_no)
        with database.session() as session:
            with write_transaction(session):
                know_party(session, party or f"party-{name}", NOW)
            wish = a_wish(region.here.whole, party or f"party-{name}", **{"date": TODAY, **other})
            made = book(session, wish, who)
            status = the_booking(session, made).status
        database.dispose()
        return status


@pytest.fixture
def region(tmp_path, monkeypatch) -> Region:
    """The hub's folder is filled, and the clocks stand still."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)
    folder = tmp_path / "hub"
    office = an_office(folder, "hub", 1, f"sqlite:///{folder / 'tonari.sqlite3'}")
    office.session.close()
    office.database.dispose()
    return office.region


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Machine:
    return Machine(tmp_path / "hub", monkeypatch)


@pytest.fixture
def gym(tmp_path, monkeypatch) -> Machine:
    return Machine(tmp_path / "gym", monkeypatch)


@pytest.fixture
def stick(tmp_path) -> Path:
    folder: Path = tmp_path / "stick"
    folder.mkdir()
    return folder


def admit(hub: Machine, stick: Path, region: Region, *more: str) -> Any:
    place = region.here.facility_id
    return hub.says("node", "admit", "gym", "--facility", place, "--out", stick / "gym", *more)


def carry(source: Machine, target: Machine, stick: Path) -> Any:
    source.says("sync", "export", stick / "ledger")
    return target.says("sync", "import", stick / "ledger")


def joined(hub: Machine, gym: Machine, stick: Path, region: Region, *more: str) -> Any:
    done = admit(hub, stick, region, *more)
    return gym.says("node", "init", stick / "gym", "--code", done["code"])


def test_one_file_and_one_command_make_a_node(region, hub, gym, stick):
    done = admit(hub, stick, region)
    begun = gym.says("node", "init", stick / "gym", "--code", done["code"].upper())
    status = gym.says("node", "status")

    assert done["facilities"] == [region.here.facility_id]
    assert begun == {"node": "gym", "number": 2, "incarnation": 1}
    assert (status["ok"], status["held"], status["is_hub"]) == (True, [], False)
    assert gym.says("doctor")["ok"]


def test_without_the_code_the_file_opens_nothing_and_leaves_nothing(region, hub, gym, stick):
    code = admit(hub, stick, region)["code"]
    changed = stick / "changed"
    first, _, rest = (stick / "gym").read_bytes().partition(b"\n")
    changed.write_bytes(first.replace(b'"number":2', b'"number":3') + b"\n" + rest)

    wrong = gym.refuses("node", "init", stick / "gym", "--code", "abcd-efgh-jkmn-pqrs")
    altered = gym.refuses("node", "init", changed, "--code", code)
    nothing = gym.refuses("node", "init", stick / "none", "--code", code)

    assert "合言葉" in wrong and "合言葉" in altered and "ありません" in nothing
    assert not (gym.folder / "node").exists()
    assert code.encode() not in (stick / "gym").read_bytes()


def test_a_machine_is_a_node_once(region, hub, gym, stick):
    joined(hub, gym, stick, region)

    assert "すでに" in gym.refuses("node", "init", stick / "gym", "--code", "x")


def test_near_dates_go_to_the_gym_by_stick_and_come_back(region, hub, gym, stick):
    joined(hub, gym, stick, region)
    given = hub.says("node", "hand-over")
    carry(hub, gym, stick)
    held = gym.says("node", "status")["held"]
    there, here = gym.books(region, "third"), hub.books(region, "rival")
    back = gym.says("node", "hand-over")
    brought = carry(gym, hub, stick)

    assert len(given["moved"]) == len(held) == len(back["moved"]) == 3
    assert (there, here) == ("confirmed", "tentative")
    assert brought["answered"] == 1
    assert hub.says("node", "status")["waiting"] == 0


def test_one_sheet_is_handed_over_by_facility_and_date(region, hub, gym, stick):
    joined(hub, gym, stick, region)
    day = TODAY + timedelta(days=9)
    words = region.here.facility_id, day

    assert len(hub.says("node", "hand-over", "--to", "gym", *words)["moved"]) == 1
    assert "組にして" in hub.refuses("node", "hand-over", "--to", "gym", "1")
    assert "ありません" in hub.refuses("node", "hand-over", "--to", "gym", "999", day)
    assert "--to" in hub.refuses("node", "hand-over", *words)


def test_a_file_is_read_twice_and_in_any_order(region, hub, gym, stick):
    joined(hub, gym, stick, region)
    hub.says("sync", "export", stick / "early")
    hub.books(region, "rival")
    hub.says("node", "hand-over")
    late, early = carry(hub, gym, stick), gym.says("sync", "import", stick / "early")
    again = gym.says("sync", "import", stick / "ledger")

    assert (late["applied"] > 0, early["applied"], again["applied"]) == (True, 0, 0)


def test_a_file_that_is_not_ours_is_refused_in_words(region, hub, gym, stick, monkeypatch):
    joined(hub, gym, stick, region)
    stranger = Machine(stick / "elsewhere", monkeypatch)
    stranger.says("sync", "export", stick / "strange")
    hub.says("sync", "export", stick / "ledger")
    content = (stick / "ledger").read_bytes()
    (stick / "cut").write_bytes(content[: len(content) // 2])
    (stick / "changed").write_bytes(content.replace(b"badminton", b"volleybal"))
    (stick / "other").write_bytes(b"no bundle\n")

    said = {
        name: gym.refuses("sync", "import", stick / name).strip()
        for name in ("strange", "cut", "changed", "other", "none")
    }

    assert said == {
        "strange": "別の地域のファイルです。",
        "cut": "ファイルが途中で切れています。もう一度書き出してください。",
        "changed": "書き出したあとに内容が書き換えられています。",
        "other": "Tonariの持ち運びファイルではありません。",
        "none": f"ファイルがありません: {stick / 'none'}",
    }


@pytest.fixture
def watched(gym: Machine, tmp_path: Path) -> Machine:
    """The gym's machine with a witness on another disk."""
    gym.more = {"TONARI_WITNESSES": json.dumps({"gym-disk": str(tmp_path / "disk" / "witness")})}
    return gym


def test_a_lost_node_is_adopted_through_its_witness(region, hub, watched, stick):
    joined(hub, watched, stick, region, "--witness", "gym-disk")
    hub.says("node", "hand-over")
    carry(hub, watched, stick)
    in_reach = Machine(hub.folder, hub.monkeypatch, watched.more)

    out_of_reach = hub.says("node", "adopt", "gym")
    taken = in_reach.says("node", "adopt", "gym")

    assert (out_of_reach["moved"], len(out_of_reach["kept"])) == ([], 3)
    assert (len(taken["moved"]), taken["kept"]) == (3, {})
    assert hub.books(region, "rival") == "confirmed"


def test_two_officers_sign_where_the_witness_is_lost_too(region, hub, gym, stick):
    admit(hub, stick, region, "--witness", "burnt")
    hub.says("node", "hand-over")
    for name in ("sato", "suzuki"):
        hub.says("node", "officer", name, "--out", stick / name)
    one, two = ("--officer", stick / "sato"), ("--officer", stick / "suzuki")

    assert "2人分" in hub.refuses("node", "adopt", "gym", *one)
    assert len(hub.says("node", "adopt", "gym", *one, *one)["kept"]) == 3
    assert len(hub.says("node", "adopt", "gym", *one, *two)["moved"]) == 3
    assert "使われている" in hub.refuses("node", "officer", "sato", "--out", stick / "x")


def test_a_restored_machine_begins_again_as_the_next_incarnation(region, hub, watched, stick):
    joined(hub, watched, stick, region, "--witness", "gym-disk")
    hub.says("node", "hand-over")
    carry(hub, watched, stick)
    old = stick / "old disk"
    shutil.copytree(watched.folder, old)
    watched.books(region, "third")
    shutil.rmtree(watched.folder)
    shutil.move(old, watched.folder)

    watched.says("node", "restore", "--request", stick / "request")
    suspended = watched.says("node", "status")
    early = watched.refuses("node", "restore", stick / "gym")
    hub.says("node", "admit", "gym", "--request", stick / "request", "--out", stick / "again")
    begun = watched.says("node", "restore", stick / "again")
    status = watched.says("node", "status")
    carry(watched, hub, stick)

    assert (suspended["ok"], "途中" in suspended["suspended"]) == (False, True)
    assert "認められていません" in early
    assert begun == {"node": "gym", "incarnation": 2}
    assert (status["ok"], len(status["held"]), status["waiting"]) == (True, 3, 0)
    assert len(hub.says("node", "status")["held"]) == 0


def test_a_restored_hub_reads_the_sticks_of_its_nodes_and_begins_again(region, hub, gym, stick):
    joined(hub, gym, stick, region)
    old = stick / "old disk"
    shutil.copytree(hub.folder, old)
    hub.says("node", "hand-over")
    carry(hub, gym, stick)
    gym.books(region, "third")
    gym.says("sync", "export", stick / "of the gym")
    shutil.rmtree(hub.folder)
    shutil.move(old, hub.folder)

    asked = hub.refuses("node", "restore", "--request", stick / "request")
    begun = hub.says("node", "restore", stick / "of the gym")
    status = hub.says("node", "status")
    carry(hub, gym, stick)

    assert "要りません" in asked
    assert begun == {"node": "hub", "incarnation": 2, "came_back": 1}
    assert (status["ok"], status["held_elsewhere"]) == (True, 3)
    assert hub.books(region, "rival", date=TODAY + timedelta(days=20)) == "confirmed"
    assert gym.says("node", "status")["ok"]


def test_a_node_is_retired_here_and_at_the_hub(region, hub, gym, stick):
    joined(hub, gym, stick, region)
    hub.says("node", "hand-over")
    carry(hub, gym, stick)

    early = hub.refuses("node", "retire", "gym")
    here = gym.says("node", "retire")
    carry(gym, hub, stick)
    there = hub.says("node", "retire", "gym")

    assert "3件" in early and "node adopt gym" in early
    assert (here["given"], there["facilities"]) == (3, 1)
    assert "廃止" in gym.says("node", "status")["suspended"]
    assert hub.says("node", "hand-over")["moved"] == []


def registered(machine: Machine, name: str) -> str:
    """Somebody signs up on this machine; returns the party's id."""
    settings = Settings(data_dir=machine.folder)
    database = Database(settings.url, threads=1)
    desk = open_desk(database, settings)
    with database.session() as session:
        who = Office(desk, database, Region(A_GYM, A_GYM, "", ""), session, settings.node_no)
        party = registers(who, name=name, login=f"{len(name)}@example.jp")
    database.dispose()
    return party


def name_at(machine: Machine, party: str) -> str | None:
    """How somebody is called in the tables of this machine."""
    database = Database(Settings(data_dir=machine.folder).url, threads=1)
    with database.session() as session:
        found = session.scalar(select(Party.name).where(Party.id == party))
    database.dispose()
    return found


def test_names_come_with_the_stick_and_go_home_by_it(region, hub, gym, stick):
    here = registered(hub, "隣野　はるか")
    hub.books(region, here.removeprefix("party-"), party=here)
    joined(hub, gym, stick, region)
    there = registered(gym, "向井　つかさ")
    carry(gym, hub, stick)

    assert name_at(gym, here) == "隣野　はるか"
    assert name_at(hub, there) == "向井　つかさ"
    assert "隣野".encode() not in (stick / "gym").read_bytes()


def test_a_restored_machine_is_given_names_under_a_new_key(region, hub, watched, stick):
    first = registered(hub, "隣野　はるか")
    hub.books(region, "first", party=first)
    joined(hub, watched, stick, region, "--witness", "gym-disk")
    watched.says("node", "restore", "--request", stick / "request")
    second = registered(hub, "向井　つかさ　ほか")
    hub.books(region, "second", party=second, date=TODAY + timedelta(days=3))

    hub.says("node", "admit", "gym", "--request", stick / "request", "--out", stick / "again")
    watched.says("node", "restore", stick / "again")

    assert (name_at(watched, first), name_at(watched, second)) == (
        "隣野　はるか", "向井　つかさ　ほか",
    )  # fmt: skip


def test_a_person_is_forgotten_at_the_hub_and_then_at_the_node(region, hub, gym, stick):
    party = registered(hub, "隣野　はるか")
    hub.books(region, "first", party=party)
    joined(hub, gym, stick, region)
    carry(gym, hub, stick)

    refused = gym.refuses("node", "forget", party)
    for name in ("sato", "suzuki"):
        hub.says("node", "officer", name, "--out", stick / name)
    one, two = ("--officer", stick / "sato"), ("--officer", stick / "suzuki")
    nobody = hub.refuses("node", "forget", "nobody", *one)
    without = hub.refuses("node", "forget", party)
    asked = hub.says("node", "forget", party, *one)["request"]
    alone = hub.refuses("node", "forget", party, "--request", asked, *one)
    before = name_at(hub, party)
    ordered = hub.run("node", "forget", party, "--request", asked, *two)
    waiting = hub.says("node", "status")["undestroyed"]
    carry(hub, gym, stick)
    carry(gym, hub, stick)
    done = hub.says("node", "forget", party)

    assert "本部" in refused and nobody.strip() != ""
    assert "責任者2人" in without and "別の責任者" in alone and before == "隣野　はるか"
    assert (ordered.exit_code, "gym" in ordered.stdout) == (1, True)
    assert waiting == {party: ["gym"]}
    assert done == {"party": party, "waiting": []}
    assert name_at(hub, party) == name_at(gym, party) == ""


def test_without_a_mailbox_there_is_nothing_to_carry_now(region, hub):
    assert "TONARI_MAILBOX_URL" in hub.refuses("sync", "now")
    assert "TONARI_MAILBOX_URL" in hub.refuses("sync", "status")


def test_a_mailbox_that_does_not_answer_is_named(region, hub, monkeypatch):
    nowhere = f"http://127.0.0.1:{free_port()}"
    asking = Machine(hub.folder, monkeypatch, {"TONARI_MAILBOX_URL": nowhere})

    done, standing = asking.run("sync", "now"), asking.says("sync", "status")

    assert done.exit_code == 1
    assert f"{nowhere}/public" in done.stdout and "応答がありません" in done.stdout
    assert standing["mailboxes"][0]["mailbox"] == f"{nowhere}/public"
    assert not asking.says("sync", "now")["ok"]
