"""Every paper looks and reads as it did when somebody last looked at it."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.printables.golden import DOTS_MAX, FOLDER, all_golden, share_that_differs

ALL = list(all_golden())
RENEW = "meant? look at it, then: python -m tests.printables.golden"


@pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.id)
def test_a_paper_reads_as_before(golden):
    assert golden.text() == golden.text_path.read_text(encoding="utf-8"), RENEW


@pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.id)
def test_a_paper_looks_as_before(golden):
    pictures = golden.pictures()

    assert not golden.picture_path(len(pictures) + 1).exists(), RENEW
    for number, picture in enumerate(pictures, start=1):
        with Image.open(golden.picture_path(number)) as before:
            assert share_that_differs(picture, before) <= DOTS_MAX, RENEW


def test_nothing_else_lies_among_the_golden_papers_and_they_are_small():
    known = {golden.id for golden in ALL}

    found = list(FOLDER.iterdir())

    assert {path.stem for path in found if path.suffix == ".txt"} == known
    assert {path.stem.rsplit("-", 1)[0] for path in found if path.suffix == ".png"} == known
    assert sum(path.stat().st_size for path in found) < 3_000_000


def test_a_line_that_moved_by_a_millimetre_is_noticed():
    picture = ALL[0].pictures()[0]
    row = picture.crop((0, 300, picture.width, 420))
    moved = picture.copy()
    moved.paste(ImageChops.offset(row, 0, 2), (0, 300))

    assert share_that_differs(picture, picture) == 0
    assert share_that_differs(picture, moved) > DOTS_MAX
