"""Dates, amounts and lines as Japanese paper writes them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printables import japanese
from printables.japanese import break_lines, columns

# What is to be set in a line of so many full-width characters, and the lines that must result.
BROKEN = [
    ("公の施設を使います。", 9, ["公の施設を使いま", "す。"]),
    ("これは、試験です", 3, ["これ", "は、試", "験です"]),
    ("彼は「はい」と言った", 3, ["彼は", "「は", "い」と", "言った"]),
    ("彼が（会長）だ", 3, ["彼が", "（会", "長）だ"]),
    ("名称【仮称】です", 3, ["名称", "【仮", "称】で", "す"]),
    ("本当に！？うそ", 4, ["本当", "に！？う", "そ"]),
    ("きょうは晴れ", 2, ["きょ", "うは", "晴れ"]),
    ("ちょっと待って", 5, ["ちょっと", "待って"]),
    ("バレーボール", 2, ["バ", "レー", "ボー", "ル"]),
    ("スポーツ", 2, ["ス", "ポー", "ツ"]),
    ("人々が来る", 2, ["人々", "が来", "る"]),
    ("時々雨", 2, ["時々", "雨"]),
    ("9時00分から12時00分まで", 8, ["9時00分から", "12時00分まで"]),
    ("令和8年6月13日", 6, ["令和8年6月", "13日"]),
    ("東京・大阪", 2, ["東", "京・", "大阪"]),
    ("第1回：開会", 3, ["第1", "回：開", "会"]),
    ("料金は1,200円", 4, ["料金は", "1,200円"]),
    ("電話 00-0000-0000まで", 6, ["電話", "00-0000-0000", "まで"]),
    ("A4 landscapeの紙", 5, ["A4", "landscape", "の紙"]),
    ("https://example.jp/a/bを見る", 10, ["https://example.jp/", "a/bを見る"]),
    ("50％引き", 2, ["50％", "引き"]),
    ("気温25℃です", 3, ["気温", "25℃で", "す"]),
    ("合計￥1,200です", 4, ["合計", "￥1,200", "です"]),
    ("第№5号", 3, ["第№5", "号"]),
    ("〒100の町", 3, ["〒100", "の町"]),
    ("待って……いる", 4, ["待って", "……いる"]),
    ("つまり——だ", 3, ["つまり", "——だ"]),
    ("一、二、三", 2, ["一、", "二、", "三"]),
    ("「「二重」」です", 4, ["「「二", "重」」で", "す"]),
    ("終わり。」と", 4, ["終わ", "り。」と"]),
    ("一行目\n二行目", 10, ["一行目", "二行目"]),
    ("一行目\n\n三行目", 10, ["一行目", "", "三行目"]),
    ("　字下げは残る", 4, ["　字下げ", "は残る"]),
    ("東町一丁目　北荘", 5, ["東町一丁目", "北荘"]),
    ("ゝの前あゝい", 5, ["ゝの前あゝ", "い"]),
    ("葛󠄀葛󠄀葛󠄀", 2, ["葛󠄀葛󠄀", "葛󠄀"]),
    ("𠮷野𠮷野", 3, ["𠮷野𠮷", "野"]),
    ("", 5, [""]),
]


def in_wide(text: str) -> float:
    return columns(text) / 2


@pytest.mark.parametrize(("text", "width", "lines"), BROKEN)
def test_a_line_breaks_where_it_may(text, width, lines):
    assert break_lines(text, width, in_wide) == lines


@given(st.text(alphabet="あいう、。「」（）ABC 12ーっ々…\n葛󠄀", max_size=60), st.integers(2, 12))
def test_breaking_loses_nothing_but_spaces(text, width):
    lines = break_lines(text, width, in_wide)

    assert "".join("".join(lines).split()) == "".join(text.split())


WORDS = st.sampled_from(["あ", "い。", "「う", "「え」", "か、", "きっ", "（く）", "12", "け"])


@given(st.lists(WORDS, min_size=1, max_size=40), st.integers(4, 12))
def test_no_line_is_too_wide_or_begins_with_what_may_not(words, width):
    lines = break_lines("".join(words), width, in_wide)

    assert all(in_wide(line) <= width for line in lines)
    assert [line for line in lines[1:] if line[0] in japanese.NOT_FIRST] == []
    assert [line for line in lines[:-1] if line[-1] in japanese.NOT_LAST] == []


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2026, 4, 1), "令和8年4月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
    ],
)
def test_the_era_changes_on_its_day(day, written):
    assert japanese.wareki(day) == written


def test_a_day_before_the_calendar_is_refused():
    with pytest.raises(ValueError, match="no era"):
        japanese.wareki(date(1872, 12, 31))


def test_dates_and_amounts_are_written_as_on_paper():
    day = date(2026, 6, 13)
    nine = datetime(2026, 6, 13, 9, 0)

    assert japanese.wareki_weekday(day) == "令和8年6月13日（土）"
    assert japanese.both_calendars(day) == "令和8年（2026年）6月13日（土）"
    assert japanese.dotted(date(2026, 12, 1)) == "8.12. 1"
    assert japanese.short_day(day) == "6月13日（土）"
    assert japanese.between(nine, nine.replace(hour=12)) == (
        "令和8年6月13日（土）9時00分から12時00分まで"
    )
    assert japanese.between(nine, datetime(2026, 6, 14, 6, 30)) == (
        "令和8年6月13日（土）9時00分から令和8年6月14日（日）6時30分まで"
    )
    assert japanese.yen(12340) == "12,340円"
    assert japanese.receipt_yen(12340) == "￥12,340－"
