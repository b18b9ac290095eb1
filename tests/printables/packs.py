"""A fallback pack of an invented facility, of any size."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from typing import Any

from printables import qr
from printables.fallback import GridRow, LedgerSheet, NumberRange, ReceiptPage
from printables.japanese import short_day
from printables.pack import Pack, blanks
from printables.registry import PAPERS
from printables.timetable import BoardRow, Slot, Use
from printables.verify import FORM_NUMBERS

KEY = b"a key of one lease, thirty-two b"
NODE, LEASE = 14, 3
FIRST_DAY = date(2026, 6, 12)
FRAMES = ("午前　9:00-12:00", "午後　13:00-17:00", "夜間　18:00-21:00")
TIMES = ("9:00-12:00", "13:00-17:00", "18:00-21:00")


def sample(name: str, variant: str = "typical") -> Any:
    return PAPERS[name].samples()[variant]


def corner(paper: str) -> Any:
    """The code of a serial, as the application makes it."""
    number = FORM_NUMBERS[paper]
    return lambda serial: qr.form_code(qr.FormCode(number, NODE, LEASE, serial), KEY)


def taken(room: int, day: date) -> list[str]:
    """Who has the frames of a room on a day."""
    names = ("隣野バドミントンクラブ", "", "北隣野フットサル会", "", "ピンポンの会", "")
    return [names[(room * 5 + day.toordinal() * 3 + frame) % len(names)] for frame in range(3)]


def a_pack(*, rooms: int = 2, days: int = 3, forms: int = 4, cards: int = 2) -> Pack:
    days_of = [FIRST_DAY + timedelta(days=index) for index in range(days)]
    labels = [f"第{index + 1}競技室" for index in range(rooms)]
    board, grid = sample("room_board"), sample("master_grid")
    serials = range(12345, 12345 + forms)
    card_serials = range(20000, 20000 + cards)
    grid_serials = range(30000, 30000 + days)
    ranges = (
        NumberRange("使用許可申請書", *ends(serials), forms),
        NumberRange("避難者カード", *ends(card_serials), cards),
        NumberRange("原簿", *ends(grid_serials), days),
    )
    grids = blanks(grid, "N014", grid_serials, corner("master_grid"))
    issued_at: datetime = grid.issued_at
    return Pack(
        cover=dataclasses.replace(sample("pack_cover"), ranges=ranges, contents=()),
        grids=tuple(
            dataclasses.replace(
                each,
                day=day,
                heads=FRAMES,
                rows=tuple(
                    GridRow(label, tuple(taken(room, day))) for room, label in enumerate(labels)
                ),
            )
            for each, day in zip(grids, days_of, strict=True)
        ),
        ledgers=tuple(
            LedgerSheet(issued_at, "隣野市民体育館", f"N014-P07-L{index + 1:02d}", index * 20 + 1)
            for index in range(max(1, forms // 20))
        ),
        boards=tuple(
            dataclasses.replace(
                board,
                period=f"{label}　令和8年6月12日（金）から{days}日間",
                heads=FRAMES,
                rows=tuple(
                    BoardRow(short_day(day), tuple(map(slot, TIMES, taken(room, day))))
                    for day in days_of
                ),
            )
            for room, label in enumerate(labels)
        ),
        forms=blanks(
            sample("application_form", "empty"), "N014", serials, corner("application_form")
        ),
        receipts=tuple(
            ReceiptPage(issued_at, f"N014-P{number:06d}", f"N014-P{number + 1:06d}")
            for number in range(1301, 1301 + forms // 5, 2)
        ),
        cash_books=(sample("cash_book", "empty"),) * 3,
        day_sheets=(sample("day_sheet", "empty"),) * 3,
        registers=(dataclasses.replace(sample("form_register"), ranges=ranges),),
        prices=(sample("price_list"),),
        shelter_cards=blanks(
            sample("shelter_card", "empty"), "N014", card_serials, corner("shelter_card")
        ),
        rosters=(sample("roster", "empty"),) * 3,
        shelter_reports=(sample("shelter_report", "empty"),) * 3,
        supply_requests=(sample("supply_request", "empty"),) * 3,
        supply_ledgers=(sample("supply_ledger", "empty"),) * 3,
        contacts=(sample("contact_list"),),
        later_inputs=(dataclasses.replace(sample("later_input"), ranges=ranges),),
    )


def ends(serials: range) -> tuple[str, str]:
    return qr.form_number("N014", serials[0]), qr.form_number("N014", serials[-1])


def slot(time: str, name: str) -> Slot:
    return Slot((Use(time, name),)) if name else Slot(word="空き")
