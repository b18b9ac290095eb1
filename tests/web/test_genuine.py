"""/verify: a paper is held up to the page, and the page says what it is worth."""

from __future__ import annotations

import pytest
from PIL import Image

from printables import qr
from reservations.queries import bookings, genuine, memory
from tests.support import scanned
from tests.support.pictures import as_png, picture_of, upload


@pytest.fixture
def booked(site) -> str:
    return str(site.books(site.region.here.whole, name="resident"))


def code_of(site, booking_id: str) -> str:
    answer = site.signed_in().client.get(f"/bookings/{booking_id}/permit.pdf")
    (text,) = qr.read_hard(picture_of(answer.data))
    return text


def test_a_stranger_reads_that_a_permit_is_genuine_and_stands(site, booked):
    code = code_of(site, booked)
    person = site.stranger().opens("/verify")

    person.presses("確かめる", code=code.lower())

    assert "本物です。" in person.text
    assert "この予約は有効です。" in person.text
    for words in ("01-000001-6", "となり体育館", "18:00", "hub"):
        assert words in person.text


def test_in_english_nothing_of_it_is_japanese_but_names(site, booked):
    person = site.stranger().opens("/verify?lang=en")

    person.presses("Check", code=code_of(site, booked))

    assert "Genuine." in person.text
    assert "本物" not in person.text


def test_after_a_cancellation_the_page_says_so(site, booked):
    code = code_of(site, booked)
    site.cancels(booked, "resident")
    person = site.stranger().opens("/verify")

    person.presses("確かめる", code=code)

    assert "この予約は、取り消されています。" in person.text


def test_an_altered_code_is_refused(site, booked):
    code = code_of(site, booked)
    person = site.stranger().opens("/verify")

    person.presses("確かめる", code=code[:40] + ("0" if code[40] != "0" else "1") + code[41:])

    assert "本物です。" not in person.text
    assert "受け取らず" in person.text


def test_a_picture_of_the_paper_does_as_well(site, booked):
    paper = site.signed_in().client.get(f"/bookings/{booked}/permit.pdf").data
    person = site.stranger().opens("/verify")

    answer = upload(person, "/verify", as_png(picture_of(paper)))

    assert answer.status_code == 200
    assert "この予約は有効です。" in answer.text


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, as_png(Image.new("L", (300, 300)))],
)
def test_what_is_no_picture_of_a_code_gets_a_clear_answer(site, content):
    person = site.stranger().opens("/verify")

    answer = upload(person, "/verify", content)

    assert answer.status_code == 422
    assert "field-picture" in answer.text


def test_a_picture_larger_than_other_requests_is_taken_and_a_huge_one_is_not(site):
    person = site.stranger().opens("/verify")

    assert upload(person, "/verify", b"x" * 2_000_000).status_code == 422
    assert upload(person, "/verify", b"x" * 9_000_000).status_code == 413


def test_the_pdf_of_the_permit_itself_does_as_well(site, booked):
    paper = site.signed_in().client.get(f"/bookings/{booked}/permit.pdf").data
    person = site.stranger().opens("/verify")

    answer = upload(person, "/verify", paper)

    assert answer.status_code == 200
    assert answer.text.count("この予約は有効です。") == 1


@pytest.mark.parametrize(
    ("pdf", "words"),
    [
        (b"%PDF-1.7 and no more", "このPDFは壊れています。"),
        (scanned.many(genuine.PDF_PAGES_MAX + 1), "PDFは5ページまでです。"),
        (scanned.locked(scanned.many(1)), "パスワードがかかっています。"),
        (scanned.bomb(), "このPDFは重すぎて読めません。"),
        (scanned.many(1), "二次元コードが見つかりません。"),
    ],
    ids=["broken", "long", "locked", "bomb", "white"],
)
def test_a_pdf_that_is_no_permit_is_answered_in_words(site, pdf, words):
    person = site.stranger().opens("/verify")

    answer = upload(person, "/verify", pdf)

    assert answer.status_code == 422
    assert words in answer.text


def test_a_pdf_that_takes_too_long_is_put_away(site, monkeypatch):
    monkeypatch.setattr(genuine, "PDF_SECONDS_MAX", 0.01)
    person = site.stranger().opens("/verify")

    answer = upload(person, "/verify", scanned.many(5))

    assert answer.status_code == 422
    assert "このPDFは重すぎて読めません。" in answer.text


def test_a_bomb_of_pixels_is_not_unpacked(site):
    bomb = as_png(Image.new("1", (20_000, 20_000)))
    person = site.stranger().opens("/verify")

    assert upload(person, "/verify", bomb).status_code == 422


def test_nothing_typed_is_asked_for(site):
    person = site.stranger().opens("/verify")

    person.presses("確かめる")

    assert person.status == 422
    assert "二次元コードの文字か、写真を入れてください。" in person.text


def test_the_counter_has_the_page_too(counter):
    assert counter.stranger().opens("/verify").status == 200


def test_looking_keeps_nothing(site, booked):
    code = code_of(site, booked)
    person = site.stranger().opens("/verify")
    with site.database.session() as session:
        before = bookings.one(session, memory.newest(site.database), booked)

    person.presses("確かめる", code=code)

    with site.database.session() as session:
        assert bookings.one(session, memory.newest(site.database), booked) == before
