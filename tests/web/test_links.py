"""パスワードを忘れたとき: a link by mail, and nobody learns who is registered here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from reservations import clock, jobs, links
from reservations.config import Settings
from reservations.models import Account, LinkWish, LoginLink
from tests.support.site import MEMORY_KIB, Site, a_site
from tests.support.smtp import Mailman, a_mailman
from tests.town import NOW

LINK = re.compile(r"https://tonari\.example/enter/(\S+)")


@pytest.fixture
def mailman() -> Iterator[Mailman]:
    with a_mailman() as running:
        yield running


@pytest.fixture
def site(sqlite_url, tmp_path, mailman, monkeypatch) -> Iterator[Site]:
    """The residents' screens at a machine that can send mail."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings = Settings(
        data_dir=tmp_path,
        argon2_memory_kib=MEMORY_KIB,
        site_url="https://tonari.example",
        smtp_host="127.0.0.1",
        smtp_port=mailman.port,
        smtp_from="tonari@example.jp",
        smtp_security="none",
        smtp_seconds=5,
    )
    made = a_site(sqlite_url, tmp_path, settings=settings)
    yield made
    made.database.dispose()


def settings_of(site: Site) -> Settings:
    found: Settings = site.app.extensions["tonari"].settings
    return found


def login_of(site: Site) -> str:
    with site.database.session() as session:
        return str(
            session.scalars(select(Account.login).where(Account.id == "account-resident")).one()
        )


def token_of(mail: EmailMessage) -> str:
    found = LINK.search(mail.get_content())
    assert found is not None
    return found[1]


def asks(site: Site, login: str):
    person = site.stranger().opens("/sign-in")
    person.follows("パスワードを忘れたとき")
    return person.presses("リンクを送る", login=login)


def test_the_link_that_comes_by_mail_signs_in_once(site, mailman):
    person = asks(site, login_of(site))
    assert "数分でメールが届きます" in person.text

    assert jobs.send_links(site.database, settings_of(site)) == 1

    (mail,) = mailman.letters
    assert mail["To"] == login_of(site)
    token = token_of(mail)
    person.opens(f"/enter/{token}").presses("ログインする")
    assert person.opens("/account").status == 200
    assert site.stranger().opens(f"/enter/{token}").status != 200


def test_a_login_that_nobody_has_gets_the_same_answer_and_no_mail(site, mailman):
    known, unknown = asks(site, login_of(site)), asks(site, "nobody@example.jp")

    assert (unknown.status, unknown.text) == (known.status, known.text)
    links.deliver(site.database, settings_of(site))
    assert [mail["To"] for mail in mailman.letters] == [login_of(site)]


def test_the_link_itself_is_kept_nowhere(site, mailman):
    asks(site, login_of(site))
    links.deliver(site.database, settings_of(site))
    token = token_of(mailman.letters[0])

    with site.database.session() as session:
        kept = session.scalars(select(LoginLink)).one()
        assert token not in kept.token_hash
        assert kept.expires_at == NOW + links.VALID


def test_asking_twice_sends_one_mail_and_asking_later_another(site, mailman, monkeypatch):
    for _ in range(2):
        asks(site, login_of(site))
        links.deliver(site.database, settings_of(site))
    assert len(mailman.letters) == 1

    site.now = NOW + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: site.now)
    asks(site, login_of(site))
    links.deliver(site.database, settings_of(site))

    assert len(mailman.letters) == 2


def test_when_the_mail_server_is_silent_the_wish_waits(site, mailman):
    asks(site, login_of(site))
    silent = settings_of(site).model_copy(update={"smtp_port": 1})

    assert links.deliver(site.database, silent) == 0
    assert links.deliver(site.database, settings_of(site)) == 1


def test_a_wish_that_waited_too_long_is_dropped(site, mailman, monkeypatch):
    asks(site, login_of(site))
    monkeypatch.setattr(clock, "now", lambda: NOW + links.GIVEN_UP_AFTER + timedelta(minutes=1))

    assert links.deliver(site.database, settings_of(site)) == 0
    with site.database.session() as session:
        assert session.scalars(select(LinkWish)).all() == []


def test_without_a_mail_server_the_page_leads_to_the_counter(sqlite_url, tmp_path):
    plain = a_site(sqlite_url, tmp_path)
    try:
        person = plain.stranger().opens("/sign-in")
        assert "パスワードを忘れたとき" not in person.text
        assert "窓口か電話で" in person.opens("/sign-in/link").text
    finally:
        plain.database.dispose()


def test_a_form_without_a_login_says_what_is_missing(site):
    person = asks(site, "")

    assert person.status == 422
    assert "メールアドレスか電話番号を入れてください。" in person.text
