"""審査 on two desks: whoever decides, with the line cut, one decision is the answer (I6)."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import delete, select

from reservations import approval_feed, projection
from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from reservations.actions.bookings import ChangeRequest, change
from reservations.actions.money import PayRequest, pay
from reservations.models import Booking, Decision, Letter, Refund
from reservations.models.base import table_of
from reservations.queries import bookings, memory, money
from reservations.queries.audit import masks_agree
from reservations.queries.bookings import BookingView
from reservations.rules.approval import Permission
from reservations.rules.money import Account
from sync.document import Entry, Slip
from tests.support.approving import REASON, decisions, looks_first
from tests.support.desks import Office, Offices
from tests.support.lending import a_period
from tests.support.many_desks import TOWNS, Desks
from tests.town import NOW, SATURDAY

MORNING = a_period("09:00-12:00")
CONDITIONS = "火気を使わないこと。"


def grants(office: Office, booking_id: str, revision: int = 0, **other) -> None:
    request = GrantRequest(booking_id, revision, CONDITIONS)
    grant(office.session, request, office.context(**other))


def refuses(office: Office, booking_id: str, revision: int = 0, **other) -> None:
    request = RefuseRequest(booking_id, revision, REASON)
    refuse(office.session, request, office.context(**other))


def view(office: Office, booking_id: str) -> BookingView:
    office.session.rollback()
    found = bookings.one(office.session, memory.current(office.session), booking_id)
    office.session.rollback()
    assert found is not None
    return found


def permission(office: Office, booking_id: str) -> Permission:
    return view(office, booking_id).permission


def letters(office: Office) -> list[str]:
    office.session.rollback()
    found = list(office.session.scalars(select(Letter.kind).order_by(Letter.at, Letter.kind)))
    office.session.rollback()
    return found


def tables_of(office: Office) -> list[list[dict[str, object]]]:
    """What everybody knows of bookings and decisions: all but who decided."""
    office.session.rollback()
    found = []
    for model in (Booking, Decision):
        table = table_of(model)
        columns = [column for column in table.columns if column.name != "actor"]
        query = select(*columns).order_by(table.c.id)
        found.append([dict(row._mapping) for row in office.session.execute(query)])
    office.session.rollback()
    return found


@pytest.fixture
def asked(offices: Offices) -> str:
    """An application that both know, made at the hub, on a sheet that the gym holds."""
    for office in (offices.hub, offices.gym):
        looks_first(office.session)
    made = offices.hub.books(offices.hub.region.here.whole)
    offices.give(SATURDAY)
    return made


def test_every_desk_knows_what_waits_and_by_when(offices: Offices, asked: str):
    hub, gym = view(offices.hub, asked), view(offices.gym, asked)

    assert hub.permission is gym.permission is Permission.ASKED
    assert hub.decide_by == gym.decide_by is not None


def test_what_the_holder_grants_is_known_everywhere_and_told_where_it_was_asked(
    offices: Offices, asked: str
):
    grants(offices.gym, asked)
    offices.meet()

    for office in (offices.hub, offices.gym):
        assert permission(office, asked) is Permission.GRANTED
        assert view(office, asked).conditions == CONDITIONS
    assert (letters(offices.hub), letters(offices.gym)) == (["granted"], [])
    assert tables_of(offices.hub) == tables_of(offices.gym)


def test_a_desk_that_does_not_hold_the_sheet_waits_for_the_holders_answer(
    offices: Offices, asked: str
):
    offices.link.is_cut = True
    grants(offices.hub, asked)
    before = permission(offices.hub, asked), decisions(offices.hub.session, asked)
    offices.link.is_cut = False
    offices.meet()

    assert before == (Permission.ASKED, [("granted", "asked", "")])
    for office in (offices.hub, offices.gym):
        assert permission(office, asked) is Permission.GRANTED
    assert letters(offices.hub) == ["granted"]


def test_granted_here_and_refused_there_one_is_the_answer_and_the_other_is_told_so(
    offices: Offices, asked: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    refuses(hub, asked)
    grants(gym, asked, now=NOW + timedelta(minutes=5))
    offices.link.is_cut = False
    offices.meet()

    for office in (hub, gym):
        assert view(office, asked).status == "confirmed"
        assert permission(office, asked) is Permission.GRANTED
        assert sorted(decisions(office.session, asked)) == [
            ("granted", "decided", ""),
            ("refused", "refused", "decided_already"),
        ]
    assert letters(hub) == ["granted"]
    assert tables_of(hub) == tables_of(gym)


def test_refused_there_and_granted_here_the_place_is_free_on_both(offices: Offices, asked: str):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    grants(hub, asked)
    refuses(gym, asked)
    offices.link.is_cut = False
    offices.meet()

    for office in (hub, gym):
        assert view(office, asked).status == "cancelled"
        assert permission(office, asked) is Permission.REFUSED
        assert sorted(decisions(office.session, asked)) == [
            ("granted", "refused", "decided_already"),
            ("refused", "decided", ""),
        ]
        assert masks_agree(office.session) == []
    assert letters(hub) == ["denied"]
    assert tables_of(hub) == tables_of(gym)


def test_refused_by_slip_the_holder_frees_the_place_and_decides_that_the_money_goes_back(
    offices: Offices, asked: str
):
    hub, gym = offices.hub, offices.gym
    pay(hub.session, PayRequest(asked, 1800), hub.context())
    offices.meet()

    refuses(hub, asked)
    offices.meet()

    for office in (hub, gym):
        booking = view(office, asked)
        assert (booking.status, booking.reason) == ("cancelled", REASON)
        statement = money.statement(office.session, asked)
        assert statement is not None
        assert statement.account == Account(0, 1800, 1800)
        assert list(office.session.scalars(select(Refund.status))) == ["decided"]
    gym.books(gym.region.here.whole, "party-rival")


def test_what_its_party_gave_back_meanwhile_is_not_decided_about(offices: Offices, asked: str):
    offices.link.is_cut = True
    grants(offices.hub, asked)
    offices.gym.cancels(asked)
    offices.link.is_cut = False
    offices.meet()

    assert decisions(offices.hub.session, asked) == [("granted", "refused", "not_active")]
    assert view(offices.hub, asked).status == "cancelled"
    assert letters(offices.hub) == []


def test_what_was_moved_meanwhile_is_looked_at_again(offices: Offices, asked: str):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    grants(hub, asked)
    move = ChangeRequest(asked, gym.region.here.whole, SATURDAY, MORNING)
    change(gym.session, move, gym.context())
    offices.link.is_cut = False
    offices.meet()

    for office in (hub, gym):
        assert decisions(office.session, asked) == [("granted", "refused", "changed")]
        assert permission(office, asked) is Permission.ASKED


def test_a_wish_on_another_holders_sheet_is_in_review_once_it_has_its_place(offices: Offices):
    for office in (offices.hub, offices.gym):
        looks_first(office.session)
    offices.give(SATURDAY)

    made = offices.hub.books(offices.hub.region.here.whole)
    before = view(offices.hub, made).status
    offices.meet()

    assert before == "tentative"
    booking = view(offices.hub, made)
    assert (booking.status, booking.permission) == ("confirmed", Permission.ASKED)
    assert booking.decide_by is not None


def test_nobody_is_told_before_the_witness_has_the_decision(witnessed: Offices):
    gym = witnessed.gym
    for office in (witnessed.hub, gym):
        looks_first(office.session)
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    grants(gym, made)
    untold = permission(gym, made), decisions(gym.session, made)
    aside.rename(medium)
    gym.desk.settle()

    assert untold == (Permission.ASKED, [("granted", "written", "")])
    assert permission(gym, made) is Permission.GRANTED


@pytest.mark.parametrize("decides", [grants, refuses])
def test_a_decision_that_the_ledger_takes_back_is_none(witnessed: Offices, decides):
    """The line stands no more; whoever decided sees that it has to be decided anew."""
    gym = witnessed.gym
    for office in (witnessed.hub, gym):
        looks_first(office.session)
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    name = witnessed.sheet(SATURDAY).text
    medium = gym.desk.folder.parent / "witness"
    medium.rename(medium.with_name("pulled out"))
    with gym.desk.transaction() as store:
        number = store.position(name).number
    decides(gym, made)

    with gym.desk.transaction() as store:
        store.take_back(name, number)

    ((_, status, code),) = decisions(gym.session, made)
    assert (status, code) == ("refused", approval_feed.TAKEN_BACK)
    booking = view(gym, made)
    assert (booking.status, booking.permission) == ("confirmed", Permission.ASKED)
    assert letters(gym) == []
    assert masks_agree(gym.session) == []


def test_an_answer_that_the_ledger_takes_back_is_waited_for_again(witnessed: Offices):
    hub, gym = witnessed.hub, witnessed.gym
    for office in (hub, gym):
        looks_first(office.session)
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    witnessed.meet()
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))
    name = witnessed.sheet(SATURDAY).text
    with gym.desk.transaction() as store:
        number = store.position(name).number
    grants(hub, made)
    witnessed.meet()
    written = decisions(gym.session, made)
    with gym.desk.transaction() as store:
        store.take_back(name, number)
    waits = decisions(gym.session, made)
    aside.rename(medium)
    witnessed.meet()

    assert (written, waits) == ([("granted", "written", "")], [("granted", "asked", "")])
    for office in (hub, gym):
        assert permission(office, made) is Permission.GRANTED


def test_any_order_and_any_repetition_of_the_documents_is_the_same_decision(
    offices: Offices, asked: str
):
    """I7: also on a desk that has forgotten its tables and does its sheet once more."""
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    refuses(hub, asked)
    grants(gym, asked)
    offices.link.is_cut = False
    offices.meet()
    before = tables_of(gym)
    name = offices.sheet(SATURDAY)
    with gym.desk.transaction() as store:
        known = [*store.slips(name.text), *store.lines(name.text)]

    for seed in range(20):
        told = [*known, *known]
        Random(seed).shuffle(told)
        with gym.desk.transaction() as store:
            store.session.connection().execute(delete(table_of(Decision)))
            for line in told:
                if isinstance(line, Slip) and line.kind == approval_feed.DECIDE:
                    approval_feed.take(store.session, line)
                elif isinstance(line, Entry) and approval_feed.is_decision(line):
                    approval_feed.answered(store.session, line, is_told=True)
        assert tables_of(gym) == before, seed
    with gym.desk.transaction() as store:
        store.session.connection().execute(delete(table_of(Decision)))
        projection.again(store.session, gym.desk, name)

    assert tables_of(gym) == before == tables_of(hub)
    assert [len(rows) for rows in before] == [1, 2]


def test_whatever_is_cancelled_says_why_also_while_the_witness_is_silent(witnessed: Offices):
    gym = witnessed.gym
    for office in (witnessed.hub, gym):
        looks_first(office.session)
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    medium = gym.desk.folder.parent / "witness"
    medium.rename(medium.with_name("pulled out"))

    refuses(gym, made)

    booking = view(gym, made)
    assert (booking.status, booking.permission) == ("cancelled", Permission.REFUSED)
    assert decisions(gym.session, made) == [("refused", "written", "")]


def test_a_night_over_two_desks_days_is_refused_and_both_days_are_free(desks: Desks):
    for office in desks.offices.values():
        looks_first(office.session, TOWNS["night"])
    made = desks.hub.books(desks.hall, period=a_period("22:00-02:00"))
    desks.give(desks.sheet("night"), "gym")
    desks.heal()
    before = desks.statuses(made)

    refuses(desks.gym, made)
    desks.heal()

    assert before == ["confirmed"] * 3
    assert desks.statuses(made) == ["cancelled"] * 3
    for office in desks.offices.values():
        assert permission(office, made) is Permission.REFUSED
        assert masks_agree(office.session) == []
