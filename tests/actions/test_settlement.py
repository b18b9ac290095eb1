"""精算 at one desk: nobody's money is settled twice or forgotten, and the days add up to it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from reservations import documents, projection
from reservations.actions import money_moves
from reservations.actions.money import PayRequest, RefundRequest, pay, refund
from reservations.actions.money_moves import MoveRequest, move_payment
from reservations.actions.settlement import CloseMonthRequest, close_month
from reservations.clock import LOCAL
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.errors import RefusalCode
from reservations.models import FacilityNode, Payment, Refund, SettlementLine
from reservations.models.base import table_of
from reservations.queries import memory, money, settlement
from reservations.queries.settlement import Net, Pair
from reservations.rules.money import Method
from tests.printables import pdf
from tests.support.lending import a_period, booked, refusal
from tests.town import NOW, SATURDAY, TODAY, context

HERE, THERE, FAR = "172014", "172120", "172031"
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
AUGUST_1 = datetime(2026, 8, 1, 3, 0, tzinfo=NOW.tzinfo)


@pytest.fixture(autouse=True)
def _desk(database, tmp_path: Path):
    """となり市's counter."""
    return projection.open_desk(database, Settings(data_dir=tmp_path, account_town=HERE))


@pytest.fixture
def booking_id(session, region) -> str:
    """An evening for 1,800 yen at the neighbours', reckoned as they do for outsiders: 2,700."""
    return booked(session, region.next_door.whole, region.resident)


def pays(session, booking_id, yen=2700, **other: Any) -> str:
    return str(pay(session, PayRequest(booking_id, yen, **other), context("clerk")))


def closes(session, town=HERE, month=JUNE, now=AUGUST_1) -> str:
    return str(close_month(session, CloseMonthRequest(town, month), context("clerk", now=now)))


def pairs(session, month=JUNE) -> list[Pair]:
    session.rollback()
    found = settlement.pairs(session, month, is_home=True)
    session.rollback()
    return found


def owed(session, month=JUNE) -> list[tuple[str, str, int, bool]]:
    return [
        (each.account_town, each.town, each.yen, each.is_closed) for each in pairs(session, month)
    ]


def test_what_a_town_takes_for_its_neighbour_is_the_neighbours(session, booking_id):
    pays(session, booking_id)

    assert owed(session) == [(HERE, THERE, 2700, False)]
    assert owed(session, date(2026, 5, 1)) == []


def test_what_a_town_takes_for_itself_is_nobody_elses(session, region):
    pays(session, booked(session, region.here.whole, region.resident), 1800)

    assert owed(session) == []


def test_what_it_pays_back_for_its_neighbour_counts_against_it(session, booking_id):
    paid = pays(session, booking_id, 3000)
    refund(session, RefundRequest(paid, 300), context("clerk"))

    (pair,) = pairs(session)
    assert [line.yen for line in pair.lines] in ([3000, -300], [-300, 3000])
    assert pair.yen == 2700


def test_a_desk_has_the_money_of_the_town_whose_facilities_it_serves(
    database, session, region, booking_id, tmp_path
):
    projection.open_desk(database, Settings(data_dir=tmp_path / "other"))
    alone = pays(session, booking_id)
    with write_transaction(session):
        session.add(FacilityNode(facility_id=region.here.facility_id, node="hub", days=3))
    served = pays(session, booking_id)

    session.rollback()
    towns = dict(session.execute(select(Payment.id, Payment.account_town)).all())
    assert (towns[alone], towns[served]) == (THERE, HERE)


def test_money_that_pays_for_another_booking_stays_where_it_lies(
    database, session, region, booking_id, tmp_path
):
    """Too much for the own hall, taken at home, pays for the neighbours' from another desk."""
    own = booked(session, region.here.whole, region.resident, period=a_period("09:00-12:00"))
    over = pays(session, own, 5000)
    projection.open_desk(database, Settings(data_dir=tmp_path / "other", account_town=FAR))

    move_payment(session, MoveRequest(over, 2700, booking_id), context("clerk", node_no=2))
    assert money_moves.finish(session, context("clerk", node_no=2)) == 1

    assert owed(session) == [(HERE, THERE, 2700, False)]


def test_what_came_by_an_account_goes_back_from_the_town_that_has_it(
    database, session, booking_id, tmp_path
):
    paid = pays(session, booking_id, 3000, method=Method.TRANSFER, reference="1")
    projection.open_desk(database, Settings(data_dir=tmp_path / "other", account_town=THERE))

    elsewhere = context("clerk", node_no=2)
    refund(session, RefundRequest(paid, 100, Method.TRANSFER), elsewhere)
    refund(session, RefundRequest(paid, 200), elsewhere)

    session.rollback()
    found = session.execute(select(Refund.amount_yen, Refund.account_town)).all()
    assert sorted(map(tuple, found)) == [(100, HERE), (200, THERE)]


def test_a_closed_month_says_what_was_in_it_and_the_next_has_what_came_late(session, booking_id):
    pays(session, booking_id, 2000)
    closes(session)
    late = pays(session, booking_id, 700)

    june = owed(session)
    (july,) = pairs(session, JULY)
    closes(session, month=JULY)

    assert june == [(HERE, THERE, 2000, True)]
    assert [line.item for line in july.lines] == [late]
    assert owed(session, JULY) == [(HERE, THERE, 700, True)]


def test_a_refund_after_its_payment_was_settled_is_settled_on_its_own(session, booking_id):
    paid = pays(session, booking_id, 3000)
    closes(session)
    refund(session, RefundRequest(paid, 300), context("clerk"))

    assert owed(session, JULY) == [(HERE, THERE, -300, False)]


def test_a_month_is_closed_once_and_when_it_is_over(session, booking_id):
    pays(session, booking_id)
    asked = CloseMonthRequest(HERE, JUNE)

    early = refusal(close_month, session, asked, context(now=NOW))
    closes(session)
    again = refusal(close_month, session, asked, context(now=AUGUST_1))
    before = refusal(
        close_month, session, CloseMonthRequest(HERE, date(2026, 5, 1)), context(now=AUGUST_1)
    )

    assert early.code is RefusalCode.MONTH_NOT_OVER
    assert again.code is before.code is RefusalCode.MONTH_SETTLED


def test_each_town_closes_its_own_money(session, region, booking_id):
    pays(session, booking_id)
    _row(session, "p2", THERE, HERE, 500, date(2026, 6, 7))

    closes(session, THERE)

    assert owed(session) == [(HERE, THERE, 2700, False), (THERE, HERE, 500, True)]
    assert settlement.nets(pairs(session)) == [Net(HERE, THERE, 2200, False)]


def test_a_payment_that_turns_out_to_be_another_towns_comes_back(session):
    _row(session, "p", HERE, THERE, 900, date(2026, 6, 7))
    closes(session)
    with write_transaction(session):
        change = update(table_of(Payment)).where(table_of(Payment).c.id == "p")
        session.connection().execute(change.values(account_town=FAR, amount_yen=900))

    assert owed(session, JULY) == [(HERE, THERE, -900, False), (FAR, THERE, 900, False)]
    closes(session, month=JULY)
    assert owed(session, date(2026, 8, 1)) == [(FAR, THERE, 900, False)]


def test_the_same_yen_stand_on_the_days(session, region, booking_id):
    """Over a month: what came in and went out for a town is its own and what others have of it."""
    pays(session, booking_id, 3000)
    mine = booked(session, region.here.whole, region.resident, date=SATURDAY + timedelta(days=1))
    own = pays(session, mine, 2000)
    refund(session, RefundRequest(own, 200), context("clerk"))
    closes(session)
    pays(session, booking_id, 50)

    months = [*pairs(session, JUNE), *pairs(session, JULY)]
    for town in (HERE, THERE):
        days = money.of_day(session, TODAY)
        of_days = sum(
            -line.yen if line.is_refund else line.yen for line in days if line.town == town
        )
        of_others = sum(pair.yen for pair in months if pair.town == town)
        assert of_days == of_others + (1800 if town == HERE else 0)
    session.rollback()


def test_over_all_towns_what_is_handed_over_is_what_is_received(session):
    for number, (giver, taker, yen) in enumerate(
        [(HERE, THERE, 500), (THERE, HERE, 1200), (FAR, HERE, 70), (HERE, FAR, 70)]
    ):
        _row(session, f"p{number}", giver, taker, yen, date(2026, 6, 7))

    found = settlement.nets(pairs(session))

    balance: dict[str, int] = defaultdict(int)
    for net in found:
        balance[net.giver] -= net.yen
        balance[net.taker] += net.yen
    assert sum(balance.values()) == 0
    assert balance == {HERE: 700, THERE: -700, FAR: 0}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_in_whatever_order_is_settled_exactly_once(session, seed):
    """Payments, refunds and corrections arrive between closings; in the end every yen that one
    town has of another's has been handed over, and no yen that it has not."""
    random = Random(seed)
    towns = (HERE, THERE)
    month = date(2026, 1, 1)
    known: list[str] = []
    for step in range(12):
        for number in range(random.randrange(4)):
            name, (giver, taker) = f"p{step}-{number}", random.choices(towns, k=2)
            day = month + timedelta(days=random.randrange(-40, 45))
            _row(session, name, giver, taker, random.randrange(1, 999), day)
            known.append(name)
        if known and random.random() < 0.5:
            _changed(session, random.choice(known), random.choice(towns), random.randrange(1, 999))
        if known and random.random() < 0.4:
            _refunded(session, f"r{step}", random.choice(towns), random.choice(towns), 7, month)
        if random.random() < 0.6:
            for town in random.sample(towns, k=random.randrange(1, 3)):
                closes(session, town, month, now=AUGUST_1 + timedelta(days=800))
            month = settlement.month_of(month + timedelta(days=32))
    for town in towns:
        closes(session, town, date(2028, 1, 1), now=AUGUST_1 + timedelta(days=800))

    session.rollback()
    lines = session.execute(
        select(SettlementLine.item, SettlementLine.account_town, SettlementLine.yen)
    )
    settled: dict[tuple[str, str], int] = defaultdict(int)
    for item, town, yen in lines:
        settled[item, town] += yen
    true = {
        (row.id, row.account_town): row.amount_yen
        for row in session.execute(select(table_of(Payment)))
        if row.account_town != row.town
    }
    true |= {
        (row.id, row.account_town): -row.amount_yen
        for row in session.execute(select(table_of(Refund)))
        if row.account_town != row.town
    }
    assert {key: yen for key, yen in settled.items() if yen} == true
    assert settlement.open_lines(session, date(2028, 1, 1), is_home=True) == []
    session.rollback()


def test_the_table_and_the_sheet_name_bookings_and_nobody(session, booking_id):
    pays(session, booking_id)
    closes(session)
    (pair,) = pairs(session)
    towns = memory.current(session).catalogue.towns

    table = documents.settlement_csv([pair], JUNE, towns).decode("utf-8-sig")
    sheet = documents.settlement_sheet(pair, JUNE, towns, node="hub", at=NOW, closed_at=AUGUST_1)

    row = "2026-06,172014,となり市,172120,かなた町,01-000001-6,2026-06-06,収納,2700,締め"
    assert table.splitlines()[1:] == [row]
    said = pdf.text(sheet.draw().pdf)
    for words in ("市町間精算書", "となり市", "かなた町", "令和8年6月分", "01-000001-6", "2,700円"):
        assert words in said, words
    assert "resident" not in said


def test_a_sheet_whose_lines_have_not_all_come_says_so_and_has_the_whole_sum(session, booking_id):
    pays(session, booking_id)
    closes(session)
    with write_transaction(session):
        session.connection().execute(delete(table_of(SettlementLine)))
    (pair,) = pairs(session)
    towns = memory.current(session).catalogue.towns

    sheet = documents.settlement_sheet(pair, JUNE, towns, node="hub", at=NOW, closed_at=AUGUST_1)

    assert (pair.yen, pair.count, pair.lines) == (2700, 1, ())
    said = pdf.text(sheet.draw().pdf)
    assert "2,700円" in said
    assert "まだ届いていない行があります" in said


def _row(session, name: str, giver: str, taker: str, yen: int, day: date) -> None:
    with write_transaction(session):
        row = {"id": name, "booking_id": "b", "town": taker, "facility_id": 1, "date": day}
        row |= {"method": "cash", "amount_yen": yen, "received_at": NOW, "day": day}
        session.connection().execute(
            insert(table_of(Payment)), row | {"node_no": 1, "account_town": giver}
        )


def _changed(session, name: str, giver: str, yen: int) -> None:
    with write_transaction(session):
        change = update(table_of(Payment)).where(table_of(Payment).c.id == name)
        session.connection().execute(change.values(account_town=giver, amount_yen=yen))


def _refunded(session, name: str, giver: str, taker: str, yen: int, day: date) -> None:
    at = datetime(day.year, day.month, 10, tzinfo=LOCAL)
    with write_transaction(session):
        row = {"id": name, "payment_id": "p", "booking_id": "b", "town": taker, "facility_id": 1}
        row |= {"date": day, "method": "cash", "amount_yen": yen, "node_no": 1, "asked_at": at}
        session.connection().execute(
            insert(table_of(Refund)), row | {"status": "decided", "account_town": giver}
        )
