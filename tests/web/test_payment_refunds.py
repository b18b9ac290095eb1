"""還付 of what was paid online: decided as ever, and given back by the payment service, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from reservations import clock
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.checkouts import BackMoved, give_back
from reservations.actions.closing import ClosureRequest, close
from reservations.actions.money import PayRequest, pay
from reservations.models import Booking, GiveBack
from reservations.rules.availability import Kind
from reservations.rules.money import Account, Method
from reservations.sheets import key_of
from tests import town
from tests.support.forms import Person
from tests.support.lending import EVENING
from tests.support.paying import Paying, a_paying_site, settings_of, take_online
from tests.support.provider import Service
from tests.support.site import Site, a_site


@pytest.fixture
def paying(
    database_url: str, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Paying]:
    """A booking of 1,800 yen that was paid online and then given up, before a clerk."""
    monkeypatch.setattr(clock, "now", lambda: made.site.now)
    made: Paying = a_paying_site(database_url, tmp_path, service)
    made.pays()
    with made.site.database.session() as session:
        cancel(session, CancelRequest(made.booking_id), town.context())
    yield made
    made.site.database.dispose()


def clerk(paying: Paying) -> Person:
    """At the counter of the same machine."""
    from reservations.app import create_app  # noqa: PLC0415 - a second process of the same machine

    site = paying.site
    app = create_app(
        paying.settings, audience="counter", now=lambda: site.now, database=site.database
    )
    desk = Site(app, site.database, site.region, site.now, "counter")
    return desk.signed_in("staff").opens("/money?number=01-000001-6")


def later(paying: Paying, **time: float) -> Paying:
    paying.site.now += timedelta(**time)
    return paying


def refunds(paying: Paying) -> list[list[str]]:
    """The rows of the service's own statement that are refunds."""
    rows = [line.split(",") for line in paying.service.statement().splitlines()]
    return [row for row in rows if row[0] == "refund" and row[3] == paying.booking_id]


def backs(paying: Paying) -> list[str]:
    with paying.site.database.session() as session:
        return list(session.scalars(select(GiveBack.state)))


def test_a_refund_is_decided_at_the_counter_and_given_by_the_service(paying: Paying):
    desk = clerk(paying).presses("還付を決める")
    before = desk.text

    done = paying.job()

    assert "支払いサービスに返金を頼みます" in before
    assert "現金を渡した" not in before
    assert (done.given, done.failed) == (1, 0)
    (row,) = refunds(paying)
    (refund,) = paying.stated().refunds
    assert (row[2], row[4]) == (refund.id, "1800")
    assert "支払いに使ったところへ返しました" in desk.opens(desk.address).text
    assert "支払いに使ったところへお返ししました。" in paying.resident().text
    assert paying.stated().account == Account(0, 1800, 1800)


def test_told_twice_it_is_paid_once(paying: Paying):
    clerk(paying).presses("還付を決める")
    paying.job()
    with paying.site.database.session() as session:
        # Whoever stopped between the service's yes and the note of it asks once more.
        session.execute(delete(GiveBack))
        session.commit()

    done = later(paying, minutes=1).job()

    assert done.given == 1
    assert len(refunds(paying)) == 1


def test_with_the_line_down_it_waits_and_is_given_when_the_line_is_back(paying: Paying):
    desk = clerk(paying).presses("還付を決める")
    paying.service.control("down")

    done = [later(paying, minutes=6).job() for _ in range(3)]
    told = desk.opens(desk.address).text
    paying.service.control("up")
    later(paying, hours=6).job()

    assert [each.given for each in done] == [0, 0, 0]
    assert "支払いサービスの返事を待っています" in told
    assert backs(paying) == ["given"]
    assert len(refunds(paying)) == 1


def test_what_the_service_declines_is_a_matter_until_it_is_seen_to(paying: Paying):
    desk = clerk(paying)
    with paying.site.database.session() as session:
        # A payment that a clerk typed in by a number that the service does not know.
        wrong = PayRequest(paying.booking_id, 500, Method.ONLINE, "unknown-1")
        pay(session, wrong, town.context("account-staff", now=later(paying, minutes=1).site.now))
    desk.opens("/money?number=01-000001-6").presses("還付を決める", back="500")

    done = later(paying, minutes=1).job()

    assert done.failed == 1
    desk.opens("/matters")
    assert "還付500円を、支払いサービスが断りました。" in desk.text
    assert "食い違い 1件" in desk.text or "食い違い 2件" in desk.text
    desk.follows("返金を見る")
    assert "支払いサービスが返金を断りました" in desk.text and "no such payment" in desk.text
    desk.presses("もう一度頼む")
    assert backs(paying) == ["asked"]
    assert later(paying, minutes=1).job().failed == 1


def test_a_closure_gives_back_what_was_paid_online_by_itself(
    sqlite_url: str, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "now", lambda: made.site.now)
    made: Paying = a_paying_site(sqlite_url, tmp_path, service)
    made.pays()
    with made.site.database.session() as session:
        revision = session.get_one(Booking, made.booking_id).revision
        seen = frozenset({key_of(made.booking_id, revision)})
        place = (made.site.region.here.whole, town.SATURDAY, EVENING, Kind.MAINTENANCE)
        wish = ClosureRequest(*place, "床の張替え", seen)
        close(session, wish, town.context("account-staff"))

    done = made.job()

    assert done.given == 1
    assert made.stated().account == Account(0, 1800, 1800)
    assert "支払いに使ったところへお返ししました。" in made.resident().text
    made.site.database.dispose()


def test_what_was_given_stays_given(paying: Paying):
    clerk(paying).presses("還付を決める")
    paying.job()
    (refund,) = paying.stated().refunds

    with paying.site.database.session() as session:
        give_back(session, BackMoved(refund.id, "failed", "late"), town.context("system"))

    assert backs(paying) == ["given"]


def test_the_clerk_is_warned_of_a_payment_that_is_under_way(
    sqlite_url: str, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "now", lambda: made.site.now)
    made: Paying = a_paying_site(sqlite_url, tmp_path, service)
    made.begins()

    told = clerk(made).text

    assert "オンラインの支払い 1,800円が" in told and "二重になることがあります" in told
    made.site.database.dispose()


def test_cash_is_paid_back_in_cash_as_ever(sqlite_url: str, tmp_path: Path, service: Service):
    settings = settings_of(service, tmp_path)
    counter = a_site(sqlite_url, tmp_path, audience="counter", settings=settings)
    take_online(counter.database)
    counter.books(counter.region.here.whole, name="resident")
    desk = counter.signed_in("staff").opens("/money?number=01-000001-6")

    desk.presses("お金を受け取る", amount="1800").presses("お金を受け取る", amount="1800")
    desk.presses("還付を決める")

    assert "現金を渡した" in desk.text
    counter.database.dispose()
