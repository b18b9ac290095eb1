"""What the matrix cannot see: rights that only a form's own words need, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from reservations.actions import money
from reservations.actions.money import PayRequest
from reservations.db import write_transaction
from reservations.models import (
    Account,
    Booking,
    CatalogueVersion,
    Refund,
    RoleGrant,
    TownRulesVersion,
)
from reservations.rules.money import Method
from reservations.rules.rights import Role
from tests import town
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import NOW, SATURDAY, TODAY


def works(site: Site, *roles: Role, at: int | None = None) -> Person:
    """The member of staff, with these roles at one facility and nothing else."""
    with site.database.session() as session, write_transaction(session):
        session.execute(delete(RoleGrant))
        session.add_all(
            RoleGrant(
                id=role.value, account_id="account-staff", role=role.value, since=TODAY,
                facility_id=at or site.region.here.facility_id, given_by="system", given_at=NOW,
            )
            for role in roles
        )  # fmt: skip
    return site.signed_in("staff")


def posts(site: Site, person: Person, address: str, **form: Any) -> int:
    site.app.config["WTF_CSRF_ENABLED"] = False
    return person.client.post(address, data=form).status_code


def frame(unit_id: int, start: str = "18:00", end: str = "21:00") -> dict[str, Any]:
    return {"unit": unit_id, "date": SATURDAY, "start": start, "end": end}


def pays(site: Site, booking_id: str) -> str:
    with site.database.session() as session:
        asked = PayRequest(booking_id, 500, Method.CASH)
        return str(money.pay(session, asked, town.context("account-staff")))


def units_booked(site: Site) -> list[int]:
    with site.database.session() as session:
        return list(session.scalars(select(Booking.unit_id).order_by(Booking.serial)))


# What a form says beside its address


def test_money_of_another_facility_cannot_be_given_back_through_ones_own_booking(counter):
    own = counter.books(counter.region.here.whole)
    far = counter.books(counter.region.next_door.whole, name="resident")
    paid = pays(counter, far)
    person = works(counter, Role.APPROVER)

    address = f"/money/bookings/{own}/refund"

    assert posts(counter, person, address, payment=paid, back="1", key="k") == 403
    with counter.database.session() as session:
        assert session.scalars(select(Refund)).all() == []


def test_cash_of_another_facility_cannot_be_handed_out_through_ones_own_booking(counter):
    own = counter.books(counter.region.here.whole)
    far = counter.books(counter.region.next_door.whole, name="resident")
    refund_id = "0192a0e4-0001-7000-8000-000000000000"
    there = counter.region.next_door.facility_id
    with counter.database.session() as session, write_transaction(session):
        session.add(
            Refund(
                id=refund_id, payment_id="p", booking_id=far, town="172120", facility_id=there,
                date=SATURDAY, method="cash", amount_yen=1, node_no=1, asked_at=NOW,
                status="decided",
            )
        )  # fmt: skip
    person = works(counter, Role.CASHIER)

    assert posts(counter, person, f"/money/bookings/{own}/refunds/{refund_id}/hand") == 403


def test_a_booking_is_moved_only_to_where_one_may_book_too(counter):
    made = counter.books(counter.region.here.whole)
    person = works(counter, Role.COUNTER)
    address = f"/board/bookings/{made}/change"

    there = frame(counter.region.next_door.whole)

    assert posts(counter, person, address, **there, key="k") == 403
    assert posts(counter, person, f"{address}?unit={counter.region.here.whole}", **there) == 403
    assert units_booked(counter) == [counter.region.here.whole]


def test_an_offer_of_another_facility_is_booked_by_nobody_without_a_right_there(counter):
    here, there = counter.region.here.whole, counter.region.next_door.whole
    person = works(counter, Role.COUNTER)
    guest = {"who": "090-0000-0000", "name": "ひと", "key": "k"}

    to = f"unit={there}&date={SATURDAY}&start=18:00&end=21:00"

    assert posts(counter, person, "/board/book", **frame(here), **guest, to=to) == 403
    assert posts(counter, person, f"/board/book?unit={here}", **frame(there), **guest) == 403
    assert units_booked(counter) == []


@pytest.mark.parametrize(
    ("roles", "status"),
    [((Role.COUNTER,), 403), ((Role.COUNTER, Role.APPROVER), 303)],
    ids=["a clerk", "a clerk who decides"],
)
def test_the_rules_are_set_aside_only_by_whoever_may(counter, roles, status):
    with counter.database.session() as session, write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"active_max": 1}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))
    counter.books(counter.region.here.halves[0], name="resident", start="09:00", end="12:00")
    person = works(counter, *roles)
    asked = {
        "party": "party-resident",
        "waive": "limit_reached",
        "reason": "市長の決裁",
        "key": "k",
    }

    wanted = frame(counter.region.here.whole)

    assert posts(counter, person, "/board/book", **wanted, **asked) == status
    assert len(units_booked(counter)) == (2 if status == 303 else 1)


def test_a_clerk_is_not_offered_to_set_the_rules_aside(counter):
    with counter.database.session() as session, write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"active_max": 1}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))
    counter.books(counter.region.here.halves[0], name="resident", start="09:00", end="12:00")
    address = f"/board?unit={counter.region.here.whole}&date={SATURDAY}&start=18:00&end=21:00"

    def asked(*roles: Role) -> str:
        person = works(counter, *roles).opens(address)
        return person.presses("次へ", who="resident").text

    words = "きまりの外で予約する理由"
    assert words in asked(Role.COUNTER, Role.APPROVER)
    assert words not in asked(Role.COUNTER)


# What is left out


def test_an_auditor_sees_the_day_and_the_money_without_names(counter):
    counter.books(counter.region.here.whole, name="resident")
    person = works(counter, Role.AUDITOR)
    board = f"/board?facility={counter.region.here.facility_id}&date={SATURDAY}"

    pages = [person.opens(each) for each in (board, "/money?number=01-000001-6")]
    said = [each.html for each in pages]

    assert [each.count("01-000001-6") > 0 for each in said] == [True, True]
    assert [each for each in said if "resident" in each.replace("residency", "")] == []
    assert "/board/bookings/" not in person.opens(board).html
    timetable = f"/facilities/{counter.region.here.facility_id}/timetable"
    assert person.opens(f"{timetable}?audience=staff").status == 403
    assert person.opens(f"{timetable}?audience=public").status == 200


def test_links_that_one_may_not_follow_are_not_there(counter):
    person = works(counter, Role.COUNTER).opens("/board")
    shown = {words for words, _ in person.links}

    assert {"窓口", "料金", "紙の入力"} <= shown
    assert {"取込の確認", "声", "職員"} & shown == set()


def test_money_offers_only_what_one_may_do_with_it(counter):
    counter.books(counter.region.here.whole)
    address = "/money?number=01-000001-6"

    def buttons(role: Role) -> set[str]:
        page = works(counter, role).opens(address).html
        words = ("お金を受け取る", "減免を決める")
        return {each for each in words if f">{each}</button>" in page}

    assert buttons(Role.CASHIER) == {"お金を受け取る"}
    assert buttons(Role.APPROVER) == {"減免を決める"}
    assert buttons(Role.AUDITOR) == set()


def test_what_is_free_elsewhere_is_told_without_a_button(counter):
    counter.books(counter.region.here.whole)
    address = f"/board?unit={counter.region.here.whole}&date={SATURDAY}&start=18:00&end=21:00"
    person = works(counter, Role.COUNTER).opens(address)

    person.presses("次へ", who="090-0000-0000", name="ひと")

    assert "かなた体育館" in person.text
    assert f'value="unit={counter.region.here.whole}&amp;' in person.html
    assert f'value="unit={counter.region.next_door.whole}&amp;' not in person.html


def test_whoever_works_next_door_arrives_at_their_own_board(counter):
    person = works(counter, Role.COUNTER, at=counter.region.next_door.facility_id)

    assert "かなた体育館" in person.opens("/board").text
    assert "となり体育館" not in person.text


def test_the_refusal_says_who_may_and_where(counter):
    made = counter.books(counter.region.here.whole)
    person = works(counter, Role.COUNTER)

    page = person.client.post(f"/money/bookings/{made}/reduce")
    assert page.status_code == 400
    counter.app.config["WTF_CSRF_ENABLED"] = False
    said = person.client.post(f"/money/bookings/{made}/reduce").text

    assert "となり体育館でこの操作ができるのは、決裁者だけです。" in said


def test_somebody_without_any_role_is_told_whom_to_ask(counter):
    person = works(counter).opens("/board")

    assert person.status == 403
    assert "管理者に権限を付けてもらってください" in person.text


def test_a_manager_gives_a_role_on_the_page(counter):
    with counter.database.session() as session, write_transaction(session):
        town.a_resident(session, "clerk", home=None)
        session.execute(update(Account).where(Account.id == "account-clerk").values(role="staff"))
    person = works(counter, Role.MANAGER).opens("/staff")

    person.presses("役割を付ける", login="ＣＬＥＲＫ@example.jp", role="cashier")
    assert "clerk@example.jp" in person.text
    person.presses("役割を付ける", login="nobody@example.jp")
    assert person.status == 422
    person.presses("役割を付ける", login="clerk@example.jp", role="approver")

    assert person.status == 403
    with counter.database.session() as session:
        given = session.scalars(
            select(RoleGrant.role).where(RoleGrant.account_id == "account-clerk")
        ).all()
    assert given == ["cashier"]
