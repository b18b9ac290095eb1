"""Notices on the screens: one click from the booking, and from the counter by its number."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from reservations.actions.bookings import ChangeRequest, change
from reservations.models import IssuedPaper
from reservations.rules.period import period_of
from tests import town
from tests.printables import pdf


def booked(site) -> str:
    return str(site.books(site.region.here.whole, name="resident", purpose="badminton"))


def moved(site, booking_id: str) -> None:
    morning = period_of("09:00", "12:00")
    assert morning is not None
    wish = ChangeRequest(booking_id, site.region.here.whole, town.SATURDAY, morning)
    with site.database.session() as session:
        change(session, wish, town.context("account-resident"))


def has_issued(site) -> int:
    with site.database.session() as session:
        return session.scalar(select(func.count()).select_from(IssuedPaper)) or 0


def test_a_changed_booking_has_its_notice_one_click_away(site):
    made = booked(site)
    moved(site, made)
    person = site.signed_in().opens(f"/bookings/{made}")
    assert has_issued(site) == 0

    person.follows("使用変更許可書を開く（PDF）")

    assert person.answer.content_type == "application/pdf"
    assert "9時00分から12時00分まで" in pdf.text(person.answer.data)
    assert "change-01-000001-6.pdf" in person.answer.headers["Content-Disposition"]


def test_one_that_was_given_back_has_its_letter_and_its_refund(site):
    made = booked(site)
    site.cancels(made, "resident")
    person = site.signed_in().opens(f"/bookings/{made}")

    assert "使用許可書を開く" not in person.text
    person.follows("料金還付決定通知書を開く（PDF）")

    assert "料金還付決定通知書" in pdf.text(person.answer.data)
    assert "使用取消届" in person.opens(f"/bookings/{made}/papers/cancellation").text


def test_a_booking_that_only_stands_has_no_other_papers(site):
    made = booked(site)
    person = site.signed_in().opens(f"/bookings/{made}")

    assert "この予約の書類" not in person.text
    assert person.opens(f"/bookings/{made}/papers/refund.pdf").status == 422
    assert "この書類は、今のこの予約にはありません。" in person.text
    assert person.opens(f"/bookings/{made}/papers/nothing.pdf").status == 404


def test_somebody_elses_papers_do_not_exist(site):
    made = booked(site)
    moved(site, made)

    for form in ("change.pdf", "change"):
        answer = site.signed_in("neighbour").client.get(f"/bookings/{made}/papers/{form}")
        assert answer.status_code == 404


def test_in_english_the_links_are_english(site):
    made = booked(site)
    site.cancels(made, "resident")

    person = site.signed_in().opens(f"/bookings/{made}?lang=en")

    assert "Notice of the refund (PDF)" in person.text
    assert "還付" not in person.text


@pytest.fixture
def at_counter(counter):
    """A clerk who has the booking before them."""
    booked(counter)
    return counter.signed_in("staff").opens("/papers").presses("予約をさがす", number="01-000001-6")


def test_the_counter_finds_a_booking_by_its_number_and_has_its_permit(at_counter):
    at_counter.follows("使用許可書を開く（PDF）")

    assert "01-000001-6" in pdf.text(at_counter.answer.data)


@pytest.mark.parametrize("number", ["01-000001-5", "x", "01-000009-1", "０１－０００００１－５"])
def test_a_number_of_no_booking_is_said_at_its_field(counter, number):
    staff = counter.signed_in("staff").opens("/papers").presses("予約をさがす", number=number)

    assert staff.status == 422
    assert "この番号の予約はありません。" in staff.text


def test_a_refused_change_becomes_a_paper_that_stays_in_the_archive(counter, at_counter):
    typed = {"start": "09:00", "end": "12:00", "reason": "条例第6条第1号に当たるため。"}
    at_counter.presses("通知書を作る", **typed)

    assert "使用変更不許可通知書を作りました。" in at_counter.text
    first = at_counter.follows("変否第2026-01-000001-6号（PDF）").answer.data
    assert "条例第6条第1号に当たるため。" in pdf.text(first)
    again = at_counter.opens("/papers?number=01-000001-6").follows(
        "使用変更不許可通知書 変否第2026-01-000001-6号（PDF）"
    )
    assert again.answer.data == first


def test_what_is_missing_of_a_refusal_stands_at_its_field(at_counter):
    at_counter.presses("通知書を作る", start="09:07", reason="")

    assert at_counter.status == 422
    assert "15分きざみ" in at_counter.text
    assert "理由を300文字までで書いてください。" in at_counter.text


def test_nobody_but_staff_sees_the_counters_papers(counter):
    made = booked(counter)
    for address in ("/papers", f"/papers/bookings/{made}/permit.pdf"):
        assert "/sign-in" in counter.stranger().opens(address).address
        assert counter.signed_in("resident").opens(address).status == 403


def test_a_notice_is_verified_by_its_code(site):
    made = booked(site)
    moved(site, made)
    answer = site.signed_in().client.get(f"/bookings/{made}/papers/change.pdf")
    with site.database.session() as session:
        record = session.scalars(select(IssuedPaper.record)).one()
    assert answer.status_code == 200
    code = record.split('"code": "')[1].split('"')[0]

    person = site.stranger().opens("/verify").presses("確かめる", code=code)

    for words in ("本物です。", "変更許可書", "変第2026-01-000001-6号の2", "料金"):
        assert words in person.text
