"""紙運用セット: made every evening and on demand, kept here, and copied to a drive where one is.

Numbers are taken first, in a transaction of their own. A pack that is never printed wastes its
numbers; no two sheets of paper ever have the same one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session

from reservations.actions import entering, numbers
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.desk import Desk
from reservations.events import PackMade
from reservations.models import FacilityNode, NumberCounter, PaperPack
from reservations.models.base import table_of
from reservations.queries import calendar, nearby, packs
from reservations.queries import timetable as timetable_query
from reservations.queries.calendar import UnitDay
from reservations.queries.catalogue import Place
from reservations.queries.memory import Memory
from reservations.queries.parties import Viewer
from reservations.rules.availability import Status
from reservations.rules.town import Residency
from reservations.sheets import SheetName
from sync.node import NotWritten

if TYPE_CHECKING:
    from reservations.documents.packs import Contents, Full, Numbers, SheetState

BOARD_DAYS, COVERED_DAYS = 30, 7
FORMS, CARDS, RECEIPTS = 60, 20, 20
FORMS_MAX = 400
NIGHTS_KEPT = 7
# One sheet of paper, or two: what is full beyond these is counted on it.
FULL_MAX, INSTEAD, ASKED = 24, 2, 8

log = structlog.get_logger("tonari.packs")
_COUNTER = table_of(NumberCounter)
# The numbers of packs that this node knows; which receipts a pack had is not kept.
_LAST = {
    "lease": PaperPack.lease,
    "form": PaperPack.last,
    "receipt": literal(0),
    numbers.RECEIPT: literal(0),
}
SKIPPED = {"lease": 100, "form": 20_000, "receipt": 10_000, numbers.RECEIPT: 1_000}


@dataclass(frozen=True, slots=True)
class PackRequest:
    """Numbers for a pack of one facility that may write on these days once it is opened."""

    facility_id: int
    first_day: date
    last_day: date
    forms: int
    grids: int
    cards: int = CARDS
    receipts: int = RECEIPTS


@dataclass(frozen=True, slots=True)
class Made:
    """A pack on this machine's disk.

    pdf     its first volume; `more` are those of a house with many rooms
    sha256  of the first volume
    pages   of all
    """

    pad: str
    facility_id: int
    pdf: Path
    text: Path
    sha256: str
    pages: int
    copied_to: str = ""
    more: tuple[Path, ...] = ()


@action("make_pack")
def take_numbers(
    session: Session, request: PackRequest, context: Context, _pack_id: str
) -> PackMade:
    """Take the numbers of one pack; `PackMade.lease` names it."""
    assert 0 < request.forms <= FORMS_MAX, request
    lease = numbers.take(session, "lease", 1)
    first = numbers.take(session, "form", request.forms + request.grids + request.cards)
    receipt = numbers.take(session, "receipt", request.receipts)
    pad = packs.pad_name(context.node_no, lease)
    session.add(
        PaperPack(
            pad=pad,
            facility_id=request.facility_id,
            node_no=context.node_no,
            lease=lease,
            first=first,
            last=first + request.forms - 1,
            first_day=request.first_day,
            last_day=request.last_day,
            made_at=context.now,
        )
    )
    return PackMade(
        subject=pad,
        facility_id=request.facility_id,
        lease=lease,
        first=first,
        count=request.forms,
        first_receipt=receipt,
    )


def never_again(session: Session, node_no: int) -> None:
    """After a restore: no number is given twice that was given after the copy.

    Packs that were opened came back by the ledger. Of one that was only printed nobody knows, so
    the counters leave a gap that is wider than some nights' packs.
    """
    connection = session.connection()
    for row in connection.execute(select(_COUNTER)).all():
        known = select(func.coalesce(func.max(_LAST[row.kind]), 0))
        last = connection.scalar(known.where(PaperPack.node_no == node_no)) or 0
        following = max(row.next, last + 1) + SKIPPED[row.kind]
        mine = update(_COUNTER).where(_COUNTER.c.kind == row.kind)
        connection.execute(mine.values(next=following))


def make(
    database: Database,
    settings: Settings,
    memory: Memory,
    place: Place,
    context: Context,
    *,
    out: Path,
    forms: int = FORMS,
) -> Made:
    """Make the pack of one facility and put it into `out`: PDF, plain text and their hashes."""
    desk: Desk = database.desk
    today = local_day(context.now)
    covered = _covered(desk, place, today)
    days = [sheet.date for sheet in covered] or [today]
    request = PackRequest(place.id, days[0], days[-1], forms, len(covered))
    with database.session() as session:
        fact = take_numbers(session, request, context).fact
        assert isinstance(fact, PackMade)
        numbers = _numbers(fact, request, context)
        contents = _contents(session, memory, place, context, covered, numbers)
    made = _drawn(desk, settings, contents, out)
    with database.session() as session, write_transaction(session):
        kept = session.get_one(PaperPack, made.pad)
        kept.sha256 = made.sha256
    return made


def _covered(desk: Desk, place: Place, today: date) -> list[SheetState]:
    """The near sheets that this desk may write on, each written up to now."""
    from reservations.documents.packs import SheetState  # noqa: PLC0415 - reportlab

    found = []
    for offset in range(COVERED_DAYS):
        name = SheetName(place.town.code, place.id, today + timedelta(days=offset))
        try:
            with desk.transaction() as store:
                if desk.node.may_write(store.position(name.text)) is not None:
                    continue
                entering.lock(store.session, name)
                entering.enter(store.session, desk, name)
                position = store.position(name.text)
        except NotWritten:
            continue
        found.append(SheetState(name.date, name.text, position.number, position.hash))
    return found


def _numbers(fact: PackMade, request: PackRequest, context: Context) -> Numbers:
    from reservations.documents.packs import Numbers  # noqa: PLC0415 - reportlab

    grids, receipt = fact.first + request.forms, fact.first_receipt
    cards = grids + request.grids
    return Numbers(
        node=packs.node_label(context.node_no),
        node_no=context.node_no,
        lease=fact.lease,
        pad=fact.subject,
        forms=range(fact.first, grids),
        grids=range(grids, cards),
        cards=range(cards, cards + request.cards),
        receipts=range(receipt, receipt + request.receipts),
    )


def _contents(
    session: Session,
    memory: Memory,
    place: Place,
    context: Context,
    covered: list[SheetState],
    numbers: Numbers,
) -> Contents:
    """What is read for a pack: two statements more, whatever the number of rooms."""
    from reservations.documents.packs import Contents  # noqa: PLC0415 - reportlab

    desk: Desk = session.info["database"].desk
    today = local_day(context.now)
    units = memory.catalogue.units_of_place[place.id]
    memory.masks.refresh()
    days = calendar.days(session, memory, place, units, today, count=BOARD_DAYS, now=context.now)
    settings = desk.settings
    full, more = _full(memory, place, days, context)
    return Contents(
        place=place,
        at=context.now,
        days=days,
        uses=timetable_query.uses(session, memory, place, today, count=BOARD_DAYS, is_named=True),
        covered=covered,
        numbers=numbers,
        mac=packs.form_key(desk, numbers.lease),
        fingerprint=hashlib.sha256(desk.key.public.encode()).hexdigest()[:32],
        support=(settings.support_phone, settings.support_hours),
        full=full,
        full_more=more,
    )


def _full(
    memory: Memory, place: Place, days: Sequence[Sequence[UnitDay]], context: Context
) -> tuple[list[Full], int]:
    """The first taken times of the coming days with what is free next door at a resident's price,
    and how many taken times there are beyond them."""
    from reservations.documents.packs import Full, smallest  # noqa: PLC0415 - reportlab

    shown = [days[index] for index in smallest([unit_days[0].unit for unit_days in days])]
    taken = [
        cell
        for offset in range(COVERED_DAYS)
        for unit_days in shown
        for cell in unit_days[offset].cells
        if cell.status is Status.TAKEN
    ]
    resident = Viewer(party_id="", residencies={place.town.code: Residency.RESIDENT})
    full = []
    for cell in taken[:FULL_MAX]:
        found = nearby.alternatives(
            memory,
            cell.unit,
            cell.date,
            cell.period,
            now=context.now,
            viewer=resident,
            limit=ASKED,
        )
        elsewhere = [each for each in found if each.unit.place.id != place.id]
        full.append(Full(cell.unit, cell.date, cell.period, elsewhere[:INSTEAD]))
    return full, len(taken) - len(full)


def _drawn(desk: Desk, settings: Settings, contents: Contents, out: Path) -> Made:
    from printables import pack as paper  # noqa: PLC0415 - reportlab
    from reservations.documents.packs import pack_forms, volumes  # noqa: PLC0415 - as above

    town = pack_forms(contents)
    name = f"{contents.numbers.pad}-{contents.place.id}"
    hashes: dict[str, str] = {}
    texts, pages = [], 0

    def put(file: str, content: bytes) -> None:
        _write(out / file, content)
        hashes[file] = hashlib.sha256(content).hexdigest()

    # One volume is drawn, written and forgotten before the next.
    for number, records in enumerate(volumes(contents), 1):
        drawn = paper.draw(records, town)
        put(f"{name}.pdf" if number == 1 else f"{name}-{number}.pdf", drawn.pdf)
        texts.append(paper.text(records, town))
        pages += drawn.pages
    pdfs = [out / file for file in hashes]
    put(f"{name}.txt", "\f".join(texts).encode())
    listed = "".join(f"{sha256}  {file}\n" for file, sha256 in hashes.items())
    _write(out / f"{name}.sha256", listed.encode())
    return Made(
        contents.numbers.pad,
        contents.place.id,
        pdfs[0],
        out / f"{name}.txt",
        hashes[f"{name}.pdf"],
        pages,
        _copied(settings, out, [*hashes, f"{name}.sha256"]),
        tuple(pdfs[1:]),
    )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner alone: names stand in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _copied(settings: Settings, out: Path, files: list[str]) -> str:
    """Where the files were copied to; empty without a drive. A full drive stops no pack."""
    drive = Path(settings.pack_dir) if settings.pack_dir else None
    if drive is None or not drive.is_dir():
        return ""
    target = drive / out.name
    try:
        for file in files:
            _write(target / file, (out / file).read_bytes())
    except OSError as fault:
        log.error("the pack could not be copied", to=str(target), why=fault.strerror)
        return ""
    return str(target)


# The nightly job


def nightly(database: Database, settings: Settings, memory: Memory, context: Context) -> list[Made]:
    """The pack of every facility that this node serves, one after the other; a week is kept.

    One that fails stops no other.
    """
    folder = settings.data_dir / "packs" / local_day(context.now).isoformat()
    made = []
    for facility_id in facilities(database, settings):
        place = memory.catalogue.places.get(facility_id)
        if place is None or facility_id not in memory.catalogue.units_of_place:
            continue
        try:
            made.append(make(database, settings, memory, place, context, out=folder))
        except Exception:
            log.exception("a pack could not be made", facility=facility_id)
    forget_old(settings.data_dir / "packs")
    if settings.pack_dir:
        forget_old(Path(settings.pack_dir))
    return made


def facilities(database: Database, settings: Settings) -> list[int]:
    """Whose packs are made here every night."""
    query = select(FacilityNode.facility_id).where(FacilityNode.node == settings.node_name)
    with database.session() as session:
        served = session.scalars(query).all()
    return sorted({*served, *settings.pack_facilities})


def forget_old(folder: Path) -> None:
    """Of the folders named by a day the last seven are kept; nothing else is touched."""
    days = []
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        with contextlib.suppress(ValueError):
            days.append((date.fromisoformat(each.name), each))
    for _, old in sorted(days)[:-NIGHTS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
