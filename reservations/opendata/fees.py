"""使用料とコマ: one row a room and frame, in the two shapes in which such tables are published.

    room_fees    room_id, division, frame_label, weekday_fee_yen, holiday_fee_yen   (no times)
    frames       facility, room, frame, start, end, day_type, user_class, fee_yen   (with times)

A combined frame (午前午後, 全日) is a row with a price of its own: real ones are dearer, equal or
cheaper than the sum. Frames that overlap, neither holding the other, cannot both be right and are
queued.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from reservations.opendata.cells import Cell, CellStatus, RecordStatus, folded, text_of
from reservations.opendata.columns import known_headers
from reservations.opendata.reasons import Reason, ReasonCode, reason
from reservations.opendata.records import RawRecord
from reservations.opendata.times import DAY_MINUTES, read_times, written

FEE_NAMES: dict[str, tuple[str, ...]] = {
    "room_id": ("室場ID", "部屋ID"),
    "municipality": ("市区町村", "市区町村名", "自治体"),
    "facility": ("building", "施設", "施設名", "館名"),
    "room": ("室場", "室場名", "部屋名", "室名", "institution"),
    "division": ("区分コード",),
    "frame": ("frame_label", "コマ", "利用区分", "時間区分", "区分"),
    "start": ("開始", "開始時間", "開始時刻"),
    "end": ("終了", "終了時間", "終了時刻"),
    "day_type": ("曜日区分", "平日休日区分"),
    "user_class": ("利用者区分", "団体区分"),
    "weekday_fee_yen": ("平日料金", "平日使用料"),
    "holiday_fee_yen": ("休日料金", "休日使用料", "土日祝料金"),
    "fee_yen": ("使用料", "料金", "金額", "利用料金"),
    "note": ("備考",),
}
FEE_HEADERS: dict[str, str] = known_headers(FEE_NAMES)

# The divisions of the scraped tables; a label that is in neither list is queued.
_UNIT_MINUTES = {"ONE_HOUR": 60, "TWO_HOUR": 120}
_LABELS: dict[str, str] = {
    "MORNING": "午前",
    "AFTERNOON": "午後",
    "AFTERNOON_ONE": "午後1",
    "AFTERNOON_TWO": "午後2",
    "EVENING": "夜間",
    "EVENING_ONE": "夜間1",
    "EVENING_TWO": "夜間2",
    "ONE_HOUR": "1時間",
    "TWO_HOUR": "2時間(1コマ)",
}
_COMBINED = re.compile(
    r"全日|1日|終日|午前.*午後|午後.*夜間|昼夜|午前・?夜間|全区分|[0-9１-９][・~+＋][0-9１-９]"
)
_HOURLY = re.compile(
    r"^(?:延長|超過|追加)?.*?(\d+(?:\.\d+)?)時間(?:まで|\(1コマ\)|につき|ごと|当たり|あたり|毎)?$|^(\d+)分"
)
_PLAIN_LABEL = re.compile(
    r"^(?:午前|午後|夜間|昼間|早朝|夕方|昼|夜|コマ|第)?\s*[0-9]*\s*(?:コマ|区分|回)?$"
)
FEE_YEN_MAX = 10_000_000


@dataclass(frozen=True)
class FeeRecord:
    """One price: a room, a frame, and who pays it when.

    frame            its label; start and end in minutes where the table gives times
    kind             frame, combined (holds other frames), hourly (unit_minutes) or extra
    weekday_fee_yen  None where the table gives no price for such days
    """

    record_no: int
    status: RecordStatus
    reasons: tuple[Reason, ...]
    room_id: str
    facility: str
    room: str
    frame: str
    kind: str
    start: int | None
    end: int | None
    unit_minutes: int | None
    day_type: str
    user_class: str
    weekday_fee_yen: int | None
    holiday_fee_yen: int | None
    municipality: str = ""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.facility, self.room, self.frame) if part)

    def report_row(self) -> dict[str, Any]:
        """The record's line of the clerk's sheet; a price has no position."""
        return {
            "record_no": self.record_no,
            "status": self.status.value,
            "name": self.name,
            "municipality": self.municipality,
            "lat": None,
            "lng": None,
            "coordinate_status": "",
            "reasons": [{"code": str(r), "sentence": r.sentence()} for r in self.reasons],
        }


def read_fees(rows: Sequence[RawRecord]) -> tuple[FeeRecord, ...]:
    """Every row as a price; frames of one room, day and kind of user are judged together."""
    return _without_overlaps([_fee(row) for row in rows])


def read_yen(raw: str) -> Cell:
    """An amount in yen: 1,200円, ￥1200, 無料 is 0; anything else is not understood."""
    text = re.sub(r"[\s,\\¥円]", "", folded(text_of(raw))).removesuffix(".0")
    if not text:
        return Cell(raw, None)
    if text in ("無料", "免除"):
        return Cell(raw, 0)
    if re.fullmatch(r"\d{1,8}", text) and int(text) <= FEE_YEN_MAX:
        return Cell(raw, int(text))
    return Cell(raw, None, CellStatus.UNKNOWN, reason(ReasonCode.FEE_NOT_UNDERSTOOD, raw=raw))


def read_clock(raw: str, *, is_end: bool) -> int | None:
    """One time of a frame in minutes; None for none, and for anything but one time for all days."""
    found = read_times(raw, is_end=is_end) if text_of(raw) else None
    if found is None or found.sun or len(set(found.weekdays)) != 1:
        return None
    return found.weekdays[0]


def _fee(row: RawRecord) -> FeeRecord:
    if row.rejected is not None:
        return FeeRecord(
            row.record_no, RecordStatus.REJECTED, row.reasons, "", "", "", "", "frame", None, None,
            None, "", "", None, None, raw=row.raw,
        )  # fmt: skip
    cells = {
        column: read_yen(raw) if column.endswith("fee_yen") else Cell(raw, text_of(raw) or None)
        for column, raw in row.values.items()
    }
    label = text_of(row.text("frame")) or _LABELS.get(row.text("division"), "")
    start = read_clock(row.text("start"), is_end=False)
    end = read_clock(row.text("end"), is_end=True)
    kind, unit_minutes = _kind(label, row.text("division"), timed=start is not None)
    reasons = list(row.reasons)
    if kind == "" or _broken_times(row, start, end):
        raw = " ".join(
            filter(None, (label, row.text("division"), row.text("start"), row.text("end")))
        )
        reasons.append(reason(ReasonCode.FRAME_NOT_UNDERSTOOD, raw=raw))
    reasons += [c.reason for c in cells.values() if c.status is CellStatus.UNKNOWN and c.reason]
    queued = bool(reasons)
    weekday, holiday = _fees(cells, text_of(row.text("day_type")))
    if weekday is None and holiday is None and not queued:
        reasons.append(reason(ReasonCode.FEES_MISSING))
    return FeeRecord(
        record_no=row.record_no,
        status=RecordStatus.QUEUED if queued else RecordStatus.IMPORTED,
        reasons=tuple(reasons),
        room_id=text_of(row.text("room_id")),
        facility=text_of(row.text("facility")),
        room=text_of(row.text("room")),
        frame=label,
        kind=kind or "frame",
        start=start,
        end=end,
        unit_minutes=unit_minutes,
        day_type=text_of(row.text("day_type")) or "all",
        user_class=text_of(row.text("user_class")),
        weekday_fee_yen=weekday,
        holiday_fee_yen=holiday,
        municipality=text_of(row.text("municipality")),
        cells=cells,
        raw=row.raw,
    )


def _kind(label: str, division: str, *, timed: bool) -> tuple[str, int | None]:
    """(kind, minutes of the unit for hourly prices); "" where the label says nothing known."""
    if division in _UNIT_MINUTES:
        return "hourly", _UNIT_MINUTES[division]
    text = re.sub(r"\s+", "", folded(label))
    if _COMBINED.search(text):
        return "combined", None
    if (hourly := _HOURLY.match(text)) is not None and not timed:
        minutes = round(float(hourly[1]) * 60) if hourly[1] else int(hourly[2])
        kind = "extra" if re.match("延長|超過|追加", text) else "hourly"
        return kind, minutes
    if timed or division in _LABELS or re.match(r"DIVISION_\d$", division):
        return "frame", None
    return ("frame", None) if text and _PLAIN_LABEL.match(text) else ("", None)


def _broken_times(row: RawRecord, start: int | None, end: int | None) -> bool:
    """Times that are written but not read, only half there, or the wrong way round."""
    written_times = [bool(text_of(row.text(column))) for column in ("start", "end")]
    if written_times == [False, False]:
        return False
    return start is None or end is None or not start < end <= DAY_MINUTES * 2


def _fees(cells: Mapping[str, Cell], day_type: str) -> tuple[int | None, int | None]:
    """(weekday, holiday): from two columns, or from one column and its day type."""
    empty = Cell("", None)
    one = cells.get("fee_yen", empty).value
    if "fee_yen" not in cells:
        weekday = cells.get("weekday_fee_yen", empty).value
        return weekday, cells.get("holiday_fee_yen", empty).value
    if re.search("土|日祝|休日|祝", day_type):
        return None, one
    return (one, None) if "平日" in day_type else (one, one)


def _without_overlaps(records: list[FeeRecord]) -> tuple[FeeRecord, ...]:
    """Queue frames that cut into each other, and prices given twice for the same frame."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        if record.status is not RecordStatus.REJECTED:
            groups[_group(record)].append(index)
    checked = list(records)
    for indexes in groups.values():
        for index in indexes:
            others = [checked[other] for other in indexes if other != index]
            if sum(_holds(checked[index], other) for other in others) >= 2:
                checked[index] = replace(checked[index], kind="combined")
    for indexes in groups.values():
        for one, other in combinations(indexes, 2):
            if _clash(records[one], records[other], checked[one].kind, checked[other].kind):
                checked[one] = _queued(checked[one], _overlap(records[one], records[other]))
                checked[other] = _queued(checked[other], _overlap(records[other], records[one]))
    return tuple(checked)


def _queued(record: FeeRecord, told: Reason) -> FeeRecord:
    reasons = tuple(dict.fromkeys((*record.reasons, told)))
    return replace(record, status=RecordStatus.QUEUED, reasons=reasons)


def _holds(one: FeeRecord, other: FeeRecord) -> bool:
    """Whether `other` lies within `one` and is shorter."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    shorter = (one.start, one.end) != (other.start, other.end)
    return shorter and one.start <= other.start and other.end <= one.end


def _group(record: FeeRecord) -> tuple[str, ...]:
    where = (
        (record.room_id,) if record.room_id else (record.municipality, record.facility, record.room)
    )
    return (*where, record.day_type, record.user_class)


def _clash(one: FeeRecord, other: FeeRecord, one_kind: str, other_kind: str) -> bool:
    """Whether two frames of a group cannot both be right.

    Two combined frames may cut into each other (昼間 and 昼夜間): they are sums of the same frames.
    """
    if (one.frame, one.start, one.end) == (other.frame, other.start, other.end):
        prices = {(r.weekday_fee_yen, r.holiday_fee_yen) for r in (one, other)}
        return len(prices) > 1
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    if one.end <= other.start or other.end <= one.start or {one_kind, other_kind} == {"combined"}:
        return False
    return not (_holds(one, other) or _holds(other, one))


def _overlap(record: FeeRecord, other: FeeRecord) -> Reason:
    times = "、".join(
        f"{written(r.start)}〜{written(r.end)}"
        for r in (record, other)
        if r.start is not None and r.end is not None
    )
    return reason(
        ReasonCode.FRAMES_OVERLAP, frame=record.frame, other=other.frame, times=times or "同じコマ"
    )
