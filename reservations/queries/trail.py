"""監査の記録: who did what and looked at whom, under seals that show where it was changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from reservations.db import Database, run, write_transaction
from reservations.desk import Desk
from reservations.models import Account, AuditLine, AuditSeal, PartyLook
from reservations.models.base import table_of
from sync import tables
from sync.document import Slip
from sync.ledger import SqlStore

# A sheet that nobody writes on: the slips by which desks say their seals.
SHEET, KIND = "audit", "audit"
LOOK = "look"
PAGE_SIZE = 50
LOOKS_MAX = 500
# Writers are waited for so long; sealing comes again later.
_LOCK_MILLISECONDS = 3_000

_LINE, _SEAL, _LOOKED = table_of(AuditLine), table_of(AuditSeal), table_of(PartyLook)
_IN = and_(_LINE.c.seq > bindparam("after"), _LINE.c.seq <= bindparam("through"))
_LINES = (
    select(
        _LINE.c.seq, _LINE.c.at, _LINE.c.node, _LINE.c.actor, _LINE.c.action, _LINE.c.subject,
        _LINE.c.key, _LINE.c.request_hash, _LINE.c.reason,
    )
    .where(_IN)
    .order_by(_LINE.c.seq)
)  # fmt: skip
_LAST = select(_SEAL).order_by(_SEAL.c.no.desc()).limit(1)
_NEWEST = select(func.coalesce(func.max(_LINE.c.seq), 0))


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of AuditSeal; number 0 for the beginning."""

    no: int = 0
    at: datetime | None = None
    through: int = 0
    lines: int = 0
    previous: str = ""
    digest: str = ""


def last_seal(session: Session) -> Seal:
    """The newest of this node's seals."""
    row: Any = run(session, _LAST).one_or_none()
    return Seal(*row) if row is not None else Seal()


def whole_through(database: Database) -> int:
    """The last audit line before which none can appear any more.

    PostgreSQL gives numbers out before lines are there: for a moment nobody may write any, and
    then all that were given out are there or never will be.
    """
    with database.session() as session:
        if database.is_sqlite:
            return int(run(session, _NEWEST).scalar_one())
        with write_transaction(session):
            run(session, text(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}"))
            run(session, text("LOCK TABLE audit_line IN SHARE MODE"))
            return int(run(session, _NEWEST).scalar_one())


def is_due(session: Session, through: int) -> bool:
    """Whether anything was done since the last seal, sealing aside."""
    after = last_seal(session).through
    query = select(_LINE.c.seq).where(_IN, _LINE.c.action != "seal_audit").limit(1)
    return run(session, query, {"after": after, "through": through}).first() is not None


def digest(
    session: Session, *, no: int, previous: str, after: int, through: int
) -> tuple[int, str]:
    """How many lines there are after one and through another, and the hash over all their words.

    previous   the hash of the seal before, which is part of this one
    """
    sha = hashlib.sha256(orjson.dumps([no, previous]))
    count = 0
    rows: Iterable[Any] = run(session, _LINES, {"after": after, "through": through})
    for seq, at, *words in rows:
        sha.update(orjson.dumps([seq, at.astimezone(UTC).isoformat(), *words]))
        count += 1
    return count, sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the record is not what it was.

    kind   lines (changed, deleted or added under a seal), seal (does not follow the one before),
           said (other desks heard something else, or of a later seal), other (another desk's seals)
    """

    kind: str
    node: str
    no: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """unsealed: lines that came after the last seal."""

    seals: int
    lines: int
    unsealed: int
    last: Seal
    faults: tuple[Fault, ...]


def verify(session: Session, desk: Desk) -> Verified:
    """Read every line again, and compare with the seals, with what others heard of them, and the
    others' seals among themselves."""
    name = desk.settings.node_name
    said = _said(session, desk)
    own = {slip.data.get("digest") for slip in said.get(name, ())}
    faults: list[Fault] = []
    before, lines = Seal(), 0
    for row in run(session, select(_SEAL).order_by(_SEAL.c.no)).all():
        seal = Seal(*row)
        first = before.through + 1
        count, found = digest(
            session, no=seal.no, previous=before.digest, after=before.through, through=seal.through
        )
        if (seal.no, seal.previous) != (before.no + 1, before.digest):
            faults.append(Fault("seal", name, seal.no, first, seal.through))
        elif (count, found) != (seal.lines, seal.digest):
            faults.append(Fault("lines", name, seal.no, first, seal.through))
        elif seal.digest not in own:
            faults.append(Fault("said", name, seal.no, first, seal.through))
        lines += count
        before = seal
    faults += _breaks(said, name, before.no)
    rest = select(func.count()).where(_LINE.c.seq > bindparam("after"))
    unsealed = run(session, rest, {"after": before.through}).scalar_one()
    return Verified(before.no, lines, unsealed, before, tuple(faults))


def _said(session: Session, desk: Desk) -> dict[str, list[Slip]]:
    """Node to what it said of its seals, in the order in which it said so."""
    store = SqlStore(session, desk.directory)
    slip = tables.slip.c
    query = select(slip.sheet).where(slip.sheet.like(f"%/{SHEET}")).distinct()
    found: dict[str, list[Slip]] = defaultdict(list)
    for sheet in session.scalars(query).all():
        for each in store.slips(sheet):
            if each.kind == KIND:
                found[str(each.data.get("node"))].append(each)
    return {node: sorted(each, key=_order) for node, each in found.items()}


def _order(slip: Slip) -> tuple[int, int]:
    no = slip.data.get("no")
    return (no if isinstance(no, int) else 0), slip.at


def _breaks(said: dict[str, list[Slip]], own: str, last: int) -> Iterator[Fault]:
    """A seal whose `previous` nobody has heard, and one of our own that is not here any more.

    A desk that was restored from yesterday goes on from yesterday's seal: two may then follow one,
    but by different keys.
    """
    for node, slips in said.items():
        known, by = {""}, dict[tuple[str, int], str]()
        for slip in slips:
            no, digest = _order(slip)[0], str(slip.data.get("digest"))
            its = by.setdefault((slip.author, no), digest)
            if slip.data.get("previous") not in known or its != digest:
                yield Fault("other" if node != own else "seal", node, no)
            elif node == own and no > last:
                yield Fault("said", node, no)
            known.add(digest)


# For people


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line, for an auditor. `login` is empty for `system` and `anonymous`."""

    seq: int
    at: datetime
    node: str
    actor: str
    login: str
    action: str
    subject: str
    reason: str


_SHOWN = (
    select(
        _LINE.c.seq,
        _LINE.c.at,
        _LINE.c.node,
        _LINE.c.actor,
        func.coalesce(Account.login, "").label("login"),
        _LINE.c.action,
        _LINE.c.subject,
        _LINE.c.reason,
    )
    .outerjoin(Account, Account.id == _LINE.c.actor)
    .order_by(_LINE.c.seq.desc())
    .limit(PAGE_SIZE + 1)
)


def lines(
    session: Session, *, about: str = "", action: str = "", before: int | None = None
) -> tuple[list[TrailLine], bool]:
    """A page of lines, newest first, and whether there are older ones.

    about    an account's id or login, or the id of what was done something about
    before   only lines with a smaller number
    """
    query = _SHOWN
    if about:
        query = query.where(
            or_(_LINE.c.actor == about, _LINE.c.subject == about, Account.login == about)
        )
    if action:
        query = query.where(_LINE.c.action == action)
    if before is not None:
        query = query.where(_LINE.c.seq < before)
    found: Iterable[Any] = run(session, query)
    rows = [TrailLine(*row) for row in found]
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def actions(session: Session) -> list[str]:
    """What has ever been done here, by name."""
    query = select(_LINE.c.action).distinct().order_by(literal_column("1"))
    return list(run(session, query).scalars())


@dataclass(frozen=True, slots=True)
class LookView:
    """In this hour somebody at this node was shown the party's data, on this page."""

    hour: datetime
    node: str
    page: str


def looks(session: Session, party_id: str) -> list[LookView]:
    """Looks at one party, newest first: those that were sealed, of all nodes that were heard."""
    c = _LOOKED.c
    query = select(c.hour, c.node, c.page).where(c.party_id == bindparam("party_id"))
    query = query.order_by(c.hour.desc(), c.node, c.page).limit(LOOKS_MAX)
    rows: Iterable[Any] = run(session, query, {"party_id": party_id})
    return [LookView(*row) for row in rows]


def looks_between(session: Session, after: int, through: int) -> list[tuple[str, datetime, str]]:
    """Party, hour and page of the looks among these lines, each once."""
    query = select(_LINE.c.subject, _LINE.c.at, _LINE.c.reason).where(_IN, _LINE.c.action == LOOK)
    rows: Iterable[Any] = run(session, query, {"after": after, "through": through})
    return sorted({(row.subject, hour_of(row.at), row.reason) for row in rows})


def hour_of(at: datetime) -> datetime:
    """The hour in which an instant lies, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
