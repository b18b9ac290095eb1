"""Booking, changing and cancelling by token."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

from sqlalchemy import func, select

from reservations.models import Booking
from reservations.queries import audit
from tests.support.api import statements_of
from tests.town import TODAY


def booking(api, answer, **changed: Any) -> dict[str, Any]:
    """What the whole hall on Saturday evening looks like; the id is the database's."""
    return {
        "booking_id": answer.json["booking_id"],
        "number": "01-000001-6",
        "status": "confirmed",
        "unit_id": api.region.here.whole,
        "unit": "全面",
        "unit_en": "",
        "facility_id": api.region.here.facility_id,
        "facility": "となり体育館",
        "facility_en": "",
        "town": "となり市",
        "town_en": "Town 172014",
        "town_code": "172014",
        "lat": 36.56,
        "lng": 136.65,
        "date": "2026-06-13",
        "start": "18:00",
        "end": "21:00",
        "purpose": "",
        "headcount": None,
        "fee_yen": 1800,
        "made_at": "2026-06-06T12:00:00+09:00",
        "free_cancel_until": "2026-06-07T00:00:00+09:00",
        "cancelled_at": None,
        "due_yen": None,
        "refund_yen": None,
        "answer_by": None,
        "instead_of": None,
        "replaced_by": None,
        "alternatives": [],
        "permit_url": f"/api/v1/bookings/{answer.json['booking_id']}/permit.pdf",
        "permission": "none",
        "decide_by": None,
        "conditions": "",
        "refused_for": "",
    } | changed


def count(api) -> int:
    with api.database.session() as session:
        return session.scalar(select(func.count()).select_from(Booking)) or 0


def test_a_booking_is_confirmed_at_once(api_on_both):
    api = api_on_both

    answer = api.book(api.region.here.whole, purpose="badminton", headcount=8)

    assert answer.status_code == 201
    assert answer.json == booking(api, answer, purpose="badminton", headcount=8)
    assert api.get(f"bookings/{answer.json['booking_id']}", token="resident").json == answer.json


def test_a_frame_that_is_touched_is_lent_whole(api):
    answer = api.book(api.region.here.whole, start="16:30", end="18:30")

    assert answer.json == booking(
        api, answer, start="13:00", end="21:00", fee_yen=3400, headcount=None
    )


def test_what_somebody_else_has_is_taken_and_the_next_is_offered(api_on_both):
    api = api_on_both
    api.book(api.region.here.whole)

    answer = api.book(api.region.here.halves[0], token="neighbour")

    sentence = "ほかの方の予約が先に入りました。下の空きから選んでください。"
    document = answer.json
    offers = document.pop("alternatives")
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert document == {
        "type": "urn:tonari:refusal:taken",
        "title": sentence,
        "status": 409,
        "code": "taken",
        "refusals": [{"code": "taken", "detail": sentence}],
    }
    next_door = api.region.next_door
    assert [offer["unit_id"] for offer in offers][:2] == list(next_door.halves)
    assert offers[0] == {
        "unit_id": next_door.halves[0],
        "unit": "1/2面",
        "unit_en": "",
        "facility_id": next_door.facility_id,
        "facility": "かなた体育館",
        "facility_en": "",
        "town": "かなた町",
        "town_en": "Town 172120",
        "town_code": "172120",
        "lat": 36.575,
        "lng": 136.66,
        "kind": "gym",
        "capacity": 50,
        "distance_m": 1892,
        "status": "free",
        "date": "2026-06-13",
        "start": "18:00",
        "end": "21:00",
        "fee_yen": 900,
        "bookable_from": "2026-04-14",
        "shift_minutes": 0,
        "travel_minutes": 8,
        "fee_difference_yen": -450,
        "cost_minutes": 7.7,
        "reason": "1.9 km 先・同じ時間・空きあり・450円安い",
    }
    assert count(api) == 1


def test_every_reason_is_listed_the_strongest_first(api):
    answer = api.book(api.region.here.whole, date="2026-06-05", headcount=101, purpose="choir")

    assert answer.status_code == 422
    assert answer.json["code"] == "purpose_not_allowed"
    assert [each["code"] for each in answer.json["refusals"]] == [
        "purpose_not_allowed",
        "over_capacity",
        "past",
        "closed_day",
    ]


def test_a_unit_that_does_not_exist_is_not_found(api):
    answer = api.book(999)

    assert (answer.status_code, answer.json["code"]) == (404, "unit_unknown")


def test_the_same_key_books_once_and_is_answered_the_same(api_on_both):
    api = api_on_both
    first = api.book(api.region.here.whole, key="wish-1")

    again = api.book(api.region.here.whole, key="wish-1")

    assert (again.status_code, again.json) == (201, first.json)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(api) == 1


def test_the_same_key_with_another_wish_is_refused(api):
    api.book(api.region.here.whole, key="wish-1")

    answer = api.book(api.region.here.whole, key="wish-1", headcount=2)

    assert (answer.status_code, answer.json["code"]) == (422, "key_reused")
    assert count(api) == 1


def test_a_key_belongs_to_its_account(api):
    api.book(api.region.here.halves[0], key="wish-1")

    answer = api.book(api.region.here.halves[1], key="wish-1", token="neighbour")

    assert answer.status_code == 201
    assert count(api) == 2


def test_a_key_that_cannot_be_one_is_malformed(api):
    answer = api.book(api.region.here.whole, key="two words")

    assert answer.status_code == 400
    assert answer.json["errors"] == [
        {
            "field": "Idempotency-Key",
            "code": "not_a_key",
            "detail": "受付キーは、空白のない英数記号255文字までにしてください。",
        }
    ]


def test_many_requests_with_one_key_at_once_are_one_booking(api_on_both):
    api = api_on_both
    answers = []

    def ask():
        client = api.app.test_client()
        body = {
            "unit_id": api.region.here.whole,
            "date": "2026-06-13",
            "start": "18:00",
            "end": "21:00",
        }
        headers = {"Authorization": "Bearer resident", "Idempotency-Key": "one"}
        answers.append(client.post("/api/v1/bookings", json=body, headers=headers))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json["booking_id"] for answer in answers}) == 1
    assert count(api) == 1


def test_cancelling_says_what_stays_owed_and_what_comes_back(api_on_both):
    api = api_on_both
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}"
    # Two days before, half the fee comes back.
    api.now += timedelta(days=5)

    answer = api.post(f"{path}/cancel")

    assert answer.status_code == 200
    assert answer.json == booking(
        api,
        made,
        status="cancelled",
        cancelled_at="2026-06-11T12:00:00+09:00",
        due_yen=900,
        refund_yen=900,
        permit_url=None,
    )
    assert api.get(path, token="resident").json == answer.json
    with api.database.session() as session:
        assert audit.masks(session, since=TODAY).differences == ()


def test_cancelling_within_the_free_minutes_costs_nothing(api):
    made = api.book(api.region.here.whole)

    answer = api.post(f"bookings/{made.json['booking_id']}/cancel")

    assert (answer.json["due_yen"], answer.json["refund_yen"]) == (0, 1800)


def test_cancelling_again_is_refused_but_with_the_same_key_it_is_answered(api):
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}/cancel"
    first = api.post(path, key="give-back")

    again = api.post(path, key="give-back")
    answer = api.post(path)

    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert "Idempotency-Replayed" not in first.headers
    assert (answer.status_code, answer.json["code"]) == (409, "not_active")


def test_changing_moves_the_booking_and_keeps_its_number(api_on_both):
    api = api_on_both
    made = api.book(api.region.here.whole)
    half = api.region.here.halves[0]

    wish = {"unit_id": half, "date": "2026-06-14", "start": "13:30", "end": "15:00"}
    answer = api.post(f"bookings/{made.json['booking_id']}/change", wish)

    assert answer.status_code == 200
    assert answer.json == booking(
        api,
        made,
        unit_id=half,
        unit="1/2面",
        date="2026-06-14",
        start="13:00",
        end="17:00",
        fee_yen=800,
        free_cancel_until="2026-06-08T00:00:00+09:00",
    )
    with api.database.session() as session:
        assert audit.masks(session, since=TODAY).differences == ()


def test_a_change_that_is_refused_keeps_the_old_place(api):
    made = api.book(api.region.here.halves[0])
    api.book(api.region.here.halves[1], token="neighbour")

    wish = {
        "unit_id": api.region.here.whole,
        "date": "2026-06-13",
        "start": "18:00",
        "end": "21:00",
    }
    path = f"bookings/{made.json['booking_id']}"
    answer = api.post(f"{path}/change", wish)

    assert (answer.status_code, answer.json["code"]) == (409, "taken")
    assert answer.json["alternatives"][0]["facility"] == "かなた体育館"
    assert api.get(path, token="resident").json == made.json


def test_somebody_elses_booking_does_not_exist(api):
    made = api.book(api.region.here.whole)
    path = f"bookings/{made.json['booking_id']}"
    wish = {
        "unit_id": api.region.here.whole,
        "date": "2026-06-14",
        "start": "18:00",
        "end": "21:00",
    }

    answers = [
        api.get(path, token="neighbour"),
        api.post(f"{path}/cancel", token="neighbour"),
        api.post(f"{path}/change", wish, token="neighbour"),
    ]

    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [
        (404, "not_found")
    ] * 3
    assert api.get("bookings", token="neighbour").json["bookings"] == []
    assert api.get(path, token="resident").json["status"] == "confirmed"


def test_ones_bookings_are_listed_soonest_first(api):
    later = api.book(api.region.here.whole, date="2026-06-20")
    sooner = api.book(api.region.next_door.whole)

    listed = api.get("bookings", token="resident").json

    assert listed == {
        "as_of": "2026-06-06T12:00:00+09:00",
        "node": "hub",
        "page": 0,
        "next_page": None,
        "bookings": [sooner.json, later.json],
    }
    since = api.get("bookings", token="resident", since="2026-06-14").json
    assert since["bookings"] == [later.json]


def test_without_a_token_nothing_of_it_is_answered(api):
    answers = [
        api.get("bookings"),
        api.book(api.region.here.whole, token=""),
        api.book(api.region.here.whole, token="yesterday's"),
    ]

    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [
        (401, "sign_in_needed")
    ] * 3
    assert count(api) == 0


def test_a_signed_in_browser_cannot_act_through_the_api(api):
    """A cookie is sent by any page that a person has open; the API does not look at it."""
    api.client.set_cookie("tonari_session", "resident")

    answer = api.book(api.region.here.whole, token="")

    assert answer.status_code == 401


def test_booking_costs_five_statements_besides_the_token(api_on_both):
    api = api_on_both
    api.book(api.region.here.whole)

    with statements_of(api.database) as booked:
        made = api.book(api.region.here.whole, start="13:00", end="17:00")
    with statements_of(api.database) as listed:
        api.get("bookings", token="resident")
    with statements_of(api.database) as cancelled:
        api.post(f"bookings/{made.json['booking_id']}/cancel")

    # The token; the answer says what the action has written.
    assert len(booked) == 5 + 1
    assert len(listed) <= 2 + 1
    assert len(cancelled) <= 5 + 5


def test_in_a_rush_the_second_who_comes_too_late_writes_nothing(api):
    """The first one's refusal has shown this process that the hall is taken."""
    api.book(api.region.here.whole)
    assert api.book(api.region.here.halves[0], token="neighbour").json["code"] == "taken"

    with statements_of(api.database) as seen:
        late = api.book(api.region.here.whole, token="neighbour", key="late")
    with statements_of(api.database) as seen_of_own:
        own = api.book(api.region.here.halves[0])

    assert (late.status_code, late.json["code"]) == (409, "taken")
    assert (own.status_code, own.json["code"]) == (409, "own_overlap")
    assert [each["code"] for each in own.json["refusals"]] == ["own_overlap", "taken"]
    assert all(sql.startswith("SELECT") for sql in seen + seen_of_own)


def test_a_key_that_has_been_used_is_answered_though_the_place_is_taken(api):
    first = api.book(api.region.here.whole, key="wish-1")

    again = api.book(api.region.here.whole, key="wish-1")
    reused = api.book(api.region.here.halves[0], key="wish-1")

    assert (again.status_code, again.json) == (201, first.json)
    assert (reused.status_code, reused.json["code"]) == (422, "key_reused")
