"""What becomes of a value that its box does not hold: one answer for paper, page and plain text.

A field may have a maximum of its own and say what is done before its value leaves the box:
`shrink` makes the letters smaller, `lines` takes a second line, `extra` keeps the size and moves
what is longer. A field that says nothing has all three in turn. What is over the maximum, or still
does not fit, stands in full on an extra sheet (別紙): nothing is ever cut off.

Needs no font: where there is none, a wide character is one letter wide and any other is half.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from printables.japanese import break_lines, clusters, columns
from printables.sheet import Cell, Grid, Limit, Row, Sheet

SHRINK, LINES, EXTRA = "shrink", "lines", "extra"
# How many lines each takes where the field does not say.
OVERFLOWS: Mapping[str, int] = {SHRINK: 1, LINES: 2, EXTRA: 1}
CHARACTERS_MAX, LINES_MAX = 2000, 40
SEE_EXTRA = "別紙のとおり"
SIDES = 1.6  # millimetres between a rule and the text
SMALLEST = 8.0  # points; no reader is asked for smaller letters
POINTS = 72 / 25.4  # points in a millimetre


def characters(text: str) -> int:
    """How many characters a person would count; a break of line is none."""
    return sum(cluster != "\n" for cluster in clusters(text))


def is_over(cell: Cell) -> bool:
    """Whether the value is longer than its field allows; what stands in a blank is no value."""
    most = cell.limit.characters_max
    return bool(most) and not cell.is_blank and characters(cell.text) > most


def smallest(cell: Cell) -> float:
    """The size, in points, below which the letters of this value are not made smaller."""
    keeps_size = cell.limit.overflow == EXTRA and not cell.is_blank
    return cell.size if keeps_size else SMALLEST


def size_in(cell: Cell, width: float) -> float | None:
    """The size of letters, in points, at which a cell of this width (mm) holds its words.

    returns  None where it does not
    """
    size, room = cell.size, (width - 2 * SIDES) * POINTS
    while size >= smallest(cell) - 0.01:
        if len(break_lines(cell.text, room / size * 2 + 0.01, columns)) <= cell.lines_max:
            return size
        size -= 0.5
    return None


def capacity(limit: Limit, width: float) -> int:
    """How many wide characters a cell of this width (mm) holds at the smallest size.

    A line may lose one character to the next, because some may not begin one.
    """
    a_line = int((width - 2 * SIDES) * POINTS / SMALLEST + 0.01)
    return max(0, a_line * limit.lines_max - (limit.lines_max - 1))


def placed(rows: Sequence[Row]) -> list[list[tuple[int, Cell]]]:
    """Every cell with its first column, behind those that reach down from rows above."""
    taken: set[tuple[int, int]] = set()
    found = []
    for index, row in enumerate(rows):
        column, line = 0, []
        for cell in row.cells:
            while (index, column) in taken:
                column += 1
            taken |= {
                (index + down, column + right)
                for down in range(cell.rows)
                for right in range(cell.columns)
            }
            line.append((column, cell))
            column += cell.columns
        found.append(line)
    return found


def widths(grid: Grid, width: float) -> Iterator[list[tuple[Cell, float]]]:
    """The cells of each row with their widths, where the grid is `width` wide; millimetres.

    The grid's own widths are shares of what is there, so that one form serves other margins.
    """
    scale = width / sum(grid.widths)
    for line in placed(grid.rows):
        yield [
            (cell, sum(grid.widths[column : column + cell.columns]) * scale)
            for column, cell in line
        ]


class Extra:
    """The extra sheet of one paper, for a view without fonts: what has moved there so far."""

    def __init__(self, sheet: Sheet) -> None:
        self.width = sheet.width
        self.title = title(sheet)
        self.moved: list[tuple[str, str]] = []

    def held(self, cell: Cell, width: float) -> tuple[str, float]:
        """A cell's words and their size; a value that has to move is remembered."""
        if cell.is_label or cell.is_blank or not cell.text:
            return cell.text, cell.size
        size: float | None = cell.size
        if is_over(cell):
            size = None
        elif cell.limit.overflow:
            # Without a rule the cell grows, as cells do in a browser and in plain text.
            size = size_in(cell, width)
        if size is not None:
            return cell.text, size
        self.moved.append((cell.label or cell.field, cell.text))
        return SEE_EXTRA, cell.size


def title(sheet: Sheet) -> str:
    """The heading of the extra sheet."""
    return f"別紙（{sheet.title}）"
