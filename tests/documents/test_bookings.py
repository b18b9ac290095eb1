"""The papers of a booking: what they say, and that nothing on them is another town's."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta

import pytest

from printables.registry import PAPERS
from reservations import documents
from reservations.clock import LOCAL
from reservations.documents import Before, Issue
from reservations.queries import bookings, memory
from reservations.rules import papers
from reservations.rules.period import Period
from reservations.rules.town import RefundStep, TownRules
from tests.printables import pdf
from tests.support.lending import booked
from tests.town import NOW, SATURDAY, TODAY

ISSUE = Issue(at=NOW, applicant="𠮷野　髙子", decided_on=TODAY, node="hub")
MORNING = Period(36, 48)


@pytest.fixture
def booking(session, region):
    """The resident's whole hall on Saturday evening."""
    booking_id = booked(session, region.here.whole, region.resident, headcount=24)
    found = bookings.one(session, memory.current(session), booking_id)
    assert found is not None
    return found


def by_rules(booking, **changed):
    """The same booking in a town with other rules."""
    rules = TownRules(1, date(2026, 4, 1), **changed)
    town = dataclasses.replace(booking.unit.town, rules=(rules,))
    place = dataclasses.replace(booking.unit.place, town=town)
    unit = dataclasses.replace(booking.unit, place=place)
    return dataclasses.replace(booking, unit=unit, town_rules_id=1)


def words(document) -> str:
    return pdf.text(document.draw().pdf)


def test_a_permit_says_what_the_booking_says(booking):
    said = words(documents.permit(booking, "バドミントン", ISSUE))

    for part in (
        "第2026-01-000001-6号", "令和8年6月6日", "𠮷野髙子様", "使用許可書", "となり市長",
        "許可番号01-000001-6", "となり体育館全面",
        "令和8年6月13日（土）18時00分から21時00分まで", "バドミントン", "24人",
        "夜間18:00〜21:001,800円", "合計1,800円", "教示", "となり市長に対して審査請求", "見本",
    ):  # fmt: skip
        assert part in said


def test_a_permit_is_sound_and_stays_on_its_page(booking):
    drawn = documents.permit(booking, "バドミントン", ISSUE).draw()

    assert drawn.pages == 1
    assert (pdf.faults(drawn.pdf), pdf.escapes(drawn.pdf)) == ([], [])


def test_the_same_booking_and_circumstances_give_the_same_bytes(booking):
    one, other = (documents.permit(booking, "バドミントン", ISSUE).draw().pdf for _ in range(2))

    assert one == other


def test_a_town_that_has_said_nothing_never_gets_another_towns_words(booking):
    cancelled = dataclasses.replace(booking, status="cancelled", cancel_due_yen=900)
    before = Before(booking.unit, SATURDAY, MORNING)
    shown = [
        words(document)
        for document in (
            documents.permit(booking, "", ISSUE),
            documents.change(booking, before, "", ISSUE),
            documents.change_refusal(booking, before, "", ISSUE, reason="重なるため。", number="1"),
            documents.cancellation(cancelled, "", ISSUE),
            documents.refund(cancelled, "", ISSUE),
            documents.revocation(cancelled, "", ISSUE, reason="屋根の修繕のため。"),
            documents.refusal(dataclasses.replace(booking, status="refused"), "", ISSUE),
        )
    ]

    model = words(dataclasses.replace(documents.permit(booking, "", ISSUE), forms={}))
    for foreign in ("隣野", "体育施設条例"):
        assert foreign in model
        assert [text for text in shown if foreign in text] == []
    assert [text for text in shown if "様式第" in text or "条例第" in text] == []
    assert all("見本" in text for text in shown)
    # No word is missing where the model has one.
    assert [text for text in shown if "あったの" in text or "したの使用" in text] == []


def test_a_town_s_own_word_is_used_throughout(booking):
    said = words(documents.permit(by_rules(booking, permit_word="利用承認"), "", ISSUE))

    assert "利用承認書" in said
    assert "次のとおり承認します" in said
    assert "使用許可" not in said


def test_what_a_town_has_said_of_its_forms_wins(booking):
    own = by_rules(
        booking,
        forms={
            "words": {"ordinance": "となり市体育館条例"},
            "issuers": {"default": {"lines": ["となり市教育委員会"], "seal": "frame"}},
            "forms": {"permit": {"fields": {"unit": {"label": "場所"}}}},
        },
    )

    said = words(documents.permit(own, "", ISSUE))

    assert "となり市教育委員会" in said
    assert "場所となり体育館全面" in said
    assert "次のとおり許可します" in said


@pytest.mark.parametrize(("is_confirmed", "marking"), [(False, "見本"), (True, "")])
def test_only_confirmed_forms_lose_the_marking(booking, is_confirmed, marking):
    document = documents.permit(by_rules(booking, has_confirmed_forms=is_confirmed), "", ISSUE)

    assert document.record.marking == marking


def test_conditions_tell_the_town_s_own_refund_steps(booking):
    steps = (RefundStep(10, 100), RefundStep(0, 30))

    said = words(documents.permit(by_rules(booking, refund_steps=steps), "", ISSUE))

    assert "使用日の10日前までは全額、使用の始まりまでは30％です" in said
    none = words(documents.permit(by_rules(booking, refund_steps=()), "", ISSUE))
    assert "取りやめたときの料金は、還付しません" in none


def test_a_qr_code_is_only_spoken_of_where_there_is_one(booking):
    without = words(documents.permit(booking, "", ISSUE))
    with_code = words(documents.permit(booking, "", ISSUE, code="TN1:8UADZCKFEOEDJOD2KC54EM"))

    assert "二次元コードを読み取って" in with_code
    assert "二次元コード" not in without


def test_somebody_from_outside_sees_how_the_fee_was_raised(session, region):
    booking_id = booked(session, region.next_door.whole, region.resident)
    found = bookings.one(session, memory.current(session), booking_id)
    assert found is not None

    lines = documents.permit(found, "", ISSUE).record.fee_lines

    assert [(line.label, line.yen) for line in lines] == [("夜間", 1800), ("市外の方の加算", 900)]


def test_lines_that_do_not_add_up_to_the_fee_are_not_shown(booking):
    older = dataclasses.replace(booking, fee_yen=1234)

    record = documents.permit(older, "", ISSUE).record

    assert [(line.label, line.yen) for line in record.fee_lines] == [("料金", 1234)]
    assert record.fee_total == 1234


def test_nothing_is_said_of_a_payment_that_nobody_knows_of(booking):
    free = dataclasses.replace(booking, fee_yen=0)

    assert "確かめられません" in documents.permit(booking, "", ISSUE).record.payment
    assert "料金はありません" in documents.permit(free, "", ISSUE).record.payment


def test_each_revision_has_a_number_of_its_own(booking):
    changed = dataclasses.replace(booking, revision=1)
    in_march = dataclasses.replace(ISSUE, decided_on=date(2027, 3, 31))

    numbers = [
        documents.permit(each, "", issue).record.document_number
        for each, issue in ((booking, ISSUE), (changed, ISSUE), (booking, in_march))
    ]

    assert numbers == [
        "第2026-01-000001-6号",
        "第2026-01-000001-6号の2",
        "第2026-01-000001-6号",
    ]


def test_a_change_names_only_what_has_changed(booking):
    before = Before(booking.unit, SATURDAY, MORNING)

    record = documents.change(booking, before, "", ISSUE).record

    assert [(each.label, each.before, each.after) for each in record.changes] == [
        (
            "日時",
            "令和8年6月13日（土）9時00分から12時00分まで",
            "令和8年6月13日（土）18時00分から21時00分まで",
        )
    ]


def test_a_party_s_own_cancellation_is_its_letter_and_the_town_s_has_reasons(booking):
    cancelled = dataclasses.replace(booking, status="cancelled", cancel_due_yen=900)

    own = documents.cancellation(cancelled, "", ISSUE)
    towns = documents.revocation(cancelled, "", ISSUE, reason="屋根の修繕のため。")

    assert own.paper == "cancel_request"
    assert "使用取消届" in words(own)
    assert towns.paper == "revocation_notice"
    assert "屋根の修繕のため。" in words(towns)
    assert "還付する額900円" in words(towns)
    assert "この取消処分に不服がある場合は" in words(towns)


def test_every_paper_is_called_what_stands_on_it(booking):
    cancelled = dataclasses.replace(booking, status="cancelled", cancel_due_yen=900)
    refused = dataclasses.replace(booking, status="refused")
    before = Before(booking.unit, SATURDAY, MORNING)
    drawn = (
        documents.permit(booking, "", ISSUE),
        documents.change(booking, before, "", ISSUE),
        documents.change_refusal(booking, before, "", ISSUE, reason="重なるため。", number="1"),
        documents.cancellation(cancelled, "", ISSUE),
        documents.refund(cancelled, "", ISSUE),
        documents.revocation(cancelled, "", ISSUE, reason="修繕のため。"),
        documents.refusal(refused, "", ISSUE),
    )
    rules = booking.unit.town.rules_on(TODAY)

    for document in drawn:
        assert papers.title(document.paper, rules) in words(document), document.paper


def test_a_refund_says_what_returns_and_what_stays(booking):
    cancelled = dataclasses.replace(booking, status="cancelled", cancel_due_yen=900)

    said = words(documents.refund(cancelled, "", ISSUE))

    assert "還付する額900円" in said
    assert "還付しない額900円" in said
    assert "地方自治法第229条第2項" in said


def test_no_two_papers_of_a_booking_have_one_number(booking):
    names = (
        documents.PERMIT, documents.CHANGE, documents.CHANGE_REFUSAL, documents.REVOCATION,
        documents.REFUND, documents.REFUSAL,
    )  # fmt: skip

    assert len({documents.document_number(booking, TODAY, name) for name in names}) == len(names)


def test_a_record_is_read_again_as_it_was_written(booking):
    document = documents.permit(booking, "バドミントン", ISSUE)

    again = documents.read(document.paper, document.json())

    assert again == document.record
    assert dataclasses.replace(document, record=again).draw().pdf == document.draw().pdf


def test_the_paper_s_time_is_that_of_the_facility(booking):
    record = documents.permit(booking, "", ISSUE).record

    assert record.issued_at == datetime(2026, 6, 6, 12, 0, tzinfo=LOCAL)
    assert record.periods[0].start == datetime(2026, 6, 13, 18, 0, tzinfo=LOCAL)


def test_forms_that_do_not_hold_together_are_named(booking):
    town = booking.unit.town
    broken = TownRules(1, TODAY - timedelta(days=9), forms={"forms": {"permit": {"order": ["x"]}}})

    assert documents.faults(town, town.rules_on(TODAY)) == []
    (fault,) = documents.faults(town, broken)
    assert "permit" in fault and "blocks.x" in fault


def test_what_is_issued_is_in_the_registry():
    assert set(documents.ISSUED) <= set(PAPERS)
