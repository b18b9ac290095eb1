"""A file imported again: what to take, what to keep, what to show to a clerk first.

Three sides meet in every cell: `base`, what the town's last file said; `mine`, what stands in our
records now; `theirs`, what the new file says. A spreadsheet's damage never replaces a good value,
and what a person corrected is never replaced silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reservations.opendata.cells import EMPTY, Cell, CellStatus, RecordStatus, squeezed, text_of
from reservations.opendata.damage import is_damaged
from reservations.opendata.facilities import FacilityFile, FacilityRecord

_NUMERIC_COLUMNS = frozenset({"緯度", "経度", "高度の値"})


class Decision(StrEnum):
    """What becomes of one cell.

    same        both say the same; nothing to do
    keep        the file is as before; ours was corrected and stays
    take        the town changed it; the new value is used
    suspicious  the new value looks damaged, emptied or worse; ours stays until a clerk decides
    conflict    the town and a person of ours changed it differently; ours stays until then
    """

    SAME = "same"
    KEEP = "keep"
    TAKE = "take"
    SUSPICIOUS = "suspicious"
    CONFLICT = "conflict"


class MergeReason(StrEnum):
    """Why, in a stable code; SENTENCES has the words."""

    EQUAL = "equal"
    FILE_UNCHANGED = "file_unchanged"
    FILE_CHANGED = "file_changed"
    NEWLY_FILLED = "newly_filled"
    SPREADSHEET_DAMAGE = "spreadsheet_damage"
    EMPTIED = "emptied"
    NOT_UNDERSTOOD = "not_understood"
    PRECISION_LOST = "precision_lost"
    BOTH_CHANGED = "both_changed"


SENTENCES: dict[MergeReason, str] = {
    MergeReason.EQUAL: "変わりありません。",
    MergeReason.FILE_UNCHANGED: "ファイルは前回のままです。こちらで直した値を残します。",
    MergeReason.FILE_CHANGED: "ファイルの新しい値を使います。",
    MergeReason.NEWLY_FILLED: "空だった欄に値が入りました。",
    MergeReason.SPREADSHEET_DAMAGE: "表計算ソフトで壊れた値です。今の値を残します。",
    MergeReason.EMPTIED: "ファイルで空になりました。消してよければ確定してください。",
    MergeReason.NOT_UNDERSTOOD: "新しい値を読み取れません。今の値を残します。",
    MergeReason.PRECISION_LOST: "新しい値は桁が減っています。今の値を残します。",
    MergeReason.BOTH_CHANGED: "こちらでも直しています。どちらを使うか選んでください。",
}


@dataclass(frozen=True)
class CellMerge:
    """One cell of one record.

    key      of the record, as `match_key` gives it
    value    the text that stands after the merge
    """

    key: str
    record_no: int
    name: str
    column: str
    base: str
    mine: str
    theirs: str
    decision: Decision
    reason: MergeReason
    value: str

    def sentence(self) -> str:
        """The reason in the clerk's words."""
        return SENTENCES[self.reason]


@dataclass(frozen=True)
class MergeReport:
    """A whole file merged.

    cells      every cell that is not simply the same
    matched    record_no in the new file -> key of the record it continues
    added      record_nos that continue none; removed: keys that the new file lacks
    totals     decisions counted over all cells, with matched, added and removed
    """

    cells: tuple[CellMerge, ...]
    matched: Mapping[int, str]
    added: tuple[int, ...]
    removed: tuple[str, ...]
    totals: Mapping[str, int]

    @property
    def suspicious(self) -> tuple[CellMerge, ...]:
        return tuple(cell for cell in self.cells if cell.decision is Decision.SUSPICIOUS)

    @property
    def conflicts(self) -> tuple[CellMerge, ...]:
        return tuple(cell for cell in self.cells if cell.decision is Decision.CONFLICT)


def merge_cell(
    column: str, *, base: str, mine: str, theirs: str, parsed: Cell = EMPTY
) -> tuple[Decision, MergeReason, str]:
    """(decision, reason, text that stands) for one cell; all three sides are raw texts.

    parsed   the new file's cell, whose status tells whether the new value was understood
    """
    if same_value(column, mine, theirs):
        return Decision.SAME, MergeReason.EQUAL, mine
    if is_damaged(column, theirs):
        restored = parsed.value if parsed.status is CellStatus.REPAIRED else None
        if restored and not text_of(mine):
            return Decision.TAKE, MergeReason.NEWLY_FILLED, str(restored)
        return Decision.SUSPICIOUS, MergeReason.SPREADSHEET_DAMAGE, mine
    if same_value(column, base, theirs):
        return Decision.KEEP, MergeReason.FILE_UNCHANGED, mine
    if not same_value(column, base, mine):
        return Decision.CONFLICT, MergeReason.BOTH_CHANGED, mine
    if not text_of(mine):
        return Decision.TAKE, MergeReason.NEWLY_FILLED, theirs
    if not text_of(theirs):
        return Decision.SUSPICIOUS, MergeReason.EMPTIED, mine
    if column in _NUMERIC_COLUMNS and _is_rounded(mine, theirs):
        return Decision.SUSPICIOUS, MergeReason.PRECISION_LOST, mine
    if parsed.status in (CellStatus.UNKNOWN, CellStatus.REJECTED) and not is_damaged(column, mine):
        return Decision.SUSPICIOUS, MergeReason.NOT_UNDERSTOOD, mine
    return Decision.TAKE, MergeReason.FILE_CHANGED, theirs


def merge_files(
    base: FacilityFile,
    theirs: FacilityFile,
    *,
    mine: Mapping[str, Mapping[str, str]] | None = None,
) -> MergeReport:
    """The new file over the last one, cell by cell, for every column that both have.

    mine   key -> column -> text, for cells that differ from `base` (a clerk's corrections)
    """
    before = {match_key(record): record for record in _kept(base.records)}
    matched = match_records(_kept(base.records), _kept(theirs.records))
    merged: list[CellMerge] = []
    totals = dict.fromkeys((d.value for d in Decision), 0)
    for record in _kept(theirs.records):
        key = matched.get(record.record_no)
        if key is None:
            continue
        for cell in _merge_record(key, before[key], record, (mine or {}).get(key, {})):
            totals[cell.decision.value] += 1
            if cell.decision is not Decision.SAME:
                merged.append(cell)
    added = tuple(r.record_no for r in _kept(theirs.records) if r.record_no not in matched)
    removed = tuple(key for key in before if key not in set(matched.values()))
    totals |= {"matched": len(matched), "added": len(added), "removed": len(removed)}
    return MergeReport(tuple(merged), matched, added, removed, totals)


def match_key(record: FacilityRecord) -> str:
    """What a record is known by over the years: publisher and ID, else name and address."""
    if record.external_id:
        return f"id:{record.publisher_code or ''}:{record.external_id}"
    return _place_key(record)


def match_records(
    base: Iterable[FacilityRecord], theirs: Iterable[FacilityRecord]
) -> dict[int, str]:
    """record_no of the new file -> key of the old record.

    The ID decides unless the name says that the IDs were given out anew; then name and address.
    """
    by_key: dict[str, FacilityRecord] = {}
    by_place: dict[str, FacilityRecord] = {}
    for record in base:
        by_key.setdefault(match_key(record), record)
        by_place.setdefault(_place_key(record), record)
    matched: dict[int, str] = {}
    taken: set[str] = set()
    for record in theirs:
        same_id, same_place = by_key.get(match_key(record)), by_place.get(_place_key(record))
        found = same_id
        if same_id is None or (
            same_place is not None and squeezed(same_id.name) != squeezed(record.name)
        ):
            found = same_place
        if found is not None and match_key(found) not in taken:
            matched[record.record_no] = match_key(found)
            taken.add(match_key(found))
    return matched


def same_value(column: str, one: str, other: str) -> bool:
    """Whether two raw texts mean the same: width and blanks aside, 36.30 is 36.3."""
    if squeezed(text_of(one)) == squeezed(text_of(other)):
        return True
    if column in _NUMERIC_COLUMNS:
        numbers = [_number(text) for text in (one, other)]
        return None not in numbers and numbers[0] == numbers[1]
    return False


def _kept(records: Iterable[FacilityRecord]) -> list[FacilityRecord]:
    return [record for record in records if record.status is not RecordStatus.REJECTED]


def _place_key(record: FacilityRecord) -> str:
    return f"at:{squeezed(record.name)}:{squeezed(record.address)}"


def _merge_record(
    key: str, before: FacilityRecord, record: FacilityRecord, corrected: Mapping[str, str]
) -> list[CellMerge]:
    """The cells of one record; derived cells, which the file does not have, are left out."""
    cells = []
    for column, cell in record.cells.items():
        if column not in before.cells:
            continue
        base = before.cells[column].raw
        mine = corrected.get(column, base)
        decision, why, value = merge_cell(
            column, base=base, mine=mine, theirs=cell.raw, parsed=cell
        )
        number, name = record.record_no, record.name
        cells.append(
            CellMerge(key, number, name, column, base, mine, cell.raw, decision, why, value)
        )
    return cells


def _number(text: str) -> float | None:
    bare = squeezed(text_of(text))
    return float(bare) if re.fullmatch(r"[+-]?\d+(\.\d+)?", bare) else None


def _is_rounded(mine: str, theirs: str) -> bool:
    """Whether the new number is the old one with at least two decimals fewer."""
    old, new = squeezed(text_of(mine)), squeezed(text_of(theirs))
    if _number(old) is None or _number(new) is None:
        return False
    kept, before = (len(text.partition(".")[2]) for text in (new, old))
    return kept + 2 <= before and abs(float(old) - float(new)) <= 10.0**-kept
