"""代理: somebody books at the counter for a party that lets them, and that stays on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reservations.db import write_transaction
from reservations.models import AuditLine, Booking, Party, PartyDelegate
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import SATURDAY, TODAY

PHONE = "076-200-0001"


@pytest.fixture
def group(counter: Site) -> Site:
    """The resident is a group; the neighbour has a telephone."""
    with counter.database.session() as session, write_transaction(session):
        resident = update(Party).where(Party.id == "party-resident")
        session.execute(resident.values(kind="group", kana="あおぞらかい", phone="076-200-0000"))
        neighbour = update(Party).where(Party.id == "party-neighbour")
        session.execute(neighbour.values(kana="となりの けんた", phone=PHONE))
    return counter


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


def appoints(site: Site, **typed: str) -> Person:
    page = clerk(site).opens("/people/party-resident").follows("代理を登録する")
    return page.presses("代理を登録する", **{"who": PHONE, "giver": "会長　一郎", **typed})


def chosen(site: Site) -> Person:
    """The board's form, once it is certain for whom."""
    unit = site.region.here.whole
    page = clerk(site).opens(f"/board?unit={unit}&date={SATURDAY}&start=18:00&end=21:00")
    return page.presses("次へ", who="076-200-0000")


def reasons(site: Site) -> list[str]:
    with site.database.session() as session:
        query = select(AuditLine.reason).where(AuditLine.action == "book_for")
        return list(session.scalars(query))


def delegates(site: Site) -> list[PartyDelegate]:
    with site.database.session() as session:
        return list(session.scalars(select(PartyDelegate)))


def test_a_consent_says_who_gave_it_how_it_was_shown_and_until_when(group: Site):
    person = appoints(group, seen="resolution")

    (made,) = delegates(group)
    assert (made.delegate_id, made.giver, made.seen) == (
        "party-neighbour", "会長　一郎", "resolution"
    )  # fmt: skip
    assert (made.since, made.until) == (TODAY, TODAY.replace(year=TODAY.year + 1))
    assert "同意：会長 一郎（団体の総会や役員会の記録）" in person.text
    assert "この方が代わりに予約できる相手" in person.follows("neighbour").text


def test_the_delegate_books_and_every_use_stands_in_the_audit(group: Site):
    appoints(group)

    person = chosen(group).presses("予約する", delegate="party-neighbour")

    assert "予約できました" in person.text and "申し出た方代理：neighbour" in person.text
    assert reasons(group) == ["delegate party-neighbour"]
    with group.database.session() as session:
        assert session.scalars(select(Booking.party_id)).all() == ["party-resident"]


def test_the_delegate_gives_the_booking_back_and_moves_it(group: Site):
    appoints(group)
    made = group.books(group.region.here.whole, name="resident")
    half = group.region.here.halves[0]
    page = f"/board/bookings/{made}"
    place = f"?unit={half}&date={SATURDAY}&start=09:00&end=12:00"

    moved = clerk(group).opens(f"{page}/change{place}")
    moved.presses("この時間に変える", delegate="party-neighbour")
    clerk(group).opens(f"{page}/cancel").presses("取り消す", delegate="party-neighbour")

    assert "代理：neighbour" in moved.text
    with group.database.session() as session:
        query = select(AuditLine.action, AuditLine.reason).where(AuditLine.reason != "")
        said = [tuple(row) for row in session.execute(query.where(AuditLine.action != "look"))]
    assert said == [
        ("change_for", "delegate party-neighbour"),
        ("cancel_for", "delegate party-neighbour"),
    ]


def test_the_party_books_for_itself_without_a_word_of_a_delegate(group: Site):
    appoints(group)

    chosen(group).presses("予約する")

    assert reasons(group) == [""]


def test_an_ended_delegate_books_no_more_not_even_with_a_form_that_was_open(group: Site):
    appoints(group)
    open_form = chosen(group)
    clerk(group).opens("/people/party-resident").presses("代理を終える")

    person = open_form.presses("予約する", delegate="party-neighbour")

    assert delegates(group) == []
    assert person.status == 422 and "代理が終わっています" in person.text
    assert reasons(group) == []


def test_a_delegate_ends_with_the_last_day(group: Site):
    appoints(group)
    with group.database.session() as session, write_transaction(session):
        session.execute(update(PartyDelegate).values(until=TODAY - timedelta(days=1)))

    assert "delegate" not in chosen(group).form_of("予約する").values
    assert "代理を終える" not in clerk(group).opens("/people/party-resident").text


@pytest.mark.parametrize("year", ["2025", "2028"])
def test_a_consent_is_for_a_year_at_most(group: Site, year: str):
    person = appoints(group, until_year=year)

    assert person.status == 422 and "2027年" in person.text
    assert delegates(group) == []


def test_of_several_the_delegate_is_chosen_and_nobody_is_their_own(group: Site):
    with group.database.session() as session, write_transaction(session):
        session.execute(update(Party).values(kana="となりの"))
        session.execute(update(Party).where(Party.id == "party-staff").values(name="third"))

    person = appoints(group, who="となりの")

    picks = {value for _, name, value in person.form_of(PHONE).buttons if name == "pick"}
    assert picks == {"party-neighbour", "party-staff"}
    person.presses(PHONE)
    assert [each.delegate_id for each in delegates(group)] == ["party-neighbour"]


def test_whoever_is_nobody_yet_is_to_be_registered_first(group: Site):
    person = appoints(group, who="090-0000-9999")

    assert person.status == 422 and "先に利用者として登録" in person.text
