"""The permit on the residents' screens: one click from its booking, and nobody else's."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from reservations.actions.bookings import ChangeRequest, change
from reservations.db import write_transaction
from reservations.models import CatalogueVersion, IssuedPaper, Party, TownRulesVersion
from reservations.rules.period import period_of
from tests import town
from tests.printables import pdf

FORMS = ("permit.pdf", "permit")


@pytest.fixture
def booked(site) -> str:
    """The resident's own booking of the whole hall on the Saturday evening."""
    return str(
        site.books(site.region.here.whole, name="resident", purpose="badminton", headcount=24)
    )


def has_issued(site) -> int:
    with site.database.session() as session:
        return session.scalar(select(func.count()).select_from(IssuedPaper)) or 0


def rules(site, **body) -> None:
    with site.database.session() as session, write_transaction(session):
        for version in session.scalars(select(TownRulesVersion)):
            version.body = body
        session.query(CatalogueVersion).update({"version": CatalogueVersion.version + 1})


def test_the_permit_is_one_click_from_the_confirmation(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}")

    person.follows("使用許可書を開く（PDF）")

    assert person.answer.content_type == "application/pdf"
    said = pdf.text(person.answer.data)
    for words in ("使用許可書", "01-000001-6", "となり体育館全面", "バドミントン", "24人"):
        assert words in said


def test_the_permit_is_one_click_from_the_list(site, booked):
    links = dict(site.signed_in().opens("/bookings").links)

    assert links["使用許可書を開く（PDF） 予約番号 01-000001-6"] == (
        f"/bookings/{booked}/permit.pdf"
    )


def test_looking_at_a_booking_issues_nothing(site, booked):
    person = site.signed_in()

    person.opens(f"/bookings/{booked}")
    person.opens("/bookings")

    assert has_issued(site) == 0
    person.opens(f"/bookings/{booked}/permit.pdf")
    assert has_issued(site) == 1


def test_asked_twice_it_is_the_same_bytes(site, booked):
    client = site.signed_in().client

    one, other = (client.get(f"/bookings/{booked}/permit.pdf").data for _ in range(2))

    assert one == other
    assert has_issued(site) == 1


def test_after_a_change_it_is_another_paper(site, booked):
    client = site.signed_in().client
    before = client.get(f"/bookings/{booked}/permit.pdf").data
    morning = period_of("09:00", "12:00")
    assert morning is not None
    request = ChangeRequest(booked, site.region.here.whole, town.SATURDAY, morning)
    with site.database.session() as session:
        change(session, request, town.context("account-resident"))

    after = client.get(f"/bookings/{booked}/permit.pdf").data

    assert "18時00分から" in pdf.text(before)
    assert "9時00分から12時00分まで" in pdf.text(after)


def test_it_opens_in_the_browser_under_a_good_name_and_nobody_keeps_it(site, booked):
    headers = site.signed_in().client.get(f"/bookings/{booked}/permit.pdf").headers

    assert headers["Content-Disposition"] == (
        'inline; filename="permit-01-000001-6.pdf"; '
        f"filename*=UTF-8''{quote('使用許可書_01-000001-6')}.pdf"
    )
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("form", FORMS)
def test_somebody_elses_permit_does_not_exist(site, booked, form):
    assert site.signed_in("resident").opens(f"/bookings/{booked}/{form}").status == 200

    answer = site.signed_in("neighbour").client.get(f"/bookings/{booked}/{form}")

    assert answer.status_code == 404
    assert "01-000001-6" not in answer.text


@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_is_asked_to_sign_in(site, booked, form):
    person = site.stranger().opens(f"/bookings/{booked}/{form}")

    assert person.address == f"/sign-in?next=/bookings/{booked}/{form}"
    assert has_issued(site) == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_cancelled_booking_has_no_permit_and_the_page_says_why(site, booked, form):
    site.cancels(booked, "resident")
    person = site.signed_in().opens(f"/bookings/{booked}/{form}")

    assert person.status == 422
    assert "許可書があるのは、確定した予約だけです。" in person.text
    assert "使用許可書を開く" not in person.opens(f"/bookings/{booked}").text
    assert "使用許可書を開く" not in person.opens("/bookings").text


def test_the_page_to_print_is_the_permit_that_was_issued(site, booked):
    person = site.signed_in()
    said = pdf.text(person.opens(f"/bookings/{booked}/permit.pdf").answer.data)
    site.now = town.NOW.replace(hour=5)

    html = person.opens(f"/bookings/{booked}/permit").html

    body = re.sub(r"<head>.*?</head>|<nav.*?</nav>", "", html, flags=re.DOTALL)
    pieces = [pdf.squeezed(unescape(each)) for each in re.split(r"<[^>]+>", body)]
    assert "使用許可書／版1発行2026-06-0612:00hub" in pieces
    assert [each for each in pieces if each not in said] == []
    assert "見本" in html


def test_the_page_to_print_has_no_script_and_leads_back(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}/permit")

    assert person.links == [
        ("予約に戻る", f"/bookings/{booked}"),
        ("PDFを開く", f"/bookings/{booked}/permit.pdf"),
    ]
    assert "<script" not in person.html
    assert "script-src" not in person.answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in person.answer.headers["Content-Security-Policy"]


def test_in_english_the_page_says_permit_and_the_paper_stays_japanese(site, booked):
    person = site.signed_in().opens(f"/bookings/{booked}?lang=en")

    assert "Open the permit (PDF)" in person.text
    assert "許可書" not in person.text
    html = person.opens(f"/bookings/{booked}/permit?lang=en").html
    assert '<html lang="ja">' in html
    assert '<nav lang="en">' in html
    assert "Back to the booking" in html


def test_the_town_s_own_word_stands_on_page_and_paper(site, booked):
    rules(site, permit_word="利用承認")
    person = site.signed_in().opens(f"/bookings/{booked}")

    person.follows("利用承認書を開く（PDF）")

    assert "利用承認書" in pdf.text(person.answer.data)
    assert quote("利用承認書") in person.answer.headers["Content-Disposition"]


def test_a_town_that_has_confirmed_its_forms_issues_without_the_marking(site, booked):
    rules(site, has_confirmed_forms=True)

    answer = site.signed_in().client.get(f"/bookings/{booked}/permit.pdf")

    assert "見本" not in pdf.text(answer.data)


def test_a_name_is_printed_as_it_was_written_and_never_as_markup(site, booked):
    with site.database.session() as session, write_transaction(session):
        session.get_one(Party, "party-resident").name = "<b>𠮷野</b> 葛\U000e0100子"

    person = site.signed_in()

    assert "<b>𠮷野</b>葛\U000e0100子" in pdf.text(
        person.opens(f"/bookings/{booked}/permit.pdf").answer.data
    )
    assert "<b>𠮷野" not in person.opens(f"/bookings/{booked}/permit").html
