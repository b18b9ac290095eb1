"""The screens of a region whose towns take payments online, at the simulated payment service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from reservations.actions.horizon import raise_catalogue_version
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import Checkout, TownRulesVersion
from reservations.payments import rounds
from reservations.payments.simulated import SIGNATURE, signature
from reservations.queries import money
from reservations.queries.money import Statement
from tests.support.forms import Person
from tests.support.provider import SECRET, Service
from tests.support.site import MEMORY_KIB, Site, a_site


@dataclass
class Paying:
    """A resident with a booking of 1,800 yen, and the payment service."""

    site: Site
    service: Service
    settings: Settings
    booking_id: str

    @property
    def page(self) -> str:
        return f"/bookings/{self.booking_id}"

    def resident(self) -> Person:
        return self.site.signed_in("resident").opens(self.page)

    def begins(self) -> tuple[Person, str]:
        """They press 支払う; the page before the service's, and where that one is."""
        person = self.resident().presses("オンラインで支払う")
        return person, dict(person.links)["支払いの画面へ進む"]

    def pays(self, how: str = "pay") -> Person:
        """All the way to the service, and back."""
        person, address = self.begins()
        return person.opens(path_of(self.service.pays(address, how)))

    def tells(self, said: Mapping[str, Any], *, secret: str = SECRET) -> int:
        """The service says something by itself; the status of our answer."""
        body = json.dumps(said).encode()
        answer = self.site.stranger().client.post(
            "/payments/notice",
            data=body,
            content_type="application/json",
            headers={SIGNATURE: signature(secret, body)},
        )
        return int(answer.status_code)

    def job(self) -> rounds.Round:
        return rounds.tend(self.site.database, self.settings)

    def stated(self) -> Statement:
        with self.site.database.session() as session:
            found = money.statement(session, self.booking_id)
        assert found is not None
        account = found.account
        assert account.paid_yen == account.fees_yen + account.refunded_yen + account.due_yen
        return found

    def checkouts(self) -> list[Checkout]:
        with self.site.database.session() as session:
            return list(session.scalars(select(Checkout).order_by(Checkout.begun_at, Checkout.id)))


def path_of(address: str) -> str:
    """An address without its host."""
    return "/" + address.split("/", 3)[3]


def take_online(database: Database) -> None:
    """Every town takes payments online."""
    with database.session() as session, write_transaction(session):
        for rules in session.scalars(select(TownRulesVersion)).all():
            rules.body = {**rules.body, "pays_online": True}
        session.flush()
        raise_catalogue_version(session)


def settings_of(service: Service, folder: Path, **more: Any) -> Settings:
    return Settings(data_dir=folder, argon2_memory_kib=MEMORY_KIB, **service.settings, **more)


def a_paying_site(
    url: str, folder: Path, service: Service, *, audience: str = "resident", **more: Any
) -> Paying:
    settings = settings_of(service, folder, **more)
    site = a_site(url, folder, audience=audience, settings=settings)
    take_online(site.database)
    booking_id = str(site.books(site.region.here.whole, name="resident"))
    return Paying(site, service, settings, booking_id)
