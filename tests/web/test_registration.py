"""利用者登録: two pages, answers kept both ways, names as they are written."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations.models import Account, Party, PartyResidency

ANSWERS = {
    "name": "𠮷田 髙﨑葛󠄀",
    "kana": "ﾖｼﾀﾞ タカサキ",
    "login": "０９０-1234-5678",
    "home": "172014",
}
PASSWORD = "staple battery horse"


def parties(site, name: str) -> list[Party]:
    with site.database.session() as session:
        return list(session.scalars(select(Party).where(Party.name == name)))


def test_somebody_registers_and_is_signed_in_where_they_were_going(site):
    target = site.check_address(site.region.here.whole)
    person = site.stranger().opens(target).follows("利用者登録をする")

    person.presses("次へ", **ANSWERS)
    assert "よしだ たかさき" in person.text
    person.presses("同意して登録する", password=PASSWORD)

    assert person.address == target
    (party,) = parties(site, "𠮷田 髙﨑葛󠄀")
    assert (party.kana, party.phone) == ("よしだ たかさき", "09012345678")
    assert party.home_code == "172014"
    with site.database.session() as session:
        account = session.scalars(select(Account).where(Account.party_id == party.id)).one()
    assert account.login == "09012345678"
    assert PASSWORD not in account.password_hash


def test_working_and_studying_elsewhere_counts_there(site):
    person = site.stranger().opens("/register")

    person.presses("次へ", **ANSWERS, works="172120", studies="172014")
    person.presses("同意して登録する", password=PASSWORD)

    (party,) = parties(site, ANSWERS["name"])
    with site.database.session() as session:
        found = session.execute(
            select(PartyResidency.municipality_code, PartyResidency.residency)
            .where(PartyResidency.party_id == party.id)
            .order_by(PartyResidency.municipality_code)
        ).all()
    assert [tuple(row) for row in found] == [("172014", "resident"), ("172120", "works")]


def test_going_back_to_change_an_answer_keeps_the_others(site):
    person = site.stranger().opens("/register").presses("次へ", **ANSWERS)

    person.presses("内容を直す")
    assert {name: person.form_of("次へ").values[name] for name in ANSWERS} == ANSWERS
    person.presses("次へ", name="髙橋 一郎")

    assert "髙橋 一郎" in person.text


def test_every_missing_answer_is_listed_and_the_others_are_kept(site):
    person = site.stranger().opens("/register").presses("次へ", name="山田 花子", login="12345")

    assert person.status == 422
    assert 'aria-invalid="true"' in person.html
    for words in ("ふりがなを入力", "住んでいる町を選んで", "例 090-1234-5678"):
        assert words in person.text
    assert person.form_of("次へ").values["name"] == "山田 花子"


def test_the_password_is_never_in_a_page(site):
    person = site.stranger().opens("/register").presses("次へ", **ANSWERS)

    person.presses("同意して登録する", password="short7!")

    assert person.status == 422
    assert "パスワードは、8文字以上にしてください。" in person.text
    assert "short7!" not in person.html
    assert 'autocomplete="new-password"' in person.html


def test_a_login_that_is_taken_is_said_at_its_field(site):
    person = site.stranger().opens("/register")

    person.presses("次へ", **{**ANSWERS, "login": "Resident@example.jp"})
    person.presses("同意して登録する", password=PASSWORD)

    assert person.status == 422
    assert "このメールアドレスか電話番号は登録済みです。" in person.text
    assert person.form_of("次へ").values["name"] == ANSWERS["name"]


def test_a_double_click_is_one_registration(site):
    person = site.stranger().opens("/register").presses("次へ", **ANSWERS)
    form = person.form_of("同意して登録する")
    data = {**form.values, "password": PASSWORD, "step": "register"}

    answers = [person.client.post(form.action, data=data) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(parties(site, ANSWERS["name"])) == 1


def test_a_form_that_somebody_else_sent_again_with_another_password_opens_nothing(site):
    person = site.stranger().opens("/register").presses("次へ", **ANSWERS)
    form = person.form_of("同意して登録する")
    data = {**form.values, "password": PASSWORD, "step": "register"}
    person.client.post(form.action, data=data)

    answer = person.client.post(form.action, data={**data, "password": "another password"})

    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers or "tonari_session" not in str(answer.headers)


@pytest.mark.parametrize("field", ["home", "works", "studies"])
def test_a_town_that_is_not_on_the_list_is_refused(site, field):
    person = site.stranger().opens("/register").presses("次へ", **{**ANSWERS, field: "999999"})

    assert person.status == 422
    assert "町を一覧から選んでください。" in person.text


def test_somebody_from_outside_the_region_can_register_too(site):
    person = site.stranger().opens("/register").presses("次へ", **{**ANSWERS, "home": "other"})
    person.presses("同意して登録する", password=PASSWORD)

    (party,) = parties(site, ANSWERS["name"])
    assert party.home_code is None
    person.opens(site.check_address(site.region.here.whole))
    assert "2,700円" in person.text
    assert "町の外にお住まいの方の料金（150%）" in person.text
