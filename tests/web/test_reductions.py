"""減免 on screens: asked for by whoever books, written down at the counter, decided in a queue."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reservations.actions.reductions import RegisterRequest, register
from tests.printables import pdf
from tests.support.reductions import CARD, CITY, GROUP, MAYOR, with_list
from tests.town import SATURDAY, TODAY, context


def listed(site):
    with site.database.session() as session:
        with_list(session)
    return site


@pytest.fixture
def desk(counter):
    """Staff in every role, at a counter whose town has a list; a booking of 1,800 yen."""
    listed(counter).books(counter.region.here.whole, name="resident")
    return counter.signed_in("staff")


def money_of(desk, number="01-000001-6"):
    return desk.opens(f"/money?number={number}")


def said(desk) -> str:
    return "".join(desk.text.split())


def test_the_page_of_a_booking_says_who_may_have_a_reduction(site):
    booking_id = listed(site).books(site.region.here.whole, name="resident")

    page = site.signed_in().opens(f"/bookings/{booking_id}")

    for words in ("減免の対象かもしれません", "第2号 障害のある方（50%）", "障害者手帳"):
        assert words in page.text
    assert "市長が認めるとき（町長などが決めます）" in page.text


def test_the_check_page_says_it_beside_the_fee(site):
    page = listed(site).signed_in().opens(site.check_address(site.region.here.whole))

    assert "減免の対象かもしれません" in page.text


def test_the_check_page_tells_a_registered_group_what_it_will_pay(site):
    listed(site)
    asked = RegisterRequest(
        "party-resident", "172014", GROUP, TODAY, date(2027, 3, 31), "団体の規約"
    )
    with site.database.session() as session:
        register(session, asked, context("account-staff"))

    page = site.signed_in().opens(site.check_address(site.region.here.whole))

    assert "減免登録により、1,350円になります。" in page.text


def test_a_town_without_a_list_says_nothing_of_it(site):
    booking_id = site.books(site.region.here.whole, name="resident")

    assert "減免" not in site.signed_in().opens(f"/bookings/{booking_id}").text


def test_whoever_booked_asks_once_and_reads_that_it_waits(site):
    booking_id = listed(site).books(site.region.here.whole, name="resident")
    page = site.signed_in().opens(f"/bookings/{booking_id}")

    page.presses("減免を申請する", clause=CARD, words="介助者と使います")
    waits = page.text
    page.presses("減免を申請する", clause=CARD)

    assert "返事を待っています" in waits
    assert page.status == 200
    assert page.text.count("返事を待っています") == 1


@pytest.mark.parametrize("answer", ["", "yes"])
def test_with_an_entrance_fee_the_form_says_why_it_cannot_be(site, answer):
    booking_id = listed(site).books(site.region.here.whole, name="resident")
    page = site.signed_in().opens(f"/bookings/{booking_id}")

    page.presses("減免を申請する", clause=CITY, entrance_fee=answer)

    assert page.status == 422
    assert "入場料を取る利用には使えません" in page.text


def test_nobody_asks_for_somebody_elses_booking(site):
    booking_id = listed(site).books(site.region.here.whole, name="resident")

    page = site.signed_in("neighbour")
    page.opens("/bookings")

    assert page.client.post(f"/bookings/{booking_id}/reduction").status_code in (400, 404)
    assert page.opens(f"/bookings/{booking_id}").status == 404


def test_the_counter_writes_it_down_with_what_was_seen_and_an_approver_grants_it(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳", words="初めて")
    strip = desk.text
    desk.opens("/reductions")
    queue = said(desk)

    desk.presses("承認する 01-000001-6")

    assert "減免の申請 1件" in strip
    for words in ("書類は、窓口で確かめました。障害者手帳", "初めて", "第2号障害のある方（50%）"):
        assert words in queue
    assert "決める申請はありません。" in desk.text
    assert "納める料金900円" in said(money_of(desk))


def test_the_notice_opens_from_the_bookings_papers(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳")
    desk.opens("/reductions").presses("承認する 01-000001-6")

    desk.opens("/papers?number=01-000001-6").follows("料金減免決定通知書を開く（PDF）")

    assert "減免決定通知書" in pdf.text(desk.answer.data)


def test_what_was_not_seen_yet_is_seen_by_the_approver(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{CARD}|")
    desk.opens("/reductions").presses("承認する 01-000001-6")
    asked = (desk.status, "確かめた書類を、障害者手帳から選んでください。" in desk.text)

    desk.presses("承認する 01-000001-6", evidence="障害者手帳")

    assert asked == (422, True)
    assert "納める料金900円" in said(money_of(desk))


def test_a_refusal_needs_its_reason_and_the_person_reads_that_it_was_refused(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{MAYOR}|")
    desk.opens("/reductions").presses("承認しない")
    asked = (desk.status, "理由を300文字までで書いてください。" in desk.text)

    desk.presses("承認しない", reason="営利の催しのため。")

    assert asked == (422, True)
    assert "承認しない第3号" in said(money_of(desk))
    desk.opens("/papers?number=01-000001-6").follows("料金減免不承認通知書を開く（PDF）")
    assert "営利の催しのため。" in pdf.text(desk.answer.data)


def test_a_mayors_decision_takes_a_percent(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{MAYOR}|")

    desk.opens("/reductions").presses("承認する 01-000001-6", percent="70", reason="被災者の会")

    assert "納める料金540円" in said(money_of(desk))


def test_several_are_granted_at_once(counter, desk):
    other = SATURDAY + timedelta(days=1)
    counter.books(counter.region.here.whole, name="resident", date=other)
    for number in ("01-000001-6", "01-000002-4"):
        money_of(desk, number).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳")
    page = desk.opens("/reductions")
    token = page.form_of("選んだ申請を承認する").values["csrf_token"]
    wishes = [
        form.action.rsplit("/", 1)[1]
        for form in page.forms
        if any("承認しない" in label for label, _, _ in form.buttons)
    ]

    answer = desk.client.post("/reductions/grant", data={"csrf_token": token, "wish": wishes})

    assert answer.headers["Location"].endswith("granted=2")
    assert "決める申請はありません。" in desk.opens("/reductions").text


def test_none_chosen_is_said_in_words(counter, desk):
    other = SATURDAY + timedelta(days=1)
    counter.books(counter.region.here.whole, name="resident", date=other)
    for number in ("01-000001-6", "01-000002-4"):
        money_of(desk, number).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳")
    page = desk.opens("/reductions")
    token = page.form_of("選んだ申請を承認する").values["csrf_token"]

    answer = desk.client.post("/reductions/grant", data={"csrf_token": token})

    assert answer.status_code == 422
    assert "承認する申請を選んでください。" in answer.text


def test_a_late_wish_is_marked(counter, desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳")
    early = "遅れています" in desk.opens("/reductions").text
    counter.now += timedelta(days=15)

    assert not early
    assert "遅れています" in counter.signed_in("staff").opens("/reductions").text


def test_a_registration_reduces_from_then_on_and_can_be_ended(counter, desk):
    desk.opens("/people/party-resident").follows("減免登録を見る・登録する")

    desk.presses("減免を登録する")
    shown = said(desk)
    reduced = said(money_of(desk))
    desk.opens("/people/party-resident/reductions").presses("登録を終える")
    counter.books(counter.region.here.whole, name="resident", date=SATURDAY + timedelta(days=1))

    assert (
        "第4号令和8年（2026年）6月6日（土）から令和9年（2027年）3月31日（水）まで団体の規約"
        in shown
    )
    assert "納める料金1,350円" in reduced
    assert "登録はありません。" in desk.text
    assert "納める料金1,800円" in said(money_of(desk, "01-000002-4"))


def test_in_english_the_queue_is_english(desk):
    money_of(desk).presses("減免の申請を書き取る", clause=f"{CARD}|障害者手帳")

    assert "Asked" in desk.opens("/reductions?lang=en").text
