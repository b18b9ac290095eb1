"""Desks that meet in a mailbox: which scopes, who is heard, and a cut that the strip notices."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from reservations import clock, mail
from reservations.actions import answering, moving
from reservations.config import Settings
from reservations.desk import Desk
from reservations.keeper import Keeper
from reservations.mail import Mail
from reservations.queries import ledger
from reservations.renewal import restore_hub
from sync.carriers import couch
from tests.support.copies import Copy
from tests.support.desks import Office, Offices, two_offices
from tests.support.mailboxes import prepared, way_to
from tests.support.people import KNOWN, WORDS, person, registers
from tests.support.proxy import Proxy, a_line
from tests.town import NOW, SATURDAY, TODAY

pytestmark = pytest.mark.timeout(120)

TOWNS = ["172014", "172120"]


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2026, 6, 6), ["2026"]),
        (date(2027, 1, 15), ["2026", "2027"]),
        (date(2027, 4, 1), ["2026", "2027"]),
    ],
)
def test_the_scopes_are_the_fiscal_years_that_the_horizon_touches(day, years):
    assert mail.scopes(["172014"], day, 92) == ["public", *(f"172014-{year}" for year in years)]


def test_where_no_town_is_named_all_that_are_known_are_carried(offices: Offices, tmp_path):
    session = offices.hub.session

    assert mail.towns(session, Settings(data_dir=tmp_path)) == TOWNS
    assert mail.towns(session, Settings(data_dir=tmp_path, towns="172120")) == ["172120"]


@pytest.fixture
def posted(tmp_path: Path, couches, monkeypatch) -> Iterator[tuple[Offices, Proxy]]:
    """The hub beside its mailbox, and the gym that dials in over a line that can be cut."""
    made = two_offices(tmp_path, *(f"sqlite:///{tmp_path}/{name}.sqlite3" for name in "hg"))
    scopes = mail.scopes(TOWNS, TODAY, 92)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with prepared(couches["hub"], scopes, ["hub", "gym"]), a_line(couches["hub"].port) as line:
        for office, way in (
            (made.hub, way_to(tmp_path / "hub", "mailbox", couches["hub"].url, "hub")),
            (made.gym, way_to(tmp_path / "gym", "upstream", line.url, "gym")),
        ):
            known = office.desk.settings
            office.desk.settings = known.model_copy(update={**way, "data_dir": known.data_dir})
        yield made, line
    for office in (made.hub, made.gym):
        office.session.close()
        office.database.dispose()


def until(ready: Callable[[], bool], *, seconds: float = 20) -> float:
    started, pause = time.monotonic(), threading.Event()
    while not ready():
        assert time.monotonic() - started < seconds, "it did not happen"
        pause.wait(0.05)
    return time.monotonic() - started


def mail_of(desk: Desk) -> Mail:
    return Mail(desk, desk.settings)


def test_one_round_by_hand_carries_everything_and_says_what_is_wrong(posted):
    offices, line = posted
    hub, gym = offices.hub, offices.gym
    made = hub.books(hub.region.here.whole)
    assert moving.hand_over(hub.desk, {offices.sheet(SATURDAY): "gym"}, at=1).given

    sent = mail_of(hub.desk).once(TODAY)
    got = mail_of(gym.desk).once(TODAY)
    line.cut()
    cut = mail_of(gym.desk).once(TODAY)

    assert (sent.errors, got.errors) == ({}, {})
    assert gym.status(made) == "confirmed"
    assert {each.waiting for each in sent.mailboxes} == {0}
    assert all(couch.Trouble.SILENT.value in why for why in cut.errors.values())
    assert len(cut.errors) == 3


def test_keepers_meet_answer_and_notice_a_cut(posted):
    offices, line = posted
    hub, gym = offices.hub, offices.gym
    keepers = [Keeper(hub.desk, hub.desk.settings), Keeper(gym.desk, gym.desk.settings)]

    def held() -> bool:
        rounds(keepers)
        gym.session.rollback()
        return bool(ledger.standing(gym.session, gym.desk, today=TODAY).held_here)

    until(held)
    heard = gym.desk.last_heard()
    line.cut()
    keepers[1].round()
    later = gym.desk.last_heard()
    for keeper in keepers:
        assert keeper.mail is not None
        keeper.mail.stop()

    assert heard is not None and later is not None
    assert ledger.contact(gym.desk).is_cut_off(later + timedelta(seconds=16))


def test_a_node_that_leaves_hands_back_and_gets_nothing_until_it_returns(posted, monkeypatch):
    offices, _line = posted
    hub, gym = offices.hub, offices.gym
    keepers = [Keeper(hub.desk, hub.desk.settings), Keeper(gym.desk, gym.desk.settings)]

    def at_gym() -> int:
        rounds(keepers)
        gym.session.rollback()
        return len(ledger.standing(gym.session, gym.desk, today=TODAY).held_here)

    until(lambda: at_gym() == 3)
    # The clock stands still in this test, and contact is a file's time.
    monkeypatch.setattr(gym.desk, "last_heard", lambda: NOW)
    keepers[1].leave()
    until(lambda: at_gym_after(keepers[0], hub) == 0)
    for keeper in keepers:
        assert keeper.mail is not None
        keeper.mail.stop()


def at_gym_after(keeper: Keeper, hub) -> int:
    keeper.round()
    hub.session.rollback()
    return len(ledger.standing(hub.session, hub.desk, today=TODAY).held_elsewhere)


def rounds(keepers: list[Keeper]) -> None:
    for keeper in keepers:
        keeper.round()


def test_a_hub_that_begins_again_gets_from_its_mailbox_what_its_copy_lacks(posted, tmp_path):
    """The dump is a day old; the mailbox stood elsewhere."""
    offices, line = posted
    hub, gym = offices.hub, offices.gym
    early = hub.books(hub.region.here.halves[0])
    mail_of(hub.desk).once(TODAY)
    copy = Copy(hub, tmp_path / "copy")
    assert moving.hand_over(hub.desk, {offices.sheet(SATURDAY): "gym"}, at=1).given
    mail_of(hub.desk).once(TODAY)
    mail_of(gym.desk).once(TODAY)
    late = gym.books(gym.region.here.halves[1], "party-rival")
    answering.tend(gym.desk, at=2)
    mail_of(gym.desk).once(TODAY)
    line.cut()

    done = restore_hub(copy.bring_back(), carry=carry_by_mail, at=3)
    known = Office(done.desk, done.desk.database, hub.region, done.desk.database.session(), 1)
    line.mend()
    heard = mail_of(gym.desk).once(TODAY)

    fates = [office.status(each) for office in (known, gym) for each in (early, late)]
    assert (fates, heard.errors, done.came_back) == (["confirmed"] * 4, {}, 1)
    assert done.desk.key.id in {each.key for each in gym.desk.directory.incarnations("hub")}
    offices.hub = known


def carry_by_mail(desk: Desk) -> dict[str, str]:
    mail = mail_of(desk)
    try:
        return mail.once(TODAY).errors
    finally:
        mail.stop()


def test_names_come_by_mail_and_no_word_of_a_person_is_in_the_mailbox(posted, couches):
    """I11, over all that the server has."""
    offices, _line = posted
    hub, gym = offices.hub, offices.gym
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    keepers = [Keeper(hub.desk, hub.desk.settings), Keeper(gym.desk, gym.desk.settings)]

    def is_known() -> bool:
        rounds(keepers)
        return person(gym, party) == KNOWN

    until(is_known)
    for keeper in keepers:
        assert keeper.mail is not None
        keeper.mail.stop()
    admin, held = couches["hub"].admin, ""
    for scope in mail.scopes(TOWNS, TODAY, 92):
        database = couch.database_of(scope)
        held += json.dumps(
            admin.call("post_all_docs", db=database, include_docs=True), ensure_ascii=False
        )
    admin.close()

    assert party in held
    assert [word for word in WORDS if word in held] == []


def test_the_nightly_audit_finds_what_one_side_lacks(posted):
    offices, _line = posted
    hub, gym = offices.hub, offices.gym
    mail_of(hub.desk).once(TODAY)
    moving.hand_over(hub.desk, {offices.sheet(SATURDAY): "gym"}, at=1)
    mail_of(hub.desk).once(TODAY)

    found = mail_of(gym.desk).audit(TODAY)

    assert sum(each.fetched for each in found.values()) > 0
    assert [each.missing for each in found.values()] == [{}, {}, {}]
