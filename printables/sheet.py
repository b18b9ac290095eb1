"""What stands on a paper, before anybody decides how it is shown.

A sheet is a list of blocks with their words already filled in. `layout.py` makes a PDF of it,
`html.py` a page for the browser's own printing, `plain.py` text for a machine that has nothing.
All three show the same blocks in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from printables.pictures import Picture

BODY = 10.5  # points


@dataclass(frozen=True)
class Option:
    """One box to be ticked and the words beside it."""

    id: str
    label: str
    is_ticked: bool = False


@dataclass(frozen=True)
class Limit:
    """What a field says of values that are too long for it; limits.py keeps it."""

    characters_max: int = 0  # 0 where it has no maximum of its own
    overflow: str = ""  # shrink, lines or extra; empty for all three in turn
    lines_max: int = 0


@dataclass(frozen=True)
class Cell:
    """A place in a grid: a label, a value or boxes to be ticked."""

    text: str = ""
    options: tuple[Option, ...] = ()
    is_label: bool = False
    columns: int = 1
    rows: int = 1
    align: str = "left"
    size: float = BODY
    is_bold: bool = False
    field: str = ""
    label: str = ""  # by which a value is called when it has to move to an extra sheet
    lines_max: int = 3
    help: str = ""
    limit: Limit = Limit()
    is_blank: bool = False  # to be written on by hand: its words are the form's


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]
    height: float = 8.0  # millimetres, at least


@dataclass(frozen=True)
class Grid:
    """Ruled cells. With `head_rows` it is a table whose head is repeated on each page."""

    widths: tuple[float, ...]  # millimetres
    rows: tuple[Row, ...]
    head_rows: int = 0
    title: str = ""
    is_thick: bool = False
    gap: float = 3.0


@dataclass(frozen=True)
class Line:
    """A heading or a paragraph."""

    text: str
    align: str = "left"
    size: float = BODY
    is_bold: bool = False
    role: str = "P"
    left: float = 0.0  # millimetres kept free at the sides
    right: float = 0.0
    gap: float = 2.0
    below: float = 0.0  # millimetres that have to be free for what it introduces


@dataclass(frozen=True)
class Pair:
    """Lines at the left and lines at the right of the same height of paper."""

    left: tuple[Line, ...]
    right: tuple[Line, ...]
    share: float = 0.56  # of the width, for the left
    gap: float = 1.0


@dataclass(frozen=True)
class Clauses:
    """Numbered sentences under a heading, with a code at their right if there is one."""

    title: str
    items: tuple[str, ...]
    size: float = 9.0
    gap: float = 3.0
    is_numbered: bool = True
    code: Code | None = None
    bullet: str = "・"  # where they are not numbered


@dataclass(frozen=True)
class Seal:
    """How the issuer's seal is given: `image`, `omitted` (公印省略) or `frame` to be stamped."""

    mode: str = "omitted"
    words: str = "（公印省略）"
    picture: Picture | None = None
    colour: str = "grey"
    side: float = 21.0  # millimetres, of the picture
    alt: str = "公印"


@dataclass(frozen=True)
class Issuer:
    """Who signs, with the seal beside the last line."""

    lines: tuple[str, ...]
    seal: Seal
    gap: float = 3.0


@dataclass(frozen=True)
class Code:
    """A QR code and what stands beside it."""

    payload: str
    lines: tuple[str, ...]
    alt: str
    side: float = 28.0
    level: str = "M"
    gap: float = 3.0


@dataclass(frozen=True)
class Corner:
    """The code of a numbered form, drawn twice: damage to one corner does not lose the form."""

    payload: str
    number: str
    alt: str
    notes: tuple[str, ...] = ()  # beside the lower code


@dataclass(frozen=True)
class Break:
    """The next block begins a new page."""


@dataclass(frozen=True)
class CutLine:
    """Here the sheet is cut in two."""

    words: str
    gap: float = 4.0
    is_halfway: bool = False  # in the middle of the sheet, if that is still free


Block = Grid | Line | Pair | Clauses | Issuer | Code | Break | CutLine


@dataclass(frozen=True)
class Sheet:
    """A whole paper."""

    name: str
    title: str
    author: str
    issued_at: datetime
    blocks: tuple[Block, ...]
    footer: str = ""
    is_landscape: bool = False
    corner: Corner | None = None
    marking: str = ""  # 再発行, 写し, 掲示用, 職員用（掲示禁止）
    language: str = "ja"
    margin: float = 18.0  # millimetres at the left and right

    @property
    def width(self) -> float:
        """Between the margins of a sheet of A4, in millimetres."""
        return (297.0 if self.is_landscape else 210.0) - 2 * self.margin
