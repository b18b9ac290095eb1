"""審査 at the counter: the queue, one application, several granted in one act; without scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from reservations.actions.approval import GrantRequest, grant
from reservations.db import write_transaction
from reservations.models import AuditLine, Booking, Decision, RoleGrant
from tests import town
from tests.support.approving import REASON, decisions, looks_first
from tests.support.site import Site

STAFF = "account-staff"


@pytest.fixture
def asked(counter: Site) -> list[str]:
    """Three applications at となり体育館, of the resident."""
    with counter.database.session() as session:
        looks_first(session)
    whole = counter.region.here.whole
    return [
        counter.books(whole, name="resident", start="18:00", end="21:00", headcount=40),
        counter.books(whole, name="resident", start="09:00", end="12:00"),
        counter.books(whole, name="resident", start="13:00", end="17:00"),
    ]


def made(counter: Site, booking_id: str) -> list[tuple[str, str, str]]:
    with counter.database.session() as session:
        return decisions(session, booking_id)


def ticks(desk, *booking_ids: str):
    """Ticks these in the queue and presses the one button."""
    form = desk.form_of("印を付けた申請を許可する")
    data = {**form.values, "application": [f"{each}:0" for each in booking_ids]}
    return desk._arrived(desk.client.post(form.action, data=data, follow_redirects=True))


def test_the_queue_says_who_asks_for_what_and_by_when(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens("/approval")

    for words in ("審査待ち 3件", "回答の目安 6月12日（金）まで", "resident", "40人", "全面"):
        assert words in desk.text


def test_what_is_late_is_marked_and_stands_first(counter: Site, asked: list[str]):
    counter.now = town.NOW + timedelta(days=3)
    later = counter.books(
        counter.region.here.whole, name="neighbour", date=town.SATURDAY + timedelta(days=14)
    )
    counter.now = town.NOW + timedelta(days=8)
    desk = counter.signed_in("staff").opens("/approval")

    numbers = [words for words, where in desk.links if where.startswith("/approval/")]
    assert len(numbers) == 4
    assert desk.text.count("目安の6月12日（金）を過ぎています") == 3
    assert later in [where for _, where in desk.links if "/approval/" in where][-1]


def test_a_permission_is_granted_with_conditions(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens(f"/approval/{asked[0]}")

    desk.presses("許可する", conditions="火気を使わないこと。\r\n\r\n 21時までに出ること。")

    assert desk.status == 200
    assert "許可した申請" in desk.text
    with counter.database.session() as session:
        (found,) = session.scalars(select(Decision)).all()
        assert (found.verdict, found.conditions) == (
            "granted",
            "火気を使わないこと。\n21時までに出ること。",
        )


def test_a_refusal_needs_a_reason_of_the_towns_list_or_in_words(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens(f"/approval/{asked[0]}")

    desk.presses("許可しない")
    without = desk.status, "許可しない理由を選ぶか" in desk.text, made(counter, asked[0])
    desk.presses("許可しない", chosen=REASON, reason="前日に点検があります。")

    assert without == (422, True, [])
    assert "許可しなかった申請" in desk.text
    with counter.database.session() as session:
        (found,) = session.scalars(select(Decision)).all()
        assert found.reason == f"{REASON}\n前日に点検があります。"
        assert session.get_one(Booking, asked[0]).status == "cancelled"


def test_several_are_granted_in_one_act_and_what_failed_is_named(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens("/approval")
    counter.cancels(asked[1], "resident")

    ticks(desk, *asked)

    assert desk.status == 422
    assert "01-000002-4 この予約は、すでに取り消されています。" in desk.text
    assert "ほかの2件は許可しました。" in desk.text
    assert [made(counter, each) for each in asked] == [
        [("granted", "decided", "")],
        [],
        [("granted", "decided", "")],
    ]


def test_the_same_button_twice_grants_once(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens("/approval")
    form = desk.form_of("印を付けた申請を許可する")
    data = {**form.values, "application": [f"{each}:0" for each in asked]}

    first = desk.client.post(form.action, data=data)
    second = desk.client.post(form.action, data=data)

    assert (first.status_code, second.status_code) == (303, 303)
    assert made(counter, asked[0]) == [("granted", "decided", "")]


def test_nothing_ticked_grants_nothing(counter: Site, asked: list[str]):
    desk = ticks(counter.signed_in("staff").opens("/approval"))

    assert (desk.status, made(counter, asked[0])) == (422, [])
    assert "許可する申請に印を付けてください。" in desk.text


def test_of_several_ticked_ones_each_needs_the_right_at_its_own_place(
    counter: Site, asked: list[str]
):
    with counter.database.session() as session:
        looks_first(session, "172120")
    other = counter.books(counter.region.next_door.whole, name="resident", start="09:00",
                          end="12:00", date=town.SATURDAY + timedelta(days=1))  # fmt: skip
    with counter.database.session() as session, write_transaction(session):
        beyond = RoleGrant.town == "172120", RoleGrant.role == "approver"
        session.execute(delete(RoleGrant).where(*beyond))
    desk = counter.signed_in("staff").opens("/approval")

    ticks(desk, asked[0], other)

    assert desk.status == 403
    assert (made(counter, asked[0]), made(counter, other)) == ([], [])


def test_a_look_at_the_queue_is_noted(counter: Site, asked: list[str]):
    counter.signed_in("staff").opens("/approval")

    with counter.database.session() as session:
        looks = select(AuditLine.actor, AuditLine.subject, AuditLine.reason)
        found = session.execute(looks.where(AuditLine.action == "look")).all()
        assert [tuple(each) for each in found] == [(STAFF, "party-resident", "approval")]


def test_who_decided_too_late_reads_what_stands(counter: Site, asked: list[str]):
    with counter.database.session() as session:
        grant(session, GrantRequest(asked[0], 0), town.context("account-two"))
    with counter.database.session() as session, write_transaction(session):
        session.add(
            Decision(
                id="mine", booking_id=asked[0], revision=0, verdict="refused", reason=REASON,
                decided_at=town.NOW, sheet="-", status="refused", code="decided_already",
                actor="account-staff",
            )
        )  # fmt: skip
    desk = counter.signed_in("staff").opens("/approval")
    told = "ほかの拠点で先に決まっていました。" in desk.text

    desk.presses("確かめた")

    assert told
    assert "ほかの拠点で先に決まっていました。" not in desk.text


def test_the_board_says_審査中_in_words(counter: Site, asked: list[str]):
    where = f"/board?facility={counter.region.here.facility_id}&date={town.SATURDAY}"
    before = counter.signed_in("staff").opens(where).text

    with counter.database.session() as session:
        grant(session, GrantRequest(asked[0], 0), town.context("account-staff"))
    after = counter.signed_in("staff").opens(where).text

    assert before.count("◎ 審査中") - after.count("◎ 審査中") >= 1
    assert "予約済み" not in before.split("次の日")[1].split("日付")[0]


def test_the_page_of_a_booking_says_that_it_is_in_review(counter: Site, asked: list[str]):
    desk = counter.signed_in("staff").opens(f"/board/bookings/{asked[0]}")

    assert "審査中" in desk.text
    assert "予約ずみ" not in desk.text
    assert "許可書は、許可されてから出ます" in desk.text
    desk.follows("審査の画面を開く")
    assert desk.address == f"/approval/{asked[0]}"


def test_a_booking_that_nobody_asks_about_has_no_such_page(counter: Site):
    plain = counter.books(counter.region.here.whole, name="resident")

    assert counter.signed_in("staff").opens(f"/approval/{plain}").status == 404


def test_who_books_at_the_counter_reads_that_it_needs_a_permission(counter: Site, asked: list[str]):
    sunday = town.SATURDAY + timedelta(days=1)
    frame = f"unit={counter.region.here.whole}&date={sunday}&start=18:00&end=21:00"
    desk = counter.signed_in("staff").opens(f"/board?{frame}")

    desk.presses("次へ", who="01-000001-6")
    told = "この利用には許可が要ります。" in desk.text
    desk.presses("予約する")

    assert told
    assert "審査中" in desk.text
