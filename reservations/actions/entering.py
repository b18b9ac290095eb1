"""Writing up the book: events become lines of their sheets.

An action only appends its event. A desk without a witness writes the lines up afterwards, many at
a time, because nobody waits for them; a desk with a witness writes them in the action's own
transaction and tells people when the witness has them (DESIGN.md, S2). Either way the lines of a
sheet are whole before the sheet is handed over, answered from, printed or exported.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.db import run
from reservations.desk import Desk
from reservations.events import BookingConfirmed
from reservations.models import Booking, DayMask, Event, Facility, FacilityNode, Part, UnitPart
from reservations.models.base import table_of
from reservations.rules.period import SLOTS_PER_DAY
from reservations.sheets import SheetName
from sync.document import Entry
from sync.ledger import SqlStore

_EVENT = table_of(Event)
_BOOKING = table_of(Booking)
_IS_PENDING = _EVENT.c.sheet != "", _EVENT.c.line.is_(None)
_PENDING = (
    select(_EVENT).where(_EVENT.c.sheet == bindparam("on"), *_IS_PENDING).order_by(_EVENT.c.seq)
)
_WAITING = select(_EVENT.c.sheet).where(*_IS_PENDING).distinct().order_by(_EVENT.c.sheet)
_SERVED = select(
    Facility.municipality_code.label("town"), FacilityNode.facility_id.label("facility_id")
).join(FacilityNode, FacilityNode.facility_id == Facility.id)
_ENTERED = update(_EVENT).where(_EVENT.c.seq == bindparam("of")).values(line=bindparam("number"))


def waiting(session: Session, desk: Desk, *, limit: int, is_night: bool = False) -> list[SheetName]:
    """Sheets with events that are not on the ledger yet.

    By day the hub writes up only the facilities that another node serves too: for the others
    nobody waits, and a rush has the machine for itself.
    """
    query = _WAITING.limit(limit)
    if desk.is_home and not is_night:
        served = run(session, _SERVED).all()
        of_served = [_EVENT.c.sheet.like(f"{row.town}-%/{row.facility_id}/%") for row in served]
        if not of_served:
            return []
        query = query.where(or_(*of_served))
    names = (sheets.parsed(row.sheet) for row in run(session, query))
    return [name for name in names if name is not None]


def lock(session: Session, name: SheetName) -> None:
    """Alone with a sheet until the commit: nobody claims on it, nobody writes a line.

    SQLite has one writer and needs no such lock.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    run(session, select(func.pg_advisory_xact_lock(func.hashtextextended(name.text, 1))))
    parts = select(Part.id).where(Part.facility_id == name.facility_id)
    rows = select(DayMask.part_id).where(DayMask.date == name.date, DayMask.part_id.in_(parts))
    run(session, rows.order_by(DayMask.part_id).with_for_update())


def enter(session: Session, desk: Desk, name: SheetName) -> list[Entry]:
    """Write every event of this sheet that has no line yet; in the caller's transaction.

    The first line of a sheet is preceded by what was booked before there was a ledger.

    raises   sync.node.NotWritten where this desk may not write; nothing else stands against it,
             because the day masks have refused whatever could
    """
    store = SqlStore(session, desk.directory)
    position = store.position(name.text)
    written = _open(session, desk, store, name) if position.number == 0 else []
    for row in run(session, _PENDING, {"on": name.text}).all():
        draft = sheets.draft_of(row.name, row.version, row.subject, row.body)
        entry = desk.node.write(store, name.text, draft, at=sheets.milliseconds(row.at))
        run(session, _ENTERED, {"of": row.seq, "number": entry.number})
        written.append(entry)
    if written and not desk.has_witness:
        # There is no second medium to wait for.
        store.set_witnessed(name.text, written[-1].number)
    return written


def note_written(session: Session, desk: Desk) -> int:
    """After a restore: events that the copy had still to write up, and whose lines came back.

    returns   how many
    """
    store = SqlStore(session, desk.directory)
    noted = 0
    for row in run(session, select(_EVENT).where(*_IS_PENDING).order_by(_EVENT.c.seq)).all():
        draft = sheets.draft_of(row.name, row.version, row.subject, row.body)
        if store.settled(row.sheet, draft.settles):
            number = store.position(row.sheet).number
            run(session, _ENTERED, {"of": row.seq, "number": number})
            noted += 1
    return noted


def _open(session: Session, desk: Desk, store: SqlStore, name: SheetName) -> list[Entry]:
    """What stands in the tables without an event: it came with an import, or before the ledger."""
    written = []
    for row in _without_event(session, name):
        fact = BookingConfirmed(**sheets.stated(dict(row._mapping), _parts(session, row.unit_id)))
        for each in (fact, *fact.also()):
            if each.sheet == name.text:
                draft = sheets.draft_of(each.name, each.version, each.subject, each.body())
                at = sheets.milliseconds(row.made_at)
                written.append(desk.node.write(store, name.text, draft, at=at))
    return written


def _without_event(session: Session, name: SheetName) -> list[Row[Any]]:
    c = _BOOKING.c
    before = name.date - timedelta(days=1)
    query = (
        select(_BOOKING)
        .where(
            c.facility_id == name.facility_id,
            or_(c.date == name.date, (c.date == before) & (c.end_slot > SLOTS_PER_DAY)),
            c.status == "confirmed",
            ~exists().where(_EVENT.c.subject == c.id, _EVENT.c.sheet == name.text),
        )
        .order_by(c.made_at, c.id)
    )
    return list(run(session, query).all())


def _parts(session: Session, unit_id: int) -> tuple[int, ...]:
    query = select(UnitPart.part_id).where(UnitPart.unit_id == unit_id).order_by(UnitPart.part_id)
    return tuple(run(session, query).scalars())
