"""How the ledger stands here: what is held, what waits for an answer, what people must look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.desk import Desk
from reservations.rules.modes import Mode, observed
from reservations.sheets import SheetName
from sync import tables
from sync.store import Aside

# A peer that has said nothing for so long counts as cut off.
SILENCE_MAX = timedelta(seconds=15)
_WAITING_ASIDE = (Aside.WAITING, Aside.UNKNOWN_SIGNER, Aside.TO_SAY_AGAIN)


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
    quarantine       documents kept apart for people to look at, by reason
    """

    held_here: tuple[SheetName, ...]
    held_elsewhere: tuple[SheetName, ...]
    waiting: int
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
    quarantine: dict[str, Any] = {
        why: count for why, count in connection.execute(_ASIDE) if why not in _WAITING_ASIDE
    }
    waiting = connection.scalar(_PENDING) or 0
    return Standing(
        tuple(sorted(here)), tuple(sorted(elsewhere)), waiting, unwitnessed, forked, quarantine
    )
