"""GET /api/v1/availability: what is free, for whom, and what it costs to ask."""

from __future__ import annotations

from typing import Any

from reservations.db import write_transaction
from tests.support.api import statements_of
from tests.town import HERE, a_gym, a_unit, open_for

EVENING = {"date": "2026-06-13", "start": "18:00", "end": "21:00"}
NEAR_NEXT_DOOR = "36.575,136.66"


def whole_next_door(api, **changed: Any) -> dict[str, Any]:
    return {
        "unit_id": api.region.next_door.whole,
        "unit": "全面",
        "unit_en": "",
        "facility_id": api.region.next_door.facility_id,
        "facility": "かなた体育館",
        "facility_en": "",
        "town": "かなた町",
        "town_en": "Town 172120",
        "town_code": "172120",
        "lat": 36.575,
        "lng": 136.66,
        "kind": "gym",
        "capacity": 100,
        "distance_m": 0,
        "status": "free",
        "date": "2026-06-13",
        "start": "18:00",
        "end": "21:00",
        "fee_yen": 1800,
        "bookable_from": "2026-04-14",
    } | changed


def units(answer) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [unit["unit_id"] for unit in answer.json["units"]]


def test_the_nearest_free_unit_comes_first_with_its_price(api):
    answer = api.get("availability", **EVENING, near=NEAR_NEXT_DOOR, limit=1)

    assert answer.content_type == "application/json"
    assert answer.json == {
        "as_of": "2026-06-06T12:00:00+09:00",
        "node": "hub",
        "units": [whole_next_door(api)],
    }


def test_a_time_inside_a_frame_is_answered_with_the_whole_frame(api):
    asked = EVENING | {"start": "18:30", "end": "20:00"}

    answer = api.get("availability", **asked, near=NEAR_NEXT_DOOR, limit=1)

    assert answer.json["units"] == [whole_next_door(api)]


def test_without_a_token_the_price_is_that_of_local_people(api):
    asked = EVENING | {"near": NEAR_NEXT_DOOR, "limit": 1}

    fees = [
        api.get("availability", token=token, **asked).json["units"][0]["fee_yen"]
        for token in (None, "neighbour", "resident")
    ]

    assert fees == [1800, 1800, 2700]


def test_a_token_that_does_not_count_is_told_so_instead_of_a_wrong_price(api):
    answer = api.get("availability", token="yesterday's", **EVENING)

    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_what_was_booked_is_absent_from_the_next_answer(api):
    region = api.region
    before = units(api.get("availability", **EVENING))
    api.book(region.here.halves[0])

    after = units(api.get("availability", **EVENING))

    # The whole hall goes with its half.
    assert set(before) - set(after) == {region.here.whole, region.here.halves[0]}


def test_only_the_wished_towns_are_listed(api):
    answer = api.get("availability", **EVENING, towns="172120,999999")

    next_door = api.region.next_door
    assert units(answer) == [next_door.whole, *next_door.halves]


def test_only_units_for_the_purpose_and_the_people_are_listed(api):
    assert units(api.get("availability", **EVENING, purpose="choir")) == []
    assert units(api.get("availability", **EVENING, headcount=60)) == [
        api.region.here.whole,
        api.region.next_door.whole,
    ]


def test_parameters_left_empty_count_as_left_out(api):
    asked = EVENING | {"purpose": "", "near": "", "towns": "", "limit": "", "headcount": ""}

    assert units(api.get("availability", **asked)) == units(api.get("availability", **EVENING))


def test_over_several_days_each_unit_comes_once_with_its_first_free_day(api):
    here = api.region.here
    for token, day in (("resident", "2026-06-13"), ("neighbour", "2026-06-14")):
        assert api.book(here.whole, token=token, date=day).status_code == 201

    answer = api.get("availability", **EVENING, near="36.56,136.65", days=14)

    found = {unit["unit_id"]: unit["date"] for unit in answer.json["units"]}
    assert len(answer.json["units"]) == 6
    assert found[here.whole] == "2026-06-15"
    assert found[api.region.next_door.whole] == "2026-06-13"


def test_days_that_are_over_are_not_looked_at(api):
    asked = {"start": "18:00", "end": "21:00", "limit": 1, "near": NEAR_NEXT_DOOR}

    assert units(api.get("availability", date="2026-06-05", **asked)) == []
    later = api.get("availability", date="2026-06-05", days=2, **asked)
    assert [unit["date"] for unit in later.json["units"]] == ["2026-06-06"]


def test_a_day_far_ahead_has_nothing_free_and_loads_nothing(api):
    units(api.get("availability", **EVENING))

    with statements_of(api.database) as seen:
        assert units(api.get("availability", **EVENING | {"date": "2099-12-31"}, days=31)) == []

    assert len(seen) <= 2


def test_with_status_all_the_rest_follows_with_its_reason(api):
    here = api.region.here
    with api.database.session() as session, write_transaction(session):
        shut = a_gym(
            session, "172014", "土曜休館", HERE, parts=1, closings=[{"weekday": 5}], purposes=()
        )
        open_for(session, api.now.date(), 40)
    api.book(here.whole)

    answer = api.get("availability", **EVENING, towns="172014", status="all")

    assert [(unit["unit_id"], unit["status"]) for unit in answer.json["units"]] == [
        (here.whole, "taken"),
        (here.halves[0], "taken"),
        (here.halves[1], "taken"),
        (shut.whole, "closed"),
    ]
    assert answer.json["units"][0]["fee_yen"] == 1800


def test_with_status_all_the_limit_counts_both(api):
    api.book(api.region.here.halves[0])

    answer = api.get("availability", **EVENING, status="all", limit=5)

    statuses = [unit["status"] for unit in answer.json["units"]]
    assert statuses == ["free", "free", "free", "free", "taken"]


def test_a_time_past_midnight_counts_on(api):
    with api.database.session() as session, write_transaction(session):
        late = a_gym(
            session,
            "172014",
            "夜の体育館",
            HERE,
            parts=1,
            hours=("18:00", "02:00"),
            frames=(("深夜", "22:00", "02:00", 3000),),
        )
        open_for(session, api.now.date(), 40)

    asked = {"date": "2026-06-13", "start": "23:00", "end": "01:00"}
    lines = api.get("availability", **asked).json["units"]

    assert [(line["unit_id"], line["start"], line["end"]) for line in lines] == [
        (late.whole, "22:00", "26:00")
    ]


def test_a_search_costs_two_statements_however_many_units_there_are(api):
    with api.database.session() as session, write_transaction(session):
        for number in range(20):
            gym = a_gym(session, "172014", f"第{number}体育館", HERE)
            a_unit(session, gym.facility_id, "会議室", [], kind="room")
        open_for(session, api.now.date(), 40)
    assert len(units(api.get("availability", **EVENING, days=14, limit=200))) == 66

    with statements_of(api.database) as seen:
        api.get("availability", **EVENING, days=14, limit=200)
    with statements_of(api.database) as seen_with_token:
        api.get("availability", **EVENING, status="all", token="resident")

    assert len(seen) <= 2
    # The token, and who its party is to each town.
    assert len(seen_with_token) <= 4
