"""What a carrier remembers of a mailbox, in the caller's transaction: how far, and what was odd.

Whoever applies what came saves the checkpoint in the same transaction, so that a crash between the
two is impossible: nothing is lost, and nothing is applied twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from sync import tables
from sync.document import NAME_MAX

_checkpoint, _refused, _member = tables.checkpoint.c, tables.refused.c, tables.member.c
_line, _chain = tables.line.c, tables.chain.c

_COLUMNS = (_checkpoint.since, _checkpoint.posted, _checkpoint.turn, _checkpoint.marked)
_LOAD = select(*_COLUMNS).where(_checkpoint.mailbox == bindparam("name"))
_REFUSED = select(_refused.id, _refused.is_ours, _refused.why).order_by(_refused.id)
_REFUSED_BY = _REFUSED.where(_refused.mailbox == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a carrier is with one mailbox; the columns of `sync_checkpoint`."""

    since: str = ""
    posted: int = 0
    turn: int = 0
    marked: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not taken: by us from the mailbox, or (`is_ours`) by the mailbox."""

    id: str
    is_ours: bool
    why: str


def load(session: Session, mailbox: str) -> Checkpoint:
    """How far we are; at the beginning if we never were there."""
    row = session.execute(_LOAD, {"name": mailbox}).one_or_none()
    return Checkpoint(*row) if row else Checkpoint()


def advance_since(session: Session, mailbox: str, since: str, to: str) -> bool:
    """What stands between these two has been applied, in this transaction.

    Where the checkpoint is not there any more, somebody has found that all begins anew: so it does,
    and the answer is False.
    """
    is_there = load(session, mailbox).since == since
    if is_there:
        _change(session, mailbox, {"since": to})
    return is_there


def advance_posted(session: Session, mailbox: str, posted: int, to: int) -> None:
    """The mailbox has, or has refused, every line of ours between these two arrivals."""
    if load(session, mailbox).posted == posted:
        _change(session, mailbox, {"posted": to})


def start_over(session: Session, mailbox: str) -> None:
    """The mailbox is not the one that we knew: read all of it, and post all we have."""
    _change(session, mailbox, {"since": "", "posted": 0, "marked": 0})


def set_marked(session: Session, mailbox: str, turn: int) -> None:
    """The mailbox itself has noted this turn."""
    mine = update(tables.checkpoint).where(_checkpoint.mailbox == mailbox)
    session.execute(mine.values(marked=turn))


def _change(session: Session, mailbox: str, values: dict[str, Any]) -> None:
    mine = update(tables.checkpoint).where(_checkpoint.mailbox == mailbox)
    if not session.execute(mine.values(**values, turn=_checkpoint.turn + 1)).rowcount:  # type: ignore[attr-defined]
        first = {"mailbox": mailbox, "since": "", "posted": 0, "turn": 1, "marked": 0}
        session.execute(insert(tables.checkpoint), first | values)


def waiting(session: Session, mailbox: str, scope: str) -> int:
    """How many lines of this scope have yet to be posted."""
    mine = _line.chain.startswith(f"{scope}/", autoescape=True)
    known = func.coalesce(_line.arrival, load(session, mailbox).posted + 1)
    query = (
        select(func.count())
        .select_from(tables.line)
        .join(tables.chain, _chain.chain == _line.chain)
    )
    is_fit = _line.number <= _chain.witnessed
    return session.scalar(query.where(mine, is_fit, known > load(session, mailbox).posted)) or 0


def refuse(session: Session, mailbox: str, refused: Refused) -> None:
    """Keep in sight that something was not taken, and why; once, however often it comes."""
    name = _name(refused.id)
    forgive(session, mailbox, refused.id)
    row = {"mailbox": mailbox, "id": name, "is_ours": refused.is_ours, "why": refused.why[:2000]}
    session.execute(insert(tables.refused), row)


def forgive(session: Session, mailbox: str, document_id: str) -> None:
    """It was taken after all."""
    mine = _refused.mailbox == mailbox, _refused.id == _name(document_id)
    session.execute(delete(tables.refused).where(*mine))


def refused(session: Session, mailbox: str | None = None) -> list[Refused]:
    """What was not taken, in the order of ids."""
    query, asked = (_REFUSED, {}) if mailbox is None else (_REFUSED_BY, {"name": mailbox})
    return [Refused(*row) for row in session.execute(query, asked)]


def _name(document_id: str) -> str:
    """A stranger's id as a database keeps it."""
    text = document_id.encode("utf-8", "replace").decode()
    return text.replace("\0", "?")[:NAME_MAX]


def keep(session: Session, certificate: Mapping[str, Any]) -> bool:
    """Keep a certificate that the Directory has accepted; True if it was not kept before."""
    key = str(certificate["_id"]).removeprefix("member:")
    if session.scalar(select(_member.key).where(_member.key == key)) is not None:
        return False
    session.execute(insert(tables.member), {"key": key, "certificate": orjson.dumps(certificate)})
    return True


def certificates(session: Session) -> list[dict[str, Any]]:
    """Every certificate that was kept, for the Directory of a program that starts."""
    query = select(_member.certificate).order_by(_member.key)
    return [orjson.loads(each) for each in session.scalars(query)]
