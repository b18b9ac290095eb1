"""このページで困ったこと: from any page, by anybody, with a number to ask by."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations.models import Problem


def problems(site) -> list[Problem]:
    with site.database.session() as session:
        return list(session.scalars(select(Problem)))


def test_a_stranger_tells_of_a_problem_and_gets_a_number(site):
    person = site.stranger().opens("/sign-in").follows("このページで困ったこと")

    person.presses("送る", words="字が小さい\n読めない 𠮷")

    (problem,) = problems(site)
    assert (problem.page, problem.words.splitlines()) == ("/sign-in", ["字が小さい", "読めない 𠮷"])
    assert f"受付番号{problem.ticket}" in person.text
    assert person.follows("もとのページへ戻る").address == "/sign-in"


def test_what_stood_in_the_address_of_the_page_is_not_kept(site):
    person = site.stranger().opens("/problem?page=/enter/x%3Ftoken%3Dsecret")

    person.presses("送る", words="困った")

    assert [each.page for each in problems(site)] == ["/enter/x"]


def test_an_empty_form_says_what_is_missing(site):
    person = site.stranger().opens("/problem").presses("送る", words="  ")

    assert person.status == 422
    assert "文章を入力してください。" in person.text
    assert problems(site) == []


def test_too_many_words_are_kept_in_the_form(site):
    person = site.stranger().opens("/problem").presses("送る", words="長" * 2001)

    assert person.status == 422
    assert "文章は、2000文字までにしてください。" in person.text
    assert person.form_of("送る").values["words"] == "長" * 2001


def test_a_double_click_is_one_problem_and_a_second_one_is_another(site):
    person = site.stranger().opens("/problem")
    form = person.form_of("送る")
    for words in ("一つ目", "一つ目", "二つ目"):
        person.client.post(form.action, data={**form.values, "words": words})

    assert sorted(each.words for each in problems(site)) == ["一つ目", "二つ目"]


@pytest.mark.parametrize("ticket", ["ABC", "0000000", "HJC4AX2%3Cscript%3E"])
def test_a_number_that_is_none_is_not_found(site, ticket):
    assert site.stranger().opens(f"/problem/{ticket}").status == 404


def test_the_way_back_never_leads_away(site):
    person = site.stranger().opens("/problem/HJC4AX2?page=//evil.example")

    assert ("もとのページへ戻る", "/") in person.links
