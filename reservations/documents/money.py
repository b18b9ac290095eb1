"""領収書 and 日計表: what printables/money.py draws, from payments and a drawer."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from printables import japanese
from printables.money import CategoryLine, DaySheet, Denomination, Receipt, TaxLine
from reservations.clock import local, local_day
from reservations.documents.bookings import span, unit_text
from reservations.documents.paper import Document, forms_of, forms_of_town
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import Town
from reservations.queries.money import DayLine, Drawer
from reservations.rules import papers
from reservations.rules.money import FACES_YEN, Method, tax_within_yen
from reservations.rules.town import TownRules

RECEIPT = "receipt"
DAY_SHEET = "day_sheet"
REISSUED = "再発行"
METHODS: Mapping[str, str] = {
    Method.CASH.value: "現金",
    Method.COUPON.value: "回数券など",
    Method.TRANSFER.value: "振込",
    Method.ONLINE.value: "オンライン",
    Method.MOVED.value: "充当",
}


def receipt(
    booking: BookingView, payment: Any, numbered: Any, *, payer: str, is_copy: bool = False
) -> Document:
    """領収書 of one payment; the same payment and number give the same bytes.

    payment, numbered   rows of models/money.py: Payment and Receipt
    is_copy             marked 再発行, with the same number
    """
    rules = booking.unit.town.rules_on(payment.day)
    when = span(booking.date, booking.period)
    about = f"{unit_text(booking.unit)}　{rules.revenue_name}"
    marks = (papers.marking(rules), REISSUED if is_copy else "")
    record = Receipt(
        number=numbered.number,
        received_on=local_day(payment.received_at),
        issued_at=local(numbered.issued_at),
        payer=payer,
        amount_yen=payment.amount_yen,
        purpose=(f"{about}（{japanese.between(when.start, when.end)}）",),
        tax_lines=_taxes(payment.amount_yen, rules),
        registration_number=rules.registration_number,
        method="cash" if payment.method == Method.CASH.value else "cashless",
        category=category(rules),
        permit_number=booking.number,
        node=f"{payment.node_no:02}",
        marking="　".join(filter(None, marks)),
    )
    return Document(RECEIPT, record, forms_of(booking.unit.place, rules))


def day_sheet(
    drawer: Drawer,
    towns: Mapping[str, Town],
    town: Town,
    *,
    node: str,
    at: datetime,
    sealed: str = "",
) -> Document:
    """日計表 of a node's drawer, by the forms of `town`; counted coins once the day is closed.

    sealed   the last seal of the audit, so that who has the sheet can tell whether it was rewritten

    What stands under 収納の内訳 is cash: only that is in the drawer. Everything else is told below.
    """
    rules = town.rules_on(drawer.day)
    closed = drawer.closed
    counts = closed.counts if closed is not None else {}
    coins = (
        Denomination(face, counts.get(str(face), 0) if closed is not None else None)
        for face in FACES_YEN
    )
    reason = closed.reason if closed is not None else ""
    record = DaySheet(
        issued_at=local(closed.closed_at if closed is not None else at),
        day=drawer.day,
        desk=f"拠点 {node}",
        receipts=_from_to(drawer.receipts),
        categories=_cash(drawer, towns, rules),
        denominations=tuple(coins),
        change_fund_yen=closed.fund_yen if closed is not None else None,
        note="　".join(filter(None, (reason, _others(drawer), sealed))),
        node=node,
    )
    return Document(DAY_SHEET, record, forms_of_town(town, rules))


COLUMNS = (
    "日付", "団体コード", "団体名", "収入科目コード", "収入科目", "拠点", "区分", "方法", "件数",
    "金額",
)  # fmt: skip


def day_csv(lines: Iterable[DayLine], towns: Mapping[str, Town], day: date) -> bytes:
    """A day by budget code, for the town's book-keeping: UTF-8 with BOM, CRLF, whole yen.

    What was paid back stands in lines of its own, as 還付 and above zero.
    """
    from reservations.opendata.export import guarded  # noqa: PLC0415 - all readers come with it

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        town = towns.get(line.town)
        rules = town.rules_on(day) if town is not None else None
        words = (
            day.isoformat(),
            line.town,
            town.name if town is not None else "",
            rules.revenue_code if rules is not None else "",
            rules.revenue_name if rules is not None else "",
            f"{line.node_no:02}",
            "還付" if line.is_refund else "収納",
            METHODS[line.method],
        )
        writer.writerow([*map(guarded, words), line.count, line.yen])
    return codecs.BOM_UTF8 + text.getvalue().encode()


def category(rules: TownRules) -> str:
    """収入科目 with its code, where the town has one."""
    return f"{rules.revenue_code} {rules.revenue_name}".strip()


def _cash(drawer: Drawer, towns: Mapping[str, Town], rules: TownRules) -> tuple[CategoryLine, ...]:
    """By town and budget code; what was paid out is a line of its own, below zero."""
    found = []
    for each in drawer.taken:
        if each.method != Method.CASH.value:
            continue
        town = towns.get(each.town)
        name = f"（{town.name}）" if town is not None else f"（{each.town}）"
        its = category(town.rules_on(drawer.day) if town is not None else rules)
        found.append(CategoryLine(f"{its}{name}", each.count, each.yen))
    if drawer.paid_out_yen:
        found.append(CategoryLine("還付（払出し）", drawer.paid_out_count, -drawer.paid_out_yen))
    return tuple(found) or (CategoryLine(category(rules), 0, 0),)


def _others(drawer: Drawer) -> str:
    """What came in otherwise, so that the sheet and the book agree."""
    sums: dict[str, tuple[int, int]] = {}
    for each in drawer.taken:
        if each.method != Method.CASH.value:
            count, yen = sums.get(each.method, (0, 0))
            sums[each.method] = (count + each.count, yen + each.yen)
    return "、".join(
        f"{METHODS[method]} {count}件 {japanese.yen(yen)}"
        for method, (count, yen) in sorted(sums.items())
    )


def _taxes(amount_yen: int, rules: TownRules) -> tuple[TaxLine, ...]:
    percent = rules.tax_percent
    if not percent:
        return ()
    return (TaxLine(f"{percent}%", amount_yen, tax_within_yen(amount_yen, percent)),)


def _from_to(numbers: tuple[str, ...]) -> str:
    if len(numbers) < 2:
        return "".join(numbers)
    return f"{numbers[0]} から {numbers[-1]} まで"
