"""Rows of a table as records: columns under their canonical names, and rows that are none.

Shared by facilities.py, rooms.py and shelters.py. What the values mean is theirs to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reservations.opendata.cells import RecordStatus, squeezed, text_of
from reservations.opendata.reasons import FileRefused, Reason, ReasonCode, RefusedCode, reason
from reservations.opendata.tables import Table, header_key, header_score, read_table

_EXAMPLE = re.compile(r"^[(【\[<]?(?:記入例|入力例|記載例|例|サンプル|見本)[)】\]>:]?\d*$")
_NOTE = re.compile(
    r"^(?:[※*注]|[(](?:注|備考|※)|出典|以上$|合計|計$|【注|更新日|作成日|令和\d+年\d+月\d+日現在)"
)
_DESCRIPTIVE = frozenset(
    ("必須", "任意", "推奨", "必須項目", "任意項目", "文字列", "数値", "半角", "全角", "日付",
     "時刻", "コード", "string", "number", "text", "半角数字", "全角カナ", "全角カタカナ", "選択",
     "url", "文字列(全角)", "文字列(半角)", "型", "桁数", "○", "◎")
)  # fmt: skip

# Columns that only one kind of list has, by header key.
_SIGNS: dict[str, frozenset[str]] = {
    "rooms": frozenset(
        {"room_id", "frame_label", "weekday_fee_yen", "room", "室場名", "室場", "部屋名", "室名"}
    ),
    "shelters": frozenset(
        header_key(header)
        for header in (
            "避難所_名称", "災害種別_洪水", "災害種別_地震", "想定収容人数",
            "指定避難所との重複", "指定避難所との住所同一",
            "施設・場所名", "共通ID", "指定緊急避難場所との住所同一",
        )
    ),
    "facilities": frozenset(
        header_key(header)
        for header in (
            "利用可能曜日", "POIコード", "車椅子可", "バリアフリー情報", "ベビーカー貸出",
        )
    ),
}  # fmt: skip
_LISTS = {
    "facilities": ("公共施設一覧", "tonari import facilities"),
    "rooms": ("室場・料金の一覧", "tonari import rooms"),
    "shelters": ("避難所・避難場所の一覧", "tonari import shelters"),
}


@dataclass(frozen=True)
class RawRecord:
    """One row below the header.

    values     canonical column -> text
    raw        header as written (made unique) -> text, for every column
    rejected   REJECTED where the row is no record at all, else None
    filled     canonical columns filled from a merged cell
    """

    record_no: int
    values: Mapping[str, str]
    raw: Mapping[str, str]
    rejected: RecordStatus | None = None
    reasons: tuple[Reason, ...] = ()
    needs_clerk: bool = False
    filled: frozenset[str] = field(default_factory=frozenset)

    def text(self, column: str) -> str:
        return self.values.get(column, "")


def named_table(data: bytes, filename: str, *, known: Mapping[str, str], wanted: str) -> Table:
    """The table of a file that must be the `wanted` list; another list is named in the refusal.

    wanted   facilities, rooms or shelters
    raises   FileRefused
    """
    try:
        table = read_table(data, filename, known=known)
    except FileRefused as refused:
        if refused.code is not RefusedCode.HEADER_NOT_FOUND:
            raise
        # Perhaps the header is only unknown to this list: then say which list it belongs to.
        signs = {sign: sign for kind in _SIGNS.values() for sign in kind}
        try:
            other = read_table(data, filename, known={**signs, **known})
        except FileRefused:
            raise refused from None
        refuse_other_lists(other.columns, filename, wanted=wanted)
        raise
    refuse_other_lists(table.columns, filename, wanted=wanted)
    return table


def raw_records(table: Table, known: Mapping[str, str], *, name_column: str) -> list[RawRecord]:
    """Every row of the table, in order; blank rows, notes and examples are marked rejected.

    name_column   canonical column that a record must have; its absence refuses the file
    """
    canonical = [known.get(header_key(header)) for header in table.columns]
    if name_column not in canonical:
        raise FileRefused(RefusedCode.HEADER_NOT_FOUND, column=name_column)
    names = _unique(table.columns)
    return [
        _record(number, row, canonical, names, table, known, name_column)
        for number, row in enumerate(table.rows, start=1)
    ]


def refuse_other_lists(columns: Sequence[str], filename: str, *, wanted: str) -> None:
    """Raise WRONG_KIND where the columns are plainly those of another list.

    wanted   facilities, rooms or shelters
    """
    keys = {header_key(column) for column in columns}
    if _SIGNS[wanted] & keys:
        return
    for kind, signs in _SIGNS.items():
        if kind != wanted and len(signs & keys) >= (2 if kind == "facilities" else 1):
            seen, command = _LISTS[kind]
            raise FileRefused(
                RefusedCode.WRONG_KIND,
                filename=filename,
                seen=seen,
                wanted=_LISTS[wanted][0],
                command=command,
            )


def _unique(columns: Sequence[str]) -> list[str]:
    """Headers as written; a repeated one gets #2, an empty one its position."""
    seen: dict[str, int] = {}
    names = []
    for position, header in enumerate(columns, start=1):
        name = header.strip() or f"列{position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def _record(
    number: int,
    row: tuple[str, ...],
    canonical: list[str | None],
    names: list[str],
    table: Table,
    known: Mapping[str, str],
    name_column: str,
) -> RawRecord:
    raw = dict(zip(names, row, strict=False))
    values, disagreeing = _values(row, canonical)
    no_record = _no_record(row, values, known, name_column)
    if no_record is not None:
        return RawRecord(number, values, raw, RecordStatus.REJECTED, (no_record,))
    reasons = [reason(ReasonCode.COLUMNS_DISAGREE, column=column) for column in disagreeing]
    if len(row) > len(canonical):
        reasons.append(reason(ReasonCode.TOO_MANY_CELLS))
    broken = next((c for c, text in values.items() if "\ufffd" in text), None)
    if broken is not None:
        reasons.append(reason(ReasonCode.UNDECODABLE_BYTES, column=broken))
    if not text_of(values.get(name_column, "")):
        reasons.append(reason(ReasonCode.NAME_MISSING))
    filled = frozenset(
        column
        for position, column in enumerate(canonical)
        if column is not None and (number - 1, position) in table.filled
    )
    return RawRecord(number, values, raw, None, tuple(reasons), bool(reasons), filled)


def _values(row: tuple[str, ...], canonical: list[str | None]) -> tuple[dict[str, str], list[str]]:
    """Text by canonical column; of two columns with one meaning the first that says something."""
    values: dict[str, str] = {}
    disagreeing = []
    for column, text in zip(canonical, row, strict=False):
        if column is None:
            continue
        before = values.get(column, "")
        if not text_of(before):
            values[column] = text if text_of(text) or column not in values else before
        elif text_of(text) and squeezed(text) != squeezed(before) and column == "名称":
            disagreeing.append(column)
    return values, disagreeing


def _no_record(
    row: tuple[str, ...], values: Mapping[str, str], known: Mapping[str, str], name_column: str
) -> Reason | None:
    """Why a row is not a record; None for a record."""
    said = [text for cell in row if (text := text_of(cell))]
    if not said:
        return reason(ReasonCode.BLANK_RECORD)
    name = text_of(values.get(name_column, ""))
    # Only where the name is itself a header is the whole row compared: it is done for every row.
    repeated = bool(name) and known.get(header_key(name)) == name_column
    if repeated and header_score(row, known) >= max(2, len(said) // 2):
        return reason(ReasonCode.REPEATED_HEADER)
    if _EXAMPLE.match(squeezed(said[0])) or _EXAMPLE.match(squeezed(name)):
        return reason(ReasonCode.EXAMPLE_ROW)
    if len(said) >= 2 and all(squeezed(text).casefold() in _DESCRIPTIVE for text in said):
        return reason(ReasonCode.NOTE_ROW)
    if len(said) == 1 and (_NOTE.match(squeezed(said[0])) or (not name and len(said[0]) > 20)):
        return reason(ReasonCode.NOTE_ROW)
    return None
