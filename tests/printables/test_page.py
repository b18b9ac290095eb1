"""The drawing layer: nothing leaves a box, and the checks of the other tests can fail."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from printables import layout
from printables.archive import About
from printables.book import Book
from printables.limits import SMALLEST
from printables.page import Box, Fitted, Paper, fit
from printables.registry import PAPERS
from printables.sheet import Cell, Grid, Line, Option, Row, Sheet
from tests.printables import pdf

NOW = datetime(2026, 6, 6, 12, 0, tzinfo=UTC)


def a_sheet(*blocks, **changes):
    return Sheet("test", "試験", "隣野市", NOW, blocks, **changes)


def test_text_is_shrunk_before_it_is_refused():
    assert fit("あいうえおか", 20.0, 10.0, lines_max=1) == Fitted(("あいうえおか",), 9.0)
    assert fit("あ" * 40, 20.0, 10.0, lines_max=1) is None
    two = fit("あ" * 10, 20.0, 10.0, lines_max=2)
    assert two is not None
    assert len(two.lines) == 2
    assert two.size >= SMALLEST


@pytest.mark.parametrize("box", [Box(20, 20, 15, 10), Box(20, 20, 100, 3)])
def test_text_larger_than_its_box_is_a_fault(box):
    page = Paper(About("a", "b", "c", NOW)).page()

    with pytest.raises(ValueError, match="than its box"):
        page.text(box, Fitted(("あいうえおかきくけこ",), 10.0))


def test_a_time_without_its_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        Paper(About("a", "b", "c", datetime(2026, 6, 6)))


def test_the_overflow_check_notices_text_that_crosses_a_rule():
    paper = Paper(About("a", "b", "c", NOW))
    page = paper.page()
    page.frame(Box(20, 20, 30, 10))
    with paper.tagged("P"):
        page.text(Box(22, 20, 80, 10), Fitted(("はみ出している長い文字の列",), 10.0))

    assert pdf.escapes(paper.close()) == ["page 1: はみ出している長い文字の列"]


def test_the_validator_notices_text_that_belongs_to_nothing():
    drawn = layout.draw(a_sheet(Line("本文", role="H1"))).pdf
    paper = Paper(About("a", "b", "c", NOW))
    page = paper.page()
    page.text(Box(22, 20, 80, 10), Fitted(("本文",), 10.0))
    page._content = [part for part in page._content if part != "EMC" and "BDC" not in part]

    assert pdf.faults(drawn) == []
    assert pdf.faults(paper.close()) != []


def test_a_table_repeats_its_head_and_keeps_joined_rows_together():
    head = Row((Cell("番号", is_label=True), Cell("氏名", is_label=True)))
    rows = [Row((Cell(str(number)), Cell("髙橋"))) for number in range(60)]
    drawn = layout.draw(a_sheet(Line("名簿", role="H1"), Grid((20, 154), (head, *rows), 1)))

    assert drawn.pages == 2
    assert pdf.text(drawn.pdf).count("番号氏名") == 2
    assert pdf.faults(drawn.pdf) == []
    assert pdf.escapes(drawn.pdf) == []


def test_what_does_not_fit_goes_to_an_extra_sheet_in_full():
    long = "長い説明。" * 60
    cells = (Cell("理由", is_label=True), Cell(long, label="理由", lines_max=2))
    drawn = layout.draw(a_sheet(Line("届", role="H1"), Grid((30, 144), (Row(cells),))))

    assert drawn.moved == ("理由",)
    assert drawn.pages == 2
    assert "別紙のとおり" in pdf.text(drawn.pdf)
    assert long in pdf.text(drawn.pdf)


def test_every_box_to_tick_is_known_with_its_place():
    options = (Option("yes", "はい", True), Option("no", "いいえ"))
    grid = Grid(
        (30, 144), (Row((Cell("返事", is_label=True), Cell(options=options, field="answer"))),)
    )

    drawn = layout.draw(a_sheet(Line("届", role="H1"), grid))

    assert [(mark.field, mark.option, mark.page) for mark in drawn.marks] == [
        ("answer", "yes", 0),
        ("answer", "no", 0),
    ]
    first, second = drawn.marks
    assert first.y == second.y
    assert second.x > first.x + first.side


def test_the_record_decides_the_time_in_the_file_and_so_its_bytes():
    first = layout.draw(a_sheet(Line("届", role="H1"))).pdf
    later = layout.draw(
        Sheet("test", "試験", "隣野市", NOW.replace(hour=13), (Line("届", role="H1"),))
    ).pdf

    assert b"/CreationDate (D:20260606120000+00'00')" in first
    assert layout.draw(a_sheet(Line("届", role="H1"))).pdf == first
    assert later != first


def test_many_sheets_share_one_file_and_count_their_own_pages():
    forms = PAPERS["application_form"]
    record = forms.samples()["empty"]
    numbers = [f"N014-{number:08d}" for number in range(3)]
    sheets = [forms.sheet(dataclasses.replace(record, form_number=number)) for number in numbers]

    book = Book(layout.about(sheets[0], "申請書の束"))
    book.add("申請書", [("", sheet) for sheet in sheets])
    drawn = book.close()

    assert drawn.pages == 3
    assert pdf.faults(drawn.pdf) == []
    assert [number for number in numbers if number not in pdf.text(drawn.pdf)] == []
    assert pdf.text(drawn.pdf).count("1／1") == 3
    assert {mark.page for mark in drawn.marks} == {0, 1, 2}
    # The fonts are the larger part of a single form.
    assert len(drawn.pdf) < 2 * len(layout.draw(sheets[0]).pdf)
