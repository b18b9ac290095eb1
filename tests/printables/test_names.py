"""Names that other systems lose are drawn by a font and copied out as they were put in.

hard_names.txt holds compatibility ideographs, characters beyond the BMP, variation sequences and
names from elsewhere; all of them are invented.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from printables import faces, layout
from printables.sheet import Line, Sheet

NAMES = (Path(__file__).parent / "hard_names.txt").read_text(encoding="utf-8").splitlines()


def drawn(*lines: str, is_bold: bool = False) -> layout.Drawn:
    blocks = tuple(Line(line, is_bold=is_bold) for line in lines)
    return layout.draw(Sheet("names", "氏名", "隣野市", datetime(2026, 6, 6, tzinfo=UTC), blocks))


def copied(pdf: bytes) -> list[str]:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return [line.strip() for page in pages for line in page.extract_text().splitlines()]


@pytest.mark.parametrize("is_bold", [False, True])
def test_two_hundred_hard_names_come_out_as_they_went_in(is_bold):
    assert len(NAMES) >= 200

    paper = drawn(*NAMES, is_bold=is_bold)

    assert paper.missing == ()
    assert [line for line in copied(paper.pdf) if line in NAMES] == NAMES


def test_a_variation_has_a_glyph_of_its_own():
    plain, varied = faces.glyphs("葛葛\U000e0100")

    assert varied.is_found
    assert varied.number != plain.number


@pytest.mark.skipif(faces.names_font() is not None, reason="the font for rare names has these")
def test_a_character_that_no_font_has_is_reported_and_can_still_be_copied():
    paper = drawn("𪚥　太郎")

    assert paper.missing == ("𪚥",)
    assert "𪚥　太郎" in copied(paper.pdf)


def test_a_variation_that_no_font_knows_is_drawn_plain_and_reported():
    unknown = "山\U000e01ef"

    paper = drawn(f"{unknown}田　太郎")

    assert paper.missing == (unknown,)
    assert faces.find(unknown).number == faces.find("山").number
    assert f"{unknown}田　太郎" in copied(paper.pdf)


def test_names_are_never_normalised():
    compatible, unified = "神\ufa19", "神"

    assert f"{compatible}　一" in copied(drawn(f"{compatible}　一").pdf)
    assert compatible != unified


def test_the_fonts_that_came_along_are_the_tested_ones():
    assert all("IPAmj" in remark for remark in faces.check_fonts())


def test_a_missing_or_altered_font_is_refused_at_the_start(tmp_path, monkeypatch):
    named = (faces.VENDOR / "VENDORED.toml").read_text(encoding="utf-8")
    (tmp_path / "VENDORED.toml").write_text(named, encoding="utf-8")
    monkeypatch.setattr(faces, "VENDOR", tmp_path)

    with pytest.raises(faces.MissingFont, match="missing"):
        faces.check_fonts()

    for name in ("BIZUDGothic-Regular.ttf", "BIZUDGothic-Bold.ttf", "TonariFallback-Regular.ttf"):
        (tmp_path / name).write_bytes(b"another font")
    with pytest.raises(faces.MissingFont, match="not the tested file"):
        faces.check_fonts()


@pytest.mark.parametrize("name", ["e\u0301mile", "か\u3099く", "Nguye\u0302\u0303n"])
def test_a_letter_and_its_mark_are_drawn_as_one_and_kept_as_two(name):
    paper = drawn(name)

    assert paper.missing == ()
    assert name in copied(paper.pdf)


def test_a_control_character_does_not_reach_the_paper():
    paper = drawn("改\u0007行\u0000")

    assert paper.missing == ("\u3013",) or len(paper.missing) >= 1
    assert "改〓行〓" in copied(paper.pdf)
