"""What spreadsheets do to numbers, and what can be undone.

    5220005000175 -> 5.22001E+12     digits are gone: rejected, never written over a good value
    0801          -> 801             a lost zero: repaired if the POI list knows the longer code
    3-7           -> 3月7日, 43-1 -> Jan-43, 3-3-1 -> 2003/3/1
                                     repaired if the unbroken address says which number it was

`is_damaged` judges a raw text by its column alone; merge.py asks it before any value is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from reservations.opendata.cells import Cell, CellStatus, folded, plain, squeezed, text_of
from reservations.opendata.reasons import ReasonCode, reason

HOUSE_NUMBER = "所在地_番地以下"
POI_CODE, CORPORATE_NUMBER, PHONE, POSTAL_CODE = "POIコード", "法人番号", "電話番号", "郵便番号"

# Columns in which digits are a name, not an amount.
NUMBER_COLUMNS = frozenset(
    {CORPORATE_NUMBER, POI_CODE, PHONE, POSTAL_CODE, "内線番号", "ID", "外部識別子の値", "町字ID"}
    | {"全国地方公共団体コード", "所在地_全国地方公共団体コード"}
)

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = "|".join(_MONTHS)
_DATE_FORMS: tuple[re.Pattern[str], ...] = (
    re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日"),
    re.compile(
        r"(?P<year>\d{4})[/年-](?P<month>\d{1,2})[/月-](?P<day>\d{1,2})日?(?:0?0:00(?::00)?)?"
    ),
    re.compile(rf"(?P<name>{_MONTH})-(?P<number>\d{{1,4}})", re.IGNORECASE),
    re.compile(rf"(?P<number>\d{{1,2}})-(?P<name>{_MONTH})", re.IGNORECASE),
)


def is_damaged(column: str, raw: str) -> bool:
    """Whether a raw text shows a spreadsheet's damage for its column."""
    text = squeezed(raw)
    if not text:
        return False
    if column in NUMBER_COLUMNS and _SCIENTIFIC.fullmatch(text):
        return True
    if column == POI_CODE:
        return re.fullmatch(r"\d{1,3}", text) is not None
    if column == PHONE:
        return re.fullmatch(r"[1-9]\d{8,9}", text) is not None
    if column == POSTAL_CODE:
        return re.fullmatch(r"\d{5,6}", text) is not None
    if column == HOUSE_NUMBER:
        return house_numbers_of_date(text) != ()
    return False


def house_numbers_of_date(text: str) -> tuple[str, ...]:
    """The house numbers that a spreadsheet would have turned into this date; () if it is none."""
    bare = squeezed(text)
    for form in _DATE_FORMS:
        found = form.fullmatch(bare)
        if found is None:
            continue
        parts = found.groupdict()
        if name := parts.get("name"):
            month, number = str(_MONTHS.index(name.lower()) + 1), str(int(parts["number"]))
            return (f"{number}-{month}", f"{month}-{number}", f"{parts['number'].zfill(2)}-{month}")
        month, day = str(int(parts["month"])), str(int(parts["day"]))
        if year := parts.get("year"):
            short = str(int(year) % 100)
            whole = (f"{short}-{month}-{day}", f"{int(year)}-{month}-{day}")
            return (*whole, f"{month}-{day}", f"{day}-{month}")
        return (f"{month}-{day}", f"{day}-{month}")
    return ()


def read_house_number(raw: str, address: str) -> Cell:
    """番地: a date is turned back if the whole address ends with one of its readings.

    address   所在地_連結表記, the same number in an unbroken text
    """
    readings = house_numbers_of_date(raw) if text_of(raw) else ()
    if not readings:
        return plain(raw)
    ending = _hyphened(address)
    fitting = [r for r in readings if re.search(rf"(?<![\d-]){re.escape(r)}(?![\d])", ending)]
    longest = [r for r in fitting if len(r) == max(map(len, fitting))]
    if len(set(longest)) == 1:
        value = longest[0]
        told = reason(ReasonCode.DATE_REPAIRED, column=HOUSE_NUMBER, raw=raw, value=value)
        return Cell(raw, value, CellStatus.REPAIRED, told)
    told = reason(ReasonCode.BECAME_A_DATE, column=HOUSE_NUMBER, raw=raw)
    return Cell(raw, None, CellStatus.REJECTED, told)


def read_poi_code(raw: str, known: Collection[str]) -> Cell:
    """POIコード: four digits and perhaps a letter, in the list; a lost zero is put back."""
    text = squeezed(text_of(raw))
    if not text:
        return Cell(raw, None)
    found = re.fullmatch(r"(\d{1,4})([a-z]?)", text, re.IGNORECASE)
    if found is not None:
        code = found[1].zfill(4)
        if code in known and len(found[1]) == 4:
            return Cell(raw, code + found[2])
        if code in known and len(found[1]) == 3:
            value = code + found[2]
            told = reason(ReasonCode.LEADING_ZERO_LOST, column=POI_CODE, raw=raw, value=value)
            return Cell(raw, value, CellStatus.REPAIRED, told)
    if _SCIENTIFIC.fullmatch(text):
        return _rounded(raw, POI_CODE)
    return Cell(raw, None, CellStatus.UNKNOWN, reason(ReasonCode.POI_CODE_UNKNOWN, raw=raw))


def read_corporate_number(raw: str) -> Cell:
    """法人番号: thirteen digits whose first is the check digit (同番号の指定等に関する省令 2条)."""
    text = squeezed(text_of(raw))
    if not text:
        return Cell(raw, None)
    if _SCIENTIFIC.fullmatch(text):
        return _rounded(raw, CORPORATE_NUMBER)
    digits = text.removesuffix(".0")
    if re.fullmatch(r"[1-9]\d{12}", digits) and _check_digit(digits[1:]) == int(digits[0]):
        return Cell(raw, digits)
    told = reason(ReasonCode.CORPORATE_NUMBER_WRONG, raw=raw)
    return Cell(raw, None, CellStatus.UNKNOWN, told)


def read_phone(raw: str) -> Cell:
    """電話番号 in half-width; ten digits that must begin with a zero get it back."""
    text = folded(text_of(raw))
    bare = re.sub(r"\s+", "", text)
    if not bare:
        return Cell(raw, None)
    if _SCIENTIFIC.fullmatch(bare):
        return _rounded(raw, PHONE)
    if re.fullmatch(r"[1-9]\d{8,9}", bare):
        told = reason(ReasonCode.LEADING_ZERO_LOST, column=PHONE, raw=raw, value="0" + bare)
        return Cell(raw, "0" + bare, CellStatus.REPAIRED, told)
    return Cell(raw, text)


def read_postal_code(raw: str) -> Cell:
    """郵便番号 as 929-0345; six digits have lost the zero of Tokyo or the north."""
    digits = re.sub(r"[^\d]", "", folded(text_of(raw)).removesuffix(".0"))
    if not digits:
        return Cell(raw, None)
    if len(digits) == 7:
        return Cell(raw, f"{digits[:3]}-{digits[3:]}")
    if len(digits) in (5, 6):
        whole = digits.zfill(7)
        value = f"{whole[:3]}-{whole[3:]}"
        told = reason(ReasonCode.LEADING_ZERO_LOST, column=POSTAL_CODE, raw=raw, value=value)
        return Cell(raw, value, CellStatus.REPAIRED, told)
    told = reason(ReasonCode.VALUE_NOT_UNDERSTOOD, column=POSTAL_CODE, raw=raw)
    return Cell(raw, None, CellStatus.UNKNOWN, told)


def _rounded(raw: str, column: str) -> Cell:
    told = reason(ReasonCode.NUMBER_ROUNDED, column=column, raw=raw)
    return Cell(raw, None, CellStatus.REJECTED, told)


def _check_digit(digits: str) -> int:
    """9 less the weighted sum modulo 9; weights 1, 2, 1, 2 … from the right."""
    total = sum(int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return 9 - total % 9


def _hyphened(address: str) -> str:
    """An address with 番地, 番, 号, の as hyphens: 3番地7 reads 3-7; 丁目 is of the town."""
    text = squeezed(address).replace("丁目", " ")
    text = re.sub(r"(?<=\d)(?:番地の|番地|番|号|の|ノ)", "-", text)
    return re.sub(r"-+", "-", text).strip("-")
