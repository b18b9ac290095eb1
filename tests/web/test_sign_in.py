"""Signing in: by password, by a link that works once; nobody is locked out or sent away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reservations.db import write_transaction
from reservations.models import Account
from tests import town
from tests.support.site import PASSWORD

LOGIN = "resident@example.jp"


def signs_in(person, *, login: str = LOGIN, password: str = PASSWORD):
    return person.opens("/sign-in").presses("ログインする", login=login, password=password)


def test_the_right_password_signs_in(site):
    person = signs_in(site.stranger())

    assert person.opens("/account").status == 200
    assert "resident@example.jp" in person.text
    assert "住んでいる町となり市" in person.text


@pytest.mark.parametrize("login", ["RESIDENT@example.jp", " ｒｅｓｉｄｅｎｔ@example.jp "])
def test_width_and_case_of_a_login_do_not_matter(site, login):
    assert signs_in(site.stranger(), login=login).opens("/account").status == 200


def test_a_wrong_password_keeps_the_login_and_never_the_password(site):
    person = signs_in(site.stranger(), password="quite wrong")

    assert person.status == 422
    assert "ログインの名前かパスワードが違います。" in person.text
    assert person.form_of("ログインする").values["login"] == LOGIN
    assert "quite wrong" not in person.html


def test_an_unknown_login_is_answered_like_a_wrong_password(site):
    unknown = signs_in(site.stranger(), login="nobody@example.jp", password="x").text
    wrong = signs_in(site.stranger(), password="x").text

    assert unknown == wrong


def test_somebody_without_a_password_is_answered_like_a_wrong_one(site):
    wrong = signs_in(site.stranger(), password="x").text
    with site.database.session() as session, write_transaction(session):
        session.get_one(Account, "account-resident").password_hash = "-"

    without = signs_in(site.stranger(), password="x")

    assert (without.status, without.text) == (422, wrong)


def test_empty_fields_are_named(site):
    person = signs_in(site.stranger(), login="", password="")

    assert person.status == 422
    assert "メールアドレスか電話番号を入力してください。" in person.text
    assert "パスワードを入力してください。" in person.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_away(site, target):
    person = site.stranger()
    answer = person.client.get("/sign-in", query_string={"next": target})
    person._arrived(answer)
    form = person.form_of("ログインする")

    sent = person.client.post(
        form.action, data={**form.values, "next": target, "login": LOGIN, "password": PASSWORD}
    )

    assert form.values["next"] == "/"
    assert sent.location == "/"


def test_after_five_wrong_tries_one_has_to_wait_a_moment_and_is_told_how_long(site):
    guesser = site.stranger()
    for _ in range(5):
        assert signs_in(guesser, password="wrong").status == 422

    person = signs_in(guesser, password=PASSWORD)

    assert person.status == 429
    assert "続けて間違えたため、1秒待ってから、もう一度お試しください。" in person.text
    site.now += timedelta(seconds=2)
    assert signs_in(guesser).opens("/account").status == 200


def test_a_stranger_who_guesses_never_locks_the_owner_out(site):
    owner = signs_in(site.stranger())
    owner.opens("/account").presses("この端末からログアウトする")
    guesser = site.stranger()
    for _ in range(60):
        signs_in(guesser, password="wrong")

    assert signs_in(guesser).status == 429
    assert signs_in(owner).opens("/account").address == "/account"


def test_nobody_ever_waits_longer_than_a_minute(site):
    guesser = site.stranger()
    for _ in range(40):
        signs_in(guesser, password="wrong")
        site.now += timedelta(seconds=61)

    assert signs_in(guesser).opens("/account").address == "/account"


def test_looking_at_a_link_does_not_use_it_up(site):
    link = site.link_for()
    scanner = site.stranger()
    for _ in range(3):
        assert scanner.opens(link).status == 200
    assert scanner.opens("/account").address.startswith("/sign-in")

    person = site.stranger().opens(link).presses("ログインする")

    assert person.opens("/account").address == "/account"


def test_a_link_works_once(site):
    link = site.link_for()
    first = site.stranger().opens(link)
    form = first.form_of("ログインする")
    first.presses("ログインする")

    again = site.stranger().opens(link)
    assert again.status == 410
    assert "このリンクは使用済みか、期限が切れています。" in again.text
    late = site.stranger()
    late.opens("/sign-in")
    token = late.form_of("ログインする").values["csrf_token"]
    assert late.client.post(form.action, data={"csrf_token": token}).status_code == 410


def test_a_link_runs_out_after_a_day(site):
    link = site.link_for()
    site.now = town.NOW + timedelta(hours=25)

    assert site.stranger().opens(link).status == 410


def test_signing_out_ends_the_session_itself(site):
    person = site.signed_in()
    token = person.client.get_cookie("tonari_session").value

    person.opens("/account").presses("この端末からログアウトする")

    assert person.client.get_cookie("tonari_session") is None
    person.client.set_cookie("tonari_session", token)
    assert person.opens("/account").address.startswith("/sign-in")


def test_a_lost_phone_is_signed_out_from_another(site):
    phone = signs_in(site.stranger())
    desk = signs_in(site.stranger())
    assert "いま2台の端末でログインしています。" in desk.opens("/account").text

    desk.presses("すべての端末からログアウトする")

    assert phone.opens("/account").address.startswith("/sign-in")
    assert desk.opens("/account").address.startswith("/sign-in")


def test_the_fields_say_to_a_password_manager_what_they_are(site):
    html = site.stranger().opens("/sign-in").html

    assert 'autocomplete="username"' in html
    assert 'autocomplete="current-password"' in html
    assert "onpaste" not in html


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site):
    person = site.stranger().opens("/sign-in")
    form = person.form_of("ログインする")

    answer = person.client.post(
        form.action, data={**form.values, "login": LOGIN, "password": PASSWORD}
    )

    cookies = [line for line in answer.headers.getlist("Set-Cookie") if "tonari_session" in line]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
