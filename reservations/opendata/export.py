"""公共施設一覧 written: the 56 columns of the standard, UTF-8 with BOM, CRLF, as towns publish it.

Takes plain values, so that whoever has the records decides what is published. A text that a
spreadsheet would run as a formula gets an apostrophe, which reading takes off again.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reservations.opendata.columns import ACCESSIBILITY, PRIVATE_COLUMNS, STANDARD
from reservations.opendata.hours import DAYS, END, NOTES, START, Hours, format_hours

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_HARMLESS = re.compile(r"[+-]?[\d.,() -]+")


@dataclass(frozen=True)
class FacilityValues:
    """What one facility says of itself in the export.

    lat, lng       None for an unconfirmed position: a proposal is not published as a fact
    accessibility  canonical column -> True, False or words
    other          further standard columns by name; wins over nothing above
    """

    name: str
    publisher_code: str = ""
    publisher: str = ""
    external_id: str = ""
    kana: str = ""
    name_en: str = ""
    common_name: str = ""
    poi_code: str = ""
    municipality_code: str = ""
    prefecture: str = ""
    municipality: str = ""
    address: str = ""
    town: str = ""
    house_number: str = ""
    building: str = ""
    lat: float | None = None
    lng: float | None = None
    phone: str = ""
    url: str = ""
    description: str = ""
    note: str = ""
    hours: Hours = field(default_factory=Hours)
    accessibility: Mapping[str, bool | str] = field(default_factory=dict)
    other: Mapping[str, str] = field(default_factory=dict)


def facility_csv(facilities: Iterable[FacilityValues], *, include_private: bool = False) -> bytes:
    """The file, ready to be published.

    include_private   also write the contact e-mail addresses found in `other`
    returns           bytes with BOM; `read_facilities` reads the same values back
    """
    hidden = frozenset() if include_private else PRIVATE_COLUMNS
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(STANDARD)
    for facility in facilities:
        row = standard_row(facility)
        writer.writerow([guarded(row[c]) if c not in hidden else "" for c in STANDARD])
    return codecs.BOM_UTF8 + text.getvalue().encode("utf-8")


def standard_row(facility: FacilityValues) -> dict[str, str]:
    """The texts of one facility by standard column; every column is there."""
    days, start, end, notes = format_hours(facility.hours)
    row = dict.fromkeys(STANDARD, "")
    row |= {column: text for column, text in facility.other.items() if column in row}
    row |= {
        "全国地方公共団体コード": facility.publisher_code,
        "ID": facility.external_id,
        "地方公共団体名": facility.publisher,
        "名称": facility.name,
        "名称_カナ": facility.kana,
        "名称_英字": facility.name_en,
        "名称_通称": facility.common_name,
        "POIコード": facility.poi_code,
        "所在地_全国地方公共団体コード": facility.municipality_code,
        "所在地_連結表記": facility.address,
        "所在地_都道府県": facility.prefecture,
        "所在地_市区町村": facility.municipality,
        "所在地_町字": facility.town,
        "所在地_番地以下": facility.house_number,
        "建物名等(方書)": facility.building,
        "緯度": _degrees(facility.lat),
        "経度": _degrees(facility.lng),
        "電話番号": facility.phone,
        "URL": facility.url,
        "説明": facility.description,
        "備考": facility.note,
        DAYS: days,
        START: start,
        END: end,
        NOTES: notes,
    }
    row |= {c: _yes_or_no(v) for c, v in facility.accessibility.items() if c in ACCESSIBILITY}
    return row


def guarded(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run; numbers stay bare."""
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def _degrees(value: float | None) -> str:
    return "" if value is None else repr(value)


def _yes_or_no(value: bool | str) -> str:
    if isinstance(value, str):
        return value
    return "有" if value else "無"
