"""Many sheets in one file: a pack, a book of forms, with shared fonts and running numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from printables.archive import About, Bookmark, Tag
from printables.layout import Drawn, Layout, finished
from printables.page import A4, Page, Paper
from printables.sheet import Sheet

BELOW_MAX = 62  # bookmarks under one: a month of two facilities; nobody looks through more


@dataclass(frozen=True)
class Held:
    """Pages at which something will be drawn once more is known."""

    pages: Sequence[Page]
    tag: Tag


class Book:
    """A file being filled with sheets; `close` numbers its pages and gives it."""

    def __init__(self, about: About) -> None:
        self.paper = Paper(about)
        self._layouts: list[Layout] = []

    @property
    def pages(self) -> int:
        """How many there are by now."""
        return len(self.paper.pages)

    def hold(self, title: str, pages: int) -> Held:
        """Keep pages free for a sheet that tells of what comes behind it."""
        self.paper.document.bookmarks.append(Bookmark(title, self.pages))
        with self.paper.tagged("Sect") as tag:
            return Held([self.paper.page(A4) for _ in range(pages)], tag)

    def fill(self, held: Held, sheet: Sheet) -> None:
        """Draw the sheet on the pages that were held; it must take as many."""
        with self.paper.under(held.tag), self.paper.on_reserved(held.pages):
            self._compose(sheet)

    def add(self, title: str, sheets: Iterable[tuple[str, Sheet]]) -> None:
        """A part with its bookmark, and one below it for every sheet that has a name.

        sheets   drawn as they come, so that a generator never has them all at once
        """
        first = self.pages
        below: list[Bookmark] = []
        with self.paper.tagged("Sect"):
            for name, sheet in sheets:
                if name and len(below) < BELOW_MAX:
                    below.append(Bookmark(name, self.pages))
                with self.paper.tagged("Sect"):
                    self._compose(sheet)
        if self.pages > first:
            self.paper.document.bookmarks.append(Bookmark(title, first, tuple(below)))

    def _compose(self, sheet: Sheet) -> None:
        layout = Layout(sheet, self.paper)
        layout.compose()
        layout.sheet = replace(sheet, blocks=())  # drawn; only its foot is still to come
        for page in layout.pages:
            page.settle()
        self._layouts.append(layout)

    def close(self) -> Drawn:
        """The file, every page numbered within its sheet and within the book."""
        total = self.pages
        for layout in self._layouts:
            layout.foot(lambda page: f"　通し{page.number + 1}／{total}")
        return finished(self.paper, self._layouts)
