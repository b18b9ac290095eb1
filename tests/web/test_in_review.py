"""審査 as the resident reads it: before, while and after somebody decides; without scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from tests import town
from tests.support.approving import REASON, looks_first
from tests.support.forms import Person
from tests.support.site import Site

STAFF = "account-staff"


@pytest.fixture
def first(site: Site) -> Site:
    """A town that looks at every application first."""
    with site.database.session() as session:
        looks_first(session)
    return site


def asks(site: Site) -> tuple[Person, str]:
    """The resident books in three taps; the person on the page that follows, and the booking."""
    person = site.signed_in().opens(site.check_address(site.region.here.whole))
    person.presses("予約する")
    return person, person.address.rpartition("/")[2]


def grants(site: Site, booking_id: str, conditions: str = "") -> None:
    with site.database.session() as session:
        asked = GrantRequest(booking_id, 0, conditions)
        grant(session, asked, town.context(STAFF, now=site.now))


def refuses(site: Site, booking_id: str) -> None:
    with site.database.session() as session:
        refuse(session, RefuseRequest(booking_id, 0, REASON), town.context(STAFF, now=site.now))


def test_who_is_about_to_ask_reads_that_it_needs_a_permission(first: Site):
    person = first.signed_in().opens(first.check_address(first.region.here.whole))

    assert "この利用には許可が要ります。" in person.text
    assert "6月12日（金）までを目安に" in person.text


def test_where_only_some_purposes_need_it_the_page_says_so(site: Site):
    with site.database.session() as session:
        looks_first(session, headcount_above=50)

    person = site.signed_in().opens(site.check_address(site.region.here.whole))

    assert "目的や人数によっては、使う前に許可が要ります。" in person.text


def test_whoever_has_asked_reads_審査中_with_the_day_and_has_no_permit(first: Site):
    person, booking_id = asks(first)

    assert "申請を受け付けました。審査中です" in person.text
    assert "回答の目安 6月12日（金）まで" in person.text
    for words in ("予約できました", "予約済み", "使用許可書を開く"):
        assert words not in person.text
    permit = person.client.get(f"/bookings/{booking_id}/permit.pdf")
    assert permit.status_code == 422
    assert "この申請は審査中です。" in permit.get_data(as_text=True)


def test_the_list_says_it_too(first: Site):
    person, _ = asks(first)

    person.opens("/bookings")

    assert "審査中 回答の目安 6月12日（金）まで" in person.text
    assert "使用許可書を開く" not in person.text


def test_late_is_said_honestly_with_a_telephone(first: Site):
    person, booking_id = asks(first)
    first.now = town.NOW + timedelta(days=6, hours=20)

    person.opens(f"/bookings/{booking_id}")

    assert "回答の目安の6月12日（金）を過ぎています。お待たせして申し訳ありません。" in person.text


def test_once_it_is_granted_there_is_the_permit_and_its_conditions(first: Site):
    person, booking_id = asks(first)
    grants(first, booking_id, "火気を使わないこと。")

    person.opens(f"/bookings/{booking_id}")

    assert "審査が終わり、許可されました。" in person.text
    assert "火気を使わないこと。" in person.text
    assert "使用許可書を開く（PDF）" in person.text
    page = person.client.get(f"/bookings/{booking_id}/permit").get_data(as_text=True)
    assert "火気を使わないこと。" in page


def test_refused_the_reason_is_there_and_the_notice_that_says_how_to_appeal(first: Site):
    person, booking_id = asks(first)
    refuses(first, booking_id)

    person.opens(f"/bookings/{booking_id}")

    assert "この利用は許可されませんでした" in person.text
    assert REASON in person.text
    assert "不許可通知書を開く（PDF）" in person.text
    page = person.client.get(f"/bookings/{booking_id}/papers/refusal").get_data(as_text=True)
    assert REASON in page
    assert "教示" in page
    assert "許可されませんでした" in person.opens("/bookings").text


def test_in_review_it_is_withdrawn_for_nothing_however_late(first: Site):
    person, booking_id = asks(first)
    first.now = town.NOW + timedelta(days=6)

    person.opens(f"/bookings/{booking_id}/cancel")
    before = "許可されるまでは、無料で取り消せます。" in person.text
    person.presses("取り消す")

    assert before
    assert "この予約は取り消されています" in person.text
    assert "料金はかかりません。" in person.text


def test_another_time_is_looked_at_anew(first: Site):
    person, booking_id = asks(first)
    grants(first, booking_id)
    where = f"/bookings/{booking_id}/change/check?date={town.SATURDAY}&start=09:00&end=12:00"

    person.opens(where)
    told = "時間を変えると、あらためて審査します。" in person.text
    person.presses("この時間に変える")

    assert told
    assert "申請を受け付けました。審査中です" in person.text
