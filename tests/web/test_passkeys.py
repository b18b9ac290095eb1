"""パスキー: what is taken, and what is not. With a real browser: journeys/test_passkeys.py."""

from __future__ import annotations

import html
import json
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from pydantic import ValidationError
from sqlalchemy import select

from reservations.actions import passkeys as actions
from reservations.actions import second_step
from reservations.actions.passkeys import RemoveAllRequest
from reservations.actions.second_step import KeyRequest
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import Account, AuditLine, Event, Passkey, PasskeyChallenge
from reservations.web.auth import SESSION_COOKIES
from tests import town
from tests.support import passkeys
from tests.support.passkeys import ORIGIN, PRESENT, Device
from tests.support.site import PASSWORD, Site, a_site
from tests.town import NOW

# The seed of the standard, Appendix B.
SECRET = b32encode(b"12345678901234567890").decode()


def a_secure_site(sqlite_url, tmp_path, **other: Any) -> Site:
    return a_site(sqlite_url, tmp_path, settings=passkeys.settings(tmp_path), **other)


@pytest.fixture
def site(sqlite_url, tmp_path) -> Iterator[Site]:
    made = a_secure_site(sqlite_url, tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def counter(sqlite_url, tmp_path) -> Iterator[Site]:
    made = a_secure_site(sqlite_url, tmp_path, audience="counter")
    yield made
    made.database.dispose()


class Browser:
    """Somebody under the name of the site; `at` is what the address bar says."""

    def __init__(self, site: Site, name: str = "", *, at: str = ORIGIN) -> None:
        self.site, self.at = site, at
        self.person = site.signed_in(name) if name else site.stranger()
        if name:
            cookie = self.person.client.get_cookie(SESSION_COOKIES[site.audience])
            assert cookie is not None
            self.person.client.set_cookie(cookie.key, cookie.value, domain=at.split("//")[1])
        site.app.config["WTF_CSRF_ENABLED"] = False

    def sends(self, address: str, **form: str) -> Any:
        return self.person.client.post(address, base_url=self.at, data=form)

    def opens(self, address: str) -> str:
        return self.person.client.get(address, base_url=self.at).get_data(as_text=True)

    def begins(self, **typed: str) -> dict[str, Any]:
        """The options that the page hands to the browser."""
        answer = self.sends("/passkeys/new", **{"password": PASSWORD, **typed})
        return options_in(answer.get_data(as_text=True))

    def adds(self, device: Device, **typed: str) -> Any:
        return self.sends("/passkeys", answer=device.creates(self.begins(**typed)), name="電話")

    def asks(self) -> dict[str, Any]:
        options: dict[str, Any] = self.sends("/sign-in/passkey/ask").get_json()
        return options

    def enters(self, device: Device, options: dict[str, Any] | None = None) -> Any:
        return self.sends("/sign-in/passkey", answer=device.gets(options or self.asks()))


def options_in(page: str) -> dict[str, Any]:
    found = page.split('data-options="')[1].split('"')[0]
    options: dict[str, Any] = json.loads(html.unescape(found))
    return options


@pytest.fixture
def device(site) -> Device:
    """Registered for account-resident."""
    made = Device()
    assert Browser(site, "resident").adds(made).status_code == 303
    return made


def is_in(browser: Browser, page: str = "/account") -> bool:
    return browser.person.client.get(page, base_url=browser.at).status_code == 200


# What is taken


def test_a_passkey_signs_in_without_a_login_and_a_password(site, device):
    stranger = Browser(site)

    answer = stranger.enters(device)

    assert answer.status_code == 303
    assert is_in(stranger)
    with site.database.session() as session:
        kept = session.scalars(select(Passkey)).one()
        ways = [each.body["way"] for each in session.scalars(select(Event)) if "way" in each.body]
        actions_ = session.scalars(select(AuditLine.action)).all()
    assert (kept.account_id, kept.name, kept.used_at) == ("account-resident", "電話", NOW)
    assert ways[-1] == "passkey"
    assert {"begin_passkey", "add_passkey", "sign_in_by_passkey"} <= set(actions_)


def test_a_counter_that_stands_still_or_goes_back_refuses_nobody(site, device):
    """A passkey that somebody's devices share counts nothing, or each of them by itself."""
    for count in (7, 3, 3, 0):
        device.count = count
        assert Browser(site).enters(device).status_code == 303


def test_ones_own_are_listed_named_and_removed_without_scripts(site, device):
    owner = Browser(site, "resident")
    with site.database.session() as session:
        number = session.scalars(select(Passkey.id)).one()
    assert "電話" in owner.opens("/passkeys")

    owner.sends(f"/passkeys/{number}/name", name="青い電話")
    assert "青い電話" in owner.opens("/passkeys")
    owner.sends(f"/passkeys/{number}/remove")

    assert "青い電話" not in owner.opens("/passkeys")
    assert Browser(site).enters(device).status_code == 422


def test_an_account_has_as_many_passkeys_as_a_list_can_show(site, monkeypatch):
    monkeypatch.setattr(actions, "PASSKEYS_MAX", 1)
    owner = Browser(site, "resident")
    assert owner.adds(Device()).status_code == 303

    answer = owner.adds(Device())

    assert answer.status_code == 422
    assert "1個までです" in answer.get_data(as_text=True)


# What is not


def changed(device: Device, **other: Any) -> Device:
    return replace(device, **other)


@pytest.mark.parametrize(
    "other",
    [
        {"origin": "https://yoyaku.tonari.test.evil.example"},
        {"origin": "https://madoguchi.tonari.test"},
        {"origin": "http://yoyaku.tonari.test"},
        {"domain": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"key": Device().key},
        {"handle": passkeys.text(b"account-neighbour")},
        {"handle": ""},
        {"handle": "!"},
    ],
    ids=lambda other: "-".join(f"{name}" for name in other),
)
def test_a_signature_that_is_not_quite_it_opens_nothing(site, device, other):
    stranger = Browser(site)

    answer = stranger.enters(changed(device, **other))

    assert answer.status_code == 422
    assert "パスキーを確かめられませんでした。" in answer.get_data(as_text=True)
    assert not is_in(stranger)


@pytest.mark.parametrize(
    "other",
    [{"origin": "https://madoguchi.tonari.test"}, {"domain": "evil.example"}, {"flags": PRESENT}],
    ids=lambda other: "-".join(other),
)
def test_nor_is_such_a_passkey_kept(site, other):
    answer = Browser(site, "resident").adds(changed(Device(), **other))

    assert answer.status_code == 422
    with site.database.session() as session:
        assert session.scalars(select(Passkey)).all() == []


def test_an_answer_is_good_once(site, device):
    stranger = Browser(site)
    answer = device.gets(stranger.asks())
    first = stranger.sends("/sign-in/passkey", answer=answer)
    stranger.sends("/sign-out")

    second = stranger.sends("/sign-in/passkey", answer=answer)

    assert (first.status_code, second.status_code) == (303, 422)
    assert not is_in(stranger)


def test_a_copied_cookie_does_not_make_it_good_twice(site, device):
    """The challenge lies with the server, not in the cookie."""
    stranger, thief = Browser(site), Browser(site)
    answer = device.gets(stranger.asks())
    cookie = stranger.person.client.get_cookie("tonari_form", domain="yoyaku.tonari.test")
    assert cookie is not None
    thief.person.client.set_cookie(cookie.key, cookie.value, domain="yoyaku.tonari.test")

    stranger.sends("/sign-in/passkey", answer=answer)

    assert thief.sends("/sign-in/passkey", answer=answer).status_code == 422


def test_an_answer_to_somebody_elses_question_is_none(site, device):
    answer = device.gets(Browser(site).asks())
    other = Browser(site)
    other.asks()

    assert other.sends("/sign-in/passkey", answer=answer).status_code == 422


def test_an_answer_after_five_minutes_is_none(site, device):
    stranger = Browser(site)
    options = stranger.asks()

    site.now = NOW + timedelta(minutes=5, seconds=1)

    assert stranger.enters(device, options).status_code == 422


def test_a_question_to_add_one_is_not_answered_by_signing_in(site, device):
    owner = Browser(site, "resident")
    options = owner.begins()

    assert owner.enters(device, options).status_code == 422


def test_nor_by_somebody_else_who_signs_in_on_the_same_browser(site):
    owner, device = Browser(site, "resident"), Device()
    answer = device.creates(owner.begins())
    neighbour = Browser(site, "neighbour")
    cookie = owner.person.client.get_cookie("tonari_form", domain="yoyaku.tonari.test")
    assert cookie is not None
    neighbour.person.client.set_cookie(cookie.key, cookie.value, domain="yoyaku.tonari.test")

    assert neighbour.sends("/passkeys", answer=answer).status_code == 422


def test_a_passkey_belongs_to_one_account(site, device):
    again = Browser(site, "neighbour").adds(device)

    assert again.status_code == 422
    with site.database.session() as session:
        assert session.scalars(select(Passkey.account_id)).all() == ["account-resident"]


def test_a_passkey_of_another_desk_is_named_as_such(site, device):
    answer = Browser(site).enters(Device(handle=device.handle))

    assert answer.status_code == 422
    assert "ここには登録されていません。" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", "{}", '{"id": 1, "response": {}}', '{"id": "é", "response": {}}',
     '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": 7}}',
     '{"id": "AA", "response": {"clientDataJSON": "AA", "authenticatorData": "AA"}}', "9" * 99_999],
)  # fmt: skip
def test_what_is_no_answer_at_all_is_refused_in_words(site, device, answer):
    known = answer.replace("AA", passkeys.text(device.id), 2)
    stranger, owner = Browser(site), Browser(site, "resident")
    stranger.asks()
    owner.begins()

    assert stranger.sends("/sign-in/passkey", answer=known).status_code == 422
    assert owner.sends("/passkeys", answer=known, name="x").status_code == 422


# Whose screen it is


def test_an_open_screen_is_not_enough_to_add_one(site):
    answer = Browser(site, "resident").sends("/passkeys/new", password="a guess")

    assert answer.status_code == 422
    assert "data-options" not in answer.get_data(as_text=True)


def test_without_a_password_the_session_must_be_new(site):
    with site.database.session() as session, write_transaction(session):
        session.get_one(Account, "account-resident").password_hash = "-"
    owner = Browser(site, "resident")
    assert passkeys.owner_of(owner.begins(password="")) == "account-resident"

    site.now = NOW + timedelta(minutes=11)

    answer = owner.sends("/passkeys/new")
    assert answer.status_code == 422
    assert "10分以内に続けてください。" in answer.get_data(as_text=True)


def test_staff_with_a_telephone_give_its_code_to_add_one_and_then_need_none(counter):
    with counter.database.session() as session:
        asked = KeyRequest("account-staff", SECRET)
        second_step.set_second_step(session, asked, town.context("system"))
    staff, device = Browser(counter, "staff"), Device()
    wrong = staff.sends("/passkeys/new", password=PASSWORD, current="000000")
    assert wrong.status_code == 422

    assert staff.adds(device, current=pyotp.TOTP(SECRET).at(NOW)).status_code == 303

    stranger = Browser(counter)
    assert stranger.enters(device).status_code == 303
    assert is_in(stranger, "/board")


def test_staff_with_a_telephone_do_not_come_in_at_the_residents_door(site):
    device = Device()
    Browser(site, "staff").adds(device)
    with site.database.session() as session:
        asked = KeyRequest("account-staff", SECRET)
        second_step.set_second_step(session, asked, town.context("system"))

    answer = Browser(site).enters(device)

    assert answer.status_code == 403


def test_whoever_looks_after_the_machine_ends_the_passkeys_of_a_lost_telephone(site, device):
    with site.database.session() as session:
        asked = RemoveAllRequest("account-resident")
        actions.remove_passkeys(session, asked, town.context("system"))

    assert Browser(site).enters(device).status_code == 422


def test_whoever_tries_forged_answers_has_to_wait_and_the_owner_does_not(site, device):
    forger, forged = Browser(site), changed(device, key=Device().key)
    for _ in range(6):
        last = forger.enters(forged)

    assert "秒待ってから" in last.get_data(as_text=True)
    owner = Browser(site)
    options = owner.asks()
    from_home = {"REMOTE_ADDR": "198.51.100.7"}
    answer = owner.person.client.post(
        "/sign-in/passkey",
        base_url=ORIGIN,
        data={"answer": device.gets(options)},
        environ_overrides=from_home,
    )
    assert answer.status_code == 303


# Where they are offered


@pytest.mark.parametrize(
    "at", ["http://localhost", "https://192.0.2.7", "https://yoyaku.tonari.test:8443",
           "https://other.tonari.test"],
)  # fmt: skip
def test_elsewhere_there_is_not_a_word_of_them(site, at):
    stranger = Browser(site, at=at)

    assert "パスキー" not in stranger.opens("/sign-in")
    assert stranger.sends("/sign-in/passkey/ask").status_code == 404
    assert stranger.sends("/sign-in/passkey", answer="{}").status_code == 404
    with site.database.session() as session:
        assert session.scalars(select(PasskeyChallenge)).all() == []


@pytest.mark.parametrize(("proto", "is_offered"), [("https", True), ("http", False)])
def test_behind_a_proxy_plain_http_is_told_apart(sqlite_url, tmp_path, proto, is_offered):
    settings = passkeys.settings(tmp_path, trusted_proxies=1)
    site = a_site(sqlite_url, tmp_path, settings=settings)
    said = {"X-Forwarded-Proto": proto, "X-Forwarded-Host": "yoyaku.tonari.test"}

    page = site.stranger().client.get("/sign-in", base_url="http://10.0.0.2:8000", headers=said)

    assert ("パスキー" in page.get_data(as_text=True)) is is_offered
    site.database.dispose()


def test_under_the_name_the_way_in_stands_there_hidden_until_a_script_finds_keys(site):
    page = Browser(site).opens("/sign-in")

    assert 'hidden data-passkey="get"' in page


@pytest.mark.parametrize(
    "other",
    [
        {"is_https": False},
        {"passkey_origins": []},
        {"passkey_domain": ""},
        {"passkey_domain": "192.0.2.7", "passkey_origins": ["https://192.0.2.7"]},
        {"passkey_domain": "test"},
        {"passkey_origins": ["http://yoyaku.tonari.test"]},
        {"passkey_origins": ["https://yoyaku.tonari.test/"]},
        {"passkey_origins": ["https://yoyaku.tonari.test:443"]},
        {"passkey_origins": ["https://eviltonari.test"]},
        {"passkey_origins": ["https://yoyaku.tonari.test.evil.example"]},
    ],
    ids=repr,
)
def test_settings_by_which_no_browser_would_give_one_stop_the_start(tmp_path, other):
    with pytest.raises(ValidationError, match="TONARI_PASSKEY"):
        passkeys.settings(tmp_path, **other)


def test_the_domain_itself_and_a_port_are_origins(tmp_path):
    origins = ["https://tonari.test", "https://madoguchi.tonari.test:8443"]

    assert passkeys.settings(tmp_path, passkey_origins=origins).passkey_origins == origins
    assert Settings(data_dir=tmp_path).passkey_domain == ""
