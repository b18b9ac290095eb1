"""Requests that cannot be done: a page in words, nothing half written, nothing typed lost."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from reservations.models import Booking, Problem
from tests.support.site import PASSWORD


def count(site, model) -> int:
    with site.database.session() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


def test_a_form_of_ten_megabytes_is_too_large_in_words(site):
    person = site.stranger().opens("/problem")
    form = person.form_of("送る")

    answer = person.client.post(form.action, data={**form.values, "words": "x" * 10_000_000})

    assert answer.status_code == 413
    assert "送られた内容が大きすぎます。" in answer.text
    assert count(site, Problem) == 0


def test_without_its_token_a_form_is_shown_again_with_what_was_typed(site):
    person = site.stranger()

    answer = person.client.post(
        "/problem",
        data={"words": "字が小さい", "page": "/about", "key": "k"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 400
    assert count(site, Problem) == 0
    person._arrived(answer)
    assert "画面を開いてから時間がたちました。" in person.text
    person.presses("もう一度送る")
    assert "受け付けました" in person.text
    with site.database.session() as session:
        assert session.scalars(select(Problem.words)).all() == ["字が小さい"]


def test_a_password_is_asked_for_again_and_never_sent_back(site):
    person = site.stranger()

    answer = person.client.post(
        "/sign-in",
        data={"login": "resident@example.jp", "password": PASSWORD, "next": "/account"},
        headers={"Origin": "http://localhost"},
    )

    assert answer.status_code == 400
    assert PASSWORD not in answer.text
    person._arrived(answer).presses("もう一度送る", password=PASSWORD)
    assert person.address == "/account"


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_what_another_site_filled_in_is_not_offered_for_sending(site, headers):
    person = site.signed_in()
    data = {"unit": site.region.here.whole, "date": "2026-06-13", "start": "18:00", "end": "21:00"}

    answer = person.client.post("/bookings", data=data, headers=headers)

    assert answer.status_code == 400
    assert person._arrived(answer).forms == []
    assert count(site, Booking) == 0


def test_a_page_that_is_not_there_says_so(site):
    person = site.stranger().opens("/nowhere")

    assert person.status == 404
    assert "見つかりません。" in person.text
    assert ("はじめの画面へ", "/") in person.links


@pytest.mark.parametrize("path", ["/bookings/not-a-number", "/bookings/%00", "/enter/"])
def test_addresses_of_nothing_are_not_found(site, path):
    assert site.signed_in().opens(path).status == 404


def test_a_link_that_is_none_is_answered_with_the_way_in(site):
    person = site.stranger().opens("/enter/nonsense")

    assert person.status == 410
    assert ("ログインの画面へ", "/sign-in") in person.links
