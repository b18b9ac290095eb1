"""The screens over the invented region (tests/town.py), asked in this process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from reservations.actions import accounts, bookings
from reservations.actions.accounts import LinkRequest, SignInRequest
from reservations.actions.bookings import BookingRequest, CancelRequest
from reservations.app import create_app
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import Account, Booking
from reservations.rules.period import period_of
from reservations.web.auth import SESSION_COOKIES, hasher, new_token, token_hash
from tests import town
from tests.support.forms import Person
from tests.town import Region

PASSWORD = "four plain words here"
# The smallest memory that the settings allow: hashing is not what is tested.
MEMORY_KIB = 8_192


@dataclass
class Site:
    """One process of the application; `now` may be set."""

    app: Flask
    database: Database
    region: Region
    now: datetime
    audience: str = "resident"

    def stranger(self) -> Person:
        """Somebody who has never been here."""
        return Person(self.app)

    def signed_in(self, name: str = "resident") -> Person:
        """A browser in which `account-<name>` has signed in."""
        token = new_token()
        request = SignInRequest(f"account-{name}", token_hash(token), self.now + timedelta(days=14))
        with self.database.session() as session:
            accounts.sign_in(session, request, town.context(request.account_id, now=self.now))
        person = self.stranger()
        person.client.set_cookie(SESSION_COOKIES[self.audience], token)
        return person

    def link_for(self, name: str = "resident") -> str:
        """The address of a fresh one-time link."""
        token = new_token()
        with self.database.session() as session:
            accounts.issue_link(
                session,
                LinkRequest(f"account-{name}", token_hash(token)),
                town.context("system", now=self.now),
            )
        return f"/enter/{token}"

    def books(
        self,
        unit_id: int,
        *,
        name: str = "neighbour",
        start: str = "18:00",
        end: str = "21:00",
        **more: Any,
    ) -> str:
        """`party-<name>` takes a unit, on the Saturday unless told otherwise; the booking's id."""
        period = period_of(start, end)
        assert period is not None
        day = more.pop("date", town.SATURDAY)
        request = BookingRequest(unit_id, day, period, f"party-{name}", **more)
        with self.database.session() as session:
            return bookings.book(session, request, town.context(f"account-{name}", now=self.now))

    def cancels(self, booking_id: str, name: str = "neighbour") -> None:
        """`party-<name>` gives a booking back."""
        with self.database.session() as session:
            request = CancelRequest(booking_id)
            bookings.cancel(session, request, town.context(f"account-{name}", now=self.now))

    def clears(self, name: str) -> None:
        """Every booking of `party-<name>` is given back."""
        with self.database.session() as session:
            held = session.scalars(
                select(Booking.id).where(
                    Booking.party_id == f"party-{name}", Booking.status == "confirmed"
                )
            ).all()
        for booking_id in held:
            self.cancels(booking_id, name)

    def check_address(self, unit_id: int, *, start: str = "18:00", end: str = "21:00") -> str:
        """The check page of a unit on the Saturday."""
        return f"/book?unit={unit_id}&date={town.SATURDAY}&start={start}&end={end}"


def a_site(
    url: str, data_dir: Path, *, audience: str = "resident", settings: Settings | None = None
) -> Site:
    """The region with a resident of となり市 and a neighbour from かなた町, both with PASSWORD.

    `account-staff` works at the counter, in every role.
    """
    database = town.an_empty_database(url)
    region = town.a_region(database)
    with database.session() as session, write_transaction(session):
        town.a_resident(session, "neighbour", home="172120")
        town.a_resident(session, "staff", home=None)
        password_hash = hasher(MEMORY_KIB).hash(PASSWORD)
        for account in session.query(Account):
            account.password_hash = password_hash
        staff = session.get_one(Account, "account-staff")
        staff.role, staff.party_id = "staff", None
        town.every_role(session, staff.id)
    app = create_app(
        settings or Settings(data_dir=data_dir, argon2_memory_kib=MEMORY_KIB),
        audience=audience,
        now=lambda: made.now,
        database=database,
    )
    made = Site(app, database, region, town.NOW, audience)
    return made
