"""How staff sign in and out: the second step, sealed codes, and where somebody is signed in."""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from reservations.actions import second_step as actions
from reservations.actions.second_step import KeyRequest
from reservations.db import write_transaction
from reservations.models import (
    Account,
    AuditLine,
    EmergencyCode,
    Event,
    RoleGrant,
    TownRulesVersion,
)
from reservations.rules import codes
from tests import town
from tests.support.site import PASSWORD, a_site
from tests.town import NOW, TODAY

LOGIN = {"login": "staff@example.jp", "password": PASSWORD}
# The seed of the standard, Appendix B.
SECRET = b32encode(b"12345678901234567890").decode()


def code_at(site) -> str:
    return pyotp.TOTP(SECRET).at(site.now)


def signs_in(site):
    return site.stranger().opens("/sign-in").presses("ログインする", **LOGIN)


@pytest.fixture
def with_key(counter):
    """The counter's member of staff has a telephone."""
    with counter.database.session() as session:
        asked = KeyRequest("account-staff", SECRET)
        actions.set_second_step(session, asked, town.context("system"))
    return counter


def strict(site) -> None:
    """A town that wants a second step of its staff."""
    with site.database.session() as session, write_transaction(session):
        rules = session.scalars(
            select(TownRulesVersion).where(TownRulesVersion.municipality_code == "172014")
        ).one()
        rules.body = {**rules.body, "asks_second_step": True}


# How long one is signed in


@pytest.mark.parametrize(("minutes", "is_in"), [(29, True), (31, False)])
def test_a_counter_that_is_left_alone_asks_again(counter, minutes, is_in):
    staff = counter.signed_in("staff").opens("/voices")

    counter.now = NOW + timedelta(minutes=minutes)

    assert (staff.opens("/voices").address == "/voices") is is_in


def test_each_use_keeps_the_session_until_the_working_day_is_over(counter):
    staff = counter.signed_in("staff")
    hours_in = []

    for quarter in range(4 * 13):
        counter.now = NOW + timedelta(minutes=15 * quarter)
        if staff.opens("/voices").address == "/voices":
            hours_in.append(quarter / 4)

    assert hours_in[-1] == 12


def test_a_resident_stays_signed_in(site):
    resident = site.signed_in()

    site.now = NOW + timedelta(days=2)

    assert resident.opens("/account").address == "/account"


def test_ones_own_sessions_are_listed_and_each_can_be_ended(counter):
    here, there = counter.signed_in("staff"), counter.signed_in("staff")
    counter.now = NOW + timedelta(minutes=2)
    there.opens("/voices")

    here.opens("/sessions").presses("すべての端末で終える")

    assert here.address.startswith("/sign-in")
    assert there.opens("/voices").address.startswith("/sign-in")


def test_a_session_of_somebody_else_cannot_be_ended_by_its_number(counter):
    mine = counter.signed_in("staff").opens("/sessions")
    number = re.search(r"/sessions/([0-9a-f]{16})/end", mine.answer.get_data(as_text=True))
    assert number is not None
    clerk = a_clerk(counter)

    clerk.client.post(f"/sessions/{number[1]}/end")

    assert mine.opens("/sessions").address == "/sessions"


def a_clerk(site):
    """Somebody who has the counter of the gym, and is signed in."""
    with site.database.session() as session, write_transaction(session):
        town.a_resident(session, "clerk", home=None)
        clerk = session.get_one(Account, "account-clerk")
        clerk.role, clerk.party_id = "staff", None
        session.add(
            RoleGrant(
                id="c", account_id=clerk.id, role="counter", since=TODAY, given_by="system",
                given_at=NOW, facility_id=site.region.here.facility_id,
            )
        )  # fmt: skip
    return site.signed_in("clerk")


def test_a_clerk_who_goes_home_signed_in(counter):
    clerk = a_clerk(counter)
    assert clerk.opens("/board").address == "/board"

    counter.signed_in("staff").opens("/staff").presses("すべての端末で終える clerk@example.jp")

    assert clerk.opens("/board").address.startswith("/sign-in")


def test_a_role_that_is_revoked_ends_with_the_next_click(counter):
    clerk = a_clerk(counter).opens("/board")

    counter.signed_in("staff").opens("/staff").presses(
        "役割を取り消す clerk@example.jp 窓口 となり体育館"
    )

    assert clerk.opens("/board").status == 403
    assert "担当する施設でこの操作ができるのは、" in clerk.text


# The second step


def test_after_the_password_the_telephone_is_asked(with_key):
    person = signs_in(with_key)
    assert person.address == "/sign-in/code"
    assert person.opens("/board").address.startswith("/sign-in?")

    person.opens("/sign-in/code").presses("ログインする", code=code_at(with_key))

    assert person.address == "/board"


def test_a_code_works_once(with_key):
    used = code_at(with_key)
    signs_in(with_key).presses("ログインする", code=used)

    second = signs_in(with_key).presses("ログインする", code=used)

    assert second.status == 422
    assert "番号が違うか、使用済みです。" in second.text
    assert second.opens("/board").address.startswith("/sign-in")


def test_a_code_is_no_good_without_the_password(with_key):
    person = with_key.stranger()

    assert person.opens("/sign-in/code").address.startswith("/sign-in?")
    with_key.app.config["WTF_CSRF_ENABLED"] = False
    answer = person.client.post("/sign-in/code", data={"code": code_at(with_key)})
    assert answer.location.startswith("/sign-in?")


def test_whoever_guesses_codes_has_to_wait(with_key):
    person = signs_in(with_key)

    for _ in range(6):
        person.presses("ログインする", code="000000")

    assert "秒待ってから" in person.text


def test_the_first_step_is_forgotten_after_five_minutes(with_key):
    person = signs_in(with_key)

    with_key.now = NOW + timedelta(minutes=6)

    assert person.opens("/sign-in/code").address.startswith("/sign-in?")


def test_a_link_does_not_go_round_the_second_step(with_key):
    person = with_key.stranger().opens(with_key.link_for("staff")).presses("ログインする")

    assert person.address == "/sign-in/code"


def test_the_residents_door_does_not_go_round_it_either(sqlite_url, tmp_path):
    site = a_site(sqlite_url, tmp_path)
    with site.database.session() as session:
        asked = KeyRequest("account-staff", SECRET)
        actions.set_second_step(session, asked, town.context("system"))

    person = signs_in(site)

    assert person.status == 403
    assert person.opens("/account").address.startswith("/sign-in")
    site.database.dispose()


def test_a_town_may_want_a_telephone_and_the_key_is_made_at_the_door(counter):
    strict(counter)
    person = signs_in(counter)
    assert person.address == "/sign-in/telephone"
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', person.answer.text)
    assert secret is not None

    person.presses("この電話を使う", code="000000")
    assert person.status == 422
    person.presses("この電話を使う", code=pyotp.TOTP(secret[1]).at(counter.now))

    assert person.address == "/board"
    assert signs_in(counter).address == "/sign-in/code"


def test_a_key_is_changed_only_with_a_code_of_the_old_one(with_key):
    person = with_key.signed_in("staff").opens("/sessions/telephone")
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', person.answer.text)
    assert secret is not None
    new = pyotp.TOTP(secret[1]).at(with_key.now)

    person.presses("この電話を使う", code=new, current="000000")
    assert person.status == 422
    person.presses("この電話を使う", code=new, current=code_at(with_key))

    assert person.address == "/sessions?done=telephone"


# Sealed codes


def sealed(site) -> list[str]:
    page = site.signed_in("staff").opens("/sessions")
    page.presses("新しい緊急コードを作る", current=code_at(site))
    return re.findall(r"(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}", page.text)


def test_a_sealed_code_opens_once_and_managers_see_it(with_key):
    made = sealed(with_key)
    assert len(set(made)) == codes.SEALED_CODES
    typed = made[0].lower()

    first = signs_in(with_key).presses("ログインする", code=typed)
    second = signs_in(with_key).presses("ログインする", code=typed)

    assert (first.address, second.status) == ("/board", 422)
    assert "使われた緊急コード" in first.opens("/staff").text
    with with_key.database.session() as session:
        names = session.scalars(select(Event.name).order_by(Event.seq)).all()
        actors = session.scalars(
            select(AuditLine.actor).where(AuditLine.action == "sign_in_by_code")
        ).all()
        kept = session.scalars(select(EmergencyCode.code_hash)).all()
    assert names.count("account.emergency_code_used") == 1
    assert actors == ["account-staff"]
    assert made[0] not in kept


def test_new_sealed_codes_end_the_old_ones(with_key):
    old = sealed(with_key)
    with_key.now = NOW + timedelta(minutes=1)
    new = sealed(with_key)

    assert signs_in(with_key).presses("ログインする", code=old[3]).status == 422
    assert signs_in(with_key).presses("ログインする", code=new[3]).address == "/board"
