"""Ten handwritten forms, typed in at two desks in different orders: the same bookings at both."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from reservations import jobs, sheets
from reservations.actions import deciding, returning
from reservations.actions.deciding import Decision
from reservations.actions.form_texts import FormText
from reservations.actions.packs import PackRequest, take_numbers
from reservations.models import Booking, PaperPack
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.queries.audit import masks_agree
from tests.support.desks import Office, Offices
from tests.support.lending import a_period
from tests.town import SATURDAY

PERIODS = ("09:00-12:00", "13:00-17:00", "18:00-21:00")


def texts(region: Any, pad: str) -> list[FormText]:
    units = (region.here.whole, *region.here.halves)
    forms = [
        FormText(
            pad, number, "used", units[number % 3], SATURDAY, a_period(PERIODS[number // 3 % 3]), 8
        )
        for number in range(1, 9)
    ]
    return [*forms, FormText(pad, 9, "void"), FormText(pad, 10, "blank")]


def type_in(office: Office, texts: list[FormText]) -> None:
    for text in texts:
        known = memory.newest(office.database)
        returning.enter(office.desk, office.session, known, text, office.context())


def bookings(office: Office) -> list[tuple[Any, ...]]:
    office.session.rollback()
    table = table_of(Booking)
    return [tuple(row) for row in office.session.execute(select(table).order_by(table.c.id))]


def test_two_desks_type_in_ten_forms_in_different_orders(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    request = PackRequest(gym.region.here.facility_id, SATURDAY, SATURDAY, forms=10, grids=1)
    pad = take_numbers(gym.session, request, gym.context()).fact.subject  # type: ignore[union-attr]
    assert returning.open_pack(gym.desk, pad, at=5).days == (SATURDAY,)
    offices.meet()
    assert hub.session.get_one(PaperPack, pad).last == 10
    offices.link.is_cut = True

    forms = texts(gym.region, pad)
    type_in(hub, forms[::-1][:7])
    type_in(gym, forms[3:])
    type_in(gym, forms[:3])
    offices.link.is_cut = False
    offices.meet(at=6)
    for office in (hub, gym):
        returning.settle_all(office.desk, memory.newest(office.database), at=7)
    offices.meet(at=8)

    assert bookings(hub) == bookings(gym) != []
    accounts = [returning.account(office.desk, pad) for office in (hub, gym)]
    assert accounts[0] == accounts[1]
    assert accounts[0].is_balanced
    assert accounts[0].fates == {"used": 8, "void": 1, "lost": 0, "blank": 1}
    assert masks_agree(hub.session) == masks_agree(gym.session) == []
    returning.close_pack(gym.desk, pad, at=9)
    offices.meet(at=10)
    assert returning.account(hub.desk, pad).open_days == ()
    assert masks_agree(hub.session) == []


def test_different_texts_at_two_desks_are_seen_at_both(offices: Offices):
    pad, _one, _other = a_contradiction(offices)
    hub, gym = offices.hub, offices.gym

    for office in (hub, gym):
        assert returning.account(office.desk, pad).conflicts == (2,)


def settle_at(*where: Office) -> None:
    for office in where:
        returning.settle_all(office.desk, memory.newest(office.database), at=7)


def a_contradiction(offices: Offices) -> tuple[str, FormText, FormText]:
    """Number 2 says one thing at the hub and another at the gym; number 1 is not typed yet."""
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    request = PackRequest(gym.region.here.facility_id, SATURDAY, SATURDAY, forms=3, grids=1)
    pad = take_numbers(gym.session, request, gym.context()).fact.subject  # type: ignore[union-attr]
    returning.open_pack(gym.desk, pad, at=5)
    offices.meet()
    one = texts(gym.region, pad)[1]
    other = FormText(pad, 2, "used", one.unit_id, one.date, a_period("19:00-21:00"), 8)
    type_in(hub, [one])
    type_in(gym, [other])
    offices.meet()
    return pad, one, other


def chooses(office: Office, text: FormText) -> None:
    decision = Decision(text.pad, text.number, text.digest)
    deciding.decide_form(office.session, decision, office.context())


@pytest.mark.parametrize("where", ["hub", "gym"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_decision_at_one_desk_holds_at_both(offices: Offices, where, is_first):
    pad, one, other = a_contradiction(offices)
    chosen = one if is_first else other

    chooses(getattr(offices, where), chosen)
    type_in(offices.hub, [FormText(pad, 1, "void"), FormText(pad, 3, "blank")])
    offices.meet()
    settle_at(offices.hub, offices.gym)
    offices.meet()

    assert bookings(offices.hub) == bookings(offices.gym) != []
    accounts = [returning.account(each.desk, pad) for each in (offices.hub, offices.gym)]
    assert accounts[0] == accounts[1]
    assert accounts[0].is_balanced
    made = offices.hub.session.get_one(Booking, sheets.booking_id_of(pad, 2))
    assert chosen.period is not None
    assert made.start_slot == chosen.period.start


def test_two_desks_that_choose_differently_are_both_asked_again(offices: Offices):
    pad, one, other = a_contradiction(offices)
    offices.link.is_cut = True
    chooses(offices.hub, one)
    chooses(offices.gym, other)
    type_in(offices.hub, [FormText(pad, 1, "void")])
    offices.link.is_cut = False
    offices.meet()
    settle_at(offices.hub, offices.gym)
    offices.meet()
    assert [returning.account(each.desk, pad).conflicts for each in (offices.hub, offices.gym)] == [
        (2,),
        (2,),
    ]

    chooses(offices.hub, other)
    offices.meet()
    settle_at(offices.gym)
    offices.meet()

    assert bookings(offices.hub) == bookings(offices.gym) != []
    for office in (offices.hub, offices.gym):
        assert returning.account(office.desk, pad).conflicts == ()


def test_a_text_that_comes_after_the_line_is_seen_at_both_and_changes_nothing(offices: Offices):
    pad, one, other = a_contradiction(offices)
    chooses(offices.gym, other)
    type_in(offices.gym, [FormText(pad, 1, "void")])
    settle_at(offices.gym)
    chooses(offices.hub, one)
    offices.meet()
    before = bookings(offices.gym)

    settle_at(offices.hub, offices.gym)
    offices.meet()

    assert bookings(offices.hub) == bookings(offices.gym) == before
    accounts = [returning.account(each.desk, pad) for each in (offices.hub, offices.gym)]
    assert accounts[0] == accounts[1]
    assert accounts[0].waiting == ()


def test_the_minute_s_job_opens_nothing_where_nothing_waits(offices: Offices, monkeypatch):
    pad, one, _ = a_contradiction(offices)
    chooses(offices.gym, one)
    type_in(offices.gym, [FormText(pad, 1, "void"), FormText(pad, 3, "blank")])
    offices.meet()
    gym = offices.gym
    returning.close_pack(gym.desk, pad, at=9)
    monkeypatch.setattr(jobs, "open_desk", lambda *_: pytest.fail("a desk was opened"))
    gym.database.desk = None

    assert jobs.settle_paper(gym.database, gym.desk.settings) == 0


def test_no_name_leaves_the_desk_where_it_was_typed(offices: Offices):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    request = PackRequest(gym.region.here.facility_id, SATURDAY, SATURDAY, forms=3, grids=1)
    pad = take_numbers(gym.session, request, gym.context()).fact.subject  # type: ignore[union-attr]
    returning.open_pack(gym.desk, pad, at=5)
    text = texts(gym.region, pad)[0]
    named = FormText(
        pad, 1, "used", text.unit_id, text.date, text.period, 8, "山﨑葛󠄀子", "090-0000-0000"
    )

    type_in(gym, [named])
    offices.meet()

    with gym.desk.transaction() as store:
        lines = [line.raw for chain in store.chains() for line in store.lines(chain)]
    assert any(b'"form"' in raw for raw in lines)
    assert not any("山﨑".encode() in raw or b"090-0000" in raw for raw in lines)
    assert hub.session.get_one(Booking, sheets.booking_id_of(pad, 1)).date == SATURDAY
