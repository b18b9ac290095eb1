"""The facts about money: payments, refunds, reductions, receipts and the drawer."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact, sheet_of


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Fact):
    """収納: a fact, heard at every desk by a slip. `subject` is the booking; amounts in yen.

    town, facility_id, date   the sheet that the booking was on
    day                       of the drawer, or of the account's statement
    account_town              the town that has the money now
    """

    name = "payment.received"
    version = 2
    is_slip = True
    payment: str
    town: str
    facility_id: int
    date: str
    method: str
    amount_yen: int
    received_at: str
    day: str
    node_no: int
    account_town: str


@dataclass(frozen=True, kw_only=True)
class RefundState(Fact):
    """All that a refund is. `subject` is the booking; town to date name the payment's sheet.

    account_town   out of whose money it goes
    """

    refund: str
    payment: str
    town: str
    facility_id: int
    date: str
    method: str
    amount_yen: int
    node_no: int
    asked_at: str
    account_town: str


@dataclass(frozen=True, kw_only=True)
class RefundAsked(RefundState):
    """還付の求め: the sheet's holder is asked by a slip."""

    name = "refund.asked"
    version = 2
    is_slip = True


@dataclass(frozen=True, kw_only=True)
class RefundDecided(RefundState):
    """還付の決定: a line of the payment's sheet.

    before_yen   of this payment had been paid back until then: no second line says the same
    """

    name = "refund.decided"
    version = 2
    before_yen: int

    @property
    def sheet(self) -> str:
        return sheet_of(self.town, self.facility_id, self.date)


@dataclass(frozen=True, kw_only=True)
class RefundHanded(Fact):
    """還付金の支払: the cash has left the drawer of `day`. `subject` is the refund."""

    name = "refund.handed"
    amount_yen: int
    day: str


@dataclass(frozen=True, kw_only=True)
class FeeReduced(Fact):
    """減免の決定, heard at every desk by a slip. `subject` is the booking.

    request   the wish that it answers; empty where nobody wrote one down
    """

    name = "fee.reduced"
    version = 2
    is_slip = True
    reduction: str
    percent: int
    clause: str
    decided_at: str
    node_no: int
    request: str = ""


@dataclass(frozen=True, kw_only=True)
class ReceiptNumbered(Fact):
    """領収書: a number was given. `subject` is the payment."""

    name = "receipt.numbered"
    number: str


@dataclass(frozen=True, kw_only=True)
class DrawerClosed(Fact):
    """締め: the drawer of a day was counted."""

    name = "drawer.closed"
    day: str
    fund_yen: int
    received_yen: int
    paid_out_yen: int
    counted_yen: int
    difference_yen: int


@dataclass(frozen=True, kw_only=True)
class MonthSettled(Fact):
    """精算の締め, heard by the towns concerned by slips. `subject` is the closing.

    month   its first day
    sums    {town: [how many lines, yen]}: what `town` hands to each of the others
    """

    name = "month.settled"
    is_slip = True
    town: str
    month: str
    closed_at: str
    node_no: int
    sums: dict[str, list[int]]
