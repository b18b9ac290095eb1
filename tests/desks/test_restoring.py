"""The hub is lost and comes back from last night's copy: no promise lost, none made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import or_, select

from reservations import clock, projection, renewal, stick
from reservations.actions import answering, moving, starting
from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from reservations.config import Settings
from reservations.db import Database
from reservations.desk import Desk
from reservations.models import Booking, DayMask
from reservations.queries.audit import masks_agree
from reservations.renewal import restore_hub
from sync.carriers.local import Link
from tests.support.approving import REASON, decisions, looks_first
from tests.support.copies import Copy
from tests.support.desks import Office, Offices, two_offices
from tests.support.lending import a_period, the_booking
from tests.town import NOW, SATURDAY

MORNING, AFTERNOON = a_period("09:00-12:00"), a_period("13:00-17:00")
WITNESS = "hub-disk"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def offices(tmp_path: Path, database_url: str) -> Iterator[Offices]:
    """A hub whose lines lie twice, on either engine, and the gym."""
    gym_url = f"sqlite:///{tmp_path}/gym.sqlite3"
    made = two_offices(tmp_path, database_url, gym_url, hub_witness=WITNESS)
    yield made
    for office in (made.hub, made.gym):
        office.session.close()
        office.database.dispose()


def carried(offices: Offices) -> Callable[[Desk], dict[str, str]]:
    """The line between the hub that begins again and the gym."""

    def carry(desk: Desk) -> dict[str, str]:
        offices.link = Link(desk.node, offices.gym.desk.node)
        offices.link.sync()
        return {}

    return carry


def again(offices: Offices, desk: Desk) -> None:
    """From here on the hub of these offices is the restored one."""
    hub = offices.hub
    offices.hub = Office(desk, desk.database, hub.region, desk.database.session(), hub.number)
    offices.link = Link(desk.node, offices.gym.desk.node)


def a_day_after_the_copy(offices: Offices) -> dict[str, str]:
    """What was told since, at the hub, the gym, on both sides of a cut: bookings and their fate."""
    hub, gym = offices.hub, offices.gym
    here, next_door = hub.region.here, hub.region.next_door
    offices.give(SATURDAY)
    fates = {
        hub.books(next_door.whole, "party-rival"): "confirmed",
        gym.books(gym.region.here.halves[1], "party-third", period=MORNING): "confirmed",
        hub.books(here.whole): "confirmed",
    }
    gone = hub.books(next_door.whole, period=MORNING)
    hub.cancels(gone)
    offices.meet()
    offices.link.is_cut = True
    fates[gym.books(gym.region.here.halves[0], "party-rival", period=AFTERNOON)] = "confirmed"
    fates[hub.books(here.whole, "party-third", period=AFTERNOON)] = "refused"
    return fates | {gone: "cancelled"}


def digest(office: Office) -> dict[str, str]:
    """I7 by hash: bookings, and what of the sheets is occupied."""
    office.session.rollback()
    occupied = or_(DayMask.am != 0, DayMask.pm != 0)
    masks = select(DayMask.date, DayMask.part_id, DayMask.am, DayMask.pm).where(occupied)
    booked = select(*(each for each in Booking.__table__.columns if each.name != "answer_by"))
    found = {}
    for name, query in {
        "masks": masks.order_by(DayMask.date, DayMask.part_id),
        "bookings": booked.order_by(Booking.id),
    }.items():
        rows: list[Any] = [tuple(row) for row in office.session.execute(query)]
        found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    office.session.rollback()
    return found


def fates_at(office: Office, fates: dict[str, str]) -> dict[str, str]:
    return {booking: office.status(booking) for booking in fates}


def test_what_was_told_since_the_copy_comes_back_and_nothing_is_promised_twice(
    offices: Offices, tmp_path: Path
):
    offices.hub.books(offices.hub.region.here.halves[0], "party-rival", period=MORNING)
    copy = Copy(offices.hub, tmp_path / "copy")
    old = offices.hub.desk.key.id
    fates = a_day_after_the_copy(offices)
    desk = copy.bring_back()

    done = restore_hub(desk, carry=carried(offices), at=9)
    again(offices, done.desk)
    offices.meet(at=10)

    hub, gym = offices.hub, offices.gym
    assert fates_at(hub, fates) == fates_at(gym, fates) == fates
    assert digest(hub) == digest(gym)
    assert masks_agree(hub.session) == masks_agree(gym.session) == []
    assert (hub.desk.node.me.incarnation, hub.desk.key.id != old) == (2, True)
    # What the gym lent on the other side of the cut it had yet to write up.
    assert done.came_back == len(fates) - 1
    assert not hub.desk.why_suspended()


def test_the_hub_goes_on_lending_what_it_held_and_what_nobody_has_written_on(
    offices: Offices, tmp_path: Path
):
    copy = Copy(offices.hub, tmp_path / "copy")
    a_day_after_the_copy(offices)
    again(offices, restore_hub(copy.bring_back(), carry=carried(offices), at=9).desk)
    hub, gym, far = offices.hub, offices.gym, SATURDAY.replace(day=27)

    mine = hub.books(hub.region.here.whole, "party-rival", date=far)
    theirs = gym.books(gym.region.here.whole, "party-third", date=far.replace(day=28))
    offices.meet(at=10)
    moved = moving.hand_over(hub.desk, {offices.sheet(far.replace(day=29)): "gym"}, at=11)
    offices.meet(at=12)

    assert [office.status(mine) for office in (hub, gym)] == ["confirmed", "confirmed"]
    assert [office.status(theirs) for office in (hub, gym)] == ["confirmed", "confirmed"]
    assert (len(moved.given), moved.kept) == (1, {})
    numbers = [row.serial for row in hub.session.query(Booking).filter_by(node_no=1)]
    assert len(numbers) == len(set(numbers))
    assert digest(hub) == digest(gym)


def test_what_was_decided_since_the_copy_stands_and_what_was_not_still_waits(
    offices: Offices, tmp_path: Path
):
    """審査: granted and refused at the hub, granted by slip at the gym, and one left alone."""
    for office in (offices.hub, offices.gym):
        looks_first(office.session)
    copy = Copy(offices.hub, tmp_path / "copy")
    hub, gym = offices.hub, offices.gym
    halves, people = hub.region.here.halves, ("party-rival", "party-third")
    asked = [
        hub.books(half, who, period=each)
        for half, who in zip(halves, people, strict=True)
        for each in (MORNING, AFTERNOON)
    ]
    offices.meet()
    grant(hub.session, GrantRequest(asked[0], 0), hub.context())
    refuse(hub.session, RefuseRequest(asked[1], 0, REASON), hub.context())
    grant(gym.session, GrantRequest(asked[2], 0), gym.context())
    offices.meet()

    again(offices, restore_hub(copy.bring_back(), carry=carried(offices), at=9).desk)
    offices.meet(at=10)

    for office in (offices.hub, gym):
        found = [decisions(office.session, each) for each in asked]
        granted, refused = [("granted", "decided", "")], [("refused", "decided", "")]
        assert found == [granted, refused, granted, []]
    assert digest(offices.hub) == digest(gym)


def test_what_the_earlier_incarnation_signed_is_still_genuine(offices: Offices, tmp_path: Path):
    copy = Copy(offices.hub, tmp_path / "copy")
    offices.hub.books(offices.hub.region.here.whole)
    offices.hub.desk.settle()
    restored = restore_hub(copy.bring_back(), carry=carried(offices), at=9).desk
    again(offices, restored)

    with restored.transaction() as store:
        lines = store.lines(offices.sheet(SATURDAY).text)
        found = [(line.kind, restored.directory.check(line)) for line in lines]

    assert found == [("confirm", None), ("adopt", None)]


def test_started_without_the_command_it_notices_and_promises_nothing(
    offices: Offices, tmp_path: Path
):
    copy = Copy(offices.hub, tmp_path / "copy")
    a_day_after_the_copy(offices)

    desk = copy.bring_back()
    starting.prepare(desk)
    began = starting.start(desk, at=9)

    assert (began, "node restore" in desk.why_suspended()) == (False, True)
    desk.database.dispose()


def test_while_the_witness_or_a_mailbox_is_away_it_stays_suspended_and_goes_on_later(
    offices: Offices, tmp_path: Path
):
    copy = Copy(offices.hub, tmp_path / "copy")
    fates = a_day_after_the_copy(offices)
    desk = copy.bring_back()
    medium = desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    with pytest.raises(stick.NotAdmitted, match="控え"):
        restore_hub(desk, carry=carried(offices), at=9)
    aside.rename(medium)
    with pytest.raises(stick.NotAdmitted, match="the-mailbox"):
        restore_hub(desk, carry=lambda _desk: {"the-mailbox": "silent"}, at=10)
    between = desk.why_suspended(), answering.answer(desk, at=10)
    done = restore_hub(
        projection.open_desk(desk.database, desk.settings), carry=carried(offices), at=11
    )
    again(offices, done.desk)
    offices.meet(at=12)

    assert between == (renewal.RESTORING, 0)
    assert done.desk.node.me.incarnation == 2
    assert fates_at(offices.hub, fates) == fates_at(offices.gym, fates) == fates


def test_the_old_machine_that_still_runs_somewhere_is_fenced_off(tmp_path: Path):
    """It comes out of the rubble with all that it knew, and somebody starts it."""
    urls = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("hub", "gym"))
    offices = two_offices(tmp_path, *urls, hub_witness=WITNESS)
    hub, far = offices.hub, SATURDAY + timedelta(days=14)
    hub.books(hub.region.here.whole, period=MORNING)
    copy, rubble = Copy(hub, tmp_path / "copy"), Copy(hub, tmp_path / "rubble")
    again(offices, restore_hub(copy.bring_back(), carry=carried(offices), at=9).desk)
    days = SATURDAY, far
    mine = [offices.hub.books(hub.region.here.whole, "party-rival", date=day) for day in days]

    settings = hub.desk.settings.model_copy(update={"data_dir": rubble.folder})
    database = Database(f"sqlite:///{rubble.dump}", threads=4, is_durable=False)
    desk = projection.open_desk(database, settings)
    desk.node.why_suspended = ""
    twin = Office(desk, database, hub.region, database.session(), 1)
    theirs = [twin.books(hub.region.here.whole, "party-third", date=day) for day in days]

    assert [offices.hub.status(each) for each in mine] == ["confirmed", "confirmed"]
    assert [the_booking(twin.session, each).is_told for each in theirs] == [False, False]
    for office in (offices.hub, offices.gym, twin):
        office.session.close()
        office.database.dispose()


def test_without_the_regions_key_nothing_begins(offices: Offices, tmp_path: Path):
    copy = Copy(offices.hub, tmp_path / "copy")
    (copy.folder / "node" / "region-key").unlink()
    desk = copy.bring_back()

    with pytest.raises(stick.NotAdmitted, match="region-key"):
        restore_hub(desk, carry=carried(offices), at=9)
    desk.database.dispose()


def test_a_hub_without_a_witness_gets_back_what_its_mailbox_has(tmp_path: Path, database_url: str):
    gym_url = f"sqlite:///{tmp_path}/gym.sqlite3"
    offices = two_offices(tmp_path, database_url, gym_url)
    early = offices.hub.books(offices.hub.region.here.whole, period=MORNING)
    copy = Copy(offices.hub, tmp_path / "copy")
    late = offices.hub.books(offices.hub.region.here.whole)
    offices.meet()

    again(offices, restore_hub(copy.bring_back(), carry=carried(offices), at=9).desk)
    offices.meet(at=10)

    hub, gym = offices.hub, offices.gym
    fates = {early: "confirmed", late: "confirmed"}
    assert fates_at(hub, fates) == fates_at(gym, fates) == fates
    assert digest(hub) == digest(gym)
    assert isinstance(hub.desk.settings, Settings)
    for office in (hub, gym):
        office.session.close()
        office.database.dispose()
