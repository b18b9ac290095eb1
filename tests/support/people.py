"""A hub and two nodes of different towns, and people whom only one of the three knows by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from reservations import desk as desks
from reservations import party_feed
from reservations.actions import answering, sharing
from reservations.actions.accounts import RegisterRequest, register
from reservations.actions.forgetting import (
    AskToForgetRequest,
    ForgetPartyRequest,
    ask_to_forget,
    forget_party,
)
from reservations.db import write_transaction
from reservations.events import ForgettingAsked
from reservations.models import (
    Account,
    FacilityNode,
    Party,
    PartyHolder,
    PartyKey,
    PartyResidency,
    PartyText,
    PartyUnsaid,
    SealingKey,
)
from reservations.models.base import table_of
from sync import sealing
from sync.carriers.local import Link
from sync.document import SigningKey, Slip
from sync.sealing import NotOpened
from tests.support.desks import Office, Offices, one_more
from tests.town import TODAY

NAME, KANA, PHONE, MAIL = "隣野　はるか", "トナリノ　ハルカ", "090-1234-5678", "haruka@example.jp"
HASH = "a hash of a password"
WORDS = (NAME, KANA, PHONE, MAIL, HASH)


def forget(office: Office, party: str) -> None:
    """As two officers order it, one after the other."""
    one, two = officers(office)
    who = office.context(actor="system")
    done = ask_to_forget(office.session, AskToForgetRequest(party, one), who)
    assert isinstance(done.fact, ForgettingAsked)
    request = ForgetPartyRequest(party, done.fact.request, two)
    forget_party(office.session, request, office.context(actor="system"))


def officers(office: Office) -> list[SigningKey]:
    """The keys of two of them, who are known at the hub."""
    keys = {name: SigningKey(sha256(name.encode()).digest()) for name in ("sato", "suzuki")}
    for name, key in keys.items():
        if office.desk.is_home and office.desk.directory.member(key.id) is None:
            with office.desk.transaction() as store:
                roles = frozenset({"officer"})
                desks.admit(office.desk, store.session, name, key.public, roles=roles)
    return list(keys.values())


@dataclass
class Three:
    """The hub, the gym of one town and the hall of the other, in reach of the hub."""

    hub: Office
    gym: Office
    hall: Office
    to_gym: Link
    to_hall: Link

    @property
    def offices(self) -> tuple[Office, Office, Office]:
        return self.hub, self.gym, self.hall

    def meet(self, *, at: int = 5, rounds: int = 4) -> None:
        """Everybody does what is due and hears the others, until nothing is left to say."""
        for _ in range(rounds):
            for office in self.offices:
                tend(office, at=at)
            self.carry()
        for office in self.offices:
            office.session.rollback()
            office.session.expire_all()

    def carry(self) -> None:
        for link in (self.to_gym, self.to_hall):
            link.sync()


def three(offices: Offices, folder: Path) -> Three:
    """The hall joins the hub and the gym; it serves the gym next door."""
    hub, gym = offices.hub, offices.gym
    hall = one_more(hub, folder, "hall", 3, f"sqlite:///{folder}/hall.sqlite3")
    for office in (hub, gym, hall):
        with write_transaction(office.session):
            place = office.region.next_door.facility_id
            office.session.add(FacilityNode(facility_id=place, node="hall"))
    return Three(hub, gym, hall, offices.link, Link(hub.desk.node, hall.desk.node))


def tend(office: Office, *, at: int = 5) -> None:
    answering.tend(office.desk, at=at)
    sharing.tend(office.desk, today=TODAY, at=at)
    answering.tend(office.desk, at=at)


def registers(office: Office, *, name: str = NAME, login: str = MAIL, **other: Any) -> str:
    """Somebody signs up at this office; returns the party's id."""
    fields = {"kana": KANA, "phone": PHONE, "email": MAIL, "home_code": "172014"} | other
    request = RegisterRequest(
        name=name, login=login, password_hash=HASH, residencies=(("172014", "resident"),), **fields
    )
    account = register(office.session, request, office.context(actor="anonymous"))
    found = office.session.scalar(select(Account.party_id).where(Account.id == account))
    assert found is not None
    office.session.rollback()
    return found


def changes(office: Office, party: str, **values: Any) -> None:
    """As an action that changes a party will: the row, and that it has yet to be said."""
    with write_transaction(office.session):
        connection = office.session.connection()
        table = table_of(Party)
        connection.execute(update(table).where(table.c.id == party).values(**values))
        office.session.merge(PartyUnsaid(party_id=party))


def person(office: Office, party: str) -> tuple[Any, ...] | None:
    """What an office knows of somebody: name, kana, phone, email, home, residencies."""
    office.session.rollback()
    office.session.expire_all()
    row = office.session.get(Party, party)
    if row is None:
        return None
    query = select(PartyResidency).where(PartyResidency.party_id == party)
    towns = [(each.municipality_code, each.residency) for each in office.session.scalars(query)]
    return row.name, row.kana, row.phone, row.email, row.home_code, towns


KNOWN = (NAME, KANA, PHONE, MAIL, "172014", [("172014", "resident")])
NOTHING: tuple[Any, ...] = ("", "", "", "", None, [])


def tables(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """All that an office keeps of travelling parties, but for secrets of its own."""
    office.session.rollback()
    found = {}
    for model in (Party, PartyResidency, PartyText, PartyKey, PartyHolder):
        rows = office.session.connection().execute(select(table_of(model)))
        found[model.__tablename__] = sorted((tuple(row) for row in rows), key=repr)
    return found


def slips(office: Office) -> list[Slip]:
    """Every slip about parties that an office has."""
    with office.desk.transaction() as store:
        lines = [line for chain in store.chains() for line in store.lines(chain)]
    return [each for each in lines if isinstance(each, Slip) and each.kind in party_feed.KINDS]


def opens(office: Office, party: str) -> list[str]:
    """The texts of somebody that this office could read, with any secret that is left there, out
    of any document that it has."""
    found, region = [], office.desk.directory.region
    office.session.rollback()
    secrets = [each for each in office.session.scalars(select(SealingKey.secret)) if each]
    keys = list(office.session.scalars(select(PartyKey.secret)))
    for told in _told(office, party):
        about = party_feed.box_about(region, party, told.key)
        for box in told.boxes:
            for secret in secrets:
                try:
                    keys.append(sealing.open_key(box.text, secret, about=about))
                except NotOpened:
                    continue
    for told in _told(office, party):
        for key in keys:
            try:
                found.append(sealing.open_text(told.sealed, key, about=told.about(region)).decode())
            except NotOpened:
                continue
    return found


def _told(office: Office, party: str) -> Iterator[party_feed.Told]:
    for slip in slips(office):
        yield from (told for told in party_feed._told(slip) if told.party == party)
