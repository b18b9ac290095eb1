"""Parties as they travel: a text under the party's own key, and boxes with that key for those desks
that may read it (sync/sealing.py).

Any desk keeps and forwards the slips; what it cannot open stays closed. Every slip has the whole
text, so none waits for another: in whatever order and however often they come, the tables are the
same (I7). A party is what its last text says that opens here; the larger revision is the later one,
and no clock is asked.

To forget a party is to destroy its key everywhere (I12). A box would give the key back for as long
as its desk has the secret that opens it; so the desk takes a new sealing key, destroys the old one,
and says so with how far it had read until then (actions/sharing.py). What was for the old key and
came later is closed again by whoever can.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from reservations import party_text, sheets
from reservations.catalogue_feed import is_from_home
from reservations.desk import Desk
from reservations.models import (
    Account,
    Booking,
    GroupMember,
    GroupRoster,
    IssuedPaper,
    Letter,
    LinkWish,
    LoginLink,
    PaperForm,
    Party,
    PartyDelegate,
    PartyDestroyed,
    PartyForgotten,
    PartyHolder,
    PartyKey,
    PartyLook,
    PartyReduction,
    PartyResidency,
    PartyText,
    PartyUnsaid,
    Passkey,
    Rating,
    Reduction,
    ReductionRequest,
    SealingKey,
    SignInSession,
)
from reservations.models.base import table_of
from reservations.party_text import word
from sync import sealing
from sync.document import Slip, hash_of, key_id
from sync.sealing import NotOpened

KIND, SEALING, FORGET = "party", "sealing", "forget"
KINDS = (KIND, SEALING, FORGET)
# No facility's day: slips about parties, of one town or of all, which nobody answers.
SHEET = "public/parties"
# Said like a party, but none: its key is what is shared, and its text is empty.
REGION = "region"

_LOCK = select(func.pg_advisory_xact_lock(7_266_275))

log = structlog.get_logger("tonari.parties")

_PARTY, _RESIDENCY = table_of(Party), table_of(PartyResidency)
_ROSTER, _MEMBER = table_of(GroupRoster), table_of(GroupMember)
_DELEGATE, _STANDING = table_of(PartyDelegate), table_of(PartyReduction)
_TEXT, _KEY, _HOLDER = table_of(PartyText), table_of(PartyKey), table_of(PartyHolder)
_SEAL, _UNSAID = table_of(SealingKey), table_of(PartyUnsaid)
_FORGOTTEN, _DESTROYED = table_of(PartyForgotten), table_of(PartyDestroyed)


@dataclass(frozen=True, slots=True)
class Box:
    """A party's key, closed for one desk: for its member key `to`, under its sealing key `seal`."""

    to: str
    seal: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One party in a slip: its sealed text, its key's name, and boxes with that key."""

    party: str
    revision: int
    key: str
    sealed: str
    boxes: tuple[Box, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        boxes = [{"to": box.to, "seal": box.seal, "box": box.text} for box in self.boxes]
        words = {"party": self.party, "revision": self.revision, "key": self.key}
        return {**words, "sealed": self.sealed, "boxes": boxes}

    def about(self, region: str) -> dict[str, Any]:
        """What the text is bound to."""
        return {"region": region, "party": self.party, "revision": self.revision, "key": self.key}


def box_about(region: str, party: str, key: str) -> dict[str, Any]:
    """What a box is bound to."""
    return {"region": region, "party": party, "key": key}


@dataclass(frozen=True, slots=True)
class Seal:
    """What a desk said last of its sealing key; see models/sealed.py."""

    public: str
    number: int
    read: Mapping[str, int]
    secret: bytes | None = None

    @property
    def name(self) -> str:
        return key_id(self.public)

    def opens(self, seal: str, chain: str, number: int) -> bool:
        """Whether the desk can open, or has opened, a box under this key in this line."""
        return seal in ("", self.name) or number <= self.read.get(chain, 0)


def seal_of(session: Session, desk: Desk, member: str) -> Seal | None:
    """The sealing key of a desk as far as it is known here; its certificate's, at the beginning."""
    query = select(_SEAL.c.public, _SEAL.c.number, _SEAL.c.read, _SEAL.c.secret)
    row = session.connection().execute(query.where(_SEAL.c.member == member)).one_or_none()
    if row is not None:
        return Seal(*row)
    known = desk.directory.member(member)
    if known is None or not sealing.is_public(known.sealing):
        return None
    return Seal(known.sealing, 0, {})


# Into the tables


def take(session: Session, desk: Desk, slip: Slip) -> None:
    """Do what a slip about parties says, in the caller's transaction. Again is no more than once.

    What is not whole, or says what its author may not say, is left out.
    """
    lock(session)
    if slip.kind == KIND:
        for told in _told(slip):
            _take_party(session, desk, slip, told)
    elif slip.kind == SEALING:
        _take_seal(session, desk, slip)
    elif slip.kind == FORGET and is_from_home(desk, slip):
        with contextlib.suppress(TypeError):
            party = word(slip.data.get("party"))
            forget(session, desk, party, sheets.instant_of(slip.at))


def lock(session: Session) -> None:
    """Alone with what is kept of travelling parties until the commit. SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK)


def undo(session: Session, slip: Slip) -> None:
    """A slip stands no more; it will be said again. Whom it gave a key has to be asked anew."""
    if slip.kind == KIND:
        mine = _HOLDER.c.chain == slip.chain, _HOLDER.c.number == slip.number
        session.connection().execute(delete(_HOLDER).where(*mine))


def again(session: Session, desk: Desk) -> None:
    """Show every party once more, after towns became known here that texts speak of."""
    for party in session.connection().scalars(select(_KEY.c.party_id).distinct()).all():
        show(session, desk, party)


def _told(slip: Slip) -> Iterator[Told]:
    parties = slip.data.get("parties")
    for each in parties if isinstance(parties, list) else ():
        try:
            boxes = tuple(
                Box(word(box["to"]), word(box["seal"]), word(box["box"])) for box in each["boxes"]
            )
            words = word(each["party"]), int(each["revision"])
            yield Told(*words, word(each["key"]), word(each["sealed"]), boxes)
        except (KeyError, TypeError, ValueError):
            log.error("a party that this program cannot read", slip=slip.id)


def _take_party(session: Session, desk: Desk, slip: Slip, told: Told) -> None:
    is_forgotten = known_forgotten(session, told.party)
    if not is_forgotten:
        _keep_text(session, told)
        _open_boxes(session, desk, told)
    holders = [(slip.author, ""), *((box.to, box.seal) for box in told.boxes)]
    for member, seal in holders:
        _hold(session, desk, slip, told.party, member, seal)
    if not is_forgotten:
        show(session, desk, told.party)
    elif any(member == desk.key.id for member, _ in holders):
        # What opens this box is destroyed as well, and that is said.
        mine = update(_FORGOTTEN).where(_FORGOTTEN.c.party_id == told.party)
        session.connection().execute(mine.values(is_due=True))


def known_forgotten(session: Session, party: str) -> bool:
    query = select(_FORGOTTEN.c.party_id).where(_FORGOTTEN.c.party_id == party)
    return session.connection().scalar(query) is not None


def _keep_text(session: Session, told: Told) -> None:
    """The last text under its key: the larger revision, or of two the larger digest."""
    connection, digest = session.connection(), hash_of(told.sealed.encode())
    mine = _TEXT.c.party_id == told.party, _TEXT.c.key == told.key
    known = connection.execute(select(_TEXT.c.revision, _TEXT.c.digest).where(*mine)).one_or_none()
    row = {"revision": told.revision, "digest": digest, "sealed": told.sealed}
    if known is None:
        connection.execute(insert(_TEXT), {"party_id": told.party, "key": told.key} | row)
    elif tuple(known) < (told.revision, digest):
        connection.execute(update(_TEXT).where(*mine).values(**row))


def _open_boxes(session: Session, desk: Desk, told: Told) -> None:
    """Take the party's key out of our own box, where there is one that opens."""
    connection = session.connection()
    known = select(_KEY.c.key).where(_KEY.c.party_id == told.party, _KEY.c.key == told.key)
    own = [box for box in told.boxes if box.to == desk.key.id]
    if not own or connection.scalar(known) is not None:
        return
    seal = seal_of(session, desk, desk.key.id)
    for box in own:
        if seal is None or seal.secret is None or box.seal != seal.name:
            continue
        about = box_about(desk.directory.region, told.party, told.key)
        try:
            secret = sealing.open_key(box.text, seal.secret, about=about)
        except NotOpened:
            log.error("a box for this desk that does not open", party=told.party)
            continue
        if sealing.key_name(secret) == told.key:
            keep_key(session, told.party, secret)
            return


def keep_key(session: Session, party: str, secret: bytes) -> str:
    """Keep a party's key here; returns its name."""
    name = sealing.key_name(secret)
    row = {"party_id": party, "key": name, "secret": secret}
    session.connection().execute(insert(_KEY), row)
    return name


def _hold(session: Session, desk: Desk, slip: Slip, party: str, member: str, seal: str) -> None:
    connection, known = session.connection(), seal_of(session, desk, member)
    is_good = known is None or known.opens(seal, slip.chain, slip.number)
    mine = (
        _HOLDER.c.party_id == party, _HOLDER.c.member == member, _HOLDER.c.chain == slip.chain
    )  # fmt: skip
    number = connection.scalar(select(_HOLDER.c.number).where(*mine))
    row = {"number": slip.number, "seal": seal, "is_good": is_good}
    if number is None:
        words = {"party_id": party, "member": member, "chain": slip.chain}
        connection.execute(insert(_HOLDER), words | row)
    elif number < slip.number:
        connection.execute(update(_HOLDER).where(*mine).values(**row))


def _take_seal(session: Session, desk: Desk, slip: Slip) -> None:
    """Another sealing key of a desk; what it has read until then; and whom it has forgotten."""
    public, read, forgotten = (slip.data.get(name) for name in ("public", "read", "forgotten"))
    if not isinstance(public, str) or not sealing.is_public(public):
        return
    if not isinstance(read, Mapping):
        return
    if not all(isinstance(number, int) for number in read.values()):
        return
    for party in forgotten if isinstance(forgotten, list) else ():
        with contextlib.suppress(TypeError):
            _note_destroyed(session, word(party), slip.author)
    known = seal_of(session, desk, slip.author)
    if known is None or known.number < slip.number:
        is_same = known is not None and known.public == public
        secret = known.secret if known is not None and is_same else None
        put_seal(session, slip.author, Seal(public, slip.number, dict(read), secret))


def put_seal(session: Session, member: str, seal: Seal) -> None:
    """A desk's sealing key from now on, and whose boxes it can open. There is only ever one."""
    connection = session.connection()
    row = {"public": seal.public, "number": seal.number}
    row |= {"read": dict(seal.read), "secret": seal.secret}
    mine = update(_SEAL).where(_SEAL.c.member == member)
    if not connection.execute(mine.values(**row)).rowcount:
        connection.execute(insert(_SEAL), {"member": member, **row})
    its = _HOLDER.c.member == member
    is_current = _HOLDER.c.seal.in_(("", seal.name))
    connection.execute(update(_HOLDER).where(its).values(is_good=is_current))
    for chain, number in seal.read.items():
        was_read = _HOLDER.c.chain == chain, _HOLDER.c.number <= number
        connection.execute(update(_HOLDER).where(its, *was_read).values(is_good=True))


def begin(session: Session, member: str, secret: bytes) -> None:
    """The first sealing key of an incarnation; what opened the boxes of a former one is destroyed.

    member   its signing key; its certificate names the public half
    """
    connection = session.connection()
    connection.execute(update(_SEAL).where(_SEAL.c.member != member).values(secret=None))
    put_seal(session, member, Seal(sealing.public_of(secret), 0, {}, secret))


def _note_destroyed(session: Session, party: str, member: str) -> None:
    mine = _DESTROYED.c.party_id == party, _DESTROYED.c.member == member
    known = session.connection().scalar(select(_DESTROYED.c.member).where(*mine))
    if known is None:
        session.connection().execute(insert(_DESTROYED), {"party_id": party, "member": member})


# What a text says


def region_secret(session: Session, desk: Desk) -> bytes | None:
    """What all desks of a region share and nobody else has: the key of a text that is no party's.

    The hub makes it when somebody first asks there; elsewhere None until it has come.
    """
    query = select(_KEY.c.secret).where(_KEY.c.party_id == REGION).order_by(_KEY.c.key).limit(1)
    found: bytes | None = session.connection().scalar(query)
    if found is None and desk.is_home:
        found = secrets.token_bytes(sealing.KEY_BYTES)
        keep_key(session, REGION, found)
    return found


def show(session: Session, desk: Desk, party: str) -> None:
    """The party is what the last text says that opens here; nothing where none does.

    What was changed here and not yet said to the others is later than anything that came.
    """
    if party == REGION:
        return
    unsaid = select(_UNSAID.c.party_id).where(_UNSAID.c.party_id == party)
    if session.connection().scalar(unsaid) is not None:
        return
    for told, secret in opened_texts(session, party):
        try:
            text = sealing.open_text(told.sealed, secret, about=told.about(desk.directory.region))
            said = party_text.said(orjson.loads(text))
        except (NotOpened, KeyError, TypeError, ValueError):
            log.error("a party's text that this program cannot read", party=party)
            continue
        party_text.put(session, party, said)
        return


def opened_texts(session: Session, party: str) -> Iterator[tuple[Told, bytes]]:
    """The texts whose key is here, the last one first, each with its key."""
    same = (_KEY.c.party_id == _TEXT.c.party_id) & (_KEY.c.key == _TEXT.c.key)
    query = (
        select(_TEXT, _KEY.c.secret)
        .join(_KEY, same)
        .where(_TEXT.c.party_id == party)
        .order_by(_TEXT.c.revision.desc(), _TEXT.c.digest.desc())
    )
    for row in session.connection().execute(query).all():
        yield Told(party, row.revision, row.key, row.sealed), row.secret


# Forgetting


def forget(session: Session, desk: Desk, party: str, at: datetime) -> None:
    """Destroy a party's keys here, blank what was read with them, and end its sign-in.

    What opens the boxes that this desk was sent is destroyed by its next round, which says so.
    Bookings stay, under an id that nobody can name.
    """
    connection = session.connection()
    if known_forgotten(session, party):
        return
    own = [desk.key.id, *desk.node.former_keys]
    held = select(_HOLDER.c.party_id).where(_HOLDER.c.party_id == party, _HOLDER.c.member.in_(own))
    is_due = connection.scalar(held.limit(1)) is not None
    connection.execute(insert(_FORGOTTEN), {"party_id": party, "at": at, "is_due": is_due})
    for table in (_KEY, _TEXT, _UNSAID, _RESIDENCY, _ROSTER, _MEMBER, _DELEGATE, _STANDING):
        connection.execute(delete(table).where(table.c.party_id == party))
    connection.execute(delete(_DELEGATE).where(_DELEGATE.c.delegate_id == party))
    connection.execute(update(_PARTY).where(_PARTY.c.id == party).values(**party_text.BLANK))
    bookings = select(Booking.id).where(Booking.party_id == party)
    papers = table_of(IssuedPaper)
    # A paper about one of several wishes has the booking's id and more.
    connection.execute(delete(papers).where(func.substr(papers.c.subject, 1, 36).in_(bookings)))
    looks = table_of(PartyLook)
    connection.execute(delete(looks).where(looks.c.party_id == party))
    letters = table_of(Letter)
    connection.execute(delete(letters).where(letters.c.party_id == party))
    _blank_form(session, party)
    ratings = table_of(Rating)
    its_ratings = update(ratings).where(ratings.c.booking_id.in_(bookings))
    connection.execute(its_ratings.values(words=""))
    _blank_reductions(session, bookings)
    accounts = table_of(Account)
    its = select(accounts.c.id).where(accounts.c.party_id == party)
    for table in map(table_of, (SignInSession, LoginLink, LinkWish, Passkey)):
        connection.execute(delete(table).where(table.c.account_id.in_(its)))
    connection.execute(delete(accounts).where(accounts.c.party_id == party))


def _blank_reductions(session: Session, bookings: Any) -> None:
    """What was seen, and in whose words it was asked, is nobody's any more."""
    wishes, answers = table_of(ReductionRequest), table_of(Reduction)
    blank = update(wishes).where(wishes.c.booking_id.in_(bookings))
    session.connection().execute(blank.values(words="", evidence=""))
    blank = update(answers).where(answers.c.booking_id.in_(bookings))
    session.connection().execute(blank.values(reason="", evidence=""))


def _blank_form(session: Session, party: str) -> None:
    """Who came by a paper form is named in what was typed in from it, too."""
    table = table_of(PaperForm)
    rows = session.connection().execute(select(table.c.pad, table.c.number).distinct())
    for pad, number in rows.all():
        if sheets.party_id_of(pad, number) == party:
            its = (table.c.pad == pad) & (table.c.number == number)
            session.connection().execute(update(table).where(its).values(name="", phone=""))


# Where `forget` has deleted or blanked, for Database.scrub.
SCRUBBED = tuple(
    str(table.name)
    for table in (
        _PARTY, _RESIDENCY, _ROSTER, _MEMBER, _DELEGATE, _STANDING, _KEY, _TEXT, _SEAL,
        *map(
            table_of,
            (Account, IssuedPaper, Letter, PaperForm, Passkey, Rating, Reduction, ReductionRequest),
        ),
    )
)  # fmt: skip


def read_so_far(session: Session, desk: Desk) -> dict[str, int]:
    """Log to the number up to which this desk has read every box that was for it.

    A box that did not open stops there, until its party's key has come in a later line.
    """
    query = (
        select(_HOLDER.c.chain, _HOLDER.c.number, _HOLDER.c.is_good, _FORGOTTEN.c.party_id)
        .outerjoin(_FORGOTTEN, _FORGOTTEN.c.party_id == _HOLDER.c.party_id)
        .where(_HOLDER.c.member == desk.key.id)
        .order_by(_HOLDER.c.chain, _HOLDER.c.number)
    )
    read: dict[str, int] = {}
    stuck: set[str] = set()
    for chain, number, is_good, forgotten in session.connection().execute(query):
        if not is_good and forgotten is None:
            stuck.add(chain)
        elif chain not in stuck:
            read[chain] = number
    return read
