"""How the ledger stands here: what is held, what waits for an answer, what people must look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.desk import Desk
from reservations.rules.modes import Mode, observed
from reservations.sheets import SheetName
from sync import tables
from sync.document import LOG, is_log
from sync.store import Aside

# A peer that has said nothing for so long counts as cut off.
SILENCE_MAX = timedelta(seconds=15)
# These resolve themselves; slips to be said again are counted on their own.
_NOT_FOR_PEOPLE = (Aside.WAITING, Aside.UNKNOWN_SIGNER, Aside.TO_SAY_AGAIN)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom this desk hears, and when last. A desk on its own has nobody to miss."""

    has_peers: bool
    last: datetime | None

    def is_cut_off(self, now: datetime) -> bool:
        is_silent = self.last is None or now - self.last > SILENCE_MAX
        return self.has_peers and is_silent


@dataclass(frozen=True, slots=True)
class Standing:
    """What a clerk has to know before promising anything.

    held_elsewhere   sheets from today on that another node holds
    waiting          slips without an answer
    to_say_again     slips that lost their place in a log and come again when it is ours
    quarantine       documents kept apart for people to look at, by reason
    """

    held_here: tuple[SheetName, ...]
    held_elsewhere: tuple[SheetName, ...]
    waiting: int
    to_say_again: int
    unwitnessed: int
    forked: int
    quarantine: dict[str, int]


def contact(desk: Desk) -> Contact:
    """For screens: no rule asks when somebody was heard."""
    has_peers = len(desk.directory.nodes()) > 1
    return Contact(has_peers, desk.last_heard() if has_peers else None)


def mode(desk: Desk, declared: Mode, *, now: datetime) -> Mode:
    """What the strip on every screen says."""
    return observed(declared, is_cut_off=contact(desk).is_cut_off(now))


_C, _SLIP, _SETTLED = tables.chain.c, tables.slip.c, tables.settled.c
_CHAINS = select(_C.chain, _C.holder, _C.forked_at, _C.number, _C.witnessed)
_PENDING = (
    select(func.count())
    .select_from(tables.slip)
    .where(
        _SLIP.asks.is_(True),
        ~exists().where(and_(_SETTLED.sheet == _SLIP.sheet, _SETTLED.key == _SLIP.hash)),
    )
)
_OWNERS = (
    select(tables.claim.c.owner)
    .where(
        tables.claim.c.sheet == bindparam("sheet"),
        tables.claim.c.owner.startswith(bindparam("prefix"), autoescape=False),
    )
    .distinct()
    .order_by(tables.claim.c.owner)
)
_ASIDE = select(tables.aside.c.why, func.count()).group_by(tables.aside.c.why)


def owner_of(session: Session, name: SheetName, booking_id: str) -> str:
    """Under which key a booking occupies something of a sheet; empty where it does not."""
    asked = {"sheet": name.text, "prefix": sheets.key_of(booking_id, "")}
    return session.connection().scalar(_OWNERS, asked) or ""


def standing(session: Session, desk: Desk, *, today: date) -> Standing:
    """Four statements. Sheets without a line are the hub's, and are not listed."""
    desk.learn(session)
    connection = session.connection()
    here: list[SheetName] = []
    elsewhere: list[SheetName] = []
    forked = unwitnessed = 0
    for row in connection.execute(_CHAINS):
        forked += row.forked_at > 0
        unwitnessed += row.number - row.witnessed
        name = sheets.parsed(row.chain)
        if name is not None and name.date >= today:
            (here if row.holder == desk.key.id else elsewhere).append(name)
    aside = {row[0]: int(row[1]) for row in connection.execute(_ASIDE)}
    return Standing(
        held_here=tuple(sorted(here)),
        held_elsewhere=tuple(sorted(elsewhere)),
        waiting=connection.scalar(_PENDING) or 0,
        to_say_again=aside.get(Aside.TO_SAY_AGAIN, 0),
        unwitnessed=unwitnessed,
        forked=forked,
        quarantine={why: count for why, count in aside.items() if why not in _NOT_FOR_PEOPLE},
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """What every page of the counter says.

    sheets   from today on: those held here, or at the hub those that other nodes hold
    """

    waiting: int
    sheets: int


# Lines are seconds on their way; who is minutes ahead of us has another clock.
CLOCKS_APART = timedelta(minutes=3)
_AHEAD = (
    select(_C.chain, _C.holder, _C.at)
    .where(_C.at > bindparam("limit"))
    .order_by(_C.at.desc(), _C.chain)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class ClockGap:
    """Something was written later than our clock says it is now.

    node   whose; empty where this machine wrote it itself, so that its clock was put back
    """

    node: str
    minutes: int


def clock_gap(session: Session, desk: Desk, *, now: datetime) -> ClockGap | None:
    """Whether the clocks of the region are apart, as far as it can be seen here. One statement.

    No rule asks (DESIGN.md, S): it is for people, who set clocks right. Whoever is ahead is seen by
    all others; a machine that is behind sees all others ahead.
    """
    limit = sheets.milliseconds(now + CLOCKS_APART)
    row = session.connection().execute(_AHEAD, {"limit": limit}).one_or_none()
    if row is None:
        return None
    # A log's name ends with its writer's key; a sheet is its holder's.
    author = row.chain.rpartition("/")[2] if is_log(row.chain) else row.holder
    member = desk.directory.member(author)
    node = "" if author == desk.key.id or member is None else member.node
    return ClockGap(node, int((sheets.instant_of(row.at) - now).total_seconds() // 60))


def brief(session: Session, desk: Desk, *, today: date) -> Brief:
    """Two statements, and no sheet is listed."""
    is_mine = _C.holder == desk.key.id
    # A sheet's name ends with its date, a log's with a key.
    day = func.substr(_C.chain, func.length(_C.chain) - 9)
    is_sheet = ~_C.chain.contains(f"/{LOG}/")
    query = select(func.count()).where(
        ~is_mine if desk.is_home else is_mine, is_sheet, _C.number > 0, day >= today.isoformat()
    )
    connection = session.connection()
    return Brief(connection.scalar(_PENDING) or 0, connection.scalar(query) or 0)
