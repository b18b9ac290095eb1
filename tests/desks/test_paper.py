"""Ten handwritten forms, typed in at two desks in different orders: the same bookings at both."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from reservations.actions import form_texts, returning
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

    for office in (hub, gym):
        assert returning.account(office.desk, pad).conflicts == (2,)


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
    assert hub.session.get_one(Booking, form_texts.booking_id_of(pad, 1)).date == SATURDAY
