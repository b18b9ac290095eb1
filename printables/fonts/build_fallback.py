# /// script
# dependencies = ["fonttools==4.68.0", "pylopdf-fonts-jp==0.1.1"]
# ///
"""Make vendor/TonariFallback-Regular.ttf: the glyphs that BIZ UDGothic lacks, from Noto Sans JP.

Run by hand when a source changes, never by the program. The outlines become quadratic, because a
PDF made by reportlab can embed only TrueType outlines. The OFL allows the change under another
name. The time stamps are fixed, so that the same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pylopdf_fonts_jp
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

HERE = Path(__file__).parent / "vendor"
NAME = "Tonari Fallback"
FIXED_TIME = 3_800_000_000  # seconds since 1904; any date does, as long as it stays


def build(source: Path, known: Path, target: Path) -> None:
    """Take what `known` lacks out of `source` and write it as TrueType to `target`."""
    font = TTFont(source, recalcTimestamp=False)
    missing = set(font.getBestCmap()) - set(TTFont(known).getBestCmap())
    options = subset.Options(
        layout_features=[], notdef_outline=True, name_IDs=["*"], hinting=False, drop_tables=["VORG"]
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=missing)
    subsetter.subset(font)
    to_truetype(font)
    rename(font)
    font["head"].created = font["head"].modified = FIXED_TIME
    font.save(target, reorderTables=False)


def to_truetype(font: TTFont) -> None:
    """Replace the cubic outlines by quadratic ones, at most one unit away."""
    order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    drawn = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, drawn
    for name, glyph in drawn.items():
        glyph.recalcBounds(glyf)
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(glyph, "xMin", 0))
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in (
        *("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"),
        *("maxStackElements", "maxSizeOfInstructions", "maxComponentElements"),
        "maxComponentDepth",
    ):
        setattr(maxp, field, 0)
    maxp.maxZones = 1
    font["post"].formatType = 3.0
    del font["CFF "]
    font.sfntVersion = "\000\001\000\000"


def rename(font: TTFont) -> None:
    """A changed font may not keep its name."""
    names = font["name"]
    kept = {0, 5, 13, 14}
    names.names = [each for each in names.names if each.nameID in kept and each.langID == 0x409]
    for number, text in {
        1: NAME,
        2: "Regular",
        3: f"{NAME} 1",
        4: NAME,
        6: "TonariFallback",
    }.items():
        names.setName(text, number, 3, 1, 0x409)


def main() -> None:
    """Build and say the hash for VENDORED.toml."""
    source = Path(pylopdf_fonts_jp.__file__).parent / "NotoSansJP-Regular.otf"
    target = HERE / "TonariFallback-Regular.ttf"
    build(source, HERE / "BIZUDGothic-Regular.ttf", target)
    sys.stdout.write(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target.name}\n")


if __name__ == "__main__":
    main()
