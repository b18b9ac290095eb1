"""Every route stands in a blueprint that says who may enter, and that keeps its word."""

from __future__ import annotations

from typing import Any

import pytest

from reservations.config import Settings
from tests.tidy.repository import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "reservations" / "app.py").exists(), reason="no application yet"
)

# Flask's own files and the API's own description are for everybody, in no blueprint of ours.
FRAMEWORK = {"static", "openapi"}
# What a stranger may change, by endpoint. Whoever opens one more to strangers writes it here.
OPEN_WRITES = frozenset(
    # genuine.answer keeps nothing: a picture is too much for a GET.
    {
        # The second step of signing in asks for the first itself (web/second_step.py:half).
        "codes.enrol",
        "codes.enter",
        "feedback.send",
        "genuine.answer",
        # A provider's notice, by its signature.
        "payment_notices.hear",
        # A passkey is both steps; what a stranger is asked to sign opens nothing by itself.
        "passkey_door.ask",
        "passkey_door.enter",
        "registration.send",
        "sign_in.ask",
        "sign_in.enter",
        "sign_in.follow",
        "sign_in.leave",
    }
)
SAMPLES = {"IntegerConverter": "1", "UUIDConverter": "0192a0e4-0000-7000-8000-000000000000"}


# Pages of the counter that are about nobody's place, with why.
FOR_ALL_STAFF = frozenset(
    # Where they arrive; and where they are signed in themselves.
    {
        "start.page",
        "own_codes.change",
        "own_codes.seal",
        "own_codes.telephone",
        "passkeys.add",
        "passkeys.begin",
        "passkeys.page",
        "passkeys.remove",
        "passkeys.rename",
        "sessions.end",
        "sessions.end_all",
        "sessions.page",
    }
)


@pytest.fixture(params=["resident", "counter"])
def app(request, tmp_path) -> Any:
    from reservations.app import create_app  # noqa: PLC0415 - skipped while there is none

    made = create_app(Settings(data_dir=tmp_path), audience=request.param)
    # A forged POST is refused for its missing token first; here it is the guard that is tried.
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def ours(app: Any) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if blueprint_of(rule) not in FRAMEWORK]


def blueprint_of(rule: Any) -> str:
    return str(rule.endpoint.rpartition(".")[0] or rule.endpoint).split(".")[0]


def guard_of(app: Any, rule: Any) -> str | None:
    """Who may enter: the word of the innermost blueprint that has one."""
    name = rule.endpoint
    while name:
        name = name.rpartition(".")[0]
        who = getattr(app.blueprints.get(name), "tonari_guard", None)
        if who is not None:
            return str(who.value)
    return None


def writes(rule: Any) -> list[str]:
    return sorted(rule.methods - {"GET", "HEAD", "OPTIONS"})


def address(rule: Any) -> str:
    values = {
        name: SAMPLES.get(type(converter).__name__, "2026-12-05")
        for name, converter in rule._converters.items()
    }
    _, path = rule.build(values, append_unknown=False)
    return str(path)


def test_every_route_says_who_may_enter(app):
    assert len(ours(app)) > 10
    assert [rule.endpoint for rule in ours(app) if guard_of(app, rule) is None] == []


def test_a_stranger_is_turned_away_from_what_is_not_for_anybody(app):
    closed = [rule for rule in ours(app) if guard_of(app, rule) != "anybody"]
    entered = []
    for rule in closed:
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = app.test_client().open(address(rule), method=method)
            to_sign_in = answer.status_code in (302, 303) and "sign" in answer.location
            if answer.status_code not in (401, 403) and not to_sign_in:
                entered.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status_code}")

    assert closed != []
    assert entered == []


def test_what_a_stranger_may_change_is_written_down(app):
    opened = {
        rule.endpoint for rule in ours(app) if guard_of(app, rule) == "anybody" and writes(rule)
    }

    served = {rule.endpoint for rule in ours(app)}
    assert opened == OPEN_WRITES & served


@pytest.mark.parametrize("app", ["counter"], indirect=True)
def test_every_page_of_the_counter_says_which_right_it_needs(app):
    inside = {rule.endpoint for rule in ours(app) if guard_of(app, rule) != "anybody"}
    said = {name: getattr(app.view_functions[name], "tonari_right", "") for name in inside}

    assert [name for name, right in said.items() if right == ""] == []
    assert {name for name, right in said.items() if right is None} == FOR_ALL_STAFF
    assert {guard_of(app, rule) for rule in ours(app)} == {"anybody", "staff"}


def test_no_address_and_method_lead_to_two_places(app):
    # Where GET and POST of one address are two views, Flask answers OPTIONS for both.
    pairs = [
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"OPTIONS"}
    ]

    assert len(pairs) == len(set(pairs))
