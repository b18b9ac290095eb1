"""利用者: a clerk finds, registers and corrects people with links and forms alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from reservations.app import create_app
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import (
    Account,
    AuditLine,
    Booking,
    Event,
    Party,
    PartyResidency,
    PartyUnsaid,
)
from reservations.queries.bookings import number_text
from tests.support.forms import Person
from tests.support.site import MEMORY_KIB, Site, a_site
from tests.town import TODAY

PHONE = "076-200-0000"
SITE = "https://rooms.example.jp"
NEW = {"name": "髙野　はな", "kana": "タカノ ハナ", "phone": "０７６－３００－００００"}


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


def page_of(site: Site, name: str = "resident") -> Person:
    return clerk(site).opens(f"/people/party-{name}")


def change(site: Site, name: str, /, **values: str) -> None:
    with site.database.session() as session, write_transaction(session):
        session.execute(update(Party).where(Party.id == f"party-{name}").values(**values))


@pytest.fixture
def known(counter: Site) -> Site:
    change(counter, "resident", kana="となりの はるか", phone=PHONE)
    change(counter, "neighbour", kana="となりの けんた", phone="076-200-0001")
    return counter


def residencies(site: Site, party_id: str) -> list[tuple[str, str, str, date | None]]:
    with site.database.session() as session:
        rows = session.scalars(select(PartyResidency).where(PartyResidency.party_id == party_id))
        return [(r.municipality_code, r.residency, r.seen, r.valid_until) for r in rows]


def party(site: Site, name: str) -> Party | None:
    with site.database.session() as session:
        return session.scalar(select(Party).where(Party.name == name))


def test_a_telephone_leads_to_the_persons_page(known: Site):
    person = clerk(known).opens("/people").presses("さがす", who=PHONE)

    assert person.address == "/people/party-resident"
    assert "在住" in person.text and "となり市" in person.text


def test_of_several_one_is_chosen_and_nothing_typed_stands_in_the_address(known: Site):
    person = clerk(known).opens("/people").presses("さがす", who="トナリノ")

    assert person.address == "/people"
    person.follows("076-200-0001")
    assert person.address == "/people/party-neighbour"


def test_the_number_of_a_booking_leads_to_who_booked(known: Site):
    made = known.books(known.region.here.whole, name="resident")
    with known.database.session() as session:
        booking = session.get_one(Booking, made)
        number = number_text(booking.node_no, booking.serial)

    person = clerk(known).opens("/people").presses("さがす", who=number)

    assert person.address == "/people/party-resident"
    assert number in person.text


def test_whoever_is_not_found_is_registered_without_typing_twice(counter: Site):
    person = clerk(counter).opens("/people").presses("さがす", who=NEW["phone"])
    person.presses("新しく登録する")

    person.presses("登録する", name=NEW["name"], kana=NEW["kana"], seen="licence")

    made = party(counter, NEW["name"])
    assert made is not None and "登録しました" in person.text
    assert (made.kind, made.kana, made.phone) == ("person", "たかの はな", "076-300-0000")
    assert residencies(counter, made.id) == [
        (made.home_code, "resident", "licence", date(2027, 3, 31))
    ]
    with counter.database.session() as session:
        assert session.scalars(select(PartyUnsaid.party_id)).all() == [made.id]


def test_a_group_from_elsewhere_is_registered_without_a_residency(counter: Site):
    person = clerk(counter).opens("/people/new")

    person.presses("登録する", **NEW, kind="group", residency="outside")

    made = party(counter, NEW["name"])
    assert made is not None and (made.kind, made.home_code) == ("group", None)
    assert residencies(counter, made.id) == []


def test_somebody_alike_is_shown_before_a_second_one_is_made(known: Site):
    person = clerk(known).opens("/people/new")
    person.presses("登録する", **(NEW | {"phone": PHONE}))

    assert "この方ではありませんか" in person.text
    assert party(known, NEW["name"]) is None
    person.presses("別の方として登録する")
    assert party(known, NEW["name"]) is not None


def test_what_is_lacking_is_said_at_its_field(counter: Site):
    person = clerk(counter).opens("/people/new").presses("登録する", name="名前だけ", phone="12")

    assert person.status == 422
    assert "ふりがなを入力してください" in person.text
    assert "市外局番から" in person.text


def test_a_telephone_is_corrected_and_the_other_desks_hear_of_it(known: Site):
    person = page_of(known).presses("直す", phone="076-999-9999")

    found = party(known, "resident")
    assert found is not None and found.phone == "076-999-9999"
    assert "直しました" in person.text
    with known.database.session() as session:
        assert session.scalars(select(PartyUnsaid.party_id)).all() == ["party-resident"]
        body = session.scalar(select(Event.body).where(Event.name == "party.corrected"))
        assert body is not None and list(body["fields"]) == ["phone"]


def test_what_another_clerk_changed_meanwhile_is_shown_beside_what_was_typed(known: Site):
    person = page_of(known)
    change(known, "resident", phone="076-111-1111", email="new@example.jp")

    person.presses("直す", phone="076-999-9999")

    found = party(known, "resident")
    assert found is not None and found.phone == "076-111-1111"
    assert person.status == 422
    assert "076-111-1111" in person.text and "別の人がここを変えました" in person.text
    person.presses("直す")
    found = party(known, "resident")
    assert found is not None
    assert (found.phone, found.email) == ("076-999-9999", "new@example.jp")


def test_a_residency_is_renewed_by_a_year_and_says_what_was_seen(known: Site):
    person = page_of(known).follows("更新する")
    person.presses("この区分にする", seen="my_number")

    assert residencies(known, "party-resident") == [
        ("172014", "resident", "my_number", date(2028, 3, 31))
    ]
    assert "マイナンバーカード（表）" in person.text
    with known.database.session() as session:
        line = session.scalar(select(AuditLine).where(AuditLine.action == "set_residency"))
        assert line is not None
        assert (line.actor, line.subject) == ("account-staff", "party-resident")


def test_working_in_another_town_is_a_residency_of_its_own(known: Site):
    person = page_of(known).presses("この町の区分を決める", town="172120")

    person.presses("この区分にする", residency="works", seen="employment")

    assert ("172120", "works", "employment", date(2027, 3, 31)) in residencies(
        known, "party-resident"
    )
    assert len(residencies(known, "party-resident")) == 2


def test_a_residency_is_ended_by_calling_the_party_from_elsewhere(known: Site):
    page_of(known).follows("更新する").presses("この区分にする", residency="outside")

    assert residencies(known, "party-resident") == []


@pytest.mark.parametrize("year", ["2025", "2031"])
def test_no_residency_ends_before_today_or_in_many_years(known: Site, year: str):
    person = page_of(known).follows("更新する").presses("この区分にする", until_year=year)

    assert person.status == 422
    assert "2028年" in person.text


def test_a_residency_that_was_changed_meanwhile_is_not_overwritten_unseen(known: Site):
    person = page_of(known).follows("更新する")
    with known.database.session() as session, write_transaction(session):
        session.execute(update(PartyResidency).values(residency="works"))

    person.presses("この区分にする", seen="licence")

    assert person.status == 422
    assert "今の内容在勤" in person.text and "入力した内容在住・運転免許証" in person.text
    assert residencies(known, "party-resident")[0][1] == "works"
    person.presses("この区分にする")
    assert residencies(known, "party-resident")[0][1] == "resident"


def test_a_residency_that_has_run_out_says_so(known: Site):
    with known.database.session() as session, write_transaction(session):
        session.execute(update(PartyResidency).values(valid_until=TODAY - timedelta(days=1)))

    assert "期限切れ" in page_of(known).text


def test_a_name_that_has_not_come_here_cannot_be_changed(known: Site):
    person = page_of(known)
    change(known, "resident", name="", phone="")

    assert person.presses("直す").status == 422
    assert "直す" not in page_of(known).html


def test_looking_at_a_person_leaves_a_line(known: Site):
    page_of(known)

    with known.database.session() as session:
        query = select(AuditLine.subject).where(AuditLine.action == "look")
        assert session.scalars(query.where(AuditLine.reason == "people")).all() == [
            "party-resident"
        ]


@pytest.fixture
def published(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """A counter that knows where its residents sign in, and the resident's screens."""
    settings = Settings(data_dir=tmp_path, argon2_memory_kib=MEMORY_KIB, site_url=SITE)
    made = a_site(sqlite_url, tmp_path, audience="counter", settings=settings)
    yield made
    made.database.dispose()


def link_on(person: Person) -> str:
    found = re.search(rf"{SITE}(/enter/[\w-]+)", person.text)
    assert found is not None, person.text
    return found[1]


def test_a_link_on_paper_signs_its_party_in_once(published: Site):
    page = page_of(published).presses("リンクの紙を作る")
    address = link_on(page)
    app = create_app(
        Settings(data_dir=published.app.extensions["tonari"].settings.data_dir),
        now=lambda: published.now,
        database=published.database,
    )

    resident = Person(app).opens(address).presses("ログインする")
    again = Person(app).opens(address)

    sheet = page.html.partition("<article")[2].partition("</article>")[0]
    assert "<svg" in sheet and "resident" not in sheet
    assert "resident" in resident.opens("/account").text
    assert again.status == 410


def test_whoever_was_registered_at_the_counter_gets_a_login_with_the_paper(published: Site):
    person = clerk(published).opens("/people/new").presses("登録する", **NEW)

    person.presses("リンクの紙を作る")

    made = party(published, NEW["name"])
    assert made is not None and link_on(person)
    with published.database.session() as session:
        account = session.scalar(select(Account).where(Account.party_id == made.id))
        assert account is not None
        assert (account.login, account.role) == ("0763000000", "resident")
        lines = select(AuditLine.action, AuditLine.actor).order_by(AuditLine.seq.desc()).limit(3)
        assert ("issue_link", "account-staff") in [tuple(row) for row in session.execute(lines)]


def test_without_an_address_of_the_residents_screens_there_is_no_link(known: Site):
    person = page_of(known)

    assert "TONARI_SITE_URL" in person.text
    assert "リンクの紙を作る" not in person.text


def test_nobody_but_staff_opens_these_pages(known: Site):
    assert known.stranger().opens("/people/party-resident").address.startswith("/sign-in")
    assert known.signed_in("resident").opens("/people/party-resident").status == 403
    assert clerk(known).opens("/people/nobody").status == 404
