"""The store in SQL: every call runs in the caller's session, and so in the caller's transaction.

    with a write transaction of the application as session:
        slip = ledger.post(session, node, sheet, "request", at=now, asks=True, claims=[...])
        entry = ledger.write(session, node, sheet, Draft("confirm", (slip.hash,), slip.claims), ...)
        ... the application's own rows ...
    told = node.settle().told

Nothing is committed here, and no line of ours is shown to anybody before `settle` has told it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from sync import tables
from sync.document import START, Document, Entry, Malformed, Slip, damaged, unpacked
from sync.members import Directory
from sync.node import Draft, Node
from sync.sheet import Pad, Position, effects, follow, genesis
from sync.store import Aside, Head

_line, _chain, _claim = tables.line.c, tables.chain.c, tables.claim.c
_settled, _slip, _aside = tables.settled.c, tables.slip.c, tables.aside.c

_POSITION = select(tables.chain).where(_chain.chain == bindparam("name"))
_HEADS = select(_chain.chain, _chain.witnessed, _chain.witnessed_hash).where(_chain.witnessed > 0)
_LINES = (
    select(_line.chain, _line.number, _line.raw, _line.signature)
    .where(_line.chain == bindparam("name"), _line.number > bindparam("after"))
    .order_by(_line.number)
)
_LINES_THROUGH = _LINES.where(_line.number <= bindparam("through"))
_UNWITNESSED = select(_chain.chain).where(_chain.witnessed < _chain.number).order_by(_chain.chain)
_HAS = select(_line.number).where(_line.id == bindparam("name"))
_ASIDE = select(_aside.chain, _aside.number, _aside.raw, _aside.signature).order_by(
    _aside.chain, _aside.number, _aside.hash
)
_ASIDE_OF = _ASIDE.where(_aside.chain == bindparam("name"), _aside.why == bindparam("because"))
_DROP_ASIDE = delete(tables.aside).where(_aside.id == bindparam("name"))
_MOVE = update(tables.chain).where(_chain.chain == bindparam("name"))
_ADD_LINE, _ADD_CHAIN = insert(tables.line), insert(tables.chain)
_ADD_CLAIM, _ADD_SETTLED = insert(tables.claim), insert(tables.settled)
_ADD_SLIP, _ADD_ASIDE = insert(tables.slip), insert(tables.aside)
_OPEN = and_(
    _slip.asks.is_(True),
    ~exists().where(_settled.sheet == _slip.sheet, _settled.key == _slip.hash),
)
_SLIPS = select(_line.chain, _line.number, _line.raw, _line.signature).join(
    tables.slip, and_(_slip.chain == _line.chain, _slip.number == _line.number)
)
_LAST_ARRIVAL = select(func.coalesce(func.max(_line.arrival), 0))
_NEW_ARRIVALS = (
    select(_line.chain, _line.number, _line.raw, _line.signature)
    .join(tables.chain, _chain.chain == _line.chain)
    .where(_line.arrival.is_(None), _line.number <= _chain.witnessed)
    .order_by(_line.chain, _line.number)
)
_NUMBER = (
    update(tables.line)
    .where(_line.chain == bindparam("of"), _line.number == bindparam("no"))
    .values(arrival=bindparam("arrival"))
)


def write(session: Session, node: Node, on: str, draft: Draft, *, at: int) -> Entry:
    """Write a sheet's next line in the caller's transaction.

    raises   sync.node.NotWritten; the slip then stays tentative
    """
    return node.write(SqlStore(session, node.directory), on, draft, at=at)


def post(session: Session, node: Node, about: str, kind: str, *, at: int, **more: Any) -> Slip:
    """Write a slip in the caller's transaction; `more` as in `Node.post`."""
    return node.post(SqlStore(session, node.directory), about, kind, at=at, **more)


class SqlStore:
    """Implements `sync.store.Store` on a session."""

    def __init__(self, session: Session, directory: Directory) -> None:
        self.session = session
        self.directory = directory

    @property
    def _sql(self) -> Connection:
        """The session's own transaction. Plain rows need nothing of a session, which costs as much
        again a statement."""
        return self.session.connection()

    # Reading

    def position(self, chain: str) -> Position:
        row = self._sql.execute(_POSITION, {"name": chain}).one_or_none()
        return _position(row) if row else genesis(chain, self.directory)

    def chains(self) -> list[str]:
        query = select(_chain.chain).where(_chain.number > 0).order_by(_chain.chain)
        return list(self._sql.scalars(query))

    def heads(self) -> dict[str, Head]:
        return {name: Head(number, digest) for name, number, digest in self._sql.execute(_HEADS)}

    def head(self, chain: str) -> Head:
        row = self._sql.execute(_POSITION, {"name": chain}).one_or_none()
        return Head(row.witnessed, row.witnessed_hash) if row else Head(0, START)

    def lines(
        self, chain: str, *, after: int = 0, through: int | None = None
    ) -> Sequence[Document]:
        query, asked = _LINES, {"name": chain, "after": after}
        if through is not None:
            query, asked = _LINES_THROUGH, {**asked, "through": through}
        return _documents(self._sql.execute(query, asked))

    def unwitnessed(self) -> list[str]:
        return list(self._sql.scalars(_UNWITNESSED))

    def has(self, document_id: str) -> bool:
        return self._sql.scalar(_HAS, {"name": document_id}) is not None

    def pending(self, sheet: str) -> list[Slip]:
        return self._slips(and_(_slip.sheet == sheet, _OPEN))

    def slips(self, sheet: str) -> list[Slip]:
        return self._slips(_slip.sheet == sheet)

    def _slips(self, which: ColumnElement[bool]) -> list[Slip]:
        query = _SLIPS.where(which).order_by(_slip.hash)
        return [each for each in _documents(self._sql.execute(query)) if isinstance(each, Slip)]

    def held(self, keys: Sequence[str]) -> list[str]:
        is_sheet = ~exists().where(_slip.chain == _chain.chain)
        query = select(_chain.chain).where(_chain.holder.in_(keys), _chain.number > 0, is_sheet)
        return list(self._sql.scalars(query.order_by(_chain.chain)))

    def sheets_waiting(self) -> list[str]:
        query = select(_slip.sheet).where(_OPEN).distinct().order_by(_slip.sheet)
        return list(self._sql.scalars(query))

    def owners(self, sheet: str, claims: Collection[str]) -> Mapping[str, str]:
        if not claims:
            return {}
        query = select(_claim.claim, _claim.owner)
        query = query.where(_claim.sheet == sheet, _claim.claim.in_(claims))
        return {row.claim: row.owner for row in self._sql.execute(query)}

    def claims_of(self, sheet: str, owner: str) -> frozenset[str]:
        query = select(_claim.claim).where(_claim.sheet == sheet, _claim.owner == owner)
        return frozenset(self._sql.scalars(query))

    def settled(self, sheet: str, keys: Collection[str]) -> frozenset[str]:
        if not keys:
            return frozenset()
        query = select(_settled.key).where(_settled.sheet == sheet, _settled.key.in_(keys))
        return frozenset(self._sql.scalars(query))

    def answer_to(self, slip: Slip) -> Entry | None:
        """The line that settled a slip, whichever of the two came first; None while it waits."""
        asked = _settled.sheet == slip.sheet, _settled.key == slip.hash
        number = self._sql.scalar(select(_settled.number).where(*asked))
        if number is None:
            return None
        line = self.lines(slip.sheet, after=number - 1, through=number)[0]
        return line if isinstance(line, Entry) else None

    def number_arrivals(self, *, limit: int) -> list[Document]:
        """Give lines their place in the order in which they became fit to be shown; returns them.

        Only the one thread that looks for news calls this; numbers given by the writers would
        become visible out of order.
        """
        last = self._sql.scalar(_LAST_ARRIVAL) or 0
        rows = self._sql.execute(_NEW_ARRIVALS.limit(limit)).all()
        if rows:
            numbered = [
                {"of": row.chain, "no": row.number, "arrival": arrival}
                for arrival, row in enumerate(rows, last + 1)
            ]
            self._sql.execute(_NUMBER, numbered)
        return _documents(rows)

    def arrived(self, *, after: int, limit: int, scope: str = "") -> list[tuple[int, Document]]:
        """Numbered lines of a scope, or of all, in their order, for a carrier's checkpoint."""
        query = select(_line.arrival, _line.chain, _line.number, _line.raw, _line.signature)
        query = query.where(_line.arrival > after).order_by(_line.arrival).limit(limit)
        if scope:
            query = query.where(_line.chain.startswith(f"{scope}/", autoescape=True))
        return [(row.arrival, _document(row)) for row in self._sql.execute(query)]

    def known(self, ids: Collection[str]) -> set[str]:
        """Those ids whose documents stand here or are kept apart after they came.

        What we shall say again did not come: a copy of us may have told it.
        """
        stand = select(_line.id).where(_line.id.in_(ids))
        came = _aside.why != Aside.TO_SAY_AGAIN.value
        apart = select(_aside.id).where(_aside.id.in_(ids), came)
        return {*self._sql.scalars(stand), *self._sql.scalars(apart)}

    def by_id(self, ids: Collection[str]) -> list[Document]:
        """The lines with these ids, as far as they stand here."""
        query = select(_line.chain, _line.number, _line.raw, _line.signature)
        return _documents(self._sql.execute(query.where(_line.id.in_(ids)).order_by(_line.id)))

    # Writing

    def append(self, line: Document, after: Position, *, is_witnessed: bool) -> None:
        self._sql.execute(_ADD_LINE, _line_row(line))
        self._put(line, after)
        marks: dict[str, Any] = {}
        if is_witnessed:
            marks = {"witnessed": line.number, "witnessed_hash": line.hash}
        self._save(after, marks)

    def _put(self, line: Document, after: Position) -> None:
        """What a line adds up to, beside itself."""
        change = effects(line, after)
        if change.frees:
            self._sql.execute(
                delete(tables.claim).where(_claim.sheet == line.chain, _claim.owner == change.frees)
            )
        if change.claims:
            if isinstance(line, Entry) and line.kind == "form":
                # A form's claims were its pad's until now.
                mine = and_(_claim.sheet == line.chain, _claim.claim.in_(change.claims))
                self._sql.execute(delete(tables.claim).where(mine))
            rows = [
                {"sheet": line.chain, "claim": claim, "owner": change.owner}
                for claim in change.claims
            ]
            self._sql.execute(_ADD_CLAIM, rows)
        if change.settles:
            number = line.number
            keys = [{"sheet": line.chain, "key": key, "number": number} for key in change.settles]
            self._sql.execute(_ADD_SETTLED, keys)
        if isinstance(line, Slip):
            row: dict[str, Any] = {"hash": line.hash, "sheet": line.sheet, "chain": line.chain}
            row |= {"number": line.number, "asks": line.asks}
            self._sql.execute(_ADD_SLIP, row)

    def _save(self, position: Position, marks: Mapping[str, Any]) -> None:
        row = {
            **asdict(position),
            "pads": orjson.dumps([asdict(p) for p in position.pads]).decode(),
        }
        name = row.pop("chain")
        change = {**row, **marks, "name": name}
        if not self._sql.execute(_MOVE, change).rowcount:
            first = {"witnessed": 0, "witnessed_hash": START, **row, **marks, "chain": name}
            self._sql.execute(_ADD_CHAIN, first)

    def take_back(self, chain: str, after: int) -> list[Document]:
        gone = list(self.lines(chain, after=after))
        if gone:
            self._sql.execute(delete(tables.line).where(_line.chain == chain, _line.number > after))
            self._sql.execute(delete(tables.slip).where(_slip.chain == chain, _slip.number > after))
            self._renew(chain)
        return gone[::-1]

    def rebuild(self, chain: str) -> None:
        self._renew(chain)

    def _renew(self, chain: str) -> None:
        """Work out what the remaining lines add up to. A sheet is a day's worth of lines."""
        forked_at = self.position(chain).forked_at
        for table in (tables.claim, tables.settled):
            self._sql.execute(delete(table).where(table.c.sheet == chain))
        self._sql.execute(delete(tables.slip).where(_slip.chain == chain))
        witnessed = self.head(chain)
        self._sql.execute(delete(tables.chain).where(_chain.chain == chain))
        position = genesis(chain, self.directory)
        marks = {"witnessed": 0, "witnessed_hash": START}
        for line in self.lines(chain):
            position = follow(position, line)
            self._put(line, position)
            if line.number <= witnessed.number:
                marks = {"witnessed": line.number, "witnessed_hash": line.hash}
        row = asdict(position) | {"forked_at": forked_at}
        self._save(Position(**{**row, "pads": position.pads}), marks)

    def set_witnessed(self, chain: str, through: int) -> None:
        last = self.lines(chain, after=through - 1, through=through)[0]
        marks = {"witnessed": through, "witnessed_hash": last.hash}
        self._sql.execute(update(tables.chain).where(_chain.chain == chain).values(**marks))

    def set_forked(self, chain: str, number: int) -> None:
        position = self.position(chain)
        self._save(Position(**{**_fields(position), "forked_at": number}), {})

    def set_aside(self, document: Document, why: Aside) -> None:
        self.drop_aside(document.id)
        row = {"id": document.id, "chain": document.chain, "number": document.number}
        row |= {"hash": document.hash, "why": why.value}
        row |= {"raw": document.raw, "signature": document.signature}
        self._sql.execute(_ADD_ASIDE, row)

    def aside(self, chain: str | None = None, why: Aside | None = None) -> list[Document]:
        if chain is not None and why is not None:
            asked = {"name": chain, "because": why.value}
            return _documents(self._sql.execute(_ASIDE_OF, asked))
        query = _ASIDE
        if chain is not None:
            query = query.where(_aside.chain == chain)
        if why is not None:
            query = query.where(_aside.why == why.value)
        return _documents(self._sql.execute(query))

    def reasons(self) -> dict[str, int]:
        """How many documents are kept apart, by reason: for the strip on the counter's screen."""
        query = select(_aside.why, func.count()).group_by(_aside.why).order_by(_aside.why)
        return {row[0]: row[1] for row in self._sql.execute(query)}

    def drop_aside(self, document_id: str) -> None:
        self._sql.execute(_DROP_ASIDE, {"name": document_id})


def _line_row(line: Document) -> dict[str, Any]:
    return {
        "chain": line.chain,
        "number": line.number,
        "id": line.id,
        "hash": line.hash,
        "author": line.author,
        "raw": line.raw,
        "signature": line.signature,
    }


def _fields(position: Position) -> dict[str, Any]:
    return {name: getattr(position, name) for name in Position.__dataclass_fields__}


def _position(row: Row[*tuple[Any, ...]]) -> Position:
    values = {name: getattr(row, name) for name in Position.__dataclass_fields__}
    pads = tuple(Pad(**pad) for pad in orjson.loads(values["pads"]))
    return Position(**{**values, "pads": pads})


def _document(row: Row[*tuple[Any, ...]]) -> Document:
    """The row's document. A row that a failing disk changed is no document; the check finds it."""
    try:
        return unpacked(row.raw, row.signature)
    except Malformed:
        return damaged(row.chain, row.number, row.raw)


def _documents(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Document]:
    return [_document(row) for row in rows]
