"""What every paper looked like when somebody last looked: small pictures, and its text.

After a change of a form that was meant, and after looking at the pictures:

    python -m tests.printables.golden
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter
from pypdfium2 import PdfDocument

from printables.registry import PAPERS

FOLDER = Path(__file__).parent / "golden"
DPI = 60
GREYS = 17  # a step of this many: sixteen greys, which a PNG packs well
# Another version of the renderer moves edges by parts of a dot; a moved line is a whole dot wide.
SOFT = 1.0
DOTS_MAX, DIFFERENT = 0.0015, 56


@dataclass(frozen=True)
class Golden:
    """A paper's usual case in one edition."""

    name: str
    edition: str

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.name, self.edition)))

    def pictures(self) -> list[Image.Image]:
        """Every page, small and grey."""
        record = PAPERS[self.name].samples()["typical"]
        pages = PdfDocument(PAPERS[self.name].draw(record, edition=self.edition).pdf)
        return [_grey(page.render(scale=DPI / 72, grayscale=True).to_pil()) for page in pages]

    def text(self) -> str:
        """Every variant in 80 columns."""
        paper = PAPERS[self.name]
        parts = [
            f"==== {variant}\n{paper.text(record, edition=self.edition)}"
            for variant, record in paper.samples().items()
        ]
        return "".join(parts)

    def picture_path(self, number: int) -> Path:
        return FOLDER / f"{self.id}-{number}.png"

    @property
    def text_path(self) -> Path:
        return FOLDER / f"{self.id}.txt"


def all_golden() -> Iterator[Golden]:
    for name, paper in PAPERS.items():
        for edition in ("", *paper.editions):
            yield Golden(name, edition)


def _grey(image: Image.Image) -> Image.Image:
    return image.convert("L").point(lambda value: (value + GREYS // 2) // GREYS * GREYS)


def share_that_differs(one: Image.Image, other: Image.Image) -> float:
    """How many of the dots are another shade than before, blurred by a dot."""
    if one.size != other.size:
        return 1.0
    soft = (each.filter(ImageFilter.GaussianBlur(SOFT)) for each in (one, other))
    counts = ImageChops.difference(*soft).histogram()
    return sum(counts[DIFFERENT:]) / sum(counts)


def renew() -> None:
    """Write what is drawn now over what was."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for each in all_golden():
        each.text_path.write_text(each.text(), encoding="utf-8")
        for number, picture in enumerate(each.pictures(), start=1):
            out = io.BytesIO()
            picture.save(out, "PNG", optimize=True)
            each.picture_path(number).write_bytes(out.getvalue())


if __name__ == "__main__":
    renew()
