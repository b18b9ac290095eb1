"""S8: a desk with a witness reads it before it promises anything; an old copy suspends itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from reservations import projection
from reservations.actions import starting
from reservations.db import Database
from sync.witness import FileWitness
from tests.support.desks import Offices
from tests.support.lending import the_booking
from tests.town import SATURDAY


def test_nothing_is_promised_before_the_witness_has_been_read(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    starting.prepare(gym.desk)
    began = starting.start(gym.desk, at=5)
    asked = gym.books(gym.region.here.whole)
    waiting = gym.status(asked)
    aside.rename(medium)

    assert (began, waiting) == (False, "tentative")
    assert starting.start(gym.desk, at=6)
    made = gym.books(gym.region.here.whole, "party-rival")
    assert the_booking(gym.session, made).status == "confirmed"


def test_an_old_copy_reads_it_and_suspends_itself(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    was, old = gym.database.url.database, gym.desk.folder.parent / "old.sqlite3"
    assert was is not None
    gym.session.close()
    with closing(sqlite3.connect(was)) as source, closing(sqlite3.connect(old)) as target:
        source.backup(target)
    gym.books(gym.region.here.whole)

    copy = projection.open_desk(Database(f"sqlite:///{old}"), gym.desk.settings)
    began = starting.start(copy, at=9)
    again = starting.start(copy, at=10)

    assert (began, again) == (False, False)
    assert "node restore" in copy.why_suspended()
    copy.database.dispose()


def test_a_second_start_after_a_crash_goes_on(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    gym.books(gym.region.here.whole)

    assert starting.start(gym.desk, at=7)
    assert starting.start(gym.desk, at=8)
    assert FileWitness(gym.desk.folder.parent / "witness").heads()
