"""Whoever is shown somebody's data leaves a line, and that person reads where and when."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reservations.actions import trail
from reservations.models import AuditLine
from reservations.rules.modes import TABLE
from reservations.web.acts import WORDS
from tests import town
from tests.town import SATURDAY


def noted(site) -> list[tuple[str, str, str]]:
    with site.database.session() as session:
        query = select(AuditLine.actor, AuditLine.subject, AuditLine.reason)
        query = query.where(AuditLine.action == "look").order_by(AuditLine.seq)
        return [tuple(row) for row in session.execute(query)]


@pytest.fixture
def board(counter) -> str:
    counter.books(counter.region.here.whole, name="resident")
    place = counter.region.here.facility_id
    return f"/board?facility={place}&date={SATURDAY:%Y-%m-%d}"


def test_a_board_with_a_name_on_it_leaves_a_line(counter, board):
    counter.signed_in("staff").opens(board)

    assert noted(counter) == [("account-staff", counter.region.resident, "board")]


def test_opening_it_again_in_the_same_hour_leaves_no_second_line(counter, board):
    clerk = counter.signed_in("staff")
    clerk.opens(board)
    clerk.opens(board)

    assert len(noted(counter)) == 1


def test_a_page_without_names_leaves_none(counter, board):
    counter.signed_in("staff").opens("/ledger")

    assert noted(counter) == []


def test_a_paper_of_the_archive_has_a_name_as_well(counter):
    made = counter.books(counter.region.here.whole, name="resident")
    clerk = counter.signed_in("staff")
    clerk.opens(f"/papers/bookings/{made}/permit.pdf")
    before = noted(counter)
    counter.signed_in("staff").opens(f"/papers/bookings/{made}/permit.pdf")

    assert ("account-staff", counter.region.resident, "booking_papers") in before


def test_the_auditor_reads_who_did_what(counter, board):
    clerk = counter.signed_in("staff")
    clerk.opens(board)

    page = clerk.opens("/trail?action=look")

    assert counter.region.resident in page.text
    assert "窓口の一日の表" in page.text
    assert clerk.opens("/trail?about=nobody").status == 200
    assert clerk.opens("/trail?before=x").status == 200


def test_people_read_where_their_data_was_shown(site, counter):
    """Both sites are on one database."""
    counter.books(counter.region.here.whole, name="resident")
    place = counter.region.here.facility_id
    counter.signed_in("staff").opens(f"/board?facility={place}&date={SATURDAY}")
    trail.seal(counter.database, town.context("system"))

    person = site.signed_in("resident").opens("/account")
    person.opens("/account/looks")

    assert "hub" in person.text
    assert "窓口の一日の表" in person.text


def test_the_clerk_shows_a_person_the_same(counter):
    counter.books(counter.region.here.whole, name="resident")
    party = counter.region.resident
    page = counter.signed_in("staff").opens(f"/trail/looks/{party}")

    assert page.status == 200


def test_everything_that_can_be_done_has_its_words_for_the_auditor():
    assert set(WORDS) == {*TABLE, "look"}
