"""オンライン払い in a region: begun where the line to the provider is, and known at every desk."""

from __future__ import annotations

import pytest

from reservations import clock
from reservations.actions import bookings
from reservations.actions.bookings import CancelRequest
from reservations.models import GiveBack
from reservations.payments import rounds
from reservations.rules.money import Account
from tests.desks.test_money import stated
from tests.support.counters import a_counter, a_screen
from tests.support.desks import Office, Offices
from tests.support.forms import Person
from tests.support.paying import path_of, take_online
from tests.support.provider import Service
from tests.town import NOW, SATURDAY


@pytest.fixture
def booking_id(offices: Offices, service: Service, monkeypatch: pytest.MonkeyPatch) -> str:
    """A booking of 1,800 yen on a sheet of the gym; only the hub has the payment service."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with_service(offices.hub, service)
    for office in (offices.hub, offices.gym):
        take_online(office.database)
    made = offices.hub.books(offices.hub.region.here.whole)
    offices.give(SATURDAY)
    offices.meet()
    return made


def with_service(office: Office, service: Service) -> None:
    settings = office.desk.settings.model_copy(update=service.settings)
    office.desk.settings = settings


def resident(office: Office, booking_id: str) -> Person:
    site = a_screen(office)
    return site.signed_in("resident").opens(f"/bookings/{booking_id}")


def pays(office: Office, service: Service, booking_id: str) -> Person:
    person = resident(office, booking_id).presses("オンラインで支払う")
    address = dict(person.links)["支払いの画面へ進む"]
    return person.opens(path_of(service.pays(address)))


def test_a_node_that_is_cut_off_says_why_and_what_to_do(offices: Offices, booking_id: str):
    offices.link.is_cut = True

    person = resident(offices.gym, booking_id)

    assert (
        "回線が切れているため、ここではオンラインで支払えません。予約はそのままです。"
        in person.text
    )
    assert "施設の窓口で納めるか、回線が戻ってから" in person.text
    assert not any("支払う" in label for form in person.forms for label, _, _ in form.buttons)


def test_a_node_with_its_line_says_where_it_can_be_paid(offices: Offices, booking_id: str):
    desk = offices.gym.desk
    desk.settings = desk.settings.model_copy(update={"site_url": "http://127.0.0.1:9"})
    (desk.folder / "contact").touch()
    heard = desk.last_heard()
    assert heard is not None
    site = a_screen(offices.gym, now=heard)

    # Signed in at that moment, as the clock of the machine shows it.
    person = site.signed_in("resident").opens(f"/bookings/{booking_id}")

    assert "オンラインの支払いは、本部の予約ページでできます。" in person.text
    assert (
        dict(person.links)["本部の予約ページを開く"] == f"http://127.0.0.1:9/bookings/{booking_id}"
    )


def test_what_is_paid_at_the_hub_is_paid_at_the_gym(
    offices: Offices, service: Service, booking_id: str
):
    pays(offices.hub, service, booking_id)
    offices.meet()

    (payment,) = stated(offices.gym, booking_id).payments
    assert (payment.method, payment.node_no, payment.reference) == ("online", 1, "")
    assert stated(offices.gym, booking_id).account == Account(1800, 1800, 0)
    assert "すべて納められています。" in resident(offices.gym, booking_id).text


def test_a_refund_that_the_gym_decides_is_given_by_the_hubs_service_once(
    offices: Offices, service: Service, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    pays(hub, service, booking_id)
    bookings.cancel(gym.session, CancelRequest(booking_id), gym.context())
    offices.meet()
    number = "01-000001-6"
    offices.link.is_cut = True

    desk = a_counter(gym).signed_in("staff").opens(f"/money?number={number}")
    desk.presses("還付を決める")
    told = desk.text
    early = rounds.tend(hub.database, hub.desk.settings)
    offices.link.is_cut = False
    offices.meet()
    done = [rounds.tend(hub.database, hub.desk.settings).given for _ in range(2)]

    assert "現金を渡した" not in told
    assert (early.given, done) == (0, [1, 0])
    for office in (hub, gym):
        assert stated(office, booking_id).account == Account(0, 1800, 1800)
    hub.session.rollback()
    (back,) = hub.session.query(GiveBack).all()
    assert back.state == "given"


def test_cash_at_the_gym_and_a_payment_at_the_hub_are_both_facts(
    offices: Offices, service: Service, booking_id: str
):
    offices.link.is_cut = True
    desk = a_counter(offices.gym).signed_in("staff").opens("/money?number=01-000001-6")
    desk.presses("お金を受け取る", amount="1800")
    pays(offices.hub, service, booking_id)
    offices.link.is_cut = False
    offices.meet()

    for office in (offices.hub, offices.gym):
        assert stated(office, booking_id).account == Account(1800, 3600, 0)
    assert "納めすぎ 1,800円" in resident(offices.hub, booking_id).text
