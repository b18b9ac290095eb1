"""From a sheet to a PDF: where each block stands, when a page is full, what moves to a 別紙.

Every box that is to be ticked is remembered with its place, so that a scanned form can be read
with the same definition that drew it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from printables import faces, grid, limits, qr
from printables.archive import About
from printables.limits import POINTS
from printables.page import (
    A4,
    A4_LANDSCAPE,
    LINE_HEIGHT,
    THIN,
    Box,
    Fitted,
    Page,
    Paper,
    fit,
    width_of,
)
from printables.pictures import Picture
from printables.sheet import (
    Block,
    Break,
    Clauses,
    Code,
    CutLine,
    Grid,
    Issuer,
    Line,
    Pair,
    Seal,
    Sheet,
)

TOP, BOTTOM = 13.0, 16.0
CLAUSE_LINE_HEIGHT = 1.38
FOOTER_SIZE = 8.0
SEAL_SIDE = 24.0
CORNER_SIDE, CORNER_EDGE = 25.0, 9.0
QUIET_MODULES = 4


@dataclass(frozen=True)
class MarkBox:
    """Where a box to be ticked lies: millimetres from the upper left corner of a page."""

    page: int
    field: str
    option: str
    x: float
    y: float
    side: float


@dataclass(frozen=True)
class CodeBox:
    """Where the modules of a numbered form's code lie: by them a scan finds its place."""

    page: int
    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Drawn:
    """The file and what else is known once it is drawn."""

    pdf: bytes
    pages: int
    missing: tuple[str, ...]  # characters that no font has
    moved: tuple[str, ...]  # labels of the values that went to the extra sheet
    marks: tuple[MarkBox, ...]
    codes: tuple[CodeBox, ...] = ()  # of numbered forms, upper and lower


def draw(sheet: Sheet) -> Drawn:
    """The sheet as PDF/UA-1 and PDF/A-2a; the same sheet gives the same bytes."""
    paper = Paper(about(sheet, sheet.title))
    drawn = Layout(sheet, paper)
    drawn.compose()
    drawn.foot()
    return finished(paper, [drawn])


def about(sheet: Sheet, title: str) -> About:
    """What the file says of itself; a control character would break its metadata."""
    title = "".join(char if char.isprintable() or char == "　" else " " for char in title)
    return About(title, title, sheet.author, sheet.issued_at, sheet.language)


def finished(paper: Paper, layouts: Sequence[Layout]) -> Drawn:
    """Close the file and gather what its sheets have to tell."""
    return Drawn(
        paper.close(),
        len(paper.pages),
        tuple(sorted(paper.missing)),
        tuple(label for each in layouts for label, _ in each.moved),
        tuple(mark for each in layouts for mark in each.marks),
        tuple(code for each in layouts for code in each.codes),
    )


def _below(code: Code) -> list[Fitted]:
    """The words under a code that stands beside text, no wider than the code."""
    return [must_fit(line, code.side, 8.0, faces.REGULAR) for line in code.lines]


class Layout:
    """One sheet on its way to paper: the page in hand and how far down it is filled."""

    def __init__(self, sheet: Sheet, paper: Paper) -> None:
        self.sheet, self.paper = sheet, paper
        self.pages: list[Page] = []
        self.size = A4_LANDSCAPE if sheet.is_landscape else A4
        self.left = sheet.margin
        self.width = sheet.width
        self.marks: list[MarkBox] = []
        self.codes: list[CodeBox] = []
        self.moved: list[tuple[str, str]] = []
        self.is_first_on_page = True
        self.new_page()

    def compose(self) -> None:
        """Draw every block and what was too long for its box."""
        if self.sheet.corner is not None:
            self._draw_corner()
        for block in self.sheet.blocks:
            self._draw(block)
        if self.sheet.corner is not None:
            self._draw_corner_notes()
        if self.moved:
            self._draw_moved()

    def foot(self, numbering: Callable[[Page], str] | None = None) -> None:
        """The foot of each page, once it is known how many there are.

        numbering   what stands behind the sheet's own page number, in a book
        """
        for number, page in enumerate(self.pages, start=1):
            own = f"{number}／{len(self.pages)}"
            self._draw_footer(page, number, own + (numbering(page) if numbering else ""))

    @property
    def bottom(self) -> float:
        """Down to where blocks may stand on the page in hand."""
        has_code = self.sheet.corner is not None and self.page is self.pages[0]
        return self.size[1] - (CORNER_EDGE + CORNER_SIDE + 1 if has_code else BOTTOM)

    def new_page(self) -> None:
        """Begin a page of this sheet."""
        self.page = self.paper.page(self.size)
        self.pages.append(self.page)
        self.y = TOP
        self.is_first_on_page = True
        if self.sheet.marking:
            self._draw_marking()

    def need(self, height: float, gap: float) -> None:
        """Go on below the gap, or on a new page if the height is not there."""
        if not self.is_first_on_page:
            self.y += gap
            if self.y + height > self.bottom + 0.05:
                self.new_page()
        self.is_first_on_page = False

    def _draw(self, block: Block) -> None:
        match block:
            case Line():
                self.draw_line(block)
            case Pair():
                self._draw_pair(block)
            case Grid():
                grid.draw(self, block)
            case Clauses():
                self._draw_clauses(block)
            case Issuer():
                self._draw_issuer(block)
            case Code():
                self._draw_code(block)
            case CutLine():
                self._draw_cut(block)
            case Break():
                self.new_page()

    def draw_line(self, line: Line) -> None:
        weight = faces.BOLD if line.is_bold else faces.REGULAR
        fitted = must_fit(line.text, self.width - line.left - line.right, line.size, weight)
        self.need(fitted.height + line.below, line.gap)
        box = Box(self.left + line.left, self.y, self.width - line.left - line.right, fitted.height)
        with self.paper.tagged(line.role):
            self.page.text(box, fitted, align=line.align, weight=weight)
        self.y += fitted.height
        if self.sheet.corner is not None and line.role == "H1":
            # Title and number stand beside the upper code; the rest begins below it.
            self.y = max(self.y, CORNER_EDGE + CORNER_SIDE)

    def _draw_pair(self, pair: Pair) -> None:
        gutter = 4.0
        widths = (self.width * pair.share - gutter, self.width * (1 - pair.share))
        sides = [
            [(line, fit_line(line, width)) for line in lines]
            for lines, width in zip((pair.left, pair.right), widths, strict=True)
        ]
        heights = [sum(line.gap + fitted.height for line, fitted in side) for side in sides]
        self.need(max(heights), pair.gap)
        for side, x, width in zip(
            sides, (self.left, self.left + self.width - widths[1]), widths, strict=True
        ):
            y = self.y
            for line, fitted in side:
                y += line.gap
                weight = faces.BOLD if line.is_bold else faces.REGULAR
                with self.paper.tagged(line.role):
                    box = Box(x, y, width, fitted.height)
                    self.page.text(box, fitted, align=line.align, weight=weight)
                y += fitted.height
        self.y += max(heights)

    def _draw_clauses(self, clauses: Clauses) -> None:
        title = Line(
            clauses.title, size=clauses.size + 0.5, is_bold=True, role="H2", gap=clauses.gap
        )
        code = clauses.code
        first_free, reach = self.y, 0.0
        if code is not None:
            reach = code.side + sum(text.height for text in _below(code))
            self.need(max(code.side + 6, reach), 0.0)
            first_free = self.y + clauses.gap
        if clauses.title:
            self.draw_line(title)
        with self.paper.tagged("L", attributes="<< /O /List /ListNumbering /Decimal >>"):
            page = self.page
            for number, item in enumerate(clauses.items, start=1):
                is_beside = code is not None and self.page is page
                is_beside = is_beside and self.y < first_free + reach
                taken = code.side + 3 if is_beside and code is not None else 0.0
                label = str(number) if clauses.is_numbered else clauses.bullet
                label = label if len(clauses.items) > 1 else ""
                self._draw_clause(label, item, clauses.size, taken)
        if code is not None:
            self._draw_code_beside(page, code, first_free)

    def _draw_clause(self, label: str, item: str, size: float, taken: float) -> None:
        indent = width_of("10　", size)
        width = self.width - indent - taken
        fitted = replace(must_fit(item, width, size, faces.REGULAR), line_height=CLAUSE_LINE_HEIGHT)
        self.need(fitted.height, 0.5)
        with self.paper.tagged("LI"):
            if label:
                box = Box(self.left, self.y, indent, fitted.height)
                words = Fitted((label,), size, CLAUSE_LINE_HEIGHT)
                with self.paper.tagged("Lbl"):
                    self.page.text(box, words, upright="top")
            with self.paper.tagged("LBody"):
                box = Box(self.left + indent, self.y, width, fitted.height)
                self.page.text(box, fitted, upright="top")
        self.y += fitted.height

    def _draw_code_beside(self, page: Page, code: Code, y: float) -> None:
        """The code at the right of clauses that left room for it, with its words below."""
        x = self.left + self.width - code.side
        current, self.page = self.page, page
        draw_code(self, Box(x, y, code.side, code.side), code.payload, code.level, code.alt)
        end = y + code.side
        for fitted in _below(code):
            with self.paper.tagged("P"):
                self.page.text(Box(x, end - 1.2, code.side, fitted.height), fitted, align="center")
            end += fitted.height
        self.page = current
        if current is page:
            self.y = max(self.y, end)

    def _draw_issuer(self, issuer: Issuer) -> None:
        size = 11.0
        column = self.width * 0.48
        texts = [must_fit(line, column - SEAL_SIDE, size, faces.REGULAR) for line in issuer.lines]
        total = sum(text.height for text in texts)
        has_frame = issuer.seal.mode != "omitted"
        side = issuer.seal.side if issuer.seal.picture is not None else SEAL_SIDE
        height = max(total, side) if has_frame else total + 9.5 * LINE_HEIGHT / POINTS
        self.need(height, issuer.gap)
        x = self.left + self.width - column
        y = self.y + ((height - total) * 0.7 if has_frame else 0)
        for text in texts:
            with self.paper.tagged("P"):
                self.page.text(Box(x, y, column - SEAL_SIDE, text.height), text)
            y += text.height
        place = Box(self.left + self.width - SEAL_SIDE, self.y, SEAL_SIDE, side)
        if issuer.seal.picture is not None:
            self._draw_seal(place, issuer.seal, issuer.seal.picture)
        elif has_frame:
            self.page.frame(place, weight=THIN, dash="2 2")
            with self.paper.tagged("P"):
                words = must_fit("印", SEAL_SIDE, 9.0, faces.REGULAR)
                self.page.text(place, words, align="center")
        else:
            words = must_fit(issuer.seal.words, column, 9.5, faces.REGULAR)
            with self.paper.tagged("P"):
                self.page.text(Box(x, y, column - SEAL_SIDE, words.height), words)
        self.y += height

    def _draw_seal(self, place: Box, seal: Seal, picture: Picture) -> None:
        width, height = picture.fitted(seal.side)
        x, y = place.x + (place.width - width) / 2, place.y + (place.height - height) / 2
        box = Box(x, y, width, height)
        with self.paper.tagged("Figure", alt=seal.alt, attributes=self.page.bounds(box)):
            self.page.picture(box, picture, seal.colour)

    def _draw_code(self, code: Code) -> None:
        texts = [
            must_fit(line, self.width - code.side - 4, 9.0, faces.REGULAR) for line in code.lines
        ]
        height = max(code.side, sum(text.height for text in texts))
        self.need(height, code.gap)
        draw_code(
            self, Box(self.left, self.y, code.side, code.side), code.payload, code.level, code.alt
        )
        y = self.y
        for text in texts:
            box = Box(self.left + code.side + 4, y, self.width - code.side - 4, text.height)
            with self.paper.tagged("P"):
                self.page.text(box, text)
            y += text.height
        self.y += height

    def _draw_cut(self, cut: CutLine) -> None:
        fitted = must_fit(cut.words, 60.0, 8.0, faces.REGULAR)
        self.need(fitted.height, cut.gap)
        if cut.is_halfway:
            self.y = max(self.y, (self.size[1] - fitted.height) / 2)
        middle = self.y + fitted.height / 2
        half = self.width / 2 - width_of(cut.words, 8.0) / 2 - 3
        right = self.left + self.width
        self.page.rule(self.left, middle, self.left + half, middle, dash="3 3")
        self.page.rule(right - half, middle, right, middle, dash="3 3")
        self.page.text(
            Box(self.left, self.y, self.width, fitted.height),
            fitted,
            align="center",
            is_artifact=True,
        )
        self.y += fitted.height

    def _draw_marking(self) -> None:
        """再発行 and the like, framed at the top so that no copy passes for the first."""
        fitted = must_fit(self.sheet.marking, 80.0, 10.5, faces.BOLD)
        width = width_of(self.sheet.marking, 10.5, faces.BOLD) + 6
        # Ends above TOP: the first line of a page may reach under it.
        box = Box(self.size[0] - self.sheet.margin - width, 5.4, width, fitted.height + 1.0)
        self.page.frame(box, weight=0.9)
        with self.paper.at_root(), self.paper.tagged("P"):
            self.page.text(box, fitted, align="center", weight=faces.BOLD)

    def _draw_corner(self) -> None:
        corner = self.sheet.corner
        assert corner is not None
        side = CORNER_SIDE
        lower = self.size[1] - CORNER_EDGE - side
        right = self.left + self.width - side
        for x, y, alt in ((self.left, CORNER_EDGE, corner.alt), (right, lower, "")):
            inner = draw_code(self, Box(x, y, side, side), corner.payload, "Q", alt)
            self.codes.append(CodeBox(self.page.number, inner.x, inner.y, inner.width))
        label = Box(self.left + side + 1, CORNER_EDGE + 2, 75.0, 6.0)
        words = must_fit(corner.number, label.width, 11.0, faces.BOLD)
        with self.paper.tagged("P"):
            self.page.text(label, words, weight=faces.BOLD)

    def _draw_corner_notes(self) -> None:
        """What is said beside the lower code; it is read last."""
        corner = self.sheet.corner
        assert corner is not None
        y = self.size[1] - CORNER_EDGE - CORNER_SIDE + 2
        first = self.pages[0]
        for note in corner.notes:
            fitted = must_fit(note, self.width - CORNER_SIDE - 4, 8.5, faces.REGULAR)
            with self.paper.tagged("P"):
                box = Box(self.left, y, self.width - CORNER_SIDE - 4, fitted.height)
                first.text(box, fitted)
            y += fitted.height

    def _draw_moved(self) -> None:
        """別紙: what was too long for its box, in full."""
        moved = tuple(self.moved)
        self.new_page()
        self.draw_line(
            Line(limits.title(self.sheet), size=14, is_bold=True, role="H2", align="center")
        )
        for label, text in moved:
            self.draw_line(Line(label, is_bold=True, role="H3", gap=6))
            # A text of many pages is cut into pieces that a page can hold.
            lines = must_fit(text, self.width, 10.5, faces.REGULAR).lines
            for start in range(0, len(lines), 20):
                self.draw_line(Line("\n".join(lines[start : start + 20])))

    def _draw_footer(self, page: Page, number: int, right: str) -> None:
        left = self.sheet.footer
        if self.sheet.corner is not None:
            # A second page without a code must not get lost from its first.
            left += f"　{self.sheet.corner.number}"
        y = self.size[1] - 11.0
        has_code = self.sheet.corner is not None and number == 1
        width = self.width - (CORNER_SIDE + 4 if has_code else 0)
        behind = 0.12 if len(right) < 8 else 0.26
        for text, share, align in ((left, 0.98 - behind, "left"), (right, behind, "right")):
            if not text:
                continue
            x = self.left + (0 if align == "left" else width * (1 - share))
            fitted = fit(text, width * share, FOOTER_SIZE, smallest=6.0, lines_max=1)
            if fitted is None:
                # Marks of the program itself; what nobody could read is cut, not spread.
                first = must_fit(text, width * share - 3, 6.0, faces.REGULAR).lines[0]
                fitted = Fitted((f"{first}…",), 6.0)
            box = Box(x, y, width * share, max(5.0, fitted.height))
            page.text(box, fitted, align=align, upright="top", is_artifact=True)

    def remember(self, field: str, option: str, box: Box) -> None:
        """Note where a box to be ticked lies."""
        mark = MarkBox(self.page.number, field, option, box.x, box.y, box.width)
        self.marks.append(mark)

    def move(self, label: str, text: str) -> None:
        """Remember a value for the extra sheet."""
        self.moved.append((label, text))


def draw_code(layout: Layout, box: Box, payload: str, level: str, alt: str) -> Box:
    """A code with its quiet zone inside the box; without words for it, it is a mere repetition.

    returns  where its modules lie
    """
    modules = qr.rows(payload, level)
    quiet = box.width * QUIET_MODULES / (len(modules) + 2 * QUIET_MODULES)
    inner = box.inset(quiet, quiet)
    if not alt:
        layout.page.code(inner, modules, is_artifact=True)
        return inner
    attributes = layout.page.bounds(inner)
    with layout.paper.tagged("Figure", alt=alt, attributes=attributes):
        layout.page.code(inner, modules)
    return inner


def fit_line(line: Line, width: float) -> Fitted:
    """A line's words in a column of this width."""
    weight = faces.BOLD if line.is_bold else faces.REGULAR
    return must_fit(line.text, width - line.left - line.right, line.size, weight)


def must_fit(text: str, width: float, size: float, weight: str) -> Fitted:
    """The text in as many lines as it takes."""
    fitted = fit(text, width, size, weight=weight, smallest=size)
    assert fitted is not None
    return fitted


def with_marking(sheet: Sheet, marking: str) -> Sheet:
    """The same sheet as a copy, a reissue, a version for the door."""
    return replace(sheet, marking=marking)
