"""窓口での予約: a clerk books, changes and cancels for others; what is set aside is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, ChangeRequest
from reservations.actions.on_behalf import (
    REASON_MAX,
    BookForRequest,
    CancelForRequest,
    ChangeForRequest,
    Guest,
    Waiver,
    book_for,
    cancel_for,
    change_for,
)
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import (
    AuditLine,
    CatalogueVersion,
    Event,
    Party,
    PartyResidency,
    PartyUnsaid,
    TownRulesVersion,
)
from reservations.queries.audit import masks_agree
from reservations.rules.modes import Mode
from reservations.rules.town import Residency
from tests.support.lending import a_period, a_wish, booked, everything, refusal, the_booking
from tests.town import NOW, SATURDAY, Region, a_resident, context

CLERK = context("account-staff")
MORNING = a_period("09:00-12:00")
TWO = frozenset({RefusalCode.LIMIT_REACHED, RefusalCode.OWN_OVERLAP})
WALK_IN = Guest("隣野　一郎", "076-000-0000", Residency.RESIDENT)


def for_party(unit_id: int, party_id: str, **other: object) -> BookForRequest:
    return BookForRequest(a_wish(unit_id, party_id, **other))


def for_guest(unit_id: int, guest: Guest = WALK_IN) -> BookForRequest:
    return BookForRequest(a_wish(unit_id, ""), guest)


def limit_to(session: Session, active_max: int) -> None:
    with write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"active_max": active_max}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


def test_the_clerk_is_the_actor_and_the_booking_the_partys(session: Session, region: Region):
    booking_id = book_for(session, for_party(region.here.whole, region.resident), CLERK)

    booking = the_booking(session, booking_id)
    line = session.execute(
        select(AuditLine.actor, AuditLine.action, AuditLine.subject, AuditLine.reason)
    ).one()
    assert (booking.party_id, booking.status, booking.fee_yen) == (
        region.resident,
        "confirmed",
        1800,
    )
    assert tuple(line) == ("account-staff", "book_for", booking_id, "")
    assert session.scalars(select(Event.name)).all() == ["booking.confirmed"]


def test_nobody_is_booked_for_who_is_not_known(session: Session, region: Region):
    before = everything(session)

    found = refusal(book_for, session, for_party(region.here.whole, "party-nobody"), CLERK)

    assert found == Refusal(RefusalCode.NOT_FOUND)
    assert everything(session) == before


def test_what_residents_are_refused_is_refused_at_the_counter_too(session: Session, region: Region):
    limit_to(session, 1)
    booked(session, region.here.halves[0], region.resident)

    found = refusal(book_for, session, for_party(region.here.halves[1], region.resident), CLERK)

    assert [found, *found.others] == [
        Refusal(RefusalCode.LIMIT_REACHED, used=1, limit=1),
        Refusal(RefusalCode.OWN_OVERLAP),
    ]


def test_a_limit_is_set_aside_with_a_reason_that_the_audit_keeps(session: Session, region: Region):
    limit_to(session, 1)
    booked(session, region.here.halves[0], region.resident)
    asked = replace(
        for_party(region.here.halves[1], region.resident), waiver=Waiver(TWO, "市の共催事業")
    )

    booking_id = book_for(session, asked, CLERK)

    reason = session.scalars(select(AuditLine.reason).where(AuditLine.action == "book_for")).one()
    assert the_booking(session, booking_id).status == "confirmed"
    assert reason == "limit_reached own_overlap: 市の共催事業"


def test_only_what_was_named_is_set_aside(session: Session, region: Region):
    limit_to(session, 1)
    booked(session, region.here.halves[0], region.resident)
    waiver = Waiver(frozenset({RefusalCode.LIMIT_REACHED}), "市の共催事業")
    asked = replace(for_party(region.here.halves[1], region.resident), waiver=waiver)

    assert refusal(book_for, session, asked, CLERK) == Refusal(RefusalCode.OWN_OVERLAP)


@pytest.mark.parametrize("reason", ["", "　 ", "あ" * (REASON_MAX + 1)])
def test_nothing_is_set_aside_without_a_reason(session: Session, region: Region, reason: str):
    asked = replace(for_party(region.here.whole, region.resident), waiver=Waiver(TWO, reason))

    found = refusal(book_for, session, asked, CLERK)

    assert found == Refusal(RefusalCode.REASON_NEEDED, most=REASON_MAX)


def test_a_place_that_is_taken_cannot_be_set_aside(session: Session, region: Region):
    with write_transaction(session):
        a_resident(session, "neighbour", home="172014")
    booked(session, region.here.whole, region.resident)
    asked = replace(for_party(region.here.whole, "party-neighbour"), waiver=Waiver(TWO, "急ぎ"))

    assert refusal(book_for, session, asked, CLERK).code is RefusalCode.TAKEN
    assert masks_agree(session) == []


def test_a_guest_is_made_with_the_booking_and_said_to_the_other_desks(
    session: Session, region: Region
):
    booking_id = book_for(session, for_guest(region.here.whole), CLERK)

    booking = the_booking(session, booking_id)
    party = session.get_one(Party, booking.party_id)
    town = session.scalars(select(PartyResidency).where(PartyResidency.party_id == party.id)).one()
    assert (party.kind, party.name, party.phone) == ("person", "隣野　一郎", "076-000-0000")
    assert (town.municipality_code, town.residency) == ("172014", "resident")
    assert town.valid_until == NOW.date() + timedelta(days=365)
    assert booking.fee_yen == 1800
    assert session.scalars(select(PartyUnsaid.party_id)).all() == [party.id]
    assert session.execute(select(Event.name, Event.subject).order_by(Event.seq)).all() == [
        ("party.registered", party.id),
        ("booking.confirmed", booking_id),
    ]


def test_a_guest_from_outside_pays_the_outsiders_fee(session: Session, region: Region):
    guest = replace(WALK_IN, residency=Residency.OUTSIDE)

    booking_id = book_for(session, for_guest(region.here.whole, guest), CLERK)

    assert the_booking(session, booking_id).fee_yen == 2700


def test_no_guest_is_left_behind_by_a_booking_that_is_refused(session: Session, region: Region):
    booked(session, region.here.whole, region.resident)
    before = everything(session)

    assert refusal(book_for, session, for_guest(region.here.whole), CLERK).code is RefusalCode.TAKEN

    assert everything(session) == before


def test_a_second_click_makes_no_second_guest(session: Session, region: Region):
    twice = replace(CLERK, key="form 1")

    first = book_for(session, for_guest(region.here.whole), twice)
    second = book_for(session, for_guest(region.here.whole), twice)

    assert first == second
    assert len(session.scalars(select(Party.id).where(Party.name == WALK_IN.name)).all()) == 1


def test_a_clerk_changes_the_booking_of_a_party(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    moved = ChangeRequest(booking_id, region.here.whole, SATURDAY, MORNING)

    change_for(session, ChangeForRequest(region.resident, moved), CLERK)

    booking = the_booking(session, booking_id)
    lines = session.execute(select(AuditLine.actor, AuditLine.action).order_by(AuditLine.seq))
    assert (booking.start_slot, booking.end_slot, booking.fee_yen) == (36, 48, 1200)
    assert lines.all()[-1] == ("account-staff", "change_for")
    assert masks_agree(session) == []


def test_a_clerk_gives_the_booking_of_a_party_back(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)

    cancel_for(session, CancelForRequest(region.resident, CancelRequest(booking_id)), CLERK)

    assert the_booking(session, booking_id).status == "cancelled"
    assert masks_agree(session) == []


def test_a_booking_of_somebody_else_is_neither_changed_nor_given_back(
    session: Session, region: Region
):
    booking_id = booked(session, region.here.whole, region.resident)
    moved = ChangeRequest(booking_id, region.here.whole, SATURDAY, MORNING)
    before = everything(session)

    for work, asked in (
        (change_for, ChangeForRequest("party-neighbour", moved)),
        (cancel_for, CancelForRequest("party-neighbour", CancelRequest(booking_id))),
    ):
        assert refusal(work, session, asked, CLERK) == Refusal(RefusalCode.NOT_FOUND)

    assert everything(session) == before


def test_in_disaster_mode_the_counter_cancels_and_does_not_book(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    disaster = replace(CLERK, mode=Mode.DISASTER)

    found = refusal(book_for, session, for_party(region.here.whole, region.resident), disaster)
    asked = CancelForRequest(region.resident, CancelRequest(booking_id))
    cancel_for(session, asked, disaster)

    assert found.code is RefusalCode.MODE
    assert the_booking(session, booking_id).status == "cancelled"
