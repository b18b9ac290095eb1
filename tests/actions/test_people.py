"""利用者 at the counter: what is registered and changed, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import party_feed
from reservations.actions.delegates import AppointRequest, appoint_delegate
from reservations.actions.groups import RosterRequest, set_roster
from reservations.actions.on_behalf import BookForRequest, Waiver, book_for
from reservations.actions.people import (
    Contact,
    CorrectRequest,
    OpenAccountRequest,
    RegisterPartyRequest,
    ResidencyRequest,
    correct_party,
    open_account,
    register_party,
    set_residency,
)
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.desk import Desk
from reservations.errors import RefusalCode
from reservations.models import Account, AuditLine, GroupMember, Party, PartyDelegate, PartyUnsaid
from reservations.projection import open_desk
from reservations.queries import groups, people
from reservations.rules.groups import Member
from reservations.rules.registration import NOTHING_BELIEVED, Believed
from reservations.rules.town import Residency
from tests.support.lending import a_wish, refusal
from tests.town import NOW, TODAY, Region, context

CLERK = context("account-staff")
HANA = Contact("髙野　はな", "たかの はな", "076-300-0000")
SEEN = Believed(Residency.RESIDENT, "licence", date(2027, 3, 31))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return open_desk(database, Settings(data_dir=tmp_path))


def registers(session: Session, contact: Contact = HANA, kind: str = "person") -> str:
    asked = RegisterPartyRequest(kind, contact, "172014", SEEN)
    made = str(register_party(session, asked, CLERK))
    session.rollback()
    return made


def test_a_party_is_registered_with_what_was_seen_and_has_yet_to_be_said(
    session: Session, region: Region
):
    party = registers(session)

    found = people.one(session, party)
    assert found is not None
    assert (found.called.name, found.kind, found.account) == (HANA.name, "person", None)
    assert found.towns == {"172014": SEEN}
    assert session.scalars(select(PartyUnsaid.party_id)).all() == [party]


def test_a_correction_is_news_once_however_often_it_is_made(session: Session, region: Region):
    party = registers(session)
    once, twice = replace(HANA, phone="076-1"), replace(HANA, email="hana@example.jp")

    correct_party(session, CorrectRequest(party, HANA, once), CLERK)
    stale = refusal(correct_party, session, CorrectRequest(party, HANA, twice), CLERK)
    correct_party(session, CorrectRequest(party, once, twice), CLERK)

    assert stale.code is RefusalCode.CHANGED_MEANWHILE
    assert session.scalars(select(PartyUnsaid.party_id)).all() == [party]
    found = people.one(session, party)
    assert found is not None
    assert (found.called.phone, found.called.email) == (HANA.phone, "hana@example.jp")


@pytest.mark.parametrize("town", ["172120", "999999"])
def test_a_residency_belongs_to_a_town_of_the_region(session: Session, region: Region, town: str):
    party = registers(session)
    asked = ResidencyRequest(party, town, NOTHING_BELIEVED, SEEN)

    if town == "172120":
        set_residency(session, asked, CLERK)
        assert people.believed(session, party)[town] == SEEN
    else:
        assert refusal(set_residency, session, asked, CLERK).code is RefusalCode.NOT_FOUND


def test_whoever_is_forgotten_cannot_be_written_anew(session: Session, region: Region, desk: Desk):
    group, helper = registers(session, kind="group"), registers(session)
    before = groups.one(session, group, "172014").version
    typed = RosterRequest(group, "172014", before, (Member("山野 花", "やまの はな"),))
    set_roster(session, typed, CLERK)
    consent = AppointRequest(group, helper, "会長", "proxy", TODAY)
    appoint_delegate(session, consent, CLERK)

    # As two officers' order does it at every desk.
    session.rollback()
    with write_transaction(session):
        party_feed.forget(session, desk, group, NOW)
    assert session.scalars(select(GroupMember)).all() == []
    assert session.scalars(select(PartyDelegate)).all() == []
    again = CorrectRequest(group, Contact(""), HANA)
    assert refusal(correct_party, session, again, CLERK).code is RefusalCode.PARTY_NOT_HERE


def test_a_login_is_opened_once_and_never_takes_another_ones(session: Session, region: Region):
    party, other = registers(session), registers(session)
    asked = OpenAccountRequest(party, "0763000000", "a hash")

    open_account(session, asked, CLERK)
    taken = [
        refusal(open_account, session, each, CLERK).code
        for each in (replace(asked, login="hana@example.jp"), replace(asked, party_id=other))
    ]

    assert taken == [RefusalCode.LOGIN_TAKEN] * 2
    session.rollback()
    accounts = session.scalars(select(Account).where(Account.party_id.in_((party, other)))).all()
    assert [(each.login, each.role) for each in accounts] == [("0763000000", "resident")]


def test_a_delegate_books_from_day_to_day_and_the_reason_names_them(
    session: Session, region: Region
):
    helper = registers(session)
    consent = AppointRequest(region.resident, helper, "resident", "in_person", TODAY)
    wish = a_wish(region.here.whole, region.resident)
    asked = BookForRequest(wish, delegate=helper)
    before = refusal(book_for, session, asked, CLERK)

    appoint_delegate(session, consent, CLERK)
    book_for(session, asked, CLERK)

    assert before.code is RefusalCode.NO_DELEGATE
    reasons = select(AuditLine.reason).where(AuditLine.action == "book_for")
    assert session.scalars(reasons).all() == [f"delegate {helper}"]
    waiver = Waiver(frozenset({RefusalCode.TOO_LATE}), "大会")
    assert replace(asked, waiver=waiver).reason == f"delegate {helper}; too_late: 大会"


def test_nobody_is_their_own_delegate_and_no_group_is_anybodys(session: Session, region: Region):
    group = registers(session, kind="group")
    consents = [
        AppointRequest(region.resident, delegate, "resident", "in_person", TODAY)
        for delegate in (region.resident, group)
    ]

    codes = [refusal(appoint_delegate, session, each, CLERK).code for each in consents]

    assert codes == [RefusalCode.NOT_FOUND] * 2
    assert session.scalars(select(Party.id).where(Party.id == group)).all() == [group]
