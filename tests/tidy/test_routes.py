"""Every route says who may enter: what is not in PUBLIC turns a stranger away.

PUBLIC is written here by hand on purpose: whoever opens a page to everybody changes this file.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tidy.repository import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "reservations" / "app.py").exists(), reason="no application yet"
)

# Endpoints that anybody may use, without an account.
PUBLIC: tuple[str, ...] = ("static", "*.static")
TURNED_AWAY = {401, 403}
SAMPLES = {"int": "1", "float": "1.0", "uuid": "0192a0e4-0000-7000-8000-000000000000"}


@pytest.fixture
def app(tmp_path) -> Iterator[Any]:
    from reservations.app import create_app  # noqa: PLC0415 - skipped while there is none
    from reservations.config import Settings  # noqa: PLC0415 - as above

    yield create_app(Settings(data_dir=tmp_path))


def is_public(endpoint: str) -> bool:
    return any(fnmatch.fnmatchcase(endpoint, pattern) for pattern in PUBLIC)


def address(rule: Any) -> str:
    kinds = {
        name: getattr(converter, "regex", "") and type(converter).__name__
        for name, converter in rule._converters.items()
    }
    values = {
        name: SAMPLES.get(kind.replace("Converter", "").lower(), "2026-12-05")
        for name, kind in kinds.items()
    }
    _, path = rule.build(values, append_unknown=False)
    return str(path)


def test_a_stranger_is_turned_away_from_all_that_is_not_public(app):
    # A forged POST is refused for its missing token before anything else; here it is the guard
    # that is tried.
    app.config["WTF_CSRF_ENABLED"] = False
    entered = []
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            if is_public(rule.endpoint):
                continue
            answer = app.test_client().open(address(rule), method=method)
            to_sign_in = answer.status_code in (302, 303) and "sign" in answer.location
            if answer.status_code not in TURNED_AWAY and not to_sign_in:
                entered.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status_code}")

    assert entered == []


def test_the_public_list_names_only_what_exists(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    unused = [pattern for pattern in PUBLIC if not fnmatch.filter(endpoints, pattern)]
    assert [pattern for pattern in unused if pattern != "*.static"] == []


def test_every_page_is_reached_by_one_address_only(app):
    rules = [(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods]

    assert len(rules) == len(set(rules))
