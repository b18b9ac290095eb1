"""The papers that only a fallback pack has: what a desk works by when no machine runs.

The master grid is the lock: one sheet of paper a facility and day, and whoever writes a place there
has lent it. The ledger keeps the order in which people came, the register where every numbered
sheet went. Nothing here is filled in by the program but what stood in the ledger `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from printables import japanese
from printables.forms import Data, Filled
from printables.sheet import Block, Cell, Grid, Row


@dataclass(frozen=True)
class NumberRange:
    """The numbers of one kind of sheet, from the first to the last."""

    form: str
    first: str
    last: str
    count: int


@dataclass(frozen=True)
class ContentLine:
    """A part of the pack; pages are counted through the whole pack."""

    title: str
    sheets: int
    pages: str = ""


@dataclass(frozen=True)
class PackCover:
    """表紙: what this pack is, how far it knows, how it is used."""

    issued_at: datetime
    facility: str
    as_of: datetime
    sequence: str  # how far the ledger was read, as its own words say it
    covers: str
    pad: str  # the holder's name under which the pack writes
    fingerprint: str
    ranges: tuple[NumberRange, ...] = ()
    contents: tuple[ContentLine, ...] = ()
    volume: str = ""  # of several: 全2冊の第1冊
    rooms: str = ""  # of which rooms the boards are in it
    absent: tuple[str, ...] = ()  # what somebody would look for in vain, a sentence each
    node: str = ""
    operator: str = ""

    @property
    def fingerprint_groups(self) -> str:
        """Four characters at a time, to be compared by eye or read out."""
        plain = "".join(self.fingerprint.split())
        return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


@dataclass(frozen=True)
class GridRow:
    """A place that is lent alone, and what already stands in its frames; "" is free."""

    label: str
    slots: tuple[str, ...]


@dataclass(frozen=True)
class MasterGrid:
    """原簿: one facility on one day, the sheet of the ledger as a sheet of paper."""

    issued_at: datetime
    facility: str
    day: date
    as_of: datetime
    sheet: str
    entry_number: int
    entry_hash: str
    pad: str
    heads: tuple[str, ...]
    rows: tuple[GridRow, ...]
    form_number: str = ""
    corner: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class LedgerRow:
    """A line of the ledger that waits for the pen."""

    number: str


@dataclass(frozen=True)
class LedgerSheet:
    """受付台帳: one line for everybody who came, numbered beforehand."""

    issued_at: datetime
    facility: str
    ledger_number: str
    first: int
    count: int = 20
    node: str = ""
    operator: str = ""

    @property
    def rows(self) -> tuple[LedgerRow, ...]:
        return tuple(LedgerRow(str(self.first + index)) for index in range(self.count))


@dataclass(frozen=True)
class ReceiptPage:
    """領収書綴り: two numbered receipts on a sheet, each with its stub."""

    issued_at: datetime
    upper: str
    lower: str
    book_number: str = ""
    facility: str = ""
    registration_number: str = ""
    tax_note: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class FormRegister:
    """用紙受払簿: every numbered sheet is used, void, lost or still blank."""

    issued_at: datetime
    facility: str
    pad: str
    ranges: tuple[NumberRange, ...] = ()
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class PriceRow:
    """What a place costs in each frame; None is not lent then."""

    label: str
    yen: tuple[int | None, ...]


@dataclass(frozen=True)
class EquipmentPrice:
    """What a thing costs."""

    label: str
    basis: str
    yen: int


@dataclass(frozen=True)
class PriceList:
    """料金表 with what must be said before somebody pays."""

    issued_at: datetime
    facility: str
    valid_from: date
    heads: tuple[str, ...]
    rows: tuple[PriceRow, ...]
    surcharges: tuple[str, ...] = ()
    equipment: tuple[EquipmentPrice, ...] = ()
    note: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class NearbyRow:
    """A room that is full, and the nearest that are free instead."""

    unit: str
    when: str
    first: str = ""
    second: str = ""


@dataclass(frozen=True)
class NearbyList:
    """満室のとき: what to offer next door, as far as it was known `as_of`."""

    issued_at: datetime
    facility: str
    as_of: datetime
    rows: tuple[NearbyRow, ...] = ()
    note: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class Contact:
    """Whom to ask, and how while no telephone works."""

    role: str
    name: str = ""
    phone: str = ""
    other: str = ""
    hours: str = ""


@dataclass(frozen=True)
class ContactList:
    """連絡先, for the staff alone."""

    issued_at: datetime
    facility: str
    contacts: tuple[Contact, ...] = ()
    meeting_point: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class LaterInput:
    """復旧後の入力手順: how paper comes back into the ledger, and who has done it."""

    issued_at: datetime
    facility: str
    pad: str
    ranges: tuple[NumberRange, ...] = ()
    node: str = ""
    operator: str = ""


def places(filled: Filled, data: Data) -> Iterable[Block]:
    """The master grid's table: what is taken is printed, what is free is left to the pen."""
    record = filled.record
    assert isinstance(record, MasterGrid)
    first = data.get("label_width", 40.0)
    width = (data["width"] - first) / len(record.heads)
    height = min(max(data["height"] / max(len(record.rows), 1), 9.0), 20.0)
    size = data.get("size", 9.0)
    heads = ("室場・面", *record.heads)
    rows = [Row(tuple(Cell(head, is_label=True, align="center", size=10.0) for head in heads), 7.5)]
    for row in record.rows:
        cells = [Cell(row.label, is_label=True, align="center", size=10.0)]
        for head, said in zip(record.heads, row.slots, strict=True):
            label = f"{row.label}・{head}"
            cells.append(Cell(said, size=size, lines_max=4, label=label))
        rows.append(Row(tuple(cells), height))
    yield Grid((first, *(width for _ in record.heads)), tuple(rows), head_rows=1, is_thick=True)


def prices(filled: Filled, data: Data) -> Iterable[Block]:
    """The table of fees: a row a place, a column a frame."""
    record = filled.record
    assert isinstance(record, PriceList)
    first = data.get("label_width", 50.0)
    width = (data["width"] - first) / len(record.heads)
    heads = (data.get("corner", "室場"), *record.heads)
    rows = [Row(tuple(Cell(head, is_label=True, align="center", size=9.5) for head in heads), 8.0)]
    for row in record.rows:
        cells = [Cell(row.label, is_label=True, align="left", size=10.0)]
        for amount in row.yen:
            shown = "－" if amount is None else japanese.yen(amount)
            cells.append(Cell(shown, align="right", size=10.5, lines_max=1))
        rows.append(Row(tuple(cells), data.get("row_height", 7.5)))
    widths = (first, *(width for _ in record.heads))
    yield Grid(widths, tuple(rows), head_rows=1, title=filled.say(data.get("title", "")))
