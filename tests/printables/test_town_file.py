"""A town's file: what is wrong is said with its line and what to do, and what it writes is read."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from printables import town_file
from printables.forms import model_form, town
from printables.registry import PAPERS
from tests.printables import pdf

WELL = """\
name = "東隣町"

[words]
use = "利用"
permit = "承認"

[issuers.default]
lines = ["東隣町長　東　隣子"]
seal = "frame"

[forms.permit]
order = ["head", "title", "issuer", "body", "granted", "appeal"]

[forms.permit.fields.unit]
label = "場所"
help = "建物と部屋"
"""


def test_a_file_that_holds_together_has_no_fault_and_changes_the_paper():
    found = town_file.read(WELL)

    assert found.faults == ()
    paper = PAPERS["permit"]
    said = pdf.text(paper.draw(paper.samples()["typical"], town(found.changes)).pdf)
    for words in ("利用承認書", "東隣町長東隣子", "場所", "建物と部屋"):
        assert words in said


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (('use = "利用"', "use = 利用"), 4, "書き方が正しくありません"),
        (('use = "利用"', "use = 3"), 4, '「"」で囲んだ文字'),
        (("[words]", "[word]"), 3, "word という項目はありません"),
        (('seal = "frame"', 'seal = "wax"'), 9, "公印省略"),
        (('lines = ["東隣町長　東　隣子"]', 'lines = "東隣町長"'), 8, "[ ] の中に並べて"),
        (('seal = "frame"', 'stamp = "frame"'), 9, "stamp という項目はありません"),
        (('seal = "frame"', 'seal = "image"'), 7, "画像の名前"),
        (("[forms.permit]", "[forms.permits]"), 11, "permits という紙はありません"),
        (('"granted", "appeal"]', '"grants", "appeal"]'), 12, "「grants」というかたまりの説明"),
        (('label = "場所"', 'lable = "場所"'), 15, "lable という項目はありません"),
        (('help = "建物と部屋"', 'kind = "poem"'), 16, "kind は、次のどれか"),
        (('help = "建物と部屋"', 'help = "{colour}"'), 16, "「colour」という値は"),
        (('label = "場所"', 'label = "場所'), 15, "書き方が正しくありません"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(change, line, words):
    text = WELL.replace(*change)
    assert text != WELL

    faults = town_file.read(text).faults

    assert words in faults[0].words
    assert faults[0].line == line


def test_every_fault_of_the_shape_is_told_at_once():
    text = WELL.replace('use = "利用"', "use = 3").replace('seal = "frame"', 'seal = "wax"')

    assert [each.line for each in town_file.read(text).faults] == [4, 9]


@pytest.mark.parametrize("text", ["", "\n# nothing\n"])
def test_an_empty_file_is_the_model(text):
    assert town_file.read(text) == town_file.TownFile({}, ())


def test_a_seal_beside_the_file_becomes_part_of_it(tmp_path):
    seal = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(seal).ellipse((20, 20, 280, 280), outline="red", width=12)
    seal.save(tmp_path / "seal.png")
    text = WELL.replace('seal = "frame"', 'seal = "image"\nseal_image = "seal.png"')

    found = town_file.read(text, tmp_path)

    assert found.faults == ()
    kept = found.changes["issuers"]["default"]["seal_image"]
    assert kept.startswith("data:image/png;base64,")
    assert len(kept) < 30_000
    paper = PAPERS["permit"]
    drawn = paper.draw(paper.samples()["typical"], town(found.changes))
    assert (pdf.faults(drawn.pdf), b"/ImageMask" in drawn.pdf or drawn.pages) != ([], 0)


@pytest.mark.parametrize("name", ["../seal.png", "missing.png", "/etc/passwd"])
def test_a_seal_from_anywhere_else_is_refused(tmp_path, name):
    text = WELL.replace('seal = "frame"', f'seal = "image"\nseal_image = "{name}"')

    (fault,) = town_file.read(text, tmp_path).faults

    assert fault.line == 10


def test_a_picture_without_ink_is_no_seal(tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(out, "PNG")
    (tmp_path / "white.png").write_bytes(out.getvalue())
    text = WELL.replace('seal = "frame"', 'seal = "image"\nseal_image = "white.png"')

    (fault,) = town_file.read(text, tmp_path).faults

    assert "印影の画像を読めません" in fault.words


@pytest.mark.parametrize("name", ["permit", "application_form", "pack_cover", "receipt"])
def test_what_is_written_is_read_as_it_was(name):
    data = {
        "name": "東隣町",
        "words": {"use": '利"用\\', "permit": "承\n認"},
        "forms": {name: dict(model_form(name))},
    }

    found = town_file.read(town_file.write(data))

    assert found.changes == data
    assert found.faults == ()
