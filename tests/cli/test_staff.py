"""`tonari staff`: somebody new at the counter, from the account to the day they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner, Result

from reservations import clock
from reservations.cli import main
from reservations.db import Database
from reservations.queries import rights, second_step
from reservations.rules import codes
from tests import town
from tests.town import NOW

PASSWORD = "four plain words here"


@pytest.fixture
def tonari(tmp_path: Path, monkeypatch):
    """A region with nobody at the counter; `sato` is added by the tests that need them."""
    url = f"sqlite:///{tmp_path}/tonari.sqlite3"
    database = town.an_empty_database(url)
    town.a_region(database, days=3)
    database.dispose()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TONARI_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TONARI_DATABASE_URL", url)
    monkeypatch.setenv("TONARI_ARGON2_MEMORY_KIB", "8192")
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n", encoding="utf-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["staff", *arguments])

    assert run("add", "sato", "--password-file", str(password)).exit_code == 0
    return run


def said(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def grants(tonari, *more: str) -> list[tuple[Any, ...]]:
    found = said(tonari("list", "--json", *more))["grants"]
    return [(each["login"], each["role"], each["at"], each["until"]) for each in found]


def test_a_new_account_may_do_nothing_and_says_so(tonari):
    assert said(tonari("list", "--json")) == {"grants": [], "without": ["sato"]}
    assert "役割なし" in tonari("list").stdout


def test_a_role_is_given_at_a_town_a_group_or_a_facility_and_taken_back(tonari):
    said(tonari("group", "みどり管理", "--facility", "1", "--facility", "2", "--json"))
    places = (("--town", "172014"), ("--group", "みどり管理"), ("--facility", "2"))
    made = [said(tonari("grant", "sato", "counter", *place, "--json")) for place in places]

    assert grants(tonari) == [
        ("sato", "counter", at, None) for at in ("となり市", "みどり管理", "かなた体育館")
    ]

    said(tonari("revoke", made[0]["grant"], "--json"))
    assert len(grants(tonari)) == 2
    assert len(grants(tonari, "--all")) == 3


def test_a_role_may_have_its_days(tonari):
    days = ("--since", "2026-07-01", "--until", "2026-07-31")

    said(tonari("grant", "sato", "cashier", "--facility", "1", *days, "--json"))

    assert grants(tonari) == [("sato", "cashier", "となり体育館", "2026-07-31")]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("grant", "sato", "counter"), "どれか一つ"),
        (("grant", "sato", "counter", "--town", "1", "--facility", "1"), "どれか一つ"),
        (("grant", "sato", "counter", "--group", "ない"), "グループはありません"),
        (("grant", "sato", "counter", "--facility", "99"), "この場所はありません"),
        (("grant", "kato", "counter", "--facility", "1"), "kato という職員はいません"),
        (("grant", "resident@example.jp", "counter", "--facility", "1"), "職員はいません"),
        (("sign-out", "kato"), "職員はいません"),
        (("revoke", "nothing"), "見つかりません"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(tonari, asked, words):
    refused = tonari(*asked)

    assert refused.exit_code == 2
    assert words in refused.stderr


def test_the_role_of_the_machine_cannot_be_given(tonari):
    assert tonari("grant", "sato", "system", "--town", "172014").exit_code == 2


def test_a_key_and_ten_sealed_codes_are_shown_once(tonari, tmp_path):
    shown = said(tonari("code", "sato", "--json"))

    database = Database(f"sqlite:///{tmp_path}/tonari.sqlite3")
    with database.session() as session:
        account_id = next(iter(rights.staff(session)))
        key = second_step.of(session, account_id)
        left = second_step.codes_left(session, account_id)
    database.dispose()
    assert (len(set(shown["codes"])), left) == (10, 10)
    assert key is not None and key.secret == shown["key"]
    assert codes.step_of(key.secret, pyotp.TOTP(shown["key"]).at(NOW), NOW, after=0)
    assert shown["address"].startswith("otpauth://totp/")


def test_somebody_who_leaves_is_signed_out(tonari):
    assert said(tonari("sign-out", "sato", "--json")) == {"signed_out": "sato"}
