"""Money on two desks: a payment is a fact everywhere, and no yen is paid back twice (S6, I8)."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select

from reservations import money_feed, projection
from reservations.actions.money import (
    HandRequest,
    PayRequest,
    RefundRequest,
    hand,
    pay,
    refund,
)
from reservations.actions.reductions import ReduceRequest, reduce
from reservations.errors import Refusal, RefusalCode
from reservations.models import Payment, Reduction, Refund
from reservations.models.base import table_of
from reservations.queries import money
from reservations.queries.money import Statement
from reservations.rules.money import Account, Method
from sync.document import Entry, Slip
from sync.ledger import SqlStore
from tests.support.desks import Office, Offices
from tests.town import NOW, SATURDAY

# What only the desk where the money changed hands knows.
HERE_ONLY = {
    "actor",
    "reference",
    "given_yen",
    "evidence",
    "approved_by",
    "handed_at",
    "handed_day",
}


def pays(office: Office, booking_id: str, yen: int = 1800, *, key=None, **other) -> str:
    given = office.context(key=key, request_hash=key)
    return str(pay(office.session, PayRequest(booking_id, yen, **other), given))


def refunds(office: Office, payment_id: str, yen: int = 1800, **other) -> str:
    request = RefundRequest(payment_id, yen)
    return str(refund(office.session, request, office.context(**other)))


def stated(office: Office, booking_id: str) -> Statement:
    office.session.rollback()
    found = money.statement(office.session, booking_id)
    office.session.rollback()
    assert found is not None
    account = found.account
    assert account.paid_yen == account.fees_yen + account.refunded_yen + account.due_yen
    return found


def status(office: Office, refund_id: str) -> str:
    office.session.rollback()
    found = money.refund(office.session, refund_id)
    office.session.rollback()
    assert found is not None
    return str(found.status)


def tables_of(office: Office) -> dict[str, list[dict[str, object]]]:
    office.session.rollback()
    found = {}
    for model in (Payment, Refund, Reduction):
        table = table_of(model)
        columns = [column for column in table.columns if column.name not in HERE_ONLY]
        query = select(*columns).order_by(table.c.id)
        found[table.name] = [dict(row._mapping) for row in office.session.execute(query)]
    office.session.rollback()
    return found


@pytest.fixture
def booking_id(offices: Offices) -> str:
    """A booking of 1,800 yen that both know, on a sheet that the gym holds."""
    made = offices.hub.books(offices.hub.region.here.whole)
    offices.give(SATURDAY)
    return made


def test_a_payment_at_one_desk_is_known_at_the_other(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym

    pays(hub, booking_id)
    before = stated(gym, booking_id).account
    offices.meet()

    assert before == Account(1800, 0, 0)
    assert stated(gym, booking_id).account == Account(1800, 1800, 0)
    assert tables_of(gym) == tables_of(hub)


def test_a_payment_twice_by_the_same_key_is_one(offices: Offices, booking_id: str):
    first = pays(offices.hub, booking_id, key="click")

    again = pays(offices.hub, booking_id, key="click")
    offices.meet()

    assert again == first
    assert stated(offices.gym, booking_id).account == Account(1800, 1800, 0)


def test_an_online_payment_that_is_told_at_two_desks_is_one(offices: Offices, booking_id: str):
    online: dict[str, Any] = {"method": Method.ONLINE, "reference": "provider-77"}
    offices.link.is_cut = True

    first = pays(offices.hub, booking_id, **online)
    second = pays(offices.gym, booking_id, **online)
    offices.link.is_cut = False
    offices.meet()

    assert first == second
    assert stated(offices.hub, booking_id).account == Account(1800, 1800, 0)
    assert tables_of(offices.gym) == tables_of(offices.hub)


def test_two_payments_at_two_desks_are_both_facts_and_one_comes_back(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    pays(hub, booking_id)
    there = pays(gym, booking_id)
    offices.link.is_cut = False
    offices.meet()
    over = [stated(office, booking_id).account.over_yen for office in (hub, gym)]

    paid_back = refunds(gym, there)
    offices.meet()

    assert over == [1800, 1800]
    assert status(gym, paid_back) == status(hub, paid_back) == "decided"
    for office in (hub, gym):
        assert stated(office, booking_id).account == Account(1800, 3600, 1800)


def test_a_refund_asked_for_at_two_desks_is_paid_back_once(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    paid = pays(hub, booking_id)
    offices.meet()
    gym.cancels(booking_id)
    offices.meet()
    offices.link.is_cut = True

    here, there = refunds(hub, paid), refunds(gym, paid)
    asked = status(hub, here)
    offices.link.is_cut = False
    offices.meet()

    assert asked == "asked"
    for office in (hub, gym):
        assert (status(office, here), status(office, there)) == ("refused", "decided")
        assert stated(office, booking_id).account == Account(0, 1800, 1800)
    assert tables_of(gym) == tables_of(hub)


def test_more_than_is_over_is_not_paid_back(offices: Offices, booking_id: str):
    paid = pays(offices.gym, booking_id, 2000)

    with pytest.raises(Refusal) as refused:
        refunds(offices.gym, paid, 201)

    assert refused.value == Refusal(RefusalCode.NOT_TO_REFUND, most_yen=200)


def test_the_cash_of_a_refund_leaves_the_drawer_once_and_only_when_it_is_decided(
    offices: Offices, booking_id: str
):
    hub = offices.hub
    paid = pays(hub, booking_id, 2000)
    asked = refunds(hub, paid, 200)
    with pytest.raises(Refusal) as early:
        hand(hub.session, HandRequest(asked), hub.context())
    offices.meet()

    hand(hub.session, HandRequest(asked), hub.context())
    with pytest.raises(Refusal) as twice:
        hand(hub.session, HandRequest(asked), hub.context())

    assert early.value == twice.value == Refusal(RefusalCode.REFUND_NOT_DECIDED)
    assert stated(hub, booking_id).account == Account(1800, 2000, 200)


def test_a_reduction_makes_what_was_paid_too_much_and_tells_no_desk_what_was_seen(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    pays(hub, booking_id)

    request = ReduceRequest(booking_id, 50, "第8条第1号", "登録証", "account-head")
    reduce(hub.session, request, hub.context())
    offices.meet()

    assert stated(hub, booking_id).reductions[0].evidence == "登録証"
    (known,) = stated(gym, booking_id).reductions
    assert (known.percent, known.evidence, known.approved_by) == (50, "", "")
    assert stated(gym, booking_id).account == Account(900, 1800, 0)


def test_the_same_documents_give_the_same_money_in_any_order(offices: Offices, booking_id: str):
    """I7: all of it once more on a desk that has forgotten its tables, and then once more."""
    hub, gym = offices.hub, offices.gym
    paid = pays(hub, booking_id, 2500)
    offices.meet()
    refunds(gym, paid, 300, now=NOW + timedelta(minutes=1))
    refunds(hub, paid, 500, now=NOW + timedelta(minutes=2))
    reduce(hub.session, ReduceRequest(booking_id, 25, "1", "手帳", "head"), hub.context())
    offices.meet()
    before = tables_of(gym)

    with gym.desk.transaction() as store:
        for model in (Payment, Refund, Reduction):
            store.session.connection().execute(delete(table_of(model)))
        again(gym, store, offices)
        again(gym, store, offices)

    assert tables_of(gym) == before == tables_of(hub)
    assert [len(rows) for rows in before.values()] == [1, 2, 1]


def test_any_order_and_any_repetition_of_the_documents_is_the_same_money(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    online: dict[str, Any] = {"method": Method.ONLINE, "reference": "provider-77"}
    offices.link.is_cut = True
    paid = pays(hub, booking_id, 2500)
    pays(hub, booking_id, 700, **online)
    later = PayRequest(booking_id, 700, **online)
    pay(gym.session, later, gym.context(now=NOW + timedelta(minutes=9)))
    offices.link.is_cut = False
    offices.meet()
    refunds(gym, paid, 1300, now=NOW + timedelta(minutes=10))
    refunds(hub, paid, 1300, now=NOW + timedelta(minutes=11))
    reduce(hub.session, ReduceRequest(booking_id, 25, "1", "手帳", "head"), hub.context())
    offices.meet()
    before = tables_of(gym)
    with gym.desk.transaction() as store:
        name = offices.sheet(SATURDAY).text
        known = [*store.slips(name), *store.lines(name)]

    for seed in range(30):
        told = [*known, *known]
        Random(seed).shuffle(told)
        with gym.desk.transaction() as store:
            for model in (Payment, Refund, Reduction):
                store.session.connection().execute(delete(table_of(model)))
            for line in told:
                if isinstance(line, Slip) and line.kind in money_feed.KINDS:
                    money_feed.take(store.session, line)
                elif isinstance(line, Entry) and money_feed.is_refund(line):
                    money_feed.answered(store.session, line, is_told=True)
        assert tables_of(gym) == before, seed

    assert [len(rows) for rows in before.values()] == [2, 2, 1]


def again(office: Office, store: SqlStore, offices: Offices) -> None:
    projection.again(store.session, office.desk, offices.sheet(SATURDAY))


def test_a_refund_is_told_only_when_the_witness_has_it(witnessed: Offices):
    gym = witnessed.gym
    witnessed.give(SATURDAY)
    made = gym.books(gym.region.here.whole)
    paid = pays(gym, made, 2000)
    medium = gym.desk.folder.parent / "witness"
    aside = medium.rename(medium.with_name("pulled out"))

    paid_back = refunds(gym, paid, 200)
    untold = status(gym, paid_back)
    aside.rename(medium)
    gym.desk.settle()

    assert (untold, status(gym, paid_back)) == ("written", "decided")
