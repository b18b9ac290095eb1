"""知らせ at the counter: read, printed, told by telephone, ticked off; for staff alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations import clock, postman
from reservations.actions.bookings import CancelRequest, cancel
from reservations.models import AuditLine, Event, Letter
from tests import town
from tests.town import NOW


@pytest.fixture
def letter(counter, monkeypatch) -> str:
    """The town closes the gym on the Saturday evening; the resident has no mail server to fear."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = counter.books(counter.region.here.whole, name="resident")
    with counter.database.session() as session:
        cancel(session, CancelRequest(made, "closure"), town.context("account-staff"))
    postman.deliver(counter.database, counter.app.extensions["tonari"].settings)
    with counter.database.session() as session:
        found: str = session.scalars(select(Letter.id)).one()
    return found


def test_only_staff_read_letters(counter, letter):
    for page in ("/letters", "/letters/print", f"/letters/{letter}"):
        assert counter.stranger().opens(page).address.startswith("/sign-in?next=")
        assert counter.signed_in("resident").opens(page).status == 403
        assert counter.signed_in("staff").opens(page).status == 200


def test_the_ledger_says_that_somebody_has_to_be_told(counter, letter):
    assert "窓口から伝えるもの 1件" in counter.signed_in("staff").opens("/ledger").text


def test_the_list_says_why_it_is_the_clerks(counter, letter):
    assert "メールを送る設定がありません。" in counter.signed_in("staff").opens("/letters").text


def test_a_letter_is_printed_with_what_is_free_instead(counter, letter):
    person = counter.signed_in("staff").opens("/letters/print")

    assert "施設の都合で取り消されました" in person.text
    assert "かなた体育館 全面" in person.text


def test_a_tick_is_an_action_of_the_clerk_and_takes_the_letter_off_the_list(counter, letter):
    person = counter.signed_in("staff").opens("/letters")

    person.presses("伝えた")

    assert "ありません。" in person.text
    assert "伝達済み" in person.opens("/letters?show=done").text
    with counter.database.session() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.subject == letter)).all()
        assert [(each.actor, each.action) for each in lines][-1] == (
            "account-staff",
            "hand_letter",
        )
        last = session.scalars(select(Event).order_by(Event.seq.desc())).first()
        assert last is not None
        assert (last.name, last.subject, last.body) == (
            "letter.moved", letter, {"state": "handed_over"},
        )  # fmt: skip


def test_a_second_tick_changes_nothing(counter, letter):
    first, second = (counter.signed_in("staff").opens("/letters") for _ in range(2))

    first.presses("伝えた")
    second.presses("伝えた")

    assert second.status == 200
    assert "済んだもの 1件" in second.text


def test_a_letter_that_is_not_there_is_not_found(counter, letter):
    unknown = "0192a0e4-0000-7000-8000-000000000000"

    assert counter.signed_in("staff").opens(f"/letters/{unknown}").status == 404
