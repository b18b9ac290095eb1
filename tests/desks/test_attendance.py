"""来館 at two desks: the earlier stands, and nobody is missed before everybody was heard (S7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from reservations import attendance_feed, clock, postman
from reservations.actions import attendance as actions
from reservations.actions.attendance import (
    CheckInRequest,
    StrikeRequest,
    ask_strike,
    check_in,
    undo_check_in,
)
from reservations.actions.bookings import book
from reservations.actions.declaring import DeclareRequest, declare
from reservations.clock import LOCAL
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import (
    CatalogueVersion,
    CheckIn,
    FacilityNode,
    Letter,
    Strike,
    TownRulesVersion,
)
from reservations.models.base import table_of
from reservations.queries import attendance, letters, memory
from reservations.queries.attendance import Attendance
from reservations.queries.letters import LetterView
from reservations.rules.modes import Mode
from reservations.rules.town import StrikeKind
from reservations.sheets import milliseconds
from sync.document import Entry, Slip
from tests.support.desks import Office, Offices
from tests.support.lending import a_period, a_wish, refusal
from tests.town import SATURDAY

KANAZAWA = {"half_points": {"no_show": 2}, "limit_half_points": 2, "ban_months": 6}
HERE_ONLY = {"actor"}


def at(text: str, day: date = SATURDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), LOCAL)


# The booking lasts from 18:00 to 21:00.
BEFORE, LATE, AFTER = at("17:50"), at("20:00"), at("21:30")


def comes(office: Office, booking_id: str, now: datetime = BEFORE) -> None:
    check_in(office.session, CheckInRequest(booking_id), office.context(now=now))


def never_came(office: Office, booking_id: str, now: datetime = BEFORE) -> None:
    undo_check_in(office.session, CheckInRequest(booking_id), office.context(now=now))


def is_missed(office: Office, booking_id: str, now: datetime = AFTER) -> str:
    request = StrikeRequest(booking_id)
    return str(ask_strike(office.session, request, office.context(now=now)))


def reports(*offices: Office, now: datetime = AFTER) -> list[int]:
    return [actions.report(office.desk, at=now) for office in offices]


def seen(office: Office, booking_id: str) -> Attendance:
    office.session.rollback()
    found = attendance.attendance(office.session, booking_id)
    office.session.rollback()
    return found


def came_at(office: Office, booking_id: str) -> datetime | None:
    return seen(office, booking_id).came_at


def statuses(office: Office, booking_id: str) -> list[tuple[str, str]]:
    return [(each.status, each.code) for each in seen(office, booking_id).strikes]


def counts(office: Office) -> int:
    office.session.rollback()
    found = attendance.against(office.session, office.region.resident, "172014")
    office.session.rollback()
    return len(found)


def tables_of(office: Office) -> dict[str, list[dict[str, Any]]]:
    office.session.rollback()
    found = {}
    for model in (CheckIn, Strike):
        table = table_of(model)
        columns = [column for column in table.columns if column.name not in HERE_ONLY]
        rows = office.session.execute(select(*columns).order_by(table.c.id))
        found[table.name] = [dict(row._mapping) for row in rows]
    office.session.rollback()
    return found


def counts_absences(offices: Offices, **more: Any) -> None:
    for office in (offices.hub, offices.gym):
        with write_transaction(office.session):
            rules = update(TownRulesVersion).values(body={"strikes": {**KANAZAWA, **more}})
            office.session.execute(rules)
            newer = {"version": CatalogueVersion.version + 1}
            office.session.execute(update(CatalogueVersion).values(**newer))


@pytest.fixture
def booking_id(offices: Offices) -> str:
    """A booking that both know, on a sheet that the gym holds, in a town that counts absences."""
    counts_absences(offices)
    made = offices.hub.books(offices.hub.region.here.whole)
    offices.give(SATURDAY)
    return made


def test_who_came_at_one_desk_is_known_at_the_other(offices: Offices, booking_id: str):
    comes(offices.hub, booking_id)
    before = came_at(offices.gym, booking_id)
    offices.meet()

    assert before is None
    assert came_at(offices.gym, booking_id) == came_at(offices.hub, booking_id) == BEFORE
    assert tables_of(offices.gym) == tables_of(offices.hub)


def test_of_two_check_ins_the_earlier_stands_and_at_one_desk_there_is_one(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    comes(hub, booking_id, LATE)
    comes(hub, booking_id, LATE + timedelta(minutes=1))
    comes(gym, booking_id, BEFORE)
    offices.link.is_cut = False
    offices.meet()

    assert came_at(hub, booking_id) == came_at(gym, booking_id) == BEFORE
    assert len(tables_of(hub)["check_in"]) == 2


def test_a_slip_of_the_finger_is_taken_back_by_another_slip(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    comes(hub, booking_id)
    offices.meet()

    never_came(gym, booking_id)
    offices.meet()

    assert came_at(hub, booking_id) is None is came_at(gym, booking_id)
    comes(hub, booking_id, LATE)
    offices.meet()
    assert came_at(gym, booking_id) == LATE
    assert tables_of(gym) == tables_of(hub)


@pytest.mark.parametrize("act", [comes, never_came])
def test_check_ins_are_written_and_taken_back_on_the_day_alone(
    offices: Offices, booking_id: str, act: Any
):
    for day in (-1, 1):
        told = refusal(act, offices.gym, booking_id, BEFORE + timedelta(days=day))

        assert told == Refusal(RefusalCode.NOT_THE_DAY, day=SATURDAY)


def test_a_desk_for_whose_report_nobody_waits_writes_no_check_in(offices: Offices, booking_id: str):
    with write_transaction(offices.gym.session):
        offices.gym.session.execute(delete(FacilityNode))

    assert refusal(comes, offices.gym, booking_id) == Refusal(RefusalCode.HELD_ELSEWHERE)


def test_nobody_is_missed_before_the_end_nor_when_they_came(offices: Offices, booking_id: str):
    early = refusal(is_missed, offices.gym, booking_id, at("21:00"))
    comes(offices.gym, booking_id)

    assert early == Refusal(RefusalCode.NOT_OVER)
    assert refusal(is_missed, offices.gym, booking_id) == Refusal(RefusalCode.HAS_COME)


def test_a_town_without_such_rules_counts_nothing(offices: Offices, booking_id: str):
    told = refusal(
        ask_strike,
        offices.gym.session,
        StrikeRequest(booking_id, StrikeKind.UNPAID),
        offices.gym.context(now=AFTER),
    )

    assert told == Refusal(RefusalCode.NOT_COUNTED)


@pytest.mark.parametrize("asker", ["hub", "gym"])
def test_absence_is_decided_when_every_desk_of_the_town_was_heard_past_the_end(
    offices: Offices, booking_id: str, asker: str
):
    hub, gym = offices.hub, offices.gym
    is_missed(getattr(offices, asker), booking_id)
    offices.meet(at=milliseconds(AFTER))
    other = hub if asker == "gym" else gym
    waiting = statuses(gym, booking_id)

    early = reports(other, now=at("21:00"))
    offices.meet(at=milliseconds(AFTER))
    still = statuses(gym, booking_id)
    said = reports(other), reports(other)
    offices.meet(at=milliseconds(AFTER))

    assert waiting == still == [("asked", "")]
    assert (early, said) == ([0], ([1], [0]))
    assert statuses(hub, booking_id) == statuses(gym, booking_id) == [("decided", "")]
    assert counts(hub) == counts(gym) == 1
    assert tables_of(hub) == tables_of(gym)


def test_a_check_in_that_was_on_its_way_is_heard_before_anything_is_decided(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    comes(hub, booking_id)
    is_missed(gym, booking_id)
    offices.meet(at=milliseconds(AFTER))
    cut_off = statuses(gym, booking_id)
    offices.link.is_cut = False
    offices.meet(at=milliseconds(AFTER))
    reports(hub)
    offices.meet(at=milliseconds(AFTER))

    assert cut_off == [("asked", "")]
    assert statuses(hub, booking_id) == statuses(gym, booking_id) == [("refused", "has_come")]


def test_a_check_in_after_the_decision_makes_it_void_and_both_are_kept(
    offices: Offices, booking_id: str
):
    """Typed in late in the evening at a desk that had reported already."""
    hub, gym = offices.hub, offices.gym
    is_missed(gym, booking_id)
    offices.meet(at=milliseconds(AFTER))
    reports(hub)
    offices.meet(at=milliseconds(AFTER))
    before = counts(hub), counts(gym)

    comes(hub, booking_id, at("22:00"))
    offices.meet(at=milliseconds(AFTER))

    assert before == (1, 1)
    assert (counts(hub), counts(gym)) == (0, 0)
    assert statuses(gym, booking_id) == [("decided", "")]
    never_came(hub, booking_id, at("22:05"))
    offices.meet(at=milliseconds(AFTER))
    assert (counts(hub), counts(gym)) == (1, 1)


def test_missed_at_two_desks_is_missed_once(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    is_missed(hub, booking_id)
    is_missed(hub, booking_id)
    is_missed(gym, booking_id)
    offices.link.is_cut = False
    for _ in range(2):
        offices.meet(at=milliseconds(AFTER))
        reports(hub, gym)

    for office in (hub, gym):
        assert sorted(statuses(office, booking_id)) == [("decided", ""), ("refused", "decided")]
        assert counts(office) == 1


def test_who_was_missed_books_no_more_until_the_ban_is_over(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    is_missed(gym, booking_id)
    offices.meet(at=milliseconds(AFTER))
    reports(hub)
    offices.meet(at=milliseconds(AFTER))
    later = a_wish(hub.region.here.whole, hub.region.resident, date=date(2026, 6, 20))

    for office in (hub, gym):
        told = refusal(book, office.session, later, office.context(now=AFTER))
        assert told == Refusal(RefusalCode.PARTY_SUSPENDED, until=date(2026, 12, 12))


def test_where_the_town_says_so_the_night_asks_for_everybody_who_did_not_come(
    offices: Offices, booking_id: str
):
    gym, night = offices.gym, at("00:15", SATURDAY + timedelta(days=1))
    came = gym.books(gym.region.here.whole, "party-rival", period=a_period("09:00-12:00"))
    comes(gym, came)
    counts_absences(offices, is_nightly=True)
    asked = [
        actions.ask_for_absent(office.database, office.desk, office.context(now=night))
        for office in (offices.hub, gym, gym)
    ]

    # The hub does not hold the sheet; and the second night finds it asked for.
    assert asked == [0, 1, 0]
    assert (statuses(gym, booking_id), statuses(gym, came)) == ([("asked", "")], [])


def test_the_night_asks_for_nobody_on_a_day_of_disaster(offices: Offices, booking_id: str):
    gym, night = offices.gym, at("00:15", SATURDAY + timedelta(days=2))
    counts_absences(offices, is_nightly=True)
    for mode, moment in ((Mode.DISASTER, at("16:00")), (Mode.NORMAL, at("23:00"))):
        declare(gym.session, DeclareRequest(mode), gym.context(now=moment))

    asked = actions.ask_for_absent(gym.database, gym.desk, gym.context(now=night))

    assert (asked, statuses(gym, booking_id)) == (0, [])


def test_a_strike_is_told_only_when_the_witness_has_it(witnessed: Offices):
    gym = witnessed.gym
    counts_absences(witnessed)
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    witnessed.meet()
    is_missed(gym, made)
    witnessed.meet(at=milliseconds(AFTER))
    reports(witnessed.hub)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))
    witnessed.meet(at=milliseconds(AFTER))

    untold, before = statuses(gym, made), counts(gym)
    aside.rename(medium)
    witnessed.meet(at=milliseconds(AFTER))

    assert (untold, before) == ([("written", "")], 0)
    assert statuses(gym, made) == statuses(witnessed.hub, made) == [("decided", "")]
    assert counts(gym) == counts(witnessed.hub) == 1


def test_any_order_and_any_repetition_of_the_documents_is_the_same(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    comes(hub, booking_id)
    comes(gym, booking_id, LATE)
    never_came(gym, booking_id, LATE)
    offices.link.is_cut = False
    offices.meet()
    never_came(hub, booking_id, LATE)
    offices.meet()
    is_missed(gym, booking_id)
    is_missed(hub, booking_id)
    for _ in range(2):
        offices.meet(at=milliseconds(AFTER))
        reports(hub, gym)
    comes(hub, booking_id, at("22:00"))
    offices.meet(at=milliseconds(AFTER))
    before = tables_of(gym)
    with gym.desk.transaction() as store:
        name = offices.sheet(SATURDAY).text
        known = [*store.slips(name), *store.lines(name)]

    for seed in range(30):
        told = [*known, *known]
        Random(seed).shuffle(told)
        with gym.desk.transaction() as store:
            for model in (CheckIn, Strike):
                store.session.connection().execute(delete(table_of(model)))
            for line in told:
                if isinstance(line, Slip) and line.kind in attendance_feed.KINDS:
                    attendance_feed.take(store.session, line)
                elif isinstance(line, Entry) and attendance_feed.is_strike(line):
                    attendance_feed.answered(store.session, line, is_told=True)
        assert tables_of(gym) == before == tables_of(hub), seed

    assert [len(rows) for rows in before.values()] == [3, 2]


@pytest.fixture
def letter_of(monkeypatch) -> Callable[[Office], LetterView]:
    """The one letter about a strike at an office, given its words the morning after."""
    monkeypatch.setattr(clock, "now", lambda: AFTER + timedelta(hours=9))

    def found(office: Office) -> LetterView:
        postman.deliver(office.database, office.desk.settings)
        office.session.rollback()
        known = memory.newest(office.database)
        all_ = letters.listed(office.session, known, states=letters.STATES)
        (only,) = [each for each in all_ if each.kind == "struck"]
        return only

    return found


def is_decided_missed(offices: Offices, booking_id: str) -> None:
    is_missed(offices.gym, booking_id)
    offices.meet(at=milliseconds(AFTER))
    reports(offices.hub)
    offices.meet(at=milliseconds(AFTER))
    assert statuses(offices.hub, booking_id) == [("decided", "")]


def test_whoever_was_missed_reads_what_counts_and_until_when(
    offices: Offices, booking_id: str, letter_of: Callable[[Office], LetterView]
):
    is_decided_missed(offices, booking_id)

    told = letter_of(offices.hub)

    assert "記録: 無断不使用（1点）" in told.text
    first, last = "令和8年（2026年）6月13日（土）", "令和8年（2026年）12月12日（土）"
    assert f"{first}から{last}まで、" in told.text and "施設を予約できません。" in told.text
    assert "事実と違うときは、窓口にお知らせください。" in told.text
    kinds = offices.gym.session.execute(select(Letter.kind)).scalars()
    assert "struck" not in list(kinds)


def test_nobody_reads_of_a_strike_that_does_not_stand_any_more(
    offices: Offices, booking_id: str, letter_of: Callable[[Office], LetterView]
):
    is_decided_missed(offices, booking_id)
    comes(offices.hub, booking_id, LATE)

    assert letter_of(offices.hub).state == "void"
