"""This machine's mailboxes: which there are, who carries them, and what a clerk sees of them.

Only the process at the desk, and the commands that ask for mail, import this: the client of CouchDB
takes a while to load.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations import bell, events
from reservations.config import Settings
from reservations.desk import Desk
from reservations.models import Municipality
from sync.carriers import couch
from sync.carriers.couch import Address, Mailbox, NoContact, Server, Trouble
from sync.carriers.courier import Courier
from sync.carriers.post import Audited, Carrier, CarrierStatus

# So many days before the first day that needs it, somebody hears that a mailbox is not there yet.
EARLY_DAYS = 30

log = structlog.get_logger("tonari.mail")


def servers(settings: Settings) -> list[Address]:
    """Our own mailbox's server and the upstream's, as far as there are any.

    raises   OSError where a password's file cannot be read
    """
    own = settings.mailbox_url, settings.mailbox_user
    above = settings.upstream_url, settings.upstream_user
    return [
        Address(url, user, _password(file), ca_file=ca_file)
        for (url, user), file, ca_file in (
            (own, settings.mailbox_password_file, settings.mailbox_ca_file),
            (above, settings.upstream_password_file, settings.upstream_ca_file),
        )
        if url
    ]


def _password(file: str) -> str:
    return Path(file).read_text(encoding="utf-8").strip() if file else ""


def towns(session: Session, settings: Settings) -> list[str]:
    """The towns whose sheets are carried here; all that are known, where none are named."""
    if settings.towns:
        return sorted(settings.towns.split(","))
    return list(session.scalars(select(Municipality.code).order_by(Municipality.code)))


def scopes(carried: Iterable[str], today: date, horizon_days: int) -> list[str]:
    """The public scope, and each town's of the fiscal years from yesterday to the horizon.

    Yesterday's too: on the first of April the old year's last lines are still on their way.
    """
    days = today - timedelta(days=1), today + timedelta(days=horizon_days)
    years = sorted({events.fiscal_year(day) for day in days})
    wanted = range(years[0], years[-1] + 1)
    return [couch.PUBLIC, *(f"{town}-{year}" for town in carried for year in wanted)]


@dataclass(frozen=True, slots=True)
class Unprepared:
    """A mailbox that is not there, or not open to us.

    is_due   days that can be booked already need it; else they soon will
    """

    mailbox: str
    why: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class Mailed:
    """What one round of mail did: what went wrong where, and how each mailbox stands."""

    errors: dict[str, str]
    mailboxes: list[CarrierStatus]


def unprepared(desk: Desk, settings: Settings, today: date) -> list[Unprepared]:
    """As `Mail.unprepared`, for whoever has no courier; empty where there is no mailbox at all."""
    if not settings.has_mailboxes:
        return []
    mail = Mail(desk, settings)
    try:
        return mail.unprepared(today)
    finally:
        mail.stop()


class Mail:
    """The courier of one desk, renewed when the towns or the fiscal year have changed."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk = desk
        self.settings = settings
        self.courier: Courier | None = None
        self._servers = [Server(address) for address in servers(settings)]
        self._scopes: list[str] = []
        self._heard: float | None = None

    def carriers(self, wanted: Iterable[str]) -> list[Carrier]:
        """One for each mailbox and scope."""
        return [
            Carrier(self.desk.node, Mailbox(server, couch.database_of(scope)), scope)
            for server in self._servers
            for scope in wanted
        ]

    def wanted(self, today: date) -> list[str]:
        """The scopes that are carried today."""
        with self.desk.database.session() as session:
            carried = towns(session, self.settings)
        return scopes(carried, today, self.settings.horizon_days)

    def keep(self, today: date) -> None:
        """Look after the courier: begin, begin anew when needed, and note whom we hear."""
        wanted = self.wanted(today)
        if self.courier is None or wanted != self._scopes or not self.courier.is_running:
            if self.courier is not None:
                log.warning("the courier begins anew", was_running=self.courier.is_running)
                self.courier.stop()
            self._begin(wanted)
        assert self.courier is not None
        heard = max((each.contact for each in self._outward() if each.contact), default=None)
        if heard is not None and heard != self._heard:
            self._heard = heard
            self.desk.heard()

    def _begin(self, wanted: list[str]) -> None:
        self._scopes = wanted
        self.courier = courier = Courier(self.desk.node, self.carriers(wanted))

        def heard() -> None:
            # What came may be answered at once, and be carried on.
            courier.wake()
            bell.ring(self.desk.folder)

        for carrier in courier.carriers:
            carrier.heard = heard
        courier.start()

    def _outward(self) -> list[Carrier]:
        """Those whose silence is a cut: not our own mailbox beside us, if there is one above."""
        assert self.courier is not None
        if not self.settings.upstream_url:
            return self.courier.carriers
        return [c for c in self.courier.carriers if c.mailbox.server is self._servers[-1]]

    def wake(self) -> None:
        """Something was written or settled here."""
        if self.courier is not None:
            self.courier.wake()

    def once(self, today: date) -> Mailed:
        """Everything that there is to carry, one round; for `tonari sync now` and the last round
        before a stop."""
        courier = Courier(self.desk.node, self.carriers(self.wanted(today)))
        errors = courier.once()
        return Mailed(errors, self._standing(courier.carriers))

    def standing(self, today: date) -> list[CarrierStatus]:
        """How each mailbox stands, as our own tables know it."""
        return self._standing(self.carriers(self.wanted(today)))

    def _standing(self, carriers: Iterable[Carrier]) -> list[CarrierStatus]:
        with self.desk.database.session() as session:
            return [carrier.status(session) for carrier in carriers]

    def audit(self, today: date) -> dict[str, Audited]:
        """毎晩: both sides of every mailbox compared by ids; those that answer."""
        found: dict[str, Audited] = {}
        for carrier in self.carriers(self.wanted(today)):
            try:
                found[carrier.mailbox.name] = carrier.audit()
            except NoContact as error:
                log.warning("no audit", mailbox=carrier.mailbox.name, why=str(error))
        return found

    def unprepared(self, today: date) -> list[Unprepared]:
        """年度の準備: databases that are lacking, also those that days to come will need soon.

        A server that does not answer now says nothing of what it lacks.
        """
        wanted = self.wanted(today)
        with self.desk.database.session() as session:
            carried = towns(session, self.settings)
        soon = scopes(carried, today, self.settings.horizon_days + EARLY_DAYS)
        found = []
        for server in self._servers:
            for scope in soon:
                mailbox = Mailbox(server, couch.database_of(scope))
                try:
                    mailbox.look()
                except NoContact as error:
                    if error.trouble not in (Trouble.MISSING, Trouble.NOT_ALLOWED):
                        break
                    found.append(Unprepared(mailbox.name, error.trouble.value, scope in wanted))
        return found

    def stop(self) -> None:
        """Let everything go."""
        if self.courier is not None:
            self.courier.stop()
        for server in self._servers:
            server.close()
