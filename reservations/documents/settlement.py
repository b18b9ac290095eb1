"""精算書 and its table: what one town has of another's money in a month, bookings by number."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from printables import japanese
from printables.money import SettlementLine, SettlementSheet
from reservations.clock import local
from reservations.documents.paper import Document, forms_of_town
from reservations.queries.catalogue import Town
from reservations.queries.settlement import Line, Pair
from reservations.rules import papers

SETTLEMENT = "settlement_sheet"
COLUMNS = (
    "精算月", "預かった団体コード", "預かった団体名", "施設の団体コード", "施設の団体名",
    "予約番号", "日付", "区分", "金額", "状態",
)  # fmt: skip
LACKING = "まだ届いていない行があります。金額は、締めたときのものです。"
OPEN = "まだ締めていません。金額は、今までに届いた分です。"


def sheet(
    pair: Pair,
    month: date,
    towns: Mapping[str, Town],
    *,
    node: str,
    at: datetime,
    closed_at: datetime | None,
) -> Document:
    """精算書 of a pair of towns, by the forms of the one that hands the money over."""
    giver = towns[pair.account_town]
    rules = giver.rules_on(month)
    note = "" if pair.is_closed else OPEN
    if not pair.is_whole:
        note = LACKING
    lines = tuple(
        SettlementLine(each.day, each.number, kind_words(each, month), each.yen)
        for each in pair.lines
    )
    if not pair.is_whole:
        rest = pair.yen - sum(each.yen for each in pair.lines)
        lines += (SettlementLine(month, "", "まだ届いていない行", rest),)
    record = SettlementSheet(
        issued_at=local(at),
        month=f"{japanese.wareki(month).partition('月')[0]}月分",
        giver=giver.name,
        taker=town_name(pair.town, towns),
        lines=lines,
        closed_at=local(closed_at) if closed_at is not None else None,
        note=note,
        node=node,
        marking=papers.marking(rules),
    )
    return Document(SETTLEMENT, record, forms_of_town(giver, rules))


def settlement_csv(pairs: Iterable[Pair], month: date, towns: Mapping[str, Town]) -> bytes:
    """Every line of a month, and of each pair what is not here yet: UTF-8 with BOM, CRLF."""
    from reservations.opendata.export import guarded  # noqa: PLC0415 - all readers come with it

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        both = (
            pair.account_town,
            town_name(pair.account_town, towns),
            pair.town,
            town_name(pair.town, towns),
        )
        state = "締め" if pair.is_closed else "未締め"
        for line in pair.lines:
            words = (f"{month:%Y-%m}", *both, line.number, line.day.isoformat())
            row = [*map(guarded, (*words, kind_words(line, month)))]
            writer.writerow([*row, line.yen, state])
        if not pair.is_whole:
            rest = pair.yen - sum(line.yen for line in pair.lines)
            row = [*map(guarded, (f"{month:%Y-%m}", *both, "", "", "まだ届いていない行"))]
            writer.writerow([*row, rest, state])
    return codecs.BOM_UTF8 + text.getvalue().encode()


def kind_words(line: Line, month: date) -> str:
    """収納 or 還付; of which month, where it came late."""
    words = "収納" if line.yen > 0 else "還付・訂正"
    return words if line.day >= month else f"{words}（前の月の分）"


def town_name(code: str, towns: Mapping[str, Town]) -> str:
    """The town, or its code where it is not known here."""
    return towns[code].name if code in towns else code
