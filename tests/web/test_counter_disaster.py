"""災害の宣言 at the counter, with links and forms alone; with the line cut it is the same."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations.db import write_transaction
from reservations.models import Account, AuditLine, Declaration, RoleGrant
from reservations.rules import modes
from reservations.rules.modes import Mode
from reservations.web import acts
from reservations.web.counter import declaring
from tests import town
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import NOW, TODAY

WHY = "震度6弱の地震"


def begins(counter: Site) -> Person:
    return counter.signed_in("staff").opens("/disaster").presses("確認へ進む", reason=WHY)


def declares(counter: Site) -> Person:
    return begins(counter).presses("災害を宣言する", word="宣言")


def declared(counter: Site) -> list[Declaration]:
    with counter.database.session() as session:
        return list(session.scalars(select(Declaration).order_by(Declaration.at)))


def test_the_page_says_what_stops_as_the_table_of_modes_has_it(counter):
    text = counter.signed_in("staff").opens("/board").follows("災害").text

    stopped = modes.stopped(Mode.DISASTER)
    assert stopped
    for name in stopped:
        assert declaring.STOPPED.get(name, acts.WORDS[name]) in text
    assert "● 平常時" in text


def test_two_steps_declare_and_every_page_says_so(counter):
    person = declares(counter)

    assert person.address == "/disaster?done=1"
    assert "■ 災害対応中です。" in person.opens("/sessions").text
    person.opens("/disaster")
    assert "staff@example.jp（hub） 震度6弱の地震" in " ".join(person.text.split("\u3000"))
    with counter.database.session() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.action == "declare")).one()
    assert (line.actor, line.reason) == ("account-staff", WHY)


def test_while_it_lasts_the_counter_books_nothing_and_afterwards_it_does(counter):
    gym = counter.region.here
    board = f"/board?facility={gym.facility_id}&date={town.SATURDAY}"
    declares(counter)

    def books() -> str:
        form = {"unit": str(gym.whole), "date": str(town.SATURDAY), "start": "18:00"}
        form |= {"end": "21:00", "who": "090-0000-0000", "name": "ひと", "key": "k"}
        person = counter.signed_in("staff").opens(board)
        counter.app.config["WTF_CSRF_ENABLED"] = False
        answer = person.client.post("/board/book", data=form, follow_redirects=True)
        said: str = answer.get_data(as_text=True)
        return said

    assert "今は災害時の運用中のため" in books()

    person = counter.signed_in("staff").opens("/disaster")
    person.presses("確認へ進む", reason="揺れは収まった").presses("解除する", word="解除")

    assert "今は災害時の運用中のため" not in books()
    assert [each.mode for each in declared(counter)] == ["disaster", "normal"]


@pytest.mark.parametrize("word", ["", "せんげん", "解除", "はい"])
def test_without_the_word_nothing_is_declared(counter, word):
    person = begins(counter).presses("災害を宣言する", word=word)

    assert person.status == 422
    assert "「宣言」と入力してください。まだ何も変えていません。" in person.text
    assert declared(counter) == []


def test_a_reason_is_needed_and_is_not_endless(counter):
    for reason in (" ", "あ" * 201):
        person = counter.signed_in("staff").opens("/disaster").presses("確認へ進む", reason=reason)
        assert person.status == 422
        assert "理由" in person.text
    assert declared(counter) == []


def test_whoever_was_slower_sees_what_the_other_declared(counter):
    slow = begins(counter)
    declares(counter)
    assert len(declared(counter)) == 1

    # The word that the slower page asked for would end now what the quicker one declared.
    slow.presses("災害を宣言する", word="宣言")
    assert slow.status == 422
    slow.presses("解除する", word="解除")

    assert slow.status == 422
    assert "別の人がここを変えました" in slow.text
    assert len(declared(counter)) == 1


def test_who_may_not_for_all_of_the_desk_reads_who_may(counter):
    with counter.database.session() as session, write_transaction(session):
        town.a_resident(session, "officer", home=None)
        officer = session.get_one(Account, "account-officer")
        officer.role, officer.party_id = "staff", None
        session.add(
            RoleGrant(
                id="o", account_id=officer.id, role="approver", since=TODAY, given_by="system",
                given_at=NOW, facility_id=counter.region.here.facility_id,
            )
        )  # fmt: skip
    person = counter.signed_in("officer").opens("/disaster")

    assert person.status == 200
    assert "この拠点のすべての施設で次の役割を持つ人です：決裁者" in person.text
    assert [form for form in person.forms if "/disaster" in form.action] == []


def test_every_word_of_the_page_is_about_an_action_that_there_is():
    assert set(declaring.STOPPED) | set(declaring.GOES_ON) <= set(modes.TABLE)
