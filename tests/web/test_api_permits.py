"""The permit by token."""

from __future__ import annotations

from uuid import uuid4

from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from tests.printables import pdf
from tests.support.approving import REASON, looks_first
from tests.town import context


def test_a_booking_says_where_its_permit_is(api_on_both):
    api = api_on_both
    made = api.book(api.region.here.whole)

    answer = api.client.get(made.json["permit_url"], headers={"Authorization": "Bearer resident"})

    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert made.json["number"] in pdf.text(answer.data)
    assert "permit-01-000001-6.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_screen_and_the_api_give_the_same_paper(api):
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}/permit.pdf"

    one, other = (api.get(path, token="resident").data for _ in range(2))

    assert one == other


def test_somebody_elses_permit_does_not_exist(api):
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}/permit.pdf"

    answers = [api.get(path, token=token) for token in ("neighbour", None)]

    assert [(each.status_code, each.json["code"]) for each in answers] == [
        (404, "not_found"),
        (401, "sign_in_needed"),
    ]
    assert api.get(f"bookings/{uuid4()}/permit.pdf", token="resident").status_code == 404


def test_a_cancelled_booking_has_no_permit(api):
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}"
    cancelled = api.post(f"{path}/cancel")

    answer = api.get(f"{path}/permit.pdf", token="resident", lang="en")

    assert cancelled.json["permit_url"] is None
    assert (answer.status_code, answer.json["code"]) == (409, "no_permit")
    assert answer.json["title"] == (
        "Only a confirmed booking has a permit. This one was cancelled or is not confirmed yet."
    )


def test_in_review_there_is_no_permit_and_the_booking_says_so(api_on_both):
    api = api_on_both
    with api.database.session() as session:
        looks_first(session)
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}"

    answer = api.get(f"{path}/permit.pdf", token="resident")

    assert (made.json["status"], made.json["permit_url"]) == ("confirmed", None)
    assert (made.json["permission"], made.json["decide_by"]) == ("asked", "2026-06-12")
    assert (answer.status_code, answer.json["code"]) == (409, "permission_waits")
    assert api.get(path, token="resident").json == made.json


def test_granted_and_refused_are_told_with_conditions_and_reason(api):
    with api.database.session() as session:
        looks_first(session)
    first = api.book(api.region.here.halves[0]).json["booking_id"]
    second = api.book(api.region.here.halves[1], start="09:00", end="12:00").json["booking_id"]
    with api.database.session() as session:
        grant(session, GrantRequest(first, 0, "火気を使わないこと。"), context("account-staff"))
        refuse(session, RefuseRequest(second, 0, REASON), context("account-staff"))

    found = [api.get(f"bookings/{each}", token="resident").json for each in (first, second)]

    assert [(each["status"], each["permission"]) for each in found] == [
        ("confirmed", "granted"),
        ("cancelled", "refused"),
    ]
    assert (found[0]["conditions"], found[1]["refused_for"]) == ("火気を使わないこと。", REASON)
    permit = api.get(f"bookings/{first}/permit.pdf", token="resident")
    assert "火気を使わないこと。" in pdf.text(permit.data)
