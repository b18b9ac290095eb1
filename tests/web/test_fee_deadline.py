"""納期限: the day is told, who has passed it is listed, and nothing is cancelled by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from reservations.actions.approval import GrantRequest, grant
from reservations.actions.horizon import raise_catalogue_version
from reservations.actions.money import PayRequest, pay
from reservations.actions.reductions import ReduceRequest, reduce
from reservations.db import write_transaction
from reservations.models import Booking, TownRulesVersion
from tests import town
from tests.support.approving import looks_first
from tests.support.site import Site
from tests.town import NOW


def terms(site: Site, **rules: Any) -> None:
    """Every town has these terms."""
    with site.database.session() as session, write_transaction(session):
        for each in session.scalars(select(TownRulesVersion)).all():
            each.body = {**each.body, **rules}
        session.flush()
        raise_catalogue_version(session)


def test_the_bookings_page_tells_by_when_it_is_paid(site: Site):
    terms(site, pay_within_days=3)
    booking_id = site.books(site.region.here.whole, name="resident")
    person = site.signed_in("resident").opens(f"/bookings/{booking_id}")
    in_time = person.text
    site.now = NOW + timedelta(days=4)

    late = person.opens(person.address).text

    assert "納期限 6月9日（火）" in in_time and "過ぎています" not in in_time
    assert "納期限 6月9日（火）" in late and "過ぎています" in late


def test_without_a_term_nothing_is_said(site: Site):
    booking_id = site.books(site.region.here.whole, name="resident")

    assert "納期限" not in site.signed_in("resident").opens(f"/bookings/{booking_id}").text


def test_whoever_is_late_is_listed_until_it_is_paid(counter: Site):
    terms(counter, pay_within_days=3)
    first = str(counter.books(counter.region.here.halves[0], name="resident"))
    second = str(counter.books(counter.region.here.halves[1], name="neighbour"))
    in_time = counter.signed_in("staff").opens("/money").follows("納期限が過ぎた予約").text
    counter.now = NOW + timedelta(days=4)
    person = counter.signed_in("staff").opens("/money/unpaid")
    late = person.text

    with counter.database.session() as session:
        pay(session, PayRequest(first, 900), town.context("account-staff"))
        whole = ReduceRequest(second, 100, "第8条", "登録証", "館長")
        reduce(session, whole, town.context("account-staff"))

    assert "01-000001-6" not in in_time and "ありません。" in in_time
    assert "01-000001-6 resident" in late and "残りの額 900円 納期限 6月9日（火）" in late
    assert "ありません。" in person.opens("/money/unpaid").text
    with counter.database.session() as session:
        assert set(session.scalars(select(Booking.status))) == {"confirmed"}


def test_in_review_nothing_is_due_and_the_term_counts_from_the_permission(site: Site):
    with site.database.session() as session:
        looks_first(session)
    terms(site, pay_within_days=3)
    booking_id = str(site.books(site.region.here.whole, name="resident"))
    person = site.signed_in("resident").opens(f"/bookings/{booking_id}")
    waiting = person.text
    site.now = NOW + timedelta(days=4)
    with site.database.session() as session:
        grant(session, GrantRequest(booking_id, 0), town.context("account-staff", now=site.now))

    granted = person.opens(person.address).text

    assert "料金は、許可されてから納めてください。" in waiting
    assert "納期限" not in waiting
    assert "納期限 6月13日（土）" in granted
    assert "過ぎています" not in granted


def test_nobody_is_listed_as_late_whose_use_is_in_review(counter: Site):
    with counter.database.session() as session:
        looks_first(session)
    terms(counter, pay_within_days=3)
    booking_id = str(counter.books(counter.region.here.whole, name="resident"))
    counter.now = NOW + timedelta(days=4)
    page = counter.signed_in("staff").opens("/money/unpaid")
    waiting = page.text
    with counter.database.session() as session:
        grant(session, GrantRequest(booking_id, 0), town.context("account-staff"))

    assert "ありません。" in waiting
    assert "01-000001-6 resident" in page.opens("/money/unpaid").text
