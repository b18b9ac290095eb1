"""精算 on two desks: both towns read the same yen, from documents that name nobody."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

import pytest
from sqlalchemy import delete, select, update

from reservations import money_feed, settlement_feed
from reservations.actions.money import PayRequest, pay
from reservations.actions.settlement import CloseMonthRequest, close_month
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Payment, Settlement, SettlementLine
from reservations.models.base import table_of
from reservations.queries import settlement
from reservations.queries.settlement import Pair
from tests.support.desks import Office, Offices
from tests.town import NOW, SATURDAY

HERE, THERE = "172014", "172120"
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
AUGUST_1 = datetime(2026, 8, 1, 3, 0, tzinfo=NOW.tzinfo)


@pytest.fixture
def booking_id(offices: Offices) -> str:
    """A booking at the neighbours' that both desks know."""
    made = offices.gym.books(offices.gym.region.next_door.whole)
    offices.meet()
    return made


def pays(office: Office, booking_id: str, yen: int = 2700) -> str:
    """The gym serves となり市, so its money is となり市's; the hub has each town's for it."""
    return str(pay(office.session, PayRequest(booking_id, yen), office.context()))


def closes(office: Office, town: str = HERE, month: date = JUNE) -> None:
    close_month(office.session, CloseMonthRequest(town, month), office.context(now=AUGUST_1))


def pairs(office: Office, month: date = JUNE) -> list[Pair]:
    office.session.rollback()
    found = settlement.pairs(office.session, month, is_home=office.desk.is_home)
    office.session.rollback()
    return found


def tables_of(office: Office) -> list[object]:
    office.session.rollback()
    found: list[object] = []
    for table in (table_of(Settlement), table_of(SettlementLine)):
        columns = [column for column in table.columns if column.name != "actor"]
        found += office.session.execute(select(*columns).order_by(*table.primary_key)).all()
    office.session.rollback()
    return found


def test_both_towns_come_to_the_same_yen(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    pays(gym, booking_id)
    pays(hub, booking_id, 100)
    offices.meet()
    open_ = pairs(hub), pairs(gym)

    closes(hub)
    offices.meet()

    assert open_[0] == open_[1]
    assert pairs(hub) == pairs(gym)
    (pair,) = pairs(gym)
    assert (pair.account_town, pair.town, pair.yen, pair.is_closed) == (HERE, THERE, 2700, True)
    assert tables_of(gym) == tables_of(hub)


def test_a_payment_from_a_gym_that_was_cut_off_is_in_the_next_month(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    pays(gym, booking_id, 2000)
    offices.meet()
    offices.link.is_cut = True
    late = pays(gym, booking_id, 700)
    closes(hub)
    offices.link.is_cut = False
    offices.meet()

    for office in (hub, gym):
        (june,) = pairs(office)
        (july,) = pairs(office, JULY)
        assert (june.yen, june.is_closed) == (2000, True)
        assert [line.item for line in july.lines] == [late]


def test_only_the_hub_closes_a_month(offices: Offices, booking_id: str):
    with pytest.raises(Refusal) as refused:
        closes(offices.gym)

    assert refused.value.code is RefusalCode.AT_HUB_ONLY


def test_in_any_order_and_twice_the_slips_give_the_same_months(
    offices: Offices, booking_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settlement_feed, "LINES_A_SLIP", 2)
    hub, gym = offices.hub, offices.gym
    for yen in (100, 200, 300, 400, 500):
        pays(gym, booking_id, yen)
    offices.meet()
    closes(hub)
    offices.meet()
    before = tables_of(gym)
    with gym.desk.transaction() as store:
        names = [settlement_feed.sheet_for(town, AUGUST_1.date(), JUNE) for town in (HERE, THERE)]
        told = [slip for name in names for slip in store.slips(name)]

    for seed in range(5):
        with gym.desk.transaction() as store:
            for table in (table_of(Settlement), table_of(SettlementLine)):
                store.session.connection().execute(delete(table))
            for slip in Random(seed).sample([*told, *told], k=2 * len(told)):
                settlement_feed.take(store.session, gym.desk, slip)
        assert tables_of(gym) == before

    assert len(told) == 6
    assert tables_of(hub) == before


def test_a_desk_that_lacks_some_of_the_lines_knows_the_whole_sum(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    pays(gym, booking_id)
    offices.meet()
    closes(hub)
    offices.meet()
    with gym.desk.transaction() as store:
        store.session.connection().execute(delete(table_of(SettlementLine)))

    (pair,) = pairs(gym)

    assert (pair.yen, pair.is_whole) == (2700, False)


def test_what_another_desk_says_of_a_month_is_not_taken(offices: Offices, booking_id: str):
    """Only the hub speaks of settlements."""
    hub, gym = offices.hub, offices.gym
    closing = {"id": "x", "town": HERE, "month": JUNE, "closed_at": AUGUST_1, "node_no": 2}
    data = settlement_feed.said({**closing, "sums": {THERE: [1, 5]}}, [])
    with gym.desk.transaction() as store:
        name = settlement_feed.sheet_for(THERE, SATURDAY, JUNE)
        gym.desk.node.post(store, name, settlement_feed.KIND, at=1, data=data)
    offices.meet()

    assert tables_of(hub) == []


def test_money_of_which_an_older_program_told_is_the_facilitys_own_towns(
    offices: Offices, booking_id: str
):
    gym = offices.gym
    pays(gym, booking_id)
    with gym.desk.transaction() as store:
        (slip,) = (
            each
            for each in store.slips(f"{THERE}-2026/{gym.region.next_door.facility_id}/{SATURDAY}")
            if each.kind == "payment"
        )
    words = {name: value for name, value in slip.data.items() if name != "account_town"}

    assert money_feed.payment_row(words)["account_town"] == THERE
    assert money_feed.payment_row(slip.data)["account_town"] == HERE


def test_a_payment_that_was_settled_and_turns_out_otherwise_is_mended_at_the_hub(
    offices: Offices, booking_id: str
):
    hub = offices.hub
    paid = pays(offices.gym, booking_id)
    offices.meet()
    closes(hub)
    with write_transaction(hub.session):
        change = update(table_of(Payment)).where(table_of(Payment).c.id == paid)
        hub.session.connection().execute(change.values(account_town=THERE))

    (pair,) = pairs(hub, JULY)

    assert (pair.account_town, pair.town, pair.yen) == (HERE, THERE, -2700)
