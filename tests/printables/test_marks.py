"""Marks on a scanned form are proposals: each is right or left to a person, never just wrong."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from printables import marks
from printables.registry import PAPERS
from tests.printables import scans

FORMS = {
    name: PAPERS[name].draw(PAPERS[name].samples()["empty"])
    for name in ("application_form", "shelter_card")
}
CODE = PAPERS["application_form"].samples()["empty"].corner
SCANS = {
    "turned 5° at 150 dpi, noise, JPEG 60": (
        150,
        lambda page, random: scans.jpeg(scans.noisy(scans.turned(page, 5), random), 60),
    ),
    "turned -5° at 300 dpi under a shadow": (
        300,
        lambda page, random: scans.shaded(scans.turned(page, -5), random),
    ),
    "phone": (200, lambda page, random: scans.phone(page, random, width=1650)),
    "copied": (200, scans.copied),
    "fax": (300, lambda page, random: scans.fax(page, random, lines=196)),
}


def filled(name: str, dpi: int, kind: str, random: np.random.Generator):
    """A form with about a third of its boxes marked, and which they are."""
    form = FORMS[name]
    page, dots = scans.rendered(form.pdf, dpi), dpi / 25.4
    chosen = [mark for mark in form.marks if mark.page == 0 and random.random() < 0.35]
    for mark in chosen:
        place = (mark.x * dots, mark.y * dots, mark.side * dots)
        page = scans.with_mark(page, place, random, kind)
    return page, {(mark.field, mark.option) for mark in chosen}


@pytest.mark.parametrize(
    ("name", "kind"), [("application_form", "tick"), ("shelter_card", "pencil")]
)
@pytest.mark.parametrize("scan", SCANS)
def test_every_box_is_right_or_left_to_a_person(name, kind, scan):
    random = np.random.default_rng(11)
    dpi, spoil = SCANS[scan]
    page, chosen = filled(name, dpi, kind, random)

    read = marks.read(Image.fromarray(spoil(page, random)), FORMS[name])

    assert read is not None
    assert read.payload == CODE
    sure = [each for each in read.proposals if each.is_ticked is not None]
    assert [each for each in sure if each.is_ticked != ((each.field, each.option) in chosen)] == []
    assert len(sure) >= len(read.proposals) * (0.8 if scan == "copied" else 1)


def test_a_form_upside_down_and_crossed_or_filled_is_read_too():
    random = np.random.default_rng(3)
    for kind in ("cross", "fill"):
        page, chosen = filled("application_form", 200, kind, random)
        read = marks.read(Image.fromarray(page[::-1, ::-1]), FORMS["application_form"])

        assert read is not None
        assert {(each.field, each.option) for each in read.proposals if each.is_ticked} == chosen


def test_half_a_page_gives_its_number_and_no_proposals():
    page = scans.rendered(FORMS["application_form"].pdf, 150)

    read = marks.read(Image.fromarray(page[: page.shape[0] // 2]), FORMS["application_form"])

    assert read == marks.Reading(CODE)
    assert marks.read(Image.new("L", (800, 1000), 255), FORMS["application_form"]) is None


def test_a_smudge_is_left_to_a_person():
    form = FORMS["application_form"]
    page, dots = scans.rendered(form.pdf, 200).astype(np.float32), 200 / 25.4
    mark = form.marks[0]
    y, x, side = (round(value * dots) for value in (mark.y, mark.x, mark.side))
    page[y + 6 : y + side - 6, x + 6 : x + side - 6] -= 255 * (marks.FAINT + marks.SURE) / 2

    read = marks.read(Image.fromarray(page.astype(np.uint8)), form)

    assert read is not None
    assert [(each.field, each.option) for each in read.doubtful] == [(mark.field, mark.option)]
    assert read.ticked(mark.field) == []
