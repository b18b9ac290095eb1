"""Ruled cells on paper: heights from what is in them, page breaks between rows, boxes to tick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from printables import faces, limits
from printables.archive import Tag
from printables.limits import POINTS, SEE_EXTRA, SIDES, SMALLEST
from printables.page import (
    LINE_HEIGHT,
    MIDDLE,
    THIN,
    Box,
    Fitted,
    Page,
    fit,
    width_of,
)
from printables.sheet import Cell, Grid, Line, Option, Row

if TYPE_CHECKING:
    from printables.layout import Layout

ENDS = 1.0  # millimetres above and below the text
TICK_SIDE, TICK_GAP, OPTION_GAP = 3.8, 1.4, 4.0
HELP_SIZE = 8.0
THICK_FRAME = 1.8
LABEL_SHRINK, LABEL_LINE_HEIGHT = 0.78, 1.2


@dataclass(frozen=True)
class Placed:
    """A cell with its first column and what it holds, cut to its width."""

    cell: Cell
    column: int
    width: float
    body: Fitted
    help: Fitted
    options: tuple[tuple[tuple[Option, Fitted, float], ...], ...]  # by line: with its offset

    @property
    def height(self) -> float:
        boxes = sum(line_height(line) for line in self.options)
        return self.body.height + self.help.height + boxes + 2 * ENDS


NOTHING = Fitted((), HELP_SIZE)


def draw(layout: Layout, grid: Grid) -> None:
    """Draw the grid where the layout stands, over as many pages as it takes."""
    # The widths are shares of what is there, so that one definition serves other margins.
    scale = layout.width / sum(grid.widths)
    widths = [width * scale for width in grid.widths]
    placed = place(layout, grid.rows, widths)
    heights = row_heights(grid.rows, placed)
    groups = row_groups(grid.rows)
    if grid.title:
        _draw_title(layout, grid, heights)
    head = list(range(grid.head_rows))
    table = Tag("Table")
    layout.paper.tag.kids.append(table)
    drawer = _Drawer(layout, grid, widths, placed, heights)
    with layout.paper.under(table):
        is_first = True
        for group in groups:
            height = sum(heights[index] for index in group)
            if is_first and group[-1] < grid.head_rows:
                # A head is not left alone at the foot of a page.
                height += heights[min(grid.head_rows, len(heights) - 1)]
            page = layout.page
            layout.need(height, (0.8 if grid.title else grid.gap) if is_first else 0.0)
            if layout.page is not page and not is_first:
                drawer.close_frame(page)
            if is_first or layout.page is not page:
                drawer.open_frame()
                if not is_first:
                    drawer.rows(head, is_repeated=True)
            drawer.rows(group, is_repeated=False)
            is_first = False
        drawer.close_frame(layout.page)


def _draw_title(layout: Layout, grid: Grid, heights: list[float]) -> None:
    """A title stays with the first rows of its table."""
    first = sum(heights[: grid.head_rows + 1])
    line = Line(grid.title, size=11.0, is_bold=True, role="H2", gap=grid.gap)
    if not layout.is_first_on_page and layout.y + grid.gap + 8 + first > layout.bottom:
        layout.new_page()
    layout.draw_line(line)


def place(layout: Layout, rows: tuple[Row, ...], widths: list[float]) -> list[list[Placed]]:
    """Give every cell its column, behind those that reach down from rows above."""
    return [
        [
            _fit_cell(layout, cell, column, sum(widths[column : column + cell.columns]))
            for column, cell in line
        ]
        for line in limits.placed(rows)
    ]


def _fit_cell(layout: Layout, cell: Cell, column: int, width: float) -> Placed:
    inner = width - 2 * SIDES
    weight = faces.BOLD if cell.is_bold else faces.REGULAR
    body = NOTHING
    if cell.text:
        if cell.is_label:
            # A label would rather be small than broken in the middle of a word.
            wanted = cell.text.count("\n") + 1
            least = max(SMALLEST, cell.size * LABEL_SHRINK)
            fitted = fit(
                cell.text, inner, cell.size, lines_max=wanted, smallest=least, weight=weight
            )
            fitted = fitted or _evened(cell.text, inner, least, weight)
            fitted = fitted and replace(fitted, line_height=LABEL_LINE_HEIGHT)
        else:
            fitted = _fit_value(cell, inner, weight)
        if fitted is None:
            layout.move(cell.label or cell.field, cell.text)
            fitted = fit(SEE_EXTRA, inner, cell.size, weight=weight) or NOTHING
        body = fitted
    helped = NOTHING
    if cell.help:
        helped = fit(cell.help, inner, HELP_SIZE) or NOTHING
    return Placed(cell, column, width, body, helped, _option_lines(cell, inner))


def _evened(text: str, width: float, size: float, weight: str) -> Fitted | None:
    """A label that has to be broken; in even lines rather than with a letter left over."""
    fitted = narrower = fit(text, width, size, smallest=size, weight=weight)
    if fitted is None or len(fitted.lines) == 1 or len(fitted.lines[-1]) > 1:
        return fitted
    while narrower is not None and len(narrower.lines) == len(fitted.lines):
        fitted = narrower
        width -= size / POINTS / 2
        narrower = fit(text, width, size, smallest=size, weight=weight)
    return fitted


def _fit_value(cell: Cell, width: float, weight: str) -> Fitted | None:
    """A value by the rule of its field; None where it goes to the extra sheet."""
    if limits.is_over(cell):
        return None
    least = limits.smallest(cell)
    return fit(cell.text, width, cell.size, lines_max=cell.lines_max, smallest=least, weight=weight)


def _option_lines(cell: Cell, width: float) -> tuple[tuple[tuple[Option, Fitted, float], ...], ...]:
    """Options side by side as far as the width goes."""
    lines: list[list[tuple[Option, Fitted, float]]] = []
    x = width + 1
    for option in cell.options:
        room = width - TICK_SIDE - TICK_GAP
        fitted = fit(option.label, room, cell.size, lines_max=2) or fit(
            option.label, room, SMALLEST
        )
        assert fitted is not None
        need = TICK_SIDE + TICK_GAP + max(width_of(line, fitted.size) for line in fitted.lines)
        if x + need > width + 0.05:
            lines.append([])
            x = 0.0
        lines[-1].append((option, fitted, x))
        x += need + OPTION_GAP
    return tuple(tuple(line) for line in lines)


def line_height(line: tuple[tuple[Option, Fitted, float], ...]) -> float:
    """The height that a line of boxes and words takes."""
    return max(max(fitted.height for _, fitted, _ in line), TICK_SIDE + 1.6)


def row_heights(rows: tuple[Row, ...], placed: list[list[Placed]]) -> list[float]:
    """Each row as high as its fullest cell; a cell over several rows stretches the last."""
    heights = [
        max([row.height, *(each.height for each in line if each.cell.rows == 1)])
        for row, line in zip(rows, placed, strict=True)
    ]
    for index, line in enumerate(placed):
        for each in line:
            last = index + each.cell.rows
            lacking = each.height - sum(heights[index:last])
            if lacking > 0:
                heights[last - 1] += lacking
    return heights


def row_groups(rows: tuple[Row, ...]) -> list[list[int]]:
    """Rows that a cell holds together, so that no page break cuts it."""
    groups: list[list[int]] = []
    until = 0
    for index, row in enumerate(rows):
        if index >= until:
            groups.append([])
            until = index + 1
        until = max([until, *(index + cell.rows for cell in row.cells)])
        groups[-1].append(index)
    return groups


class _Drawer:
    """Draws rows where the layout stands and frames what it drew on each page."""

    def __init__(
        self,
        layout: Layout,
        grid: Grid,
        widths: list[float],
        placed: list[list[Placed]],
        heights: list[float],
    ) -> None:
        self.layout, self.grid, self.widths = layout, grid, widths
        self.placed, self.heights = placed, heights
        self.top = self.end = 0.0

    def open_frame(self) -> None:
        self.top = self.layout.y

    def close_frame(self, page: Page) -> None:
        box = Box(self.layout.left, self.top, sum(self.widths), self.end - self.top)
        weight = THICK_FRAME if self.grid.is_thick else MIDDLE
        page.frame(box, weight=weight)

    def rows(self, indexes: list[int], *, is_repeated: bool) -> None:
        for index in indexes:
            if is_repeated:
                self._row(index, is_repeated=True)
            else:
                with self.layout.paper.tagged("TR"):
                    self._row(index, is_repeated=False)
            self.layout.y += self.heights[index]
        self.end = self.layout.y

    def _row(self, index: int, *, is_repeated: bool) -> None:
        y = self.layout.y
        for each in self.placed[index]:
            x = self.layout.left + sum(self.widths[: each.column])
            height = sum(self.heights[index : index + each.cell.rows])
            box = Box(x, y, each.width, height)
            self.layout.page.frame(box, weight=THIN)
            if is_repeated:
                self._content(each, box, is_repeated=True)
                continue
            is_head = index < self.grid.head_rows
            role = "TH" if each.cell.is_label else "TD"
            scope = "" if role == "TD" else f" /Scope /{'Column' if is_head else 'Row'}"
            spans = f" /ColSpan {each.cell.columns}" if each.cell.columns > 1 else ""
            spans += f" /RowSpan {each.cell.rows}" if each.cell.rows > 1 else ""
            attributes = f"<< /O /Table{scope}{spans} >>" if scope or spans else ""
            with self.layout.paper.tagged(role, attributes=attributes):
                self._content(each, box, is_repeated=False)

    def _content(self, each: Placed, box: Box, *, is_repeated: bool) -> None:
        page, cell = self.layout.page, each.cell
        inner = box.inset(SIDES)
        content = each.height - 2 * ENDS
        y = box.y + (box.height - content) / 2
        weight = faces.BOLD if cell.is_bold else faces.REGULAR
        align = cell.align
        for fitted, font in ((each.body, weight), (each.help, faces.REGULAR)):
            if fitted.lines:
                place = Box(inner.x, y, inner.width, fitted.height)
                page.text(place, fitted, align=align, weight=font, is_artifact=is_repeated)
                y += fitted.height
        for line in each.options:
            height = line_height(line)
            for option, fitted, offset in line:
                self._option(
                    each, option, fitted, Box(inner.x + offset, y, inner.width - offset, height)
                )
            y += height

    def _option(self, each: Placed, option: Option, fitted: Fitted, box: Box) -> None:
        first_line = fitted.size * LINE_HEIGHT / POINTS
        top = box.y + (box.height - fitted.height) / 2
        square = Box(box.x, top + (first_line - TICK_SIDE) / 2, TICK_SIDE, TICK_SIDE)
        self.layout.page.tick(square, is_ticked=option.is_ticked)
        self.layout.remember(each.cell.field, option.id, square)
        words = Box(
            box.x + TICK_SIDE + TICK_GAP, box.y, box.width - TICK_SIDE - TICK_GAP, box.height
        )
        actual = f"［該当］{option.label}" if option.is_ticked else ""
        with self.layout.paper.tagged("Span", actual=actual):
            self.layout.page.text(words, fitted)
