"""領収書 and what a cash desk keeps: 現金出納帳, 日計表, 現金引継書.

Numbers of receipts have no gaps within a node; void ones are listed, never reused. What is printed
of the consumption tax is the caller's calculation: nothing here adds up a tax.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class TaxLine:
    """What was paid at one rate of the consumption tax, as a 適格請求書 wants it."""

    rate: str
    base_yen: int
    tax_yen: int


@dataclass(frozen=True)
class Receipt:
    """The town has received money."""

    number: str
    received_on: date
    issued_at: datetime
    payer: str
    amount_yen: int
    purpose: tuple[str, ...]
    tax_lines: tuple[TaxLine, ...]
    registration_number: str
    method: str
    category: str = ""
    permit_number: str = ""
    cashier: str = ""
    has_stamp_duty: bool = False  # a private manager's own charge of 50,000 yen or more
    node: str = ""
    operator: str = ""
    marking: str = ""


@dataclass(frozen=True)
class CashLine:
    """A line of the cash book."""

    day: date
    text: str
    number: str = ""
    received_yen: int | None = None
    paid_yen: int | None = None
    balance_yen: int | None = None
    operator: str = ""


@dataclass(frozen=True)
class CashBook:
    """現金出納帳 of one desk; empty lines are there to go on by hand."""

    issued_at: datetime
    desk: str
    period: str
    carried_yen: int | None = None
    lines: tuple[CashLine, ...] = ()
    book_number: str = ""
    node: str = ""
    operator: str = ""

    @property
    def received_total(self) -> int:
        return sum(line.received_yen or 0 for line in self.lines)

    @property
    def paid_total(self) -> int:
        return sum(line.paid_yen or 0 for line in self.lines)

    @property
    def balance(self) -> int | None:
        """What must be in the box; unknown on an empty page."""
        if self.carried_yen is None:
            return None
        return self.carried_yen + self.received_total - self.paid_total


@dataclass(frozen=True)
class CategoryLine:
    """A day's takings of one kind."""

    category: str
    count: int
    yen: int


@dataclass(frozen=True)
class Denomination:
    """How many notes or coins of a kind lie in the box; None is counted by hand."""

    face_yen: int
    count: int | None = None

    @property
    def yen(self) -> int | None:
        return None if self.count is None else self.face_yen * self.count


@dataclass(frozen=True)
class DaySheet:
    """日計表: the receipts of a day, what is in the box, and who counted it."""

    issued_at: datetime
    day: date
    desk: str
    receipts: str = ""  # from which number to which
    void: tuple[str, ...] = ()
    categories: tuple[CategoryLine, ...] = ()
    denominations: tuple[Denomination, ...] = ()
    change_fund_yen: int | None = None
    deposit_number: str = ""
    note: str = ""
    node: str = ""
    operator: str = ""

    @property
    def receipt_count(self) -> int:
        return sum(line.count for line in self.categories)

    @property
    def takings(self) -> int | None:
        """All kinds together; unknown on an empty sheet."""
        return sum(line.yen for line in self.categories) if self.categories else None

    @property
    def counted(self) -> int | None:
        """What was counted, once every kind is."""
        return _sum(self.denominations)

    @property
    def difference(self) -> int | None:
        """過不足: what is over or (negative) short."""
        if self.counted is None or self.change_fund_yen is None or self.takings is None:
            return None
        return self.counted - self.change_fund_yen - self.takings


@dataclass(frozen=True)
class SettlementLine:
    """A payment (above zero) or refund (below) that one town has of another's."""

    day: date
    number: str
    text: str
    yen: int


@dataclass(frozen=True)
class SettlementSheet:
    """精算書: what one town hands to another for a month; bookings by number, nobody's name."""

    issued_at: datetime
    month: str
    giver: str
    taker: str
    lines: tuple[SettlementLine, ...] = ()
    closed_at: datetime | None = None
    note: str = ""
    node: str = ""
    operator: str = ""
    marking: str = ""

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def total(self) -> int:
        """What is handed over; below zero it comes back."""
        return sum(line.yen for line in self.lines)


@dataclass(frozen=True)
class CashHandover:
    """現金引継書: who hands which money and which numbers to whom."""

    issued_at: datetime
    desk: str
    handed_at: datetime | None = None
    giver: str = ""
    taker: str = ""
    denominations: tuple[Denomination, ...] = ()
    book_yen: int | None = None  # what the cash book says
    receipts: str = ""  # the receipts that are still blank
    void: tuple[str, ...] = ()
    note: str = ""
    node: str = ""
    operator: str = ""

    @property
    def counted(self) -> int | None:
        """What was counted, once every kind is."""
        return _sum(self.denominations)

    @property
    def difference(self) -> int | None:
        """What is over or (negative) short of the book."""
        if self.counted is None or self.book_yen is None:
            return None
        return self.counted - self.book_yen


def _sum(denominations: tuple[Denomination, ...]) -> int | None:
    amounts = [each.yen for each in denominations]
    return None if None in amounts or not amounts else sum(filter(None, amounts))
