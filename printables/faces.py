"""The fonts of our paper and the order in which they are asked for a character.

BIZ UDGothic first, then what Noto Sans JP has beyond it (both lie in fonts/vendor), then IPAmj
Mincho where the system has it installed, for the rare characters of names. A character that none
of them has is drawn as 〓 and reported; its text stays in the file.

Nothing is looked for on a network. `check_fonts` fails at the start of a program, so that no font
is found missing at print time.
"""

from __future__ import annotations

import functools
import hashlib
import struct
import threading
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.pdfbase.ttfonts import TTFontFile

from printables.japanese import clusters, is_selector

VENDOR = Path(__file__).parent / "fonts" / "vendor"
REGULAR, BOLD = "regular", "bold"
CHAINS = {
    REGULAR: ("BIZUDGothic-Regular.ttf", "TonariFallback-Regular.ttf"),
    BOLD: ("BIZUDGothic-Bold.ttf", "TonariFallback-Regular.ttf"),
}
# Debian's fonts-ipamj-mincho, and where other systems keep fonts that are installed for everyone.
NAMES_FONT = (
    Path("/usr/share/fonts/truetype/ipamj/ipamjm.ttf"),
    Path("/usr/local/share/fonts/ipamjm.ttf"),
    Path("C:/Windows/Fonts/ipamjm.ttf"),
)
GETA = "〓"


class MissingFont(Exception):  # noqa: N818 - an answer to `check_fonts`, said in words
    """A font of the library is not there or is not the one that was tested."""


class _EveryGlyph(dict[int, int]):
    """Lets reportlab's subsetter take glyph numbers where it expects characters."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: int) -> int:
        return key


class Face:
    """One font file: which glyph shows a cluster, how wide it is, and a subset of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        parser: Any = TTFontFile
        self._file = parser(str(path))
        self.characters: dict[int, int] = self._file.charToGlyph
        self._file.charToGlyph = _EveryGlyph()
        # reportlab reads a font file by a position that it keeps; two threads would move it.
        self._reading = threading.Lock()
        self.variants, self._defaults = read_variants(self._file.get_table("cmap"))
        self._scale = 1000 / self._file.unitsPerEm
        self.postscript_name = self._file.name.decode("ascii")
        # A PDF wants these in thousandths of the size.
        self.ascent, self.descent = self._file.ascent, self._file.descent
        self.cap_height, self.bbox = self._file.capHeight, self._file.bbox

    def glyph(self, cluster: str) -> int | None:
        """The glyph of a character or of a character with its variation selector, if it is here."""
        base = ord(cluster[0])
        if len(cluster) == 1:
            return self.characters.get(base) or None
        selector = ord(cluster[1])
        if (base, selector) in self._defaults:
            return self.characters.get(base) or None
        return self.variants.get((base, selector))

    def width(self, glyph: int) -> float:
        """The advance in thousandths of the size."""
        return float(self._file.hmetrics[glyph][0] * self._scale)

    def subset(self, glyphs: list[int]) -> bytes:
        """A TrueType file with these glyphs alone, glyph 0 first, then each new one in order."""
        with self._reading:
            return bytes(self._file.makeSubset(glyphs))


def read_variants(
    cmap: bytes,
) -> tuple[dict[tuple[int, int], int], frozenset[tuple[int, int]]]:
    """The variation sequences of a font (cmap format 14): those with a glyph of their own, and
    those for which the plain character's glyph is right."""
    own: dict[tuple[int, int], int] = {}
    default: set[tuple[int, int]] = set()
    for index in range(struct.unpack_from(">H", cmap, 2)[0]):
        start = struct.unpack_from(">HHL", cmap, 4 + 8 * index)[2]
        if struct.unpack_from(">H", cmap, start)[0] != 14:
            continue
        for record in range(struct.unpack_from(">L", cmap, start + 6)[0]):
            at = start + 10 + 11 * record
            selector = int.from_bytes(cmap[at : at + 3])
            ranges, mapped = struct.unpack_from(">LL", cmap, at + 3)
            if ranges:
                for each in range(struct.unpack_from(">L", cmap, start + ranges)[0]):
                    place = start + ranges + 4 + 4 * each
                    first = int.from_bytes(cmap[place : place + 3])
                    default |= {
                        (code, selector) for code in range(first, first + cmap[place + 3] + 1)
                    }
            if mapped:
                for each in range(struct.unpack_from(">L", cmap, start + mapped)[0]):
                    place = start + mapped + 4 + 5 * each
                    base = int.from_bytes(cmap[place : place + 3])
                    own[base, selector] = struct.unpack_from(">H", cmap, place + 3)[0]
    return own, frozenset(default)


@dataclass(frozen=True)
class Glyph:
    """What is drawn for one cluster."""

    face: Face
    number: int
    text: str
    width: float  # thousandths of the size
    is_found: bool


@functools.cache
def load(path: Path) -> Face:
    """A font file, read once a process."""
    return Face(path)


def names_font() -> Path | None:
    """IPAmj Mincho, if this machine has it."""
    return next((path for path in NAMES_FONT if path.is_file()), None)


@functools.cache
def find(cluster: str, weight: str = REGULAR) -> Glyph:
    """The first face of the chain that has the cluster.

    A variation that no face knows is drawn as the plain character and reported; a character that
    none has is drawn as 〓. Both keep their text, so that what is copied out is what was put in.
    A letter and its mark are drawn by the glyph of both, if there is one. A control character has
    no place on paper: it is a 〓 in the text as well.
    """
    shape = cluster
    if len(cluster) > 1 and not is_selector(cluster[1]):
        shape = unicodedata.normalize("NFC", cluster)
    for face in chain(weight):
        number = face.glyph(shape)
        if number is not None:
            return Glyph(face, number, cluster, face.width(number), True)
    rare = names_font()
    if rare is not None and ord(cluster[0]) > 0x2000:
        face = load(rare)
        number = face.glyph(shape)
        if number is not None:
            return Glyph(face, number, cluster, face.width(number), True)
    stand_in = find(shape[0] if len(shape) > 1 else GETA, weight)
    text = GETA if unicodedata.category(cluster[0]) in ("Cc", "Cs") else cluster
    return Glyph(stand_in.face, stand_in.number, text, stand_in.width, False)


@functools.cache
def chain(weight: str) -> tuple[Face, ...]:
    """The faces of a weight in the order in which they are asked."""
    return tuple(load(VENDOR / name) for name in CHAINS[weight])


def glyphs(text: str, weight: str = REGULAR) -> list[Glyph]:
    """What is drawn for a text."""
    return [find(cluster, weight) for cluster in clusters(text)]


def width(text: str, size: float, weight: str = REGULAR) -> float:
    """How wide the text is, in the unit of `size`."""
    return sum(glyph.width for glyph in glyphs(text, weight)) * size / 1000


def missing(text: str) -> list[str]:
    """The clusters of the text that no font here can show as they are."""
    return [glyph.text for glyph in glyphs(text) if not glyph.is_found]


def check_fonts() -> list[str]:
    """Fail if a font that came with the library is absent or altered.

    returns  remarks, a sentence each, on what a machine could have beyond that
    raises   MissingFont
    """
    named = tomllib.loads((VENDOR / "VENDORED.toml").read_text(encoding="utf-8"))
    for name, entry in named.items():
        path = VENDOR / name
        if not path.is_file():
            raise MissingFont(f"{name} is missing from printables/fonts/vendor")
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise MissingFont(f"{name} in printables/fonts/vendor is not the tested file")
    if names_font() is None:
        return ["IPAmj Mincho is not installed: rare characters of names will be printed as 〓"]
    return []
