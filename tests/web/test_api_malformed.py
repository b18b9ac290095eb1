"""What cannot be read: a problem document with a line a field, and never what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from reservations.actions.feedback import TICKET_LENGTH

WORDS = "入力の形が正しくありません。下の項目を確かめてください。"
EVENING = {"date": "2026-06-13", "start": "18:00", "end": "21:00"}
WISH = {"unit_id": 1, **EVENING}
KNOWN = "date, start, end, unit_id, purpose, headcount"
DAY_WORDS = "2000年から2099年までの日付を 2026-06-13 の形で送ってください。"
TIME_WORDS = "時刻を 18:00 の形で送ってください。"
NUMBER_WORDS = "整数で送ってください。"


def send(api, body: bytes, content_type: str = "application/json"):
    headers = {"Authorization": "Bearer resident"}
    return api.client.post(
        "/api/v1/bookings", data=body, content_type=content_type, headers=headers
    )


def mistake(field: str, code: str, detail: str) -> dict[str, str]:
    return {"field": field, "code": code, "detail": detail}


def test_a_malformed_request_is_answered_with_a_line_a_field(api):
    answer = api.get("availability", date="13.6.2026", start="6pm", limit=0)

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.json == {
        "type": "urn:tonari:refusal:malformed",
        "title": WORDS,
        "status": 400,
        "code": "malformed",
        "refusals": [{"code": "malformed", "detail": WORDS}],
        "errors": [
            mistake("date", "not_a_day", DAY_WORDS),
            mistake("start", "not_a_time", TIME_WORDS),
            mistake("end", "missing", "この項目が必要です。"),
            mistake("limit", "too_small", "1以上にしてください。"),
        ],
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"date": "2026-02-30"}, mistake("date", "not_a_day", DAY_WORDS)),
        ({"date": "1999-12-31"}, mistake("date", "not_a_day", DAY_WORDS)),
        ({"date": "2026-06-13\n"}, mistake("date", "not_a_day", DAY_WORDS)),
        ({"date": "２０２６-06-13"}, mistake("date", "not_a_day", DAY_WORDS)),
        ({"start": "24:00"}, mistake("start", "not_a_time", TIME_WORDS)),
        ({"end": "48:15"}, mistake("end", "not_a_time", TIME_WORDS)),
        ({"end": "9:00"}, mistake("end", "not_a_time", TIME_WORDS)),
        (
            {"end": "18:00"},
            mistake("end", "no_length", "終わりの時刻を、始まりと別の時刻にしてください。"),
        ),
        ({"limit": "1_0"}, mistake("limit", "not_a_number", NUMBER_WORDS)),
        ({"limit": "９"}, mistake("limit", "not_a_number", NUMBER_WORDS)),
        ({"limit": "1" * 500}, mistake("limit", "not_a_number", NUMBER_WORDS)),
        ({"limit": "201"}, mistake("limit", "too_large", "200以下にしてください。")),
        (
            {"near": "91,136"},
            mistake("near", "not_a_point", "緯度と経度を 36.56,136.65 の形で送ってください。"),
        ),
        (
            {"towns": "金沢市"},
            mistake(
                "towns",
                "not_town_codes",
                "6けたの団体コードを 172014,172120 の形で送ってください。",
            ),
        ),
        ({"purpose": "a\x00"}, mistake("purpose", "invalid", "この項目の値は使えません。")),
        (
            {"status": "busy"},
            mistake("status", "not_a_choice", "次のどれかを送ってください: 'free' or 'all'"),
        ),
    ],
)
def test_each_mistake_in_a_query_is_named(api, changed, expected):
    answer = api.get("availability", **EVENING | changed)

    assert (answer.status_code, answer.json["errors"]) == (400, [expected])


def test_a_time_between_the_quarter_hours_is_off_the_grid(api):
    answer = api.get("availability", **EVENING | {"start": "18:10"})

    assert (answer.status_code, answer.json["code"]) == (422, "off_grid")


def test_a_parameter_sent_twice_is_not_guessed_at(api):
    answer = api.client.get("/api/v1/node?lang=ja&lang=en")

    detail = "この項目が二度以上あります。一度だけ送ってください。"
    assert answer.json["errors"] == [mistake("", "repeated", detail)]


def test_an_unknown_field_is_told_what_there_is_and_never_repeated(api):
    answer = api.post("bookings", WISH | {"<script>": "秘密"})

    detail = f"知らない項目があります。使える項目: {KNOWN}"
    assert answer.json["errors"] == [mistake("", "unknown_field", detail)]
    assert "script" not in answer.text
    assert "秘密" not in answer.text


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"unit_id": "1"}, mistake("unit_id", "not_a_number", NUMBER_WORDS)),
        ({"unit_id": 1.5}, mistake("unit_id", "not_a_number", NUMBER_WORDS)),
        ({"unit_id": True}, mistake("unit_id", "not_a_number", NUMBER_WORDS)),
        ({"unit_id": None}, mistake("unit_id", "not_a_number", NUMBER_WORDS)),
        ({"unit_id": 0}, mistake("unit_id", "too_small", "1以上にしてください。")),
        ({"unit_id": 2**31}, mistake("unit_id", "too_large", "2147483647以下にしてください。")),
        ({"headcount": 10**30}, mistake("headcount", "too_large", "100000以下にしてください。")),
        ({"date": 20260613}, mistake("date", "not_a_day", DAY_WORDS)),
        ({"start": ["18:00"]}, mistake("start", "not_a_time", TIME_WORDS)),
        ({"purpose": {}}, mistake("purpose", "not_text", "文字で送ってください。")),
    ],
)
def test_each_mistake_in_a_body_is_named(api, changed: dict[str, Any], expected):
    answer = api.post("bookings", WISH | changed)

    assert (answer.status_code, answer.json["errors"]) == (400, [expected])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"unit_id": 1}}',
        b"\xff\xfe",
        b"\x00",
        b'{"purpose": "\xed\xa0\x80"}',
        b'{"purpose": "\\ud800"}',
        b"[" * 100_000,
        b'{"headcount": NaN}x',
    ],
)
def test_what_is_not_json_is_said_to_be_none(api, body):
    answer = send(api, body)

    assert answer.status_code == 400
    assert answer.json["errors"] == [mistake("", "not_json", "JSONとして読めません。")]


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_json_that_is_no_object_is_said_to_be_none(api, body):
    answer = send(api, body)

    assert answer.status_code == 400
    assert answer.json["errors"] == [
        mistake("", "not_an_object", "JSONのオブジェクト（{ }）を送ってください。")
    ]


def test_a_body_of_another_type_is_refused_as_such(api):
    for content_type in ("application/x-www-form-urlencoded", "text/plain", ""):
        answer = send(api, b"{}", content_type)

        assert (answer.status_code, answer.json["code"]) == (415, "malformed")


def test_ten_megabytes_are_too_large(api):
    answer = send(api, b'{"purpose": "' + b"x" * 10_000_000 + b'"}')

    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/api/v1/bookings", 405),
        ("MOVE", "/api/v1/node", 405),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/bookings/x", 404),
        ("GET", "/api/v1/units/-1", 404),
        ("GET", "/api/v1/units/%00", 404),
    ],
)
def test_addresses_and_methods_that_do_not_exist_are_problem_documents(api, method, path, status):
    headers = {"Authorization": "Bearer resident"}
    answer = api.client.open(path, method=method, headers=headers)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["code"] == "not_found"


def test_a_bug_is_a_problem_document_too(api):
    api.app.config["PROPAGATE_EXCEPTIONS"] = False
    api.database.engine.dispose()
    api.app.extensions.pop("tonari")

    answer = api.get("node")

    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    told = dict(answer.json)
    assert len(told.pop("ticket")) == TICKET_LENGTH
    assert told == {
        "type": "urn:tonari:internal",
        "title": "こちらの不具合で、表示できませんでした",
        "status": 500,
        "code": "internal",
        "refusals": [],
    }
