"""利用日程表: the rooms of a day or the days of a room, for the door or for the desk.

A board for the door (掲示用) never shows a telephone, a private name or what was paid: what only
the staff may see is in fields of its own, which are not asked for when the public looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from printables.forms import Data, Filled
from printables.sheet import Block, Cell, Grid, Row

NARROW_FROM = 4  # with more columns the time has a line of its own
MANY_ROWS = 14
AUDIENCES = {"public": "掲示用", "staff": "職員用（掲示禁止）"}


@dataclass(frozen=True)
class Use:
    """One booking on the board. `name` is what the group agreed to show."""

    time: str
    name: str
    purpose: str = ""
    note: str = ""
    staff_lines: tuple[str, ...] = ()  # permit number, telephone, 支払済 or 未


@dataclass(frozen=True)
class Slot:
    """A room in a frame: its uses, or a word for why it has none."""

    uses: tuple[Use, ...] = ()
    word: str = ""  # 休館, 点検, 空き


@dataclass(frozen=True)
class BoardRow:
    """A room on a day's board, or a frame on a week's."""

    label: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Timetable:
    """A board; `heads` are the frames of a day or the days of a week."""

    issued_at: datetime
    facility: str
    period: str
    as_of: str
    corner_label: str
    heads: tuple[str, ...]
    rows: tuple[BoardRow, ...]
    audience: str = "public"
    has_keys: bool = False
    node: str = ""
    operator: str = ""

    @property
    def marking(self) -> str:
        return AUDIENCES[self.audience]

    @property
    def between(self) -> str:
        """Between two uses of one frame; a board of many rows has no line to spare."""
        return "\n" if len(self.rows) > MANY_ROWS else "\n\n"


def board(filled: Filled, data: Data) -> Iterable[Block]:
    """The table of a board, its columns as wide as there are heads."""
    record = filled.record
    assert isinstance(record, Timetable)
    first = data.get("label_width", 34.0)
    width = (data["width"] - first) / len(record.heads)
    is_week = len(record.heads) > NARROW_FROM
    sizes = data["sizes"][record.audience]
    size = sizes["week" if is_week else "day"]
    # A short board fills its sheet, so that it can be read from across a corridor.
    least, most = data.get("row_heights", (14.0, 32.0))
    height = min(max(data["height"] / max(len(record.rows), 1), least), most)
    heads = (record.corner_label, *record.heads)
    head_size = data.get("head_size", 11.0)
    label_size = data.get("label_size", max(size, 10.0))
    rows = [
        Row(tuple(Cell(head, is_label=True, align="center", size=head_size) for head in heads), 8),
        *(_row(row, record, size, height, label_size) for row in record.rows),
    ]
    yield Grid((first, *(width for _ in record.heads)), tuple(rows), head_rows=1, gap=2.0)


def _row(row: BoardRow, record: Timetable, size: float, height: float, label_size: float) -> Row:
    cells = [Cell(row.label, is_label=True, align="center", size=label_size)]
    for head, slot in zip(record.heads, row.slots, strict=True):
        text = record.between.join(_words(use, record) for use in slot.uses) or slot.word
        label = f"{row.label}・{head}"
        cells.append(
            Cell(
                text, size=size, lines_max=16, label=label, align="left" if slot.uses else "center"
            )
        )
    return Row(tuple(cells), height)


def _words(use: Use, record: Timetable) -> str:
    between = "\n" if len(record.heads) > NARROW_FROM else "　"
    lines = [
        f"{use.time}{between}{use.name}",
        "　".join(part for part in (use.purpose, use.note) if part),
    ]
    if record.audience == "staff":
        lines += use.staff_lines
        if record.has_keys:
            lines.append("鍵：渡し　　：　　戻り　　：")
    return "\n".join(line for line in lines if line)
