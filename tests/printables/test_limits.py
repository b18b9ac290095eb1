"""A town says how long a value may be, and what becomes of one that its box does not hold."""

from __future__ import annotations

import dataclasses
import io
import re

import pdfplumber
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printables import limits, town_file
from printables.forms import FormFault, town
from printables.registry import PAPERS
from printables.sheet import Grid, Limit
from tests.printables import pdf

PERMIT = PAPERS["permit"]
RECORD = PERMIT.samples()["typical"]
USUAL = 10.5
EXTRA_TITLE = "別紙（体育施設使用許可書）"
# The purpose has a box of 144 mm: 38 letters at its usual size, 49 at the smallest.
LONG, TOO_LONG = "鯨" * 45, "鯨" * 120
LONGEST = {limits.SHRINK: 49, limits.LINES: 97, limits.EXTRA: 300}


def of_town(**limit):
    return town({"forms": {"permit": {"fields": {"purpose": limit}}}})


def drawn(purpose: str, **limit):
    return PERMIT.draw(dataclasses.replace(RECORD, purpose=purpose), of_town(**limit))


def letters(paper: bytes, of: str) -> list[tuple[int, float, float]]:
    """Where a letter stands in the finished file: page, line, size."""
    with pdfplumber.open(io.BytesIO(paper)) as opened:
        return [
            (page.page_number, round(char["bottom"], 1), round(char["size"], 1))
            for page in opened.pages
            for char in page.chars
            if char["text"] == of
        ]


def lines(paper: bytes, of: str) -> set[tuple[int, float]]:
    return {(page, line) for page, line, _ in letters(paper, of)}


def sizes(paper: bytes, of: str) -> set[float]:
    return {size for _, _, size in letters(paper, of)}


def test_shrink_makes_the_letters_smaller_on_one_line():
    paper = drawn(LONG, overflow="shrink")

    assert len(letters(paper.pdf, "鯨")) == 45
    assert len(lines(paper.pdf, "鯨")) == 1
    assert sizes(paper.pdf, "鯨") == {8.5}
    assert paper.moved == ()


def test_lines_takes_a_second_line_in_the_usual_size():
    paper = drawn(LONG, overflow="lines")

    assert len(lines(paper.pdf, "鯨")) == 2
    assert sizes(paper.pdf, "鯨") == {USUAL}
    assert paper.moved == ()


def test_extra_moves_what_is_longer_than_a_line_to_the_extra_sheet():
    paper = drawn(LONG, overflow="extra")

    assert paper.moved == ("使用目的",)
    assert {page for page, _ in lines(paper.pdf, "鯨")} == {paper.pages}
    said = pdf.text(paper.pdf)
    assert "使用目的別紙のとおり" in said
    assert EXTRA_TITLE in said
    assert LONG in said


def test_a_field_without_a_rule_takes_lines_then_smaller_letters_then_the_extra_sheet():
    assert len(lines(drawn(TOO_LONG).pdf, "鯨")) == 3
    assert sizes(drawn("鯨" * 140).pdf, "鯨") == {8.0}
    assert drawn("鯨" * 160).moved == ("使用目的",)


@pytest.mark.parametrize("overflow", LONGEST)
@pytest.mark.parametrize("letter", ["鯨", "W", "𠮷", "葛\U000e0100"])
def test_the_longest_legal_value_is_there_in_full_and_in_its_box(overflow, letter):
    most = LONGEST[overflow]
    paper = drawn(letter * most, overflow=overflow, characters_max=most)

    assert pdf.escapes(paper.pdf) == []
    assert pdf.faults(paper.pdf) == []
    assert pdf.text(paper.pdf).count(letter) >= most
    assert (paper.moved != ()) == (overflow == limits.EXTRA)


@pytest.mark.parametrize("overflow", ["", *LONGEST])
def test_one_letter_more_than_the_maximum_goes_to_the_extra_sheet_in_full(overflow):
    rule = {"overflow": overflow} if overflow else {}
    kept = drawn("い" * 12, characters_max=12, **rule)
    moved = drawn("い" * 13, characters_max=12, **rule)

    assert (kept.moved, moved.moved) == ((), ("使用目的",))
    assert "い" * 13 in pdf.text(moved.pdf)
    assert pdf.escapes(moved.pdf) == []


def test_a_name_is_counted_as_people_count_it():
    name = "葛\U000e0100飾か\u3099区"

    assert limits.characters(name + "\n") == 4
    assert drawn(name, characters_max=4).moved == ()


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    text=st.text(alphabet="あ漢、。「」（ー…Wi 1,.-/\n髙𠮷葛\U000e0100", min_size=1, max_size=130),
    overflow=st.sampled_from(["", *LONGEST]),
    most=st.integers(1, 130),
)
def test_no_text_leaves_its_box_by_any_rule(text, overflow, most):
    rule = {"overflow": overflow} if overflow else {}

    assert pdf.escapes(drawn(text, characters_max=most, **rule).pdf) == []


# The page for the browser, and plain text


@pytest.mark.parametrize("overflow", LONGEST)
def test_page_and_text_move_the_same_values_as_the_paper(overflow):
    for purpose in ("短い", LONG, TOO_LONG):
        record = dataclasses.replace(RECORD, purpose=purpose)
        rule = of_town(overflow=overflow, characters_max=100)
        is_moved = PERMIT.draw(record, rule).moved != ()

        page, text = PERMIT.html(record, rule), PERMIT.text(record, rule)

        assert purpose in page
        assert purpose in pdf.squeezed(text)
        for view in (page, pdf.squeezed(text)):
            assert (EXTRA_TITLE in view) == is_moved
            assert ("別紙のとおり" in view) == is_moved


def test_a_page_for_the_browser_has_the_smaller_letters_too():
    page = PERMIT.html(dataclasses.replace(RECORD, purpose=LONG), of_town(overflow="shrink"))

    assert re.search(rf'<td [^>]*style="font-size:8.5pt">{LONG}</td>', page)


def test_a_column_of_a_table_has_limits_like_a_field():
    columns = [
        {"field": "label", "label": "区分", "width": 60, "overflow": "extra"},
        {"field": "yen", "label": "金額", "width": 114, "kind": "yen"},
    ]
    changes = {"forms": {"permit": {"blocks": {"fees": {"columns": columns}}}}}
    line = dataclasses.replace(RECORD.fee_lines[0], label=LONG)

    paper = PERMIT.draw(dataclasses.replace(RECORD, fee_lines=(line,)), town(changes))

    assert paper.moved == ("区分（1行目）",)
    assert pdf.escapes(paper.pdf) == []


def test_words_that_stand_in_a_blank_are_never_moved():
    form = PAPERS["application_form"]
    changes = {"forms": {"application_form": {"fields": {"periods": {"overflow": "extra"}}}}}

    paper = form.draw(form.samples()["empty"], town(changes))

    assert paper.moved == ()


# The town's file

FILE = """\
[forms.permit.fields.purpose]
characters_max = 40
overflow = "shrink"
"""


def test_a_file_with_limits_that_fit_has_no_fault():
    assert town_file.read(FILE).faults == ()
    assert town_file.read(town_file.write(town_file.read(FILE).changes)).changes == (
        town_file.read(FILE).changes
    )


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("= 40", '= "40"'), 2, "1から2000までの数字"),
        (("= 40", "= 0"), 2, "1から2000までの数字"),
        (("= 40", "= true"), 2, "1から2000までの数字"),
        (("= 40", "= 50"), 2, "characters_max を49以下にする"),
        (('"shrink"', '"cut"'), 3, '"shrink"（文字を8ポイントまで小さくする）'),
        (('"shrink"', "2"), 3, '"extra"（別紙に移す）のどれか'),
        (('"shrink"', '["shrink"]'), 3, "のどれか"),
        (('"shrink"', '"lines"\nlines = 1'), 4, "lines を2以上にするか"),
        (('"shrink"', '"lines"\nlines = "two"'), 4, "1から40までの数字"),
    ],
)
def test_a_wrong_limit_is_told_with_its_line_and_what_to_do(change, line, words):
    text = FILE.replace(*change)

    faults = town_file.read(text).faults

    assert [(each.line, words in each.words) for each in faults] == [(line, True)]


@pytest.mark.parametrize(("field", "words"), [("part", "選ぶ欄"), ("fee_sum", "手で書くだけの欄")])
def test_a_box_to_tick_or_to_write_in_has_no_limit(field, words):
    text = f'[forms.application_form.fields.{field}]\noverflow = "extra"\n'

    (fault,) = town_file.read(text).faults

    assert (fault.line, words in fault.words) == (2, True)


def test_every_wrong_limit_is_told_at_once_also_in_the_columns_of_tables():
    text = """\
[forms.permit.fields.purpose]
characters_max = -1

[forms.permit.fields.unit]
overflow = "hide"

[forms.permit.blocks.fees]
columns = [
    { field = "label", label = "区分", width = 60, characters_max = "ten" },
    { field = "yen", label = "金額", width = 114, kind = "yen", overflow = "none" },
]
"""

    faults = town_file.read(text).faults

    assert [each.line for each in faults] == [2, 5, 9, 10]
    assert faults[2].words.startswith("label の列：")


def test_every_field_that_is_too_narrow_is_told_at_once():
    text = """\
[forms.permit.fields]
registration = { characters_max = 90, overflow = "shrink" }
purpose = { characters_max = 98, overflow = "lines" }
unit = { characters_max = 200 }

[forms.permit.blocks.fees]
columns = [
    { field = "label", label = "区分", width = 60, characters_max = 80, overflow = "lines" },
    { field = "yen", label = "金額", width = 114, kind = "yen" },
]
"""

    faults = town_file.read(text).faults

    assert sorted((each.line, each.words.split(" ")[0]) for each in faults) == [
        (2, "registration"),
        (3, "purpose"),
        (8, "label"),
    ]


def test_the_room_that_is_told_is_the_room_there_is():
    grid = next(each for each in PERMIT.sheet(RECORD).blocks if isinstance(each, Grid))
    width = next(
        width
        for line in limits.widths(grid, PERMIT.sheet(RECORD).width)
        for cell, width in line
        if cell.field == "purpose" and not cell.is_label
    )

    assert limits.capacity(Limit(lines_max=1), width) == LONGEST[limits.SHRINK]
    assert limits.capacity(Limit(lines_max=2), width) == LONGEST[limits.LINES]


def test_a_form_with_an_unknown_rule_is_refused_when_it_is_drawn():
    with pytest.raises(FormFault, match="overflow"):
        PERMIT.sheet(RECORD, of_town(overflow="hide"))
    with pytest.raises(FormFault, match="characters_max"):
        PERMIT.sheet(RECORD, of_town(characters_max=-1))
