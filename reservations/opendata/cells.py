"""One cell: what the town wrote, what we read, and how sure we are.

The raw text is never thrown away, so that a clerk can compare and a re-import can see what changed.
What a cell means is the business of facilities.py, rooms.py and shelters.py; how bytes become cells
is the business of tables.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reservations.opendata.reasons import Reason


class CellStatus(StrEnum):
    """How a parsed value came from its raw text.

    ok        read as it stands
    repaired  damaged, and restored beyond doubt
    proposed  a value to be confirmed; marked approximate wherever it is shown
    unknown   not understood; there is no value
    rejected  understood to be wrong or destroyed; there is no value
    """

    OK = "ok"
    REPAIRED = "repaired"
    PROPOSED = "proposed"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


class RecordStatus(StrEnum):
    """What becomes of one input record; every record has exactly one.

    imported  as it stands
    repaired  imported, with at least one cell restored
    proposed  imported, with at least one value that a clerk should confirm
    queued    kept, but waits for a clerk
    rejected  holds nothing to import (blank, example, note)
    """

    IMPORTED = "imported"
    REPAIRED = "repaired"
    PROPOSED = "proposed"
    QUEUED = "queued"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Cell:
    """The raw text beside the parsed value.

    value    str, float, bool, frozen dataclass, or None where status is unknown or rejected
    reason   why it is not simply ok; None where there is nothing to say
    """

    raw: str
    value: Any
    status: CellStatus = CellStatus.OK
    reason: Reason | None = None


EMPTY = Cell("", None)

# What towns write where there is nothing to write. 無 is not here: for a lift it is an answer.
PLACEHOLDERS = frozenset(
    {
        "-",
        "--",
        "---",
        "ー",
        "―",
        "－",
        "—",
        "–",
        "‐",
        "/",
        "*",
        "?",
        "？",
        "n/a",
        "#n/a",
        "na",
        "null",
        "none",
        "nan",
    }
    | {
        "なし",
        "不明",
        "未定",
        "未設定",
        "該当なし",
        "空欄",
        "#ref!",
        "#value!",
        "#name?",
        "#div/0!",
    }
)

_WAVES = str.maketrans({"〜": "~", "～": "~", "∼": "~", "˜": "~", "‾": "~", "⁓": "~"})
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ｰ﹣⁻₋─━", "-"))
_GUARDED = re.compile(r"''*[=+\-@]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f]")


def text_of(raw: str) -> str:
    """The text without the accidents: outer blanks, invisible characters; "" for a placeholder."""
    if not raw:
        return ""
    cleaned = _INVISIBLE.sub("", raw).strip()
    if _GUARDED.match(cleaned):
        cleaned = cleaned[1:]  # the apostrophe that export.py puts before a formula
    return "" if cleaned.casefold() in PLACEHOLDERS else cleaned


def folded(text: str) -> str:
    """Half-width digits and letters, one kind of dash, one kind of wave: for reading, never kept.

    Names keep their own characters; this is for matching, numbers and grammar only.
    """
    waved = unicodedata.normalize("NFKC", text.translate(_WAVES))
    return waved.translate(_WAVES).translate(_DASHES)


def squeezed(text: str) -> str:
    """`folded` without any blanks or line ends: for headers and keys."""
    return re.sub(r"\s+", "", folded(_INVISIBLE.sub("", text)))


def plain(raw: str) -> Cell:
    """A cell of free text: kept as it is, blanks trimmed, a placeholder read as nothing."""
    if not raw:
        return EMPTY
    return Cell(raw, text_of(raw) or None)


def located_row(record: Any) -> dict[str, Any]:
    """The clerk's line of a record that stands somewhere: a facility, a room or a shelter."""
    return {
        "record_no": record.record_no,
        "status": record.status.value,
        "name": record.name,
        "municipality": record.municipality,
        "lat": record.lat,
        "lng": record.lng,
        "coordinate_status": record.coordinate_status.value,
        "reasons": [{"code": str(r), "sentence": r.sentence()} for r in record.reasons],
    }


def totals_of(statuses: list[RecordStatus]) -> dict[str, int]:
    """Counts for one file. records == imported + queued + rejected, always.

    imported counts the untouched, repaired and proposed records together; `untouched`, `repaired`
    and `proposed` say how it is made up.
    """
    counted = dict.fromkeys(RecordStatus, 0)
    for status in statuses:
        counted[status] += 1
    imported = sum(
        counted[s] for s in (RecordStatus.IMPORTED, RecordStatus.REPAIRED, RecordStatus.PROPOSED)
    )
    totals = {
        "records": len(statuses),
        "imported": imported,
        "queued": counted[RecordStatus.QUEUED],
        "rejected": counted[RecordStatus.REJECTED],
        "untouched": counted[RecordStatus.IMPORTED],
        "repaired": counted[RecordStatus.REPAIRED],
        "proposed": counted[RecordStatus.PROPOSED],
    }
    assert totals["records"] == totals["imported"] + totals["queued"] + totals["rejected"]
    return totals
