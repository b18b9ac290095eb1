"""Passkeys and what is asked of them, as both databases keep them; their end with their owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations.actions import passkeys
from reservations.actions.accounts import SignInRequest
from reservations.actions.passkeys import AddRequest, PasskeyRequest, RemoveRequest
from reservations.errors import Refusal, RefusalCode
from reservations.models import Passkey, SignInSession
from reservations.queries import passkeys as query
from tests import town
from tests.town import NOW

OWNER = "account-resident"
LATE = NOW + timedelta(minutes=passkeys.CHALLENGE_MINUTES)


@pytest.fixture
def session(database_url):
    database = town.an_empty_database(database_url)
    town.a_region(database, days=3)
    with database.session() as session:
        yield session
    database.dispose()


def adds(session, credential: str = "key") -> str:
    asked = AddRequest(OWNER, credential, "public", "電話")
    passkeys.add_passkey(session, asked, town.context(OWNER))
    found = query.lock(session, credential)
    assert found is not None
    return found.id


def test_a_credential_is_kept_once(session):
    adds(session)

    with pytest.raises(Refusal) as refused:
        adds(session)

    assert refused.value.code is RefusalCode.PASSKEY_WRONG
    assert [each.name for each in query.of(session, OWNER)] == ["電話"]


def test_one_that_was_removed_meanwhile_begins_no_session(session):
    number = adds(session)
    passkeys.remove_passkey(session, RemoveRequest(OWNER, number), town.context(OWNER))

    asked = PasskeyRequest(SignInRequest(OWNER, "token", LATE), number)
    with pytest.raises(Refusal) as refused:
        passkeys.sign_in_by_passkey(session, asked, town.context(OWNER))

    assert refused.value.code is RefusalCode.PASSKEY_UNKNOWN
    assert session.scalars(select(SignInSession)).all() == []


def test_nobody_removes_a_passkey_of_somebody_else(session):
    number = adds(session)

    asked = RemoveRequest("account-neighbour", number)
    passkeys.remove_passkey(session, asked, town.context("account-neighbour"))

    assert session.scalars(select(Passkey.id)).all() == [number]


def test_a_question_is_answered_once_in_time_by_the_browser_that_was_asked(session):
    passkeys.keep_challenge(session, "browser", "first", now=NOW)
    passkeys.keep_challenge(session, "browser", "second", now=NOW)

    assert passkeys.take_challenge(session, "another", now=NOW) is None
    assert passkeys.take_challenge(session, "browser", now=NOW) == "second"
    assert passkeys.take_challenge(session, "browser", now=NOW) is None


@pytest.mark.parametrize(("at", "account_id"), [(LATE, ""), (NOW, OWNER)])
def test_late_or_for_another_purpose_it_is_gone_all_the_same(session, at, account_id):
    passkeys.keep_challenge(session, "browser", "first", now=NOW)

    assert passkeys.take_challenge(session, "browser", now=at, account_id=account_id) is None
    assert passkeys.take_challenge(session, "browser", now=NOW) is None
