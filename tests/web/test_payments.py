"""オンライン払い: to the payment service and back on every bad day, and what the pages say then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from reservations import clock
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.money import PayRequest, pay
from reservations.actions.reductions import ReduceRequest, reduce
from reservations.db import write_transaction
from reservations.models import Booking, Checkout, Payment
from reservations.rules.money import Account
from tests import town
from tests.printables import pdf
from tests.support.paying import Paying, a_paying_site, path_of
from tests.support.provider import Service
from tests.support.site import a_site
from tests.town import NOW


@pytest.fixture
def paying(
    sqlite_url: str, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Paying]:
    monkeypatch.setattr(clock, "now", lambda: made.site.now)
    made: Paying = a_paying_site(sqlite_url, tmp_path, service)
    yield made
    made.site.database.dispose()


def later(paying: Paying, **time: float) -> Paying:
    paying.site.now += timedelta(**time)
    return paying


def notice(paying: Paying, **other: Any) -> dict[str, Any]:
    """What the service would say of the only checkout."""
    (checkout,) = paying.checkouts()
    return paying.service.begun(checkout.id) | other


def test_a_booking_is_paid_online_and_says_so_everywhere(paying: Paying):
    person, address = paying.begins()
    before = person.text

    person.opens(path_of(paying.service.pays(address)))

    assert "支払いの画面へ進みます" in before and "1,800円" in before
    assert "支払いを受け取りました" in person.text
    person.follows("予約に戻る")
    assert "すべて納められています。" in person.text
    assert "オンラインで支払う" not in person.text
    found = paying.stated()
    assert found.account == Account(1800, 1800, 0)
    (payment,) = found.payments
    assert (payment.method, payment.node_no, payment.day) == ("online", 1, town.TODAY)
    assert payment.reference.startswith("sim-")


def test_an_old_pages_button_takes_nothing_for_a_use_that_is_in_review(paying: Paying):
    person = paying.resident()
    with paying.site.database.session() as session, write_transaction(session):
        session.get_one(Booking, paying.booking_id).decide_by = town.TODAY + timedelta(days=3)

    person.presses("オンラインで支払う")

    assert "審査中" in person.text
    assert list(paying.checkouts()) == []


def test_the_receipt_has_a_number_of_this_machines_series(paying: Paying):
    paying.pays().follows("予約に戻る").follows("領収書を開く")

    person = paying.resident()
    person.follows("領収書を開く")
    assert person.answer is not None
    assert "receipt-01-R000001.pdf" in person.answer.headers["Content-Disposition"]
    assert "￥1,800－" in pdf.text(person.answer.data)


def test_nobody_reads_or_pays_somebody_elses(paying: Paying):
    paying.pays()
    (checkout,) = paying.checkouts()
    stranger = paying.site.signed_in("neighbour")

    for path in (f"payments/{checkout.id}", f"receipts/{checkout.payment_id}.pdf"):
        assert stranger.opens(f"{paying.page}/{path}").status == 404
    assert stranger.client.post(f"{paying.page}/pay").status_code in (400, 404)


def test_two_clicks_are_one_checkout(paying: Paying):
    one, other = paying.resident(), paying.resident()

    one.presses("オンラインで支払う")
    other.presses("オンラインで支払う")

    assert one.address == other.address
    assert len(paying.checkouts()) == 1
    assert "支払いの結果を見る・続ける" in paying.resident().text


def test_a_notice_is_enough_and_the_same_one_twice_is_one_payment(paying: Paying):
    _, address = paying.begins()
    paying.service.pays(address, "silent")

    answers = [paying.tells(notice(paying)) for _ in range(2)]

    assert answers == [204, 204]
    assert paying.stated().account == Account(1800, 1800, 0)


def test_the_notice_and_the_return_and_the_job_are_one_payment(paying: Paying):
    paying.pays("twice")
    paying.tells(notice(paying))
    later(paying, hours=1).job()

    assert paying.stated().account == Account(1800, 1800, 0)
    with paying.site.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_lost_notice_is_asked_for_by_the_job(paying: Paying):
    _, address = paying.begins()
    paying.service.pays(address, "silent")
    waiting = paying.resident().text

    done = later(paying, minutes=2).job()

    assert "結果がまだ届いていません" in waiting
    assert (done.asked, done.paid) == (1, 1)
    assert "すべて納められています。" in paying.resident().text


def test_an_open_checkout_is_asked_less_and_less_and_lapses(paying: Paying):
    paying.begins()
    asked_before = paying.service.seen("asked").get("ask", 0)

    for _ in range(60):
        later(paying, minutes=1).job()
    in_an_hour = paying.service.seen("asked")["ask"] - asked_before
    later(paying, days=3).job()

    assert 5 <= in_an_hour <= 8
    assert [each.state for each in paying.checkouts()] == ["lapsed"]
    assert later(paying, days=1).job().asked == 0
    assert "オンラインで支払う" in paying.resident().text


def test_whoever_comes_back_after_it_lapsed_is_told_the_truth_all_the_same(paying: Paying):
    _, address = paying.begins()
    later(paying, days=4).job()
    person = paying.resident()
    (checkout,) = paying.checkouts()
    page = f"{paying.page}/payments/{checkout.id}?back=1"
    lapsed = person.opens(page).text

    paying.service.pays(address, "silent")

    assert "この支払いは、時間が過ぎて終わりました" in lapsed
    assert "支払いを受け取りました" in person.opens(page).text


def test_whoever_looks_again_and_again_does_not_put_off_the_next_question(paying: Paying):
    person, address = paying.begins()
    (checkout,) = paying.checkouts()
    for _ in range(12):
        person.opens(f"{paying.page}/payments/{checkout.id}?back=1")
    paying.service.pays(address, "silent")

    assert later(paying, minutes=2).job().paid == 1


def test_what_is_paid_after_all_that_is_still_a_payment(paying: Paying):
    _, address = paying.begins()
    later(paying, days=4).job()
    paying.service.pays(address, "silent")

    assert paying.tells(notice(paying)) == 204
    assert paying.stated().account == Account(1800, 1800, 0)


def test_a_failure_told_after_the_payment_changes_nothing(paying: Paying):
    paying.pays()

    paying.tells(notice(paying, state="failed", at=None))

    assert paying.stated().account == Account(1800, 1800, 0)
    assert paying.checkouts()[0].state == "paid"


def test_a_failure_told_first_is_asked_about_and_the_payment_found(paying: Paying):
    _, address = paying.begins()
    paying.service.pays(address, "silent")

    paying.tells(notice(paying, state="failed", at=None))
    failed = paying.checkouts()[0].state
    later(paying, minutes=5).job()

    assert failed == "failed"
    assert paying.stated().account == Account(1800, 1800, 0)


def test_a_payment_that_failed_can_be_tried_again(paying: Paying):
    person = paying.pays("fail")
    told = person.text

    person.presses("もう一度支払う")
    person.opens(path_of(paying.service.pays(dict(person.links)["支払いの画面へ進む"])))

    assert "支払いはできませんでした" in told and "予約はそのままです" in told
    assert "支払いを受け取りました" in person.text
    assert [each.state for each in paying.checkouts()] == ["failed", "paid"]


def test_whoever_closes_the_window_is_told_that_it_is_not_known(paying: Paying):
    person, _ = paying.begins()
    (checkout,) = paying.checkouts()

    person.opens(f"{paying.page}/payments/{checkout.id}?back=1")

    assert "支払いの結果は、まだわかりません" in person.text
    assert "支払いの画面へ戻る" in person.text


def test_with_the_line_down_the_booking_stands_and_can_be_paid_later(paying: Paying):
    paying.service.control("down")

    person = paying.resident().presses("オンラインで支払う")
    told = person.text
    paying.service.control("up")
    person.presses("もう一度試す")

    for words in (
        "支払いサービスへの回線が、いまつながりません",
        "予約はそのままです",
        "窓口で納めるか",
    ):
        assert words in told
    assert "支払いの画面へ進みます" in person.text
    assert len(paying.checkouts()) == 1


def test_with_the_line_down_on_the_way_back_nobody_is_told_a_lie(paying: Paying):
    person, address = paying.begins()
    back = paying.service.pays(address, "silent")
    paying.service.control("down")

    person.opens(path_of(back))
    told = person.text
    paying.service.control("up")
    later(paying, minutes=10).job()

    assert "支払いの結果は、まだわかりません" in told
    assert "もう一度支払わないでください" in told
    assert "支払いを受け取りました" in person.opens(person.address).text


def test_a_slow_service_holds_nobody_longer_than_the_bound(paying: Paying):
    from time import monotonic  # noqa: PLC0415 - of this test alone

    paying.service.control("slow/8")
    began = monotonic()

    person = paying.resident().presses("オンラインで支払う")

    assert monotonic() - began < 6
    assert "支払いサービスにつながりません" in person.text


def test_a_forged_notice_is_not_believed(paying: Paying):
    paying.begins()
    said = notice(paying, state="paid", at=NOW.isoformat())

    assert paying.tells(said, secret="somebody else's") == 403
    assert paying.tells({"no": "sense"}) == 403
    assert paying.stated().account == Account(1800, 0, 0)


def test_a_notice_of_what_is_not_known_here_is_to_be_told_again(paying: Paying):
    paying.begins()

    unknown = notice(paying, reference="x", order="y", state="paid", at=NOW.isoformat())

    assert paying.tells(unknown) == 404
    assert paying.tells(unknown | {"state": "failed"}) == 404


def test_after_a_restore_the_payment_is_known_by_its_booking(paying: Paying):
    paying.begins()
    said = notice(paying, reference="forgotten", state="paid", at=NOW.isoformat())

    assert paying.tells(said) == 204
    assert paying.stated().account == Account(1800, 1800, 0)


def test_cash_at_the_counter_meanwhile_is_a_fact_too_and_the_surplus_is_told(paying: Paying):
    person, address = paying.begins()
    with paying.site.database.session() as session:
        pay(session, PayRequest(paying.booking_id, 1800), town.context("account-staff"))

    person.opens(path_of(paying.service.pays(address))).follows("予約に戻る")

    assert paying.stated().account == Account(1800, 3600, 0)
    assert "納めすぎ 1,800円" in person.text


def test_two_tabs_that_both_pay_are_two_facts(paying: Paying):
    _, address = paying.begins()
    with paying.site.database.session() as session:
        wish = ReduceRequest(paying.booking_id, 50, "第8条", "登録証", "館長")
        reduce(session, wish, town.context("account-staff"))
    other = paying.resident().presses("オンラインで支払う")
    half = dict(other.links)["支払いの画面へ進む"]

    paying.service.pays(address)
    paying.service.pays(half)
    later(paying, minutes=2).job()

    assert half != address
    assert paying.stated().account == Account(900, 2700, 0)


def test_a_booking_that_was_given_up_meanwhile_keeps_its_payment_as_it_was(paying: Paying):
    person, address = paying.begins()
    with paying.site.database.session() as session:
        cancel(session, CancelRequest(paying.booking_id), town.context())

    person.opens(path_of(paying.service.pays(address))).follows("予約に戻る")

    assert paying.stated().account == Account(0, 1800, 0)
    assert "納めすぎ 1,800円" in person.text
    assert "オンラインで支払う" not in person.text


def test_where_everything_is_paid_the_button_only_says_so(paying: Paying):
    person = paying.resident()
    with paying.site.database.session() as session:
        pay(session, PayRequest(paying.booking_id, 1800), town.context("account-staff"))

    person.presses("オンラインで支払う")

    assert "すべて納められています。" in person.text
    assert paying.checkouts() == []


def test_in_english_the_pages_are_english(paying: Paying):
    person = paying.site.signed_in("resident").opens(f"{paying.page}?lang=en")
    person.presses("Pay online")

    assert "On to the payment page" in person.text
    (checkout,) = paying.checkouts()
    assert checkout.locale == "en"


def test_a_town_that_takes_no_payments_online_shows_no_button(sqlite_url: str, tmp_path: Path):
    site = a_site(sqlite_url, tmp_path)
    booking_id = site.books(site.region.here.whole, name="resident")

    person = site.signed_in("resident").opens(f"/bookings/{booking_id}")

    assert "オンライン" not in person.text
    assert "施設の窓口で納めてください。" in person.text
    with site.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Checkout)) == 0
    site.database.dispose()
