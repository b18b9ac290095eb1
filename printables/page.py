"""Paper in millimetres: text in boxes, rules, ticks, codes, each with its place in the tag tree.

All lengths are millimetres from the upper left corner; sizes of letters are points. A text never
leaves its box: who draws asks `fit` first, and `Page.text` refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from printables import faces
from printables.archive import About, Document, Mark, Tag
from printables.japanese import break_lines
from printables.limits import POINTS, SMALLEST
from printables.pictures import COLOURS, Picture

A4 = (210.0, 297.0)
A4_LANDSCAPE = (297.0, 210.0)
LINE_HEIGHT = 1.45
THIN, MIDDLE, THICK = 0.4, 0.7, 1.2  # points
# The middle of a full-width character lies this far above the base line, in parts of its size.
MIDDLE_OF_TEXT = 0.38
TOLERANCE = 0.01


@dataclass(frozen=True)
class Box:
    """A place on a page, in millimetres."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, sides: float, ends: float = 0.0) -> Box:
        return Box(self.x + sides, self.y + ends, self.width - 2 * sides, self.height - 2 * ends)


@dataclass(frozen=True)
class Fitted:
    """Text cut into lines that fit, and the size at which they do."""

    lines: tuple[str, ...]
    size: float
    line_height: float = LINE_HEIGHT

    @property
    def step(self) -> float:
        """From line to line, in millimetres."""
        return self.size * self.line_height / POINTS

    @property
    def height(self) -> float:
        return len(self.lines) * self.step


@lru_cache(maxsize=4096)
def fit(
    text: str,
    width: float,
    size: float,
    *,
    lines_max: int = 1000,
    smallest: float = SMALLEST,
    weight: str = faces.REGULAR,
) -> Fitted | None:
    """The text in at most `lines_max` lines of `width` millimetres, shrunk as far as is decent.

    returns  None where it does not fit at `smallest` either
    """
    least = width * POINTS / smallest * 1000 * lines_max
    if _MEASURES[weight](text.replace("\n", "")) > least + TOLERANCE:
        return None
    while size >= smallest - TOLERANCE:
        lines = break_lines(text, width * POINTS / size * 1000 + TOLERANCE, _MEASURES[weight])
        if len(lines) <= lines_max:
            return Fitted(tuple(lines), size)
        size -= 0.5
    return None


class _Measure:
    """Widths in thousandths of the size, each character looked up once."""

    def __init__(self, weight: str) -> None:
        self.weight = weight

    def __call__(self, text: str) -> float:
        return sum(glyph.width for glyph in faces.glyphs(text, self.weight))


_MEASURES = {faces.REGULAR: _Measure(faces.REGULAR), faces.BOLD: _Measure(faces.BOLD)}


def width_of(text: str, size: float, weight: str = faces.REGULAR) -> float:
    """In millimetres."""
    return _MEASURES[weight](text) * size / 1000 / POINTS


class Paper:
    """A document being drawn; `close` gives the file."""

    def __init__(self, about: About) -> None:
        self.document = Document(about)
        self.pages: list[Page] = []
        self.missing: set[str] = set()
        self._open = [self.document.root]
        self._reserved: list[Page] = []

    def page(self, size: tuple[float, float] = A4) -> Page:
        if self._reserved:
            return self._reserved.pop(0)
        page = Page(self, size, len(self.pages))
        self.pages.append(page)
        return page

    @contextmanager
    def on_reserved(self, pages: Sequence[Page]) -> Iterator[None]:
        """Draw on pages that were made before: a cover that lists what comes behind it."""
        self._reserved = list(pages)
        yield
        assert not self._reserved

    @property
    def tag(self) -> Tag:
        return self._open[-1]

    @contextmanager
    def tagged(
        self, role: str, *, alt: str = "", actual: str = "", attributes: str = ""
    ) -> Iterator[Tag]:
        """What is drawn inside belongs to a new element of the structure tree."""
        tag = Tag(role, alt=alt, actual=actual, attributes=attributes)
        with self.under(tag, append=True):
            yield tag

    @contextmanager
    def under(self, tag: Tag, *, append: bool = False) -> Iterator[None]:
        """Go on with an element; a table that crosses a page stays one table."""
        if append:
            self.tag.kids.append(tag)
        self._open.append(tag)
        yield
        self._open.pop()

    @contextmanager
    def at_root(self) -> Iterator[None]:
        """What belongs to the document itself, wherever the drawing stands."""
        before, self._open = self._open, [self.document.root]
        yield
        self._open = before

    def close(self) -> bytes:
        for page in self.pages:
            page.finish()
        return self.document.close()


class Page:
    """One side of a sheet of paper."""

    def __init__(self, paper: Paper, size: tuple[float, float], number: int) -> None:
        self.paper, self.size, self.number = paper, size, number
        self._content: list[str] = []
        self._marked: list[Tag] = []

    def text(
        self,
        box: Box,
        fitted: Fitted,
        *,
        align: str = "left",
        upright: str = "middle",
        weight: str = faces.REGULAR,
        is_artifact: bool = False,
    ) -> None:
        """Write lines into a box.

        align     left, center or right
        upright   top, middle or bottom
        raises    ValueError for text that is larger than the box
        """
        if fitted.height > box.height + 0.1:
            raise ValueError(f"{fitted.lines!r} is higher than its box")
        step = fitted.step
        top = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[upright] * (box.height - fitted.height)
        operators = []
        for index, line in enumerate(fitted.lines):
            middle = box.y + top + step * (index + 0.5)
            operators += self._line(box, line, fitted.size, middle, align, weight)
        self._mark(operators, is_artifact=is_artifact)

    def _line(
        self, box: Box, line: str, size: float, middle: float, align: str, weight: str
    ) -> list[str]:
        glyphs = faces.glyphs(line, weight)
        self.paper.missing.update(glyph.text for glyph in glyphs if not glyph.is_found)
        width = sum(glyph.width for glyph in glyphs) * size / 1000 / POINTS
        if width > box.width + 0.1:
            raise ValueError(f"{line!r} is wider than its box")
        x = box.x + {"left": 0.0, "center": 0.5, "right": 1.0}[align] * (box.width - width)
        y = (self.size[1] - middle) * POINTS - size * MIDDLE_OF_TEXT
        operators = [f"BT {x * POINTS:.2f} {y:.2f} Td"]
        for face, codes in self._runs(glyphs):
            font = self.paper.document.font(face)
            is_faked = weight == faces.BOLD and "Bold" not in face.postscript_name
            operators.append(f"/{font.name} {size:g} Tf")
            if is_faked:
                operators.append(f"2 Tr {size * 0.03:.2f} w")
            operators.append(f"<{''.join(codes)}> Tj")
            if is_faked:
                operators.append("0 Tr")
        return [*operators, "ET"]

    def _runs(self, glyphs: Sequence[faces.Glyph]) -> list[tuple[faces.Face, list[str]]]:
        runs: list[tuple[faces.Face, list[str]]] = []
        for glyph in glyphs:
            if not runs or runs[-1][0] is not glyph.face:
                runs.append((glyph.face, []))
            runs[-1][1].append(f"{self.paper.document.font(glyph.face).code(glyph):04X}")
        return runs

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, weight: float = THIN, dash: str = ""
    ) -> None:
        """A straight line; decoration, so it is no part of the text."""
        height = self.size[1]
        self._mark(
            [
                f"{weight:g} w [{dash}] 0 d 2 J",
                f"{x1 * POINTS:.2f} {(height - y1) * POINTS:.2f} m",
                f"{x2 * POINTS:.2f} {(height - y2) * POINTS:.2f} l S",
            ],
            is_artifact=True,
        )

    def frame(self, box: Box, *, weight: float = THIN, dash: str = "") -> None:
        self._mark([f"{weight:g} w [{dash}] 0 d 0 J {self._rectangle(box)} S"], is_artifact=True)

    def fill(self, box: Box, grey: float = 0.0) -> None:
        self._mark([f"{grey:g} g {self._rectangle(box)} f 0 g"], is_artifact=True)

    def tick(self, box: Box, *, is_ticked: bool) -> None:
        """A box to be ticked by hand, or ticked already. The words beside it carry the meaning."""
        self.frame(box, weight=MIDDLE)
        if is_ticked:
            x, y, side, height = box.x, box.y, box.width, self.size[1]
            points = ((0.16, 0.50), (0.42, 0.80), (0.94, 0.04))
            path = [
                f"{(x + px * side) * POINTS:.2f} {(height - y - py * side) * POINTS:.2f}"
                f" {'l' if index else 'm'}"
                for index, (px, py) in enumerate(points)
            ]
            self._mark(["1.6 w [] 0 d 1 J 1 j", *path, "S 0 j"], is_artifact=True)

    def code(self, box: Box, rows: Sequence[Sequence[bool]], *, is_artifact: bool = False) -> None:
        """A QR code as one path of rectangles; the open element must be its Figure."""
        # In whole modules, upside down as a page of a PDF is, so that the path is short.
        module = box.width * POINTS / len(rows)
        y = (self.size[1] - box.y) * POINTS
        path = [f"q {module:.5f} 0 0 {-module:.5f} {box.x * POINTS:.3f} {y:.3f} cm 0 g"]
        for index, row in enumerate(rows):
            path += [f"{start} {index} {length} 1 re" for start, length in _dark_runs(row)]
        self._mark([*path, "f Q"], is_artifact=is_artifact)

    def picture(self, box: Box, picture: Picture, colour: str) -> None:
        """A stencil filled with its colour; the open element must be its Figure."""
        name = self.paper.document.picture(picture)
        y = (self.size[1] - box.y - box.height) * POINTS
        red, green, blue = COLOURS[colour]
        place = (
            f"{box.width * POINTS:.3f} 0 0 {box.height * POINTS:.3f} {box.x * POINTS:.3f} {y:.3f}"
        )
        ink = f"{red:g} g" if red == green == blue else f"/Ink cs {red:g} {green:g} {blue:g} sc"
        self._mark([f"q {ink} {place} cm /{name} Do Q"])

    def bounds(self, box: Box) -> str:
        """The attributes of a figure that lies in the box."""
        top = (self.size[1] - box.y) * POINTS
        corners = (box.x * POINTS, top - box.height * POINTS, (box.x + box.width) * POINTS, top)
        shown = " ".join(f"{value:.2f}" for value in corners)
        return f"<< /O /Layout /BBox [{shown}] /Placement /Block >>"

    def _rectangle(self, box: Box) -> str:
        y = (self.size[1] - box.y - box.height) * POINTS
        return f"{box.x * POINTS:.3f} {y:.3f} {box.width * POINTS:.3f} {box.height * POINTS:.3f} re"

    def _mark(self, operators: list[str], *, is_artifact: bool = False) -> None:
        """Say to whom the operators belong: to the open element, or to nobody."""
        if is_artifact:
            self._content += ["/Artifact BMC", *operators, "EMC"]
            return
        tag = self.paper.tag
        mcid = len(self._marked)
        self._marked.append(tag)
        tag.kids.append(Mark(self.number, mcid))
        self._content += [f"/{tag.role} <</MCID {mcid}>> BDC", *operators, "EMC"]

    def settle(self) -> None:
        """Keep what was drawn in one piece: a pack has millions of operators."""
        self._content = ["\n".join(self._content)]

    def finish(self) -> None:
        width, height = self.size
        content = "\n".join(self._content).encode("ascii")
        self.paper.document.add_page(width * POINTS, height * POINTS, content, self._marked)


def _dark_runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for index, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = index
        elif not is_dark and start is not None:
            yield start, index - start
            start = None
