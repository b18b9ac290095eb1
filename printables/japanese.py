"""How Japanese paper writes dates, amounts and lines; no font and no PDF is needed to ask.

The era follows the day, the first year is 元年, and a line never starts with what may not start
one (禁則). Names are passed through untouched: nothing here normalises a character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime, time

Measure = Callable[[str], float]

# The days on which the eras began; before the calendar reform of 1873 no date is written.
ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),
)
FIRST_YEAR = {"令和": 2019, "平成": 1989, "昭和": 1926, "大正": 1912, "明治": 1868}
WEEKDAYS = "月火水木金土日"

# JIS X 4051: what may not begin a line, what may not end one, what is never parted.
NOT_FIRST = frozenset(
    "、。，．・：；？！‼⁇⁈⁉ー―‐–〜～゠’”）〕］｝〉》」』】〙〗｠»ゝゞ々ヽヾ〻"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    "゛゜％‰℃°′″,.:;?!)]}%"
)
NOT_LAST = frozenset("‘“（〔［｛〈《「『【〘〖｟«￥＄£¥＃№〒([{$#")
TOGETHER = frozenset(("——", "……", "‥‥", "――"))
UNITS = frozenset("年月日時分円人")  # what counts is not parted from its number
SPACES = " 　"
URL_BREAKS = frozenset("/?&=-_.")


def era_year(day: date) -> tuple[str, int]:
    """The era and the year in it: 2026-04-01 gives ("令和", 8)."""
    for begins, name in ERAS:
        if day >= begins:
            return name, day.year - FIRST_YEAR[name] + 1
    raise ValueError(f"no era is known for {day.isoformat()}")


def wareki(day: date) -> str:
    """令和8年4月1日; the first year is 元年."""
    name, year = era_year(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def dotted(day: date) -> str:
    """8. 4. 1 for 令和8年4月1日: in the columns of a book the era is understood."""
    return f"{era_year(day)[1]}.{day.month:2d}.{day.day:2d}"


def wareki_weekday(day: date) -> str:
    """令和8年4月1日（水）."""
    return f"{wareki(day)}（{WEEKDAYS[day.weekday()]}）"


def both_calendars(day: date) -> str:
    """令和8年（2026年）4月1日（水）, where money or validity hangs on the day."""
    name, year = era_year(day)
    shown = "元" if year == 1 else str(year)
    return f"{name}{shown}年（{day.year}年）{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"


def short_day(day: date) -> str:
    """4月1日（水）."""
    return f"{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"


def clock(moment: time | datetime) -> str:
    """9時00分, in 24 hours."""
    return f"{moment.hour}時{moment.minute:02d}分"


def moment(at: datetime) -> str:
    """令和8年4月1日（水）9時00分."""
    return wareki_weekday(at.date()) + clock(at)


def between(start: datetime, end: datetime) -> str:
    """令和8年4月1日（水）9時00分から12時00分まで; the day is repeated where it changes."""
    until = clock(end) if end.date() == start.date() else moment(end)
    return f"{moment(start)}から{until}まで"


def yen(amount: int) -> str:
    """12,340円."""
    return f"{amount:,}円"


def receipt_yen(amount: int) -> str:
    """￥12,340－: nothing can be written before or behind it."""
    return f"￥{amount:,}－"


def columns(text: str) -> int:
    """How many columns of a fixed-pitch screen the text takes: wide characters take two."""
    return sum(
        0
        if unicodedata.combining(char) or is_selector(char)
        else 2
        if unicodedata.east_asian_width(char) in "WFA"
        else 1
        for char in text
    )


def is_selector(char: str) -> bool:
    """A variation selector: it belongs to the character before it."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def clusters(text: str) -> Iterator[str]:
    """Characters with the selectors and combining marks that follow them."""
    held = ""
    for char in text:
        if held and (is_selector(char) or unicodedata.combining(char)):
            held += char
            continue
        if held:
            yield held
        held = char
    if held:
        yield held


def break_lines(text: str, width: float, measure: Measure) -> list[str]:
    """Cut the text into lines no wider than `width`, by pushing out (追い出し).

    width    in the unit of `measure`
    returns  at least one line; a newline in the text always breaks; spaces at a break are dropped
    raises   nothing; a piece wider than the line (a long URL) is cut where it must be
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _break_paragraph(paragraph, width, measure)
    return lines


def _break_paragraph(text: str, width: float, measure: Measure) -> list[str]:
    if measure(text) <= width:
        return [text]
    lines: list[str] = []
    line, taken = "", 0.0
    for piece in _pieces(text):
        if taken + measure(piece.rstrip(SPACES)) <= width:
            line, taken = line + piece, taken + measure(piece)
            continue
        if line.strip(SPACES):
            lines.append(line.rstrip(SPACES))
            piece = piece.lstrip(SPACES)
        *full, line = _cut(piece, width, measure)
        taken = measure(line)
        lines += full
    return [*lines, line.rstrip(SPACES)] if line.strip(SPACES) or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    """What must stay on one line: a character with its punctuation, a Latin word, a number."""
    held = ""
    for cluster in clusters(text):
        if held and _may_break(held, cluster):
            yield held
            held = ""
        held += cluster
    if held:
        yield held


def _may_break(before: str, after: str) -> bool:
    last = next((char for char in reversed(before) if not is_selector(char)), before[0])
    first = after[0]
    if first == " ":
        return False
    if first in NOT_FIRST or last in NOT_LAST or last + first in TOGETHER:
        return False
    if last == " ":
        return before.strip(" ") != ""
    # 12時 and 00分 are one time, 13 and 日 one day.
    if (last.isdigit() and first in UNITS) or (
        last == "時" and first.isdigit() and len(before) > 1
    ):
        return False
    return not (_is_latin(last) and _is_latin(first))


def _is_latin(char: str) -> bool:
    """Letters, digits and signs that form words, numbers and addresses."""
    return "!" <= char <= "~" or "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"


def _cut(piece: str, width: float, measure: Measure) -> list[str]:
    """Cut a piece that no line can hold; a URL behind a slash or a dot if one is near."""
    parts = [""]
    for cluster in clusters(piece):
        if parts[-1] and measure(parts[-1] + cluster) > width:
            head = parts[-1]
            cut = max((head.rfind(sign) for sign in URL_BREAKS), default=-1) + 1
            if cut > len(head) // 2 and _is_latin(cluster[0]):
                parts[-1], cluster = head[:cut], head[cut:] + cluster
            parts.append("")
        parts[-1] += cluster
    return parts
