"""The OpenAPI document: complete, true to the routes, and the same for everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reservations.errors import RefusalCode
from reservations.web.api.schemas import Problem
from reservations.web.errors import status_of
from tests.support.api import ROUTES


@pytest.fixture
def document(api) -> Any:
    return api.get("openapi.json").json


def operations(document) -> dict[tuple[str, str], Any]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_api_is_described_and_nothing_else(api, document):
    registered = {
        (rule.rule.replace("<int:", "{").replace("<uuid:", "{").replace(">", "}"), method.lower())
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "openapi.spec"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert document["openapi"] == "3.1.0"
    assert set(operations(document)) == registered == ROUTES


def test_what_a_document_refers_to_is_in_it(document):
    text = json.dumps(document)
    referred = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert referred <= set(document["components"]["schemas"])
    assert set(document["components"]["schemas"]) <= referred


def test_every_post_takes_a_key_and_says_when_it_was_a_replay(document):
    for (_, method), operation in operations(document).items():
        names = [each["name"] for each in operation["parameters"]]
        assert ("Idempotency-Key" in names) is (method == "post")
        done = [each for status, each in operation["responses"].items() if status[0] == "2"]
        assert all(
            ("Idempotency-Replayed" in each.get("headers", {})) is (method == "post")
            for each in done
        )


def test_every_refusal_is_a_problem_document(document):
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            if status[0] != "2":
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_whatever_booking_is_refused_with_is_a_status_of_the_document(document):
    described = set(document["paths"]["/api/v1/bookings"]["post"]["responses"])
    elsewhere = {"csrf", "throttled", "link_expired", "login_taken"}

    statuses = {str(status_of(code)) for code in RefusalCode if code.value not in elsewhere}

    assert statuses <= described


def test_reading_needs_no_token_and_booking_does(document):
    for (path, _), operation in operations(document).items():
        anybody: list[Any] = [] if path.startswith("/api/v1/bookings") else [{}]
        assert operation["security"] == [*anybody, {"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_parameters_that_may_be_left_out_are_never_null(document):
    for operation in operations(document).values():
        for parameter in operation["parameters"]:
            assert "null" not in json.dumps(parameter["schema"])
            assert "title" not in parameter["schema"]


def test_the_document_does_not_depend_on_who_asks_first(api):
    """What the first one sent as Host must not be served to all others."""
    first = api.client.get("/api/v1/openapi.json", headers={"Host": "elsewhere.example"})

    assert first.json["servers"] == [{"url": "/"}]
    assert "elsewhere" not in first.text


def test_the_examples_are_what_the_routes_answer(api, document):
    """An example with a field too many, or one too few, teaches the wrong thing."""
    schemas = document["components"]["schemas"]
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            for content in response["content"].values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                if "example" in content and status[0] == "2":
                    assert set(content["example"]) == set(schemas[name]["properties"])
    taken = document["paths"]["/api/v1/bookings"]["post"]["responses"]["409"]
    example = Problem.model_validate(taken["content"]["application/problem+json"]["example"])
    assert example.code == "taken"
