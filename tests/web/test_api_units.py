"""Units, facilities, towns, purposes and the node, as the API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import statements_of

EVENING = {"date": "2026-06-13", "start": "18:00", "end": "21:00"}
STAMP = {"as_of": "2026-06-06T12:00:00+09:00", "node": "hub"}
HERE = {
    "facility": "となり体育館",
    "facility_en": "",
    "town": "となり市",
    "town_en": "Town 172014",
    "town_code": "172014",
    "lat": 36.56,
    "lng": 136.65,
}


def facility(api, **changed: Any) -> dict[str, Any]:
    here = api.region.here
    return {
        "facility_id": here.facility_id,
        **HERE,
        "address": "",
        "coordinate_status": "ok",
        "distance_m": None,
        "phone": "",
        "url": "",
        "is_invented": False,
        "unit_ids": [here.whole, *here.halves],
    } | changed


def test_a_unit_says_what_it_is_and_what_shares_its_space(api):
    here = api.region.here

    assert api.get(f"units/{here.whole}").json == {
        "unit_id": here.whole,
        "unit": "全面",
        "unit_en": "",
        "facility_id": here.facility_id,
        **HERE,
        "kind": "gym",
        "capacity": 100,
        "area_m2": None,
        "purposes": ["badminton"],
        "address": "",
        "phone": "",
        "is_bookable": True,
        "is_invented": False,
        "note": "",
        "shares_space_with": list(here.halves),
    }


def test_a_unit_shows_its_days_frame_by_frame(api):
    api.book(api.region.here.halves[0])

    answer = api.get(f"units/{api.region.here.whole}/days", date="2026-06-13", days=1)

    free = {"status": "free", "opens_on": None}
    assert answer.json == {
        **STAMP,
        "unit_id": api.region.here.whole,
        "days": [
            {
                "date": "2026-06-13",
                "is_holiday": False,
                "status": "partly_free",
                "frames": [
                    {"label": "午前", "start": "09:00", "end": "12:00", "fee_yen": 1200, **free},
                    {"label": "午後", "start": "13:00", "end": "17:00", "fee_yen": 1600, **free},
                    {
                        "label": "夜間",
                        "start": "18:00",
                        "end": "21:00",
                        "status": "taken",
                        "fee_yen": None,
                        "opens_on": None,
                    },
                ],
            }
        ],
    }


def test_days_that_are_over_or_too_far_ahead_are_left_out(api):
    path = f"units/{api.region.here.whole}/days"

    around = api.get(path, date="2026-06-04", days=4).json["days"]

    assert [day["date"] for day in around] == ["2026-06-06", "2026-06-07"]
    assert api.get(path, date="2099-12-31").json["days"] == []


def test_alternatives_say_why_they_are_offered(api):
    full = api.region.here.halves[0]
    api.book(full)

    answer = api.get(f"units/{full}/alternatives", **EVENING, headcount=8, limit=3)

    assert {name: answer.json[name] for name in STAMP} == STAMP
    assert [
        (offer["unit_id"], offer["start"], offer["shift_minutes"], offer["reason"])
        for offer in answer.json["alternatives"]
    ] == [
        (api.region.here.halves[1], "18:00", 0, "同じ場所・同じ時間・空きあり・同じ料金"),
        (api.region.next_door.halves[0], "18:00", 0, "1.9 km 先・同じ時間・空きあり・同じ料金"),
        (api.region.next_door.halves[1], "18:00", 0, "1.9 km 先・同じ時間・空きあり・同じ料金"),
    ]


def test_alternatives_are_measured_from_where_the_person_is(api):
    full = api.region.here.halves[0]

    answer = api.get(f"units/{full}/alternatives", **EVENING, near="36.575,136.66", limit=1)

    offer = answer.json["alternatives"][0]
    assert (offer["unit_id"], offer["distance_m"]) == (api.region.next_door.halves[0], 0)


def test_on_a_day_that_is_over_nothing_is_offered(api):
    path = f"units/{api.region.here.whole}/alternatives"

    assert api.get(path, **EVENING | {"date": "2026-06-05"}).json["alternatives"] == []


@pytest.mark.parametrize(("rest", "query"), [("", {}), ("/days", {"date": "2026-06-13"})])
def test_a_unit_that_does_not_exist_is_not_found(api, rest, query):
    answer = api.get(f"units/99999999999999999999{rest}", **query)

    assert (answer.status_code, answer.json["code"]) == (404, "unit_unknown")


def test_facilities_come_nearest_first_a_page_at_a_time(api):
    asked = {"near": "36.575,136.66", "limit": 1}

    first = api.get("facilities", **asked).json
    second = api.get("facilities", **asked, page=1).json

    assert [each["facility"] for each in first["facilities"]] == ["かなた体育館"]
    assert (first["page"], first["next_page"]) == (0, 1)
    assert second == {
        **STAMP,
        "page": 1,
        "next_page": None,
        "facilities": [facility(api, distance_m=1892)],
    }


def test_facilities_of_a_town(api):
    listed = api.get("facilities", towns="172014").json

    assert listed["facilities"] == [facility(api)]
    assert api.get(f"facilities/{api.region.here.facility_id}").json == facility(api)
    assert api.get("facilities/999").status_code == 404


def test_towns_and_purposes_are_listed(api):
    town = {"prefecture": "石川県", "phone": "", "url": ""}

    assert api.get("towns").json == {
        "towns": [
            {
                "town_code": "172014",
                "town": "となり市",
                "town_en": "Town 172014",
                "lat": 36.56,
                "lng": 136.65,
                **town,
            },
            {
                "town_code": "172120",
                "town": "かなた町",
                "town_en": "Town 172120",
                "lat": 36.575,
                "lng": 136.66,
                **town,
            },
        ]
    }
    assert api.get("purposes").json == {
        "purposes": [{"code": "badminton", "name": "バドミントン", "name_en": "Badminton"}]
    }


def test_the_node_says_how_it_stands(api):
    assert api.get("node").json == {
        **STAMP,
        "mode": "normal",
        "holds": {"sheets": "all"},
        "last_contact": None,
        "waiting_slips": 0,
    }


def test_every_list_costs_two_statements_at_most(api):
    for path, query in (
        (f"units/{api.region.here.whole}/alternatives", EVENING),
        (f"units/{api.region.here.whole}", {}),
        ("facilities", {}),
        ("towns", {}),
    ):
        api.get(path, **query)
        with statements_of(api.database) as seen:
            api.get(path, **query)

        assert len(seen) <= 2, path
