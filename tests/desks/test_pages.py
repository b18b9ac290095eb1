"""What people read while the line is cut, and after it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from reservations.actions.accounts import SignInRequest, sign_in
from reservations.actions.bookings import ChangeRequest, change
from reservations.app import create_app
from reservations.db import write_transaction
from reservations.models import Account, Booking
from reservations.web.auth import SESSION_COOKIES, token_hash
from sync.store import Aside
from tests.support.desks import Office, Offices
from tests.support.lending import EVENING
from tests.town import NOW, SATURDAY, every_role

TOKEN = "a token of the resident"


def api_of(office: Office) -> FlaskClient:
    """The resident's programme at this office, with the clock of the tests."""
    app = create_app(office.desk.settings, now=lambda: NOW, database=office.database)
    request = SignInRequest(
        "account-resident", token_hash(TOKEN), NOW.replace(year=2027), kind="api", way="link"
    )
    sign_in(office.session, request, office.context())
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


@pytest.fixture
def hub_api(offices: Offices) -> FlaskClient:
    offices.give(SATURDAY)
    return api_of(offices.hub)


WISH = {"date": "2026-06-13", "start": "18:00", "end": "21:00", "purpose": "badminton"}


def test_cut_off_from_the_holder_the_answer_is_tentative_with_a_date_and_a_place_that_can_confirm(
    offices: Offices, hub_api: FlaskClient
):
    gym = offices.hub.region.here

    answer = hub_api.post("/api/v1/bookings", json=WISH | {"unit_id": gym.whole})

    body = answer.get_json()
    assert (answer.status_code, body["status"]) == (201, "tentative")
    assert body["answer_by"] == "2026-06-07T12:00:00+09:00"
    assert [each["facility_id"] for each in body["alternatives"]][:1] == [
        offices.hub.region.next_door.facility_id
    ]
    assert body["permit_url"] is None


def test_after_the_answer_the_booking_says_so(offices: Offices, hub_api: FlaskClient):
    made = hub_api.post(
        "/api/v1/bookings", json=WISH | {"unit_id": offices.hub.region.here.whole}
    ).get_json()["booking_id"]

    offices.meet()

    assert hub_api.get(f"/api/v1/bookings/{made}").get_json()["status"] == "confirmed"


def test_somebody_who_lost_at_the_rejoin_is_offered_the_next_place(
    offices: Offices, hub_api: FlaskClient
):
    made = hub_api.post(
        "/api/v1/bookings", json=WISH | {"unit_id": offices.hub.region.here.whole}
    ).get_json()["booking_id"]
    offices.gym.books(offices.gym.region.here.whole, "party-rival")

    offices.meet()

    body = hub_api.get(f"/api/v1/bookings/{made}").get_json()
    assert (body["status"], body["permit_url"]) == ("refused", None)


def test_the_node_says_what_it_holds_and_that_the_line_is_cut(
    offices: Offices, hub_api: FlaskClient
):
    body = hub_api.get("/api/v1/node").get_json()

    assert (body["mode"], body["holds"], body["waiting_slips"]) == (
        "isolated", {"sheets": "some"}, 0,
    )  # fmt: skip


# A change that two desks have to answer.


def change_next_door(client: FlaskClient, made: str, unit_id: int, **more: str) -> dict[str, Any]:
    wish = {"date": "2026-06-13", "start": "18:00", "end": "21:00", "unit_id": unit_id}
    answer = client.post(f"/api/v1/bookings/{made}/change", json=wish, headers=more)
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_change_that_the_holder_has_yet_to_answer_says_that_the_old_place_is_kept(
    offices: Offices, hub_api: FlaskClient
):
    hub = offices.hub
    old = hub.books(hub.region.next_door.whole)

    body = change_next_door(hub_api, old, hub.region.here.whole)
    new = hub_api.get(f"/api/v1/bookings/{body['replaced_by']}").get_json()

    assert (body["booking_id"], body["status"]) == (old, "changing")
    assert body["answer_by"] == new["answer_by"] == "2026-06-07T12:00:00+09:00"
    assert body["permit_url"] is not None
    assert (new["status"], new["instead_of"], new["fee_yen"]) == ("tentative", old, 1800)
    offices.meet()
    before, after = (
        hub_api.get(f"/api/v1/bookings/{each}").get_json() for each in (old, new["booking_id"])
    )
    assert (before["status"], after["status"]) == ("cancelled", "confirmed")
    assert (before["due_yen"], before["replaced_by"]) == (0, new["booking_id"])


def test_a_repeated_request_to_change_is_answered_with_the_same_booking(
    offices: Offices, hub_api: FlaskClient
):
    hub = offices.hub
    old = hub.books(hub.region.next_door.whole)

    bodies = [
        change_next_door(hub_api, old, hub.region.here.whole, **{"Idempotency-Key": "once"})
        for _ in range(2)
    ]

    assert bodies[0] == bodies[1]


def test_a_booking_whose_change_waits_is_not_changed_again(offices: Offices, hub_api: FlaskClient):
    hub = offices.hub
    old = hub.books(hub.region.next_door.whole)
    change_next_door(hub_api, old, hub.region.here.whole)

    again = {"date": "2026-06-13", "start": "09:00", "end": "12:00"}
    answer = hub_api.post(
        f"/api/v1/bookings/{old}/change", json=again | {"unit_id": hub.region.next_door.whole}
    )

    assert (answer.status_code, answer.get_json()["code"]) == (409, "changing")


SAID = {
    "asked": ("変更の返事を待っています", "変更を申し込みました"),
    "answered": ("この予約は、新しい予約に変わりました", "予約番号が新しくなりました"),
    "refused": ("この予約はそのままです", "元の予約はそのままです"),
}


@pytest.mark.parametrize("outcome", SAID)
def test_the_pages_of_both_bookings_say_how_a_change_stands(offices: Offices, outcome: str):
    hub = offices.hub
    offices.give(SATURDAY)
    old = hub.books(hub.region.next_door.whole)
    request = ChangeRequest(old, hub.region.here.whole, SATURDAY, EVENING)
    if outcome == "refused":
        offices.gym.books(offices.gym.region.here.whole, "party-rival")
    change(hub.session, request, hub.context())
    new = hub.session.scalars(select(Booking.id).where(Booking.instead_of == old)).one()
    if outcome != "asked":
        offices.meet()

    browser = browser_of(hub)
    pages = [browser.get(f"/bookings/{each}").get_data(as_text=True) for each in (old, new)]
    listed = browser.get("/bookings").get_data(as_text=True)
    given_up = browser.get(f"/bookings/{new}/cancel").get_data(as_text=True)

    for words, page in zip(SAID[outcome], pages, strict=True):
        assert words in page
    assert f"/bookings/{new}" in pages[0] or outcome == "refused"
    assert f"/bookings/{old}" in pages[1]
    chips = {"asked": "変更の返事待ち", "answered": "変更済み", "refused": "変更できませんでした"}
    assert chips[outcome] in listed
    assert ("変更の申し込みをやめますか" in given_up) == (outcome == "asked")


def test_a_change_on_the_page_leads_to_the_booking_that_waits(offices: Offices):
    hub = offices.hub
    sunday = SATURDAY + timedelta(days=1)
    offices.give(sunday)
    old = hub.books(hub.region.here.whole)
    browser = browser_of(hub)
    check = f"/bookings/{old}/change/check?date=2026-06-14&start=18:00&end=21:00"
    hidden = dict(re.findall(r'name="(csrf_token|key|date|start|end)" value="([^"]*)"',
                             browser.get(check).get_data(as_text=True)))  # fmt: skip

    answer = browser.post(f"/bookings/{old}/change", data=hidden)

    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert answer.location.endswith(f"/bookings/{old}?changed=1")
    assert "変更の返事を待っています" in browser.get(answer.location).get_data(as_text=True)


def browser_of(
    office: Office, *, account: str = "account-resident", audience: str = "resident"
) -> FlaskClient:
    """Somebody's browser at this office."""
    settings = office.desk.settings
    app = create_app(settings, audience=audience, now=lambda: NOW, database=office.database)
    request = SignInRequest(
        account, token_hash(TOKEN), NOW.replace(year=2027), kind="web", way="link"
    )
    sign_in(office.session, request, office.context())
    client = app.test_client()
    client.set_cookie(SESSION_COOKIES[audience], TOKEN)
    return client


# What a clerk sees.


def clerk_of(office: Office) -> FlaskClient:
    """Who was a rival works at the counter now."""
    with write_transaction(office.session):
        account = office.session.get_one(Account, "account-rival")
        account.role, account.party_id = "staff", None
        every_role(office.session, account.id)
    return browser_of(office, account="account-rival", audience="counter")


def test_every_page_of_the_counter_says_how_many_slips_wait_and_which_sheets_are_here(
    offices: Offices,
):
    offices.give(SATURDAY)
    offices.hub.books(offices.hub.region.here.whole)
    hub, gym = clerk_of(offices.hub), clerk_of(offices.gym)

    said = [each.get("/voices").get_data(as_text=True) for each in (hub, gym)]

    assert "返事を待つ受付票 1件・ほかの拠点が持つ台帳 1葉" in said[0]
    assert "返事を待つ受付票 0件・この拠点が持つ台帳 1葉" in said[1]


def test_a_slip_that_is_to_be_said_again_is_shown_as_that(offices: Offices):
    hub = offices.hub
    offices.give(SATURDAY)
    hub.books(hub.region.here.whole)
    with hub.desk.transaction() as store:
        (slip,) = store.slips(offices.sheet(SATURDAY).text)
        store.set_aside(slip, Aside.TO_SAY_AGAIN)

    page = clerk_of(hub).get("/ledger").get_data(as_text=True)

    assert "もう一度伝える受付票</dt><dd>1件" in page
    assert "取り込まずに置いた文書" not in page
