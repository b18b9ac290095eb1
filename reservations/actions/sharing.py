"""Giving parties to the desks that need them, each sealed for those desks alone.

A desk that registered or changed a party tells the hub, which keeps the towns' registers. A node
that serves a facility is given those who have booked there from today on, by the hub or by the desk
that registered them, and nobody else. A desk on its own says nothing.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from reservations import events, party_feed, party_text
from reservations.desk import Desk
from reservations.models import (
    Booking,
    Facility,
    FacilityNode,
    Party,
    PartyForgotten,
    PartyHolder,
    PartyKey,
    PartyText,
    PartyUnsaid,
)
from reservations.models.base import table_of
from reservations.party_feed import Box, Seal, Told
from reservations.queries import memory
from sync import sealing
from sync.document import canonical, key_id, scope_of
from sync.ledger import SqlStore
from sync.node import NotWritten
from sync.sealing import NotOpened

# Whoever is looked for at once; and a writer waits no longer than a slip's worth of them takes.
PARTIES_AT_ONCE = 200
PARTIES_A_SLIP = 10
OCTETS_A_SLIP = 50_000
# What one slip can say of a new key: a log that it does not name counts as unread, which is safe.
LOGS_MAX = 400
FORGOTTEN_MAX = 500
PUBLIC = "public"

_UNSAID, _FORGOTTEN = table_of(PartyUnsaid), table_of(PartyForgotten)
_HAS_KEY = exists().where(PartyKey.party_id == PartyUnsaid.party_id)


@dataclass(frozen=True, slots=True)
class Reader:
    """A desk that may be given parties: its member key and its sealing key."""

    member: str
    seal: Seal


@dataclass(slots=True)
class Errand:
    """To whom a party is to be given, by the scope in which they hear of it.

    is_news   its text is new, and goes to scopes where nobody needs the key as well
    """

    is_news: bool = False
    readers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def tend(desk: Desk, *, today: date, at: int) -> int:
    """One round: renew our sealing key where that is due, and share what others lack.

    at        milliseconds; any clock
    returns   how many slips were written
    """
    with desk.database.session() as session:
        desk.learn(session)
        is_renewal_due = _is_renewal_due(session, desk)
        is_outbox_stale = desk.is_home and _has_unneeded(session)
        is_secret_due = desk.is_home and _lacks_region_secret(session, today)
    if is_outbox_stale:
        # Whoever is known here only need not be told of, before somebody else needs them.
        with desk.transaction() as store:
            store.session.connection().execute(delete(_UNSAID).where(~_HAS_KEY))
    if len(desk.directory.nodes()) < 2 or desk.is_suspended():
        return 0
    written = 0
    if is_secret_due:
        with desk.transaction() as store:
            party_feed.lock(store.session)
            party_feed.region_secret(store.session, desk)
    try:
        if is_renewal_due:
            renew(desk, at=at)
            written += 1
        while more := _share(desk, today, at=at):
            written += more
    except NotWritten:
        # Another incarnation has this desk's place; its keeper says so.
        return written
    if written:
        desk.settle(is_quiet=True)
    return written


def _is_renewal_due(session: Session, desk: Desk) -> bool:
    seal = party_feed.seal_of(session, desk, desk.key.id)
    query = select(_FORGOTTEN.c.party_id).where(_FORGOTTEN.c.is_due.is_(True)).limit(1)
    return seal is None or seal.secret is None or session.scalar(query) is not None


def renew(desk: Desk, *, at: int) -> None:
    """Take a new sealing key, destroy the one before it, and say so (I12).

    From then on no box opens that was made before, so that the keys of the parties that were
    forgotten cannot come back out of the documents, which stay.
    """
    secret = secrets.token_bytes(sealing.KEY_BYTES)
    public = sealing.public_of(secret)
    with desk.transaction() as store:
        session = store.session
        party_feed.lock(session)
        due = select(_FORGOTTEN.c.party_id).where(_FORGOTTEN.c.is_due.is_(True))
        due = due.order_by(_FORGOTTEN.c.party_id).limit(FORGOTTEN_MAX)
        forgotten = list(session.connection().scalars(due))
        read = party_feed.read_so_far(session, desk)
        read = dict(islice(sorted(read.items()), LOGS_MAX))
        data = {"public": public, "read": read, "forgotten": forgotten}
        slip = desk.node.post(store, party_feed.SHEET, party_feed.SEALING, at=at, data=data)
        party_feed.put_seal(session, desk.key.id, Seal(public, slip.number, read, secret))
        done = update(_FORGOTTEN).where(_FORGOTTEN.c.party_id.in_(forgotten))
        session.connection().execute(done.values(is_due=False))
    if forgotten:
        desk.database.scrub(party_feed.SCRUBBED)


# Who lacks whom


def _share(desk: Desk, today: date, *, at: int) -> int:
    """Share some; 0 when nobody lacks anything."""
    with desk.database.session() as session:
        # Read before a writer has to wait; what has changed since is somebody told twice, at worst.
        wanted = errands(session, desk, today)
    written, waiting = 0, iter(wanted.items())
    while some := dict(islice(waiting, PARTIES_A_SLIP)):
        with desk.transaction() as store:
            party_feed.lock(store.session)
            told = _tell(store.session, desk, some)
            for scope, parties in sorted(told.items()):
                _say(store, desk, scope, parties, at=at)
        written += len(told)
    return written


def _tell(session: Session, desk: Desk, wanted: Mapping[str, Errand]) -> dict[str, list[Told]]:
    """What is to be said in each scope; what was news here is none from now on."""
    readers, told = _readers(session, desk), defaultdict[str, list[Told]](list)
    for party, errand in wanted.items():
        text = None
        if not party_feed.known_forgotten(session, party):
            text = _text(session, desk, party)
        for scope, members in errand.readers.items() if text is not None else ():
            assert text is not None
            able = [readers[member] for member in sorted(members & readers.keys())]
            told[scope].append(_boxed(desk, *text, able))
        if errand.is_news:
            mine = delete(_UNSAID).where(_UNSAID.c.party_id == party)
            session.connection().execute(mine)
    return told


def _has_unneeded(session: Session) -> bool:
    query = select(_UNSAID.c.party_id).where(~_HAS_KEY).limit(1)
    return session.connection().scalar(query) is not None


def _readers(session: Session, desk: Desk) -> dict[str, Reader]:
    """The newest incarnation of every other node, where its sealing key is known here."""
    found = {}
    for node in desk.directory.nodes():
        member = desk.directory.incarnations(node)[-1].key
        seal = party_feed.seal_of(session, desk, member)
        if node != desk.name and seal is not None:
            found[member] = Reader(member, seal)
    return found


def errands(session: Session, desk: Desk, today: date) -> dict[str, Errand]:
    """Whom somebody lacks, or has not heard the news of; some of them, where they are many."""
    readers, found = _readers(session, desk), defaultdict[str, Errand](Errand)
    own_scope = home_scope(session, desk.name, today)
    home = _newest_home(desk)
    for party, is_held in _unsaid(session, desk):
        found[party].is_news = True
        if home in readers:
            found[party].readers[own_scope].add(home)
        for scope in _scopes(session, party, today) if is_held else ():
            found[party].readers[scope] |= set()
    if not desk.is_home and home in readers:
        for party in _keyed_without(session, home):
            found[party].readers[own_scope].add(home)
    if desk.is_home and _has_region_secret(session):
        for member in _without(session, party_feed.REGION, readers):
            known = desk.directory.member(member)
            assert known is not None
            scope = home_scope(session, known.node, today)
            found[party_feed.REGION].readers[scope].add(member)
    for node in _serving(session):
        incarnations = desk.directory.incarnations(node)
        member = incarnations[-1].key if incarnations else ""
        if node == desk.name or member not in readers:
            continue
        scope = home_scope(session, node, today)
        for party in _booked_without(session, desk, node, member, today):
            found[party].readers[scope].add(member)
    # Without its seal the hub cannot be told yet: such news waits.
    return {party: errand for party, errand in sorted(found.items()) if errand.readers}


def _newest_home(desk: Desk) -> str:
    home = desk.directory.member(desk.directory.home)
    return desk.directory.incarnations(home.node)[-1].key if home is not None else ""


def _unsaid(session: Session, desk: Desk) -> list[tuple[str, bool]]:
    """Who was registered or changed here, and whether somebody else has heard of them before."""
    query = select(PartyUnsaid.party_id, _HAS_KEY.label("is_held"))
    if desk.is_home:
        query = query.where(_HAS_KEY)
    rows = session.connection().execute(query.order_by(PartyUnsaid.party_id).limit(PARTIES_AT_ONCE))
    return [(row.party_id, row.is_held) for row in rows]


def _has_region_secret(session: Session) -> bool:
    query = select(PartyKey.party_id).where(PartyKey.party_id == party_feed.REGION).limit(1)
    return session.connection().scalar(query) is not None


def _lacks_region_secret(session: Session, today: date) -> bool:
    """Whether it is not made yet, and a town compares rosters, which may be typed at any desk."""
    if _has_region_secret(session):
        return False
    towns = memory.current(session).catalogue.towns.values()
    return any(town.rules_on(today).overlap_percent_max is not None for town in towns)


def _without(session: Session, party: str, members: Iterable[str]) -> list[str]:
    """Those of these desks that cannot open this text yet."""
    good = PartyHolder.party_id == party, PartyHolder.is_good.is_(True)
    able = set(session.connection().scalars(select(PartyHolder.member).where(*good)))
    return sorted(set(members) - able)


def _keyed_without(session: Session, member: str) -> list[str]:
    query = select(PartyKey.party_id).where(~_can_open(PartyKey.party_id, member)).distinct()
    return list(session.connection().scalars(query.limit(PARTIES_AT_ONCE)))


def _booked_without(
    session: Session, desk: Desk, node: str, member: str, today: date
) -> Iterable[str]:
    """Those with a booking from today on at a facility of this node, whom it cannot read yet."""
    is_known = and_(Party.id == Booking.party_id, Party.name != "")
    is_mine = exists().where(PartyKey.party_id == Booking.party_id)
    query = (
        select(Booking.party_id)
        .join(FacilityNode, FacilityNode.facility_id == Booking.facility_id)
        .where(
            FacilityNode.node == node,
            Booking.date >= today,
            Booking.status.in_(("confirmed", "tentative")),
            exists().where(is_known) if desk.is_home else is_mine,
            ~_can_open(Booking.party_id, member),
            ~exists().where(PartyForgotten.party_id == Booking.party_id),
        )
        .distinct()
        .limit(PARTIES_AT_ONCE)
    )
    return [str(party) for party in session.connection().scalars(query)]


def _can_open(party: Any, member: str) -> Any:
    return exists().where(
        PartyHolder.party_id == party,
        PartyHolder.member == member,
        PartyHolder.is_good.is_(True),
    )


def _serving(session: Session) -> list[str]:
    query = select(FacilityNode.node).distinct().order_by(FacilityNode.node)
    return list(session.connection().scalars(query))


def home_scope(session: Session, node: str, today: date) -> str:
    """Where a node hears of parties: its first facility's town, in this fiscal year."""
    query = (
        select(Facility.municipality_code)
        .join(FacilityNode, FacilityNode.facility_id == Facility.id)
        .where(FacilityNode.node == node)
        .order_by(Facility.id)
        .limit(1)
    )
    town = session.connection().scalar(query)
    return f"{town}-{events.fiscal_year(today)}" if town else PUBLIC


def _scopes(session: Session, party: str, today: date) -> set[str]:
    """Where those are who have heard of this party."""
    query = select(PartyHolder.chain).where(PartyHolder.party_id == party).distinct()
    towns = {
        scope_of(chain).partition("-")[0] for chain in session.connection().scalars(query).all()
    }
    year = events.fiscal_year(today)
    return {PUBLIC if town == PUBLIC else f"{town}-{year}" for town in towns}


# Saying it


def _text(session: Session, desk: Desk, party: str) -> tuple[Told, bytes] | None:
    """The party's last text with its key: the one that is known, or a new one of what is news."""
    known = next(party_feed.opened_texts(session, party), None)
    is_news = select(_UNSAID.c.party_id).where(_UNSAID.c.party_id == party)
    if known is not None and session.connection().scalar(is_news) is None:
        return known
    is_region = party == party_feed.REGION
    body = b"{}" if is_region else party_text.body_of(session, party)
    if body is None:
        return known
    if known is not None:
        key = known[1]
    elif is_region:
        key = party_feed.region_secret(session, desk) or b""
    else:
        key = secrets.token_bytes(sealing.KEY_BYTES)
        party_feed.keep_key(session, party, key)
    last = select(func.max(PartyText.revision)).where(PartyText.party_id == party)
    revision = (session.connection().scalar(last) or 0) + 1
    told = Told(party, revision, sealing.key_name(key), "")
    nonce = secrets.token_bytes(sealing.NONCE_BYTES)
    sealed = sealing.seal_text(body, key, nonce=nonce, about=told.about(desk.directory.region))
    return Told(party, revision, told.key, sealed), key


def _boxed(desk: Desk, told: Told, key: bytes, readers: Iterable[Reader]) -> Told:
    """The text with a box for each reader; one whose public key is none gets none."""
    about, boxes = party_feed.box_about(desk.directory.region, told.party, told.key), []
    for reader in readers:
        try:
            text = sealing.seal_key(key, reader.seal.public, about=about)
        except NotOpened:
            continue
        boxes.append(Box(reader.member, key_id(reader.seal.public), text))
    return Told(told.party, told.revision, told.key, told.sealed, tuple(boxes))


def _say(store: SqlStore, desk: Desk, scope: str, parties: Iterable[Told], *, at: int) -> None:
    for some in _parcels(told.data for told in parties):
        data = {"parties": some}
        desk.node.post(store, f"{scope}/parties", party_feed.KIND, at=at, data=data)


def _parcels(parties: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many in each as a document takes; groups with long rosters are few."""
    parcel: list[dict[str, Any]] = []
    octets = 0
    for each in parties:
        size = len(canonical(each))
        if parcel and octets + size > OCTETS_A_SLIP:
            yield parcel
            parcel, octets = [], 0
        parcel.append(each)
        octets += size
    if parcel:
        yield parcel
