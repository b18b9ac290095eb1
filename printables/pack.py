"""The fallback pack (紙運用セット): all that a desk needs for a month without a machine.

A pack is made of the records of its parts; which parts there are, in what order and under which
names is data (`models/pack.toml`). What is in them, which numbers and which keys, is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter

from printables import layout
from printables.application_form import ApplicationForm
from printables.book import Book
from printables.fallback import (
    ContactList,
    ContentLine,
    FormRegister,
    LaterInput,
    LedgerSheet,
    MasterGrid,
    NearbyList,
    PackCover,
    PriceList,
    ReceiptPage,
)
from printables.forms import Filled, Town, town, written
from printables.layout import Drawn, about
from printables.money import CashBook, DaySheet
from printables.qr import form_number
from printables.registry import PAPERS
from printables.sheet import Sheet
from printables.shelter_card import ShelterCard
from printables.shelter_desk import Roster, ShelterReport, SupplyLedger, SupplyRequest
from printables.timetable import Timetable

NAME = "pack"
Record = TypeVar("Record", ApplicationForm, ShelterCard, MasterGrid)


@dataclass(frozen=True)
class Pack:
    """The records of every part; a part without records is left out. `cover.contents` is ours."""

    cover: PackCover
    grids: tuple[MasterGrid, ...] = ()
    ledgers: tuple[LedgerSheet, ...] = ()
    boards: tuple[Timetable, ...] = ()
    nearby: tuple[NearbyList, ...] = ()
    forms: tuple[ApplicationForm, ...] = ()
    receipts: tuple[ReceiptPage, ...] = ()
    cash_books: tuple[CashBook, ...] = ()
    day_sheets: tuple[DaySheet, ...] = ()
    registers: tuple[FormRegister, ...] = ()
    prices: tuple[PriceList, ...] = ()
    shelter_cards: tuple[ShelterCard, ...] = ()
    rosters: tuple[Roster, ...] = ()
    shelter_reports: tuple[ShelterReport, ...] = ()
    supply_requests: tuple[SupplyRequest, ...] = ()
    supply_ledgers: tuple[SupplyLedger, ...] = ()
    contacts: tuple[ContactList, ...] = ()
    later_inputs: tuple[LaterInput, ...] = ()


_ADAPTER = TypeAdapter(Pack)


def read(data: str | bytes) -> Pack:
    """A pack from JSON; pydantic's ValidationError says what is wrong with it."""
    return _ADAPTER.validate_json(data)


def write(pack: Pack) -> str:
    """A pack as JSON that `read` takes; what is empty is left out."""
    return _ADAPTER.dump_json(pack, exclude_defaults=True).decode() + "\n"


def sample() -> Pack:
    """A pack to look at: one record of every part."""
    parts = {
        part["records"]: (PAPERS[part["paper"]].samples()["typical"],)
        for part in town().form(NAME)["parts"]
    }
    return Pack(PAPERS["pack_cover"].samples()["typical"], **parts)


def blanks(
    blank: Record, node: str, serials: Sequence[int], corner: Callable[[int], str]
) -> tuple[Record, ...]:
    """Numbered copies of a blank form.

    serials   of the pad's lease, each once in the life of the node
    corner    the code of a serial: qr.form_code with the pad's key
    """
    return tuple(
        replace(blank, form_number=form_number(node, serial), corner=corner(serial))
        for serial in serials
    )


def draw(pack: Pack, of_town: Town | None = None) -> Drawn:
    """The whole pack as one file with bookmarks; the same pack and town give the same bytes."""
    of_town = of_town or town()
    form = of_town.form(NAME)
    title = _said(pack, of_town, form["title"])
    parts = list(_parts(pack, form))
    # The cover tells on which pages the parts are, so it is drawn last, on pages held for it.
    cover = PAPERS["pack_cover"]
    preview = cover.sheet(_cover(pack, parts, [""] * len(parts)), of_town)
    book = Book(about(preview, title))
    held = book.hold(form["cover"], layout.draw(preview).pages)
    pages = []
    for part, records in parts:
        first = book.pages + 1
        book.add(part["title"], _sheets(part, records, of_town))
        pages.append(f"{first}－{book.pages}" if book.pages > first else str(first))
    book.fill(held, cover.sheet(_cover(pack, parts, pages), of_town))
    return book.close()


def text(pack: Pack, of_town: Town | None = None) -> str:
    """The whole pack in 80 columns; a form feed stands before each sheet."""
    of_town = of_town or town()
    parts = list(_parts(pack, of_town.form(NAME)))
    cover = PAPERS["pack_cover"].text(_cover(pack, parts, [""] * len(parts)), of_town)
    sheets = [
        PAPERS[part["paper"]].text(record, of_town) for part, records in parts for record in records
    ]
    return "\f".join([cover, *sheets])


def _parts(pack: Pack, form: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """What there is, in the order of the form."""
    for part in form["parts"]:
        records = getattr(pack, part["records"])
        if records:
            yield part, records


def _sheets(
    part: Mapping[str, Any], records: Sequence[Any], of_town: Town
) -> Iterator[tuple[str, Sheet]]:
    paper = PAPERS[part["paper"]]
    for record in records:
        name = written(getattr(record, part["bookmark"]), {}) if "bookmark" in part else ""
        yield name, paper.sheet(record, of_town, part.get("edition", ""))


def _cover(pack: Pack, parts: Sequence[tuple[Any, Sequence[Any]]], pages: list[str]) -> PackCover:
    contents = tuple(
        ContentLine(part["title"], len(records), shown)
        for (part, records), shown in zip(parts, pages, strict=True)
    )
    return replace(pack.cover, contents=contents)


def _said(pack: Pack, of_town: Town, words: str) -> str:
    form = {"name": NAME, "fields": {"facility_name": {"from": "facility"}}}
    return Filled(form, of_town, pack.cover).say(words)
