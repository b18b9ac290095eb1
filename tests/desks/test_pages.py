"""What people read while the line is cut, and after it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from reservations.actions.accounts import SignInRequest, sign_in
from reservations.app import create_app
from reservations.web.auth import token_hash
from tests.support.desks import Office, Offices
from tests.town import NOW, SATURDAY

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
