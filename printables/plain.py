"""A sheet as text of 80 columns: the last step down, for a machine that has neither fonts nor PDF.

Wide characters count as two columns, so that tables stay straight on a terminal and a line printer.
"""

from __future__ import annotations

from itertools import zip_longest

from printables import limits
from printables.japanese import break_lines, columns
from printables.limits import Extra
from printables.sheet import (
    Block,
    Break,
    Cell,
    Clauses,
    Code,
    CutLine,
    Grid,
    Issuer,
    Line,
    Pair,
    Sheet,
)

WIDTH = 80


def render(sheet: Sheet) -> str:
    """The whole sheet; every line has at most 80 columns."""
    lines: list[str] = []
    if sheet.marking:
        lines += _aligned(f"［{sheet.marking}］", "right")
    if sheet.corner is not None:
        lines += [sheet.corner.number]
    extra = Extra(sheet)
    for block in sheet.blocks:
        lines += _block(block, extra)
    notes = sheet.corner.notes if sheet.corner else ()
    lines += ["-" * WIDTH, *(line for each in (*notes, sheet.footer) for line in _wrapped(each))]
    if extra.moved:
        lines += ["", "=" * WIDTH, *_aligned(extra.title, "center")]
        lines += [
            line for label, text in extra.moved for line in ("", f"■ {label}", *_wrapped(text))
        ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _block(block: Block, extra: Extra) -> list[str]:
    match block:
        case Line():
            text = _aligned(block.text, block.align)
            return ["", *text, ""] if block.role == "H1" else text
        case Pair():
            return [line for each in (*block.right, *block.left) for line in _block(each, extra)]
        case Grid():
            head = ["", f"■ {block.title}"] if block.title else [""]
            return head + (_table(block, extra) if block.head_rows else _form(block, extra))
        case Clauses():
            title = ["", f"■ {block.title}"] if block.title else [""]
            items = [
                line
                for number, item in enumerate(block.items, start=1)
                for line in _hanging(f"{number}. " if block.is_numbered else block.bullet, item)
            ]
            return title + items + (_block(block.code, extra) if block.code else [])
        case Issuer():
            words = "（印）" if block.seal.mode != "omitted" else block.seal.words
            signed = (*block.lines, words)
            return [line for each in signed for line in _aligned(each, "right")]
        case Code():
            beside = [line for each in block.lines for line in _wrapped(each)]
            payload = block.payload
            return ["", *beside, *(payload[i : i + 76] for i in range(0, len(payload), 76))]
        case CutLine():
            return ["", "- " * (WIDTH // 2), ""]
        case Break():
            return ["", "=" * WIDTH]


def _measure(text: str) -> float:
    return columns(text)


def _wrapped(text: str, width: int = WIDTH) -> list[str]:
    return break_lines(text, width, _measure)


def _aligned(text: str, align: str) -> list[str]:
    lines = []
    for line in _wrapped(text):
        free = WIDTH - columns(line)
        lines.append(" " * {"left": 0, "center": free // 2, "right": free}[align] + line)
    return lines


def _hanging(label: str, text: str) -> list[str]:
    indent = columns(label)
    first, *rest = _wrapped(text, WIDTH - indent)
    return [label + first, *(" " * indent + line for line in rest)]


def _form(grid: Grid, extra: Extra) -> list[str]:
    """Labels and what belongs to them, a pair a line."""
    lines = []
    for row in limits.widths(grid, extra.width):
        label = ""
        for cell, width in row:
            if cell.is_label:
                label += f"【{one_line(cell.text)}】"
                continue
            words = content(cell, extra.held(cell, width)[0])
            lines += _hanging(f"{label} " if label else "  ", words)
            label = ""
        if label:
            lines.append(label)
    return lines


def content(cell: Cell, text: str) -> str:
    """A cell's words, with its boxes as [x] and [ ]."""
    boxes = "  ".join(f"[{'x' if o.is_ticked else ' '}] {o.label}" for o in cell.options)
    return "\n".join(part for part in (text, boxes) if part)


def one_line(text: str) -> str:
    """A label that was set in two lines, in one."""
    return text.replace("\n", "")


def _table(grid: Grid, extra: Extra) -> list[str]:
    """Columns by their share of the width; a bar before each."""
    free = WIDTH - 1 - len(grid.widths)
    total = sum(grid.widths)
    widths = [max(2, int(free * width / total)) for width in grid.widths]
    lines = [_rule(widths)]
    pending: dict[int, int] = {}
    for row in limits.widths(grid, extra.width):
        parts: list[tuple[list[str], int]] = []
        column = 0
        cells = iter(row)
        while column < len(widths):
            if pending.get(column, 0) > 0:
                pending[column] -= 1
                parts.append(([""], widths[column]))
                column += 1
                continue
            cell, on_paper = next(cells, (Cell(), 0.0))
            width = sum(widths[column : column + cell.columns]) + cell.columns - 1
            parts.append((_wrapped(content(cell, extra.held(cell, on_paper)[0]), width), width))
            for each in range(column, column + cell.columns):
                pending[each] = cell.rows - 1
            column += cell.columns
        for texts in zip_longest(*(part for part, _ in parts), fillvalue=""):
            padded = (
                text + " " * (width - columns(text))
                for text, (_, width) in zip(texts, parts, strict=True)
            )
            lines.append("|" + "|".join(padded) + "|")
        lines.append(_rule(widths))
    return lines


def _rule(widths: list[int]) -> str:
    return "+" + "+".join("-" * width for width in widths) + "+"
