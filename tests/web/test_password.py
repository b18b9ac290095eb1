"""パスワードを決める: for whoever only ever came by a link, and another one for everybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations.db import write_transaction
from reservations.models import Account, AuditLine
from tests.support.site import PASSWORD
from tests.town import NOW

NEW = "another four plain words"
LOGIN = "resident@example.jp"


@pytest.fixture
def by_link(site):
    """Somebody who was given a link at the counter, and has just followed it."""
    with site.database.session() as session, write_transaction(session):
        session.get_one(Account, "account-resident").password_hash = "-"
    return site.stranger().opens(site.link_for()).presses("ログインする")


def signs_in(site, password: str):
    person = site.stranger().opens("/sign-in")
    return person.presses("ログインする", login=LOGIN, password=password)


def test_whoever_came_by_a_link_sets_a_password_and_signs_in_with_it(site, by_link):
    by_link.opens("/account").follows("パスワードを決める")

    by_link.presses("このパスワードにする", password=NEW)

    assert by_link.address == "/account?done=password"
    assert "パスワードがまだありません。" not in by_link.text
    assert signs_in(site, NEW).opens("/account").address == "/account"
    with site.database.session() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.action == "set_password")).one()
        assert NEW not in session.get_one(Account, "account-resident").password_hash
    assert line.actor == "account-resident"


def test_after_ten_minutes_an_open_screen_sets_none(site, by_link):
    site.now = NOW + timedelta(minutes=11)

    by_link.opens("/account/password").presses("このパスワードにする", password=NEW)

    assert by_link.status == 422
    assert "10分以内に続けてください。" in by_link.text
    assert signs_in(site, NEW).status == 422


@pytest.mark.parametrize("chosen", ["", "short"])
def test_a_password_has_a_length(site, by_link, chosen):
    by_link.opens("/account/password").presses("このパスワードにする", password=chosen)

    assert by_link.status == 422
    assert by_link.forms[0].values["password"] == ""


def test_a_new_one_needs_the_old_one_and_ends_the_other_sessions(site):
    person, other = site.signed_in(), site.signed_in()
    page = person.opens("/account").follows("パスワードを変える")

    page.presses("このパスワードにする", current="a guess", password=NEW)
    assert page.status == 422
    assert signs_in(site, PASSWORD).opens("/account").address == "/account"
    page.presses("このパスワードにする", current=PASSWORD, password=NEW)

    assert person.opens("/account").address == "/account"
    assert other.opens("/account").address.startswith("/sign-in")
    assert signs_in(site, PASSWORD).status == 422
    assert signs_in(site, NEW).opens("/account").address == "/account"


def test_whoever_guesses_the_old_one_has_to_wait(site):
    page = site.signed_in().opens("/account/password")
    for _ in range(6):
        page.presses("このパスワードにする", current="a guess", password=NEW)

    assert "秒待ってから" in page.text
