"""A day by budget code, as the town's book-keeping reads it."""

from __future__ import annotations

from reservations import documents
from reservations.queries import memory
from reservations.queries.money import DayLine
from tests.town import TODAY


def test_a_day_is_a_table_of_whole_yen_that_every_spreadsheet_opens(session, region):
    towns = memory.current(session).catalogue.towns
    lines = [
        DayLine("172014", 1, False, "cash", 3, 5400),
        DayLine("172014", 1, True, "cash", 1, 1800),
        DayLine("999999", 2, False, "online", 1, 700),
    ]

    data = documents.day_csv(lines, towns, TODAY)

    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n") == [
        "日付,団体コード,団体名,収入科目コード,収入科目,拠点,区分,方法,件数,金額",
        "2026-06-06,172014,となり市,,使用料,01,収納,現金,3,5400",
        "2026-06-06,172014,となり市,,使用料,01,還付,現金,1,1800",
        "2026-06-06,999999,,,,02,収納,オンライン,1,700",
        "",
    ]
