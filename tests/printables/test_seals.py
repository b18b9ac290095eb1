"""A seal is a picture, an empty frame, or left out with the words that say so."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image, ImageDraw
from pypdfium2 import PdfDocument

from printables.forms import FormFault, town
from printables.registry import PAPERS
from tests.printables import pdf

PERMIT = PAPERS["permit"]
RECORD = PERMIT.samples()["typical"]


def a_seal(*, side: int = 120, background: tuple[int, ...] = (0, 0, 0, 0)) -> bytes:
    image = Image.new("RGBA", (side, side), background)
    pen = ImageDraw.Draw(image)
    pen.rectangle((4, 4, side - 5, side - 5), outline=(200, 20, 20, 255), width=side // 12)
    pen.ellipse((side // 3, side // 3, side * 2 // 3, side * 2 // 3), fill=(200, 20, 20, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def a_town(**issuer):
    return town({"issuers": {"default": {"lines": ["東隣町長　東　隣子"], **issuer}}})


def colours(data: bytes) -> tuple[int, int, int]:
    """How many dots of a page are dark red, middle grey, and there at all."""
    image = PdfDocument(data)[0].render(scale=1).to_pil().convert("RGB")
    raw = image.tobytes()
    dots = list(zip(raw[::3], raw[1::3], raw[2::3], strict=True))
    red = sum(r > 120 and g < 90 and b < 90 for r, g, b in dots)
    grey = sum(73 < r < 80 and r == g == b for r, g, b in dots)
    return red, grey, len(dots)


@pytest.mark.parametrize("colour", ["red", "grey"])
def test_a_seal_is_drawn_in_its_colour_and_the_file_stays_an_archive(colour):
    drawn = PERMIT.draw(RECORD, a_town(seal="image", seal_image=a_seal(), seal_colour=colour)).pdf
    red, grey, _ = colours(drawn)

    assert pdf.faults(drawn) == []
    assert pdf.escapes(drawn) == []
    assert (red > 500) == (colour == "red")
    assert (grey > 1900) == (colour == "grey")
    with pikepdf.open(io.BytesIO(drawn)) as opened:
        alts = [str(each.Alt) for each in opened.objects if is_figure(each)]
    assert "公印" in alts
    assert (
        drawn
        == PERMIT.draw(RECORD, a_town(seal="image", seal_image=a_seal(), seal_colour=colour)).pdf
    )


def is_figure(each: object) -> bool:
    return isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"


def test_a_seal_on_white_paper_gives_the_same_ink_as_one_on_nothing():
    clear = PERMIT.draw(RECORD, a_town(seal="image", seal_image=a_seal())).pdf
    white = a_seal(background=(255, 255, 255, 255))

    assert PERMIT.draw(RECORD, a_town(seal="image", seal_image=white)).pdf == clear


def test_a_seal_is_a_file_beside_the_towns_own(tmp_path):
    (tmp_path / "seal.png").write_bytes(a_seal())
    changes = {"issuers": {"default": {"lines": ["長"], "seal": "image", "seal_image": "seal.png"}}}

    assert "公印省略" not in pdf.text(PERMIT.draw(RECORD, town(changes, tmp_path)).pdf)
    with pytest.raises(FormFault, match=r"seal\.png"):
        PERMIT.draw(RECORD, town(changes, tmp_path / "elsewhere"))


def test_the_page_for_a_browser_carries_the_seal_in_itself():
    page = PERMIT.html(RECORD, a_town(seal="image", seal_image=a_seal(), seal_mm=18))

    assert '<img alt="公印" style="float:right;width:18mm;height:18mm"' in page
    assert "data:image/png;base64," in page
    assert "（印）" in PERMIT.text(RECORD, a_town(seal="image", seal_image=a_seal()))


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        ({"seal": "image"}, "seal_image"),
        ({"seal": "image", "seal_image": b"no picture"}, "no picture"),
        ({"seal": "image", "seal_image": a_seal(), "seal_colour": "blue"}, "blue"),
        ({"seal": "image", "seal_image": a_seal(), "seal_mm": 60}, "24 mm"),
    ],
)
def test_a_seal_that_cannot_be_drawn_is_refused_with_the_place(issuer, said):
    with pytest.raises(FormFault, match=f"issuers.default.*{said}"):
        PERMIT.sheet(RECORD, a_town(**issuer))


def test_an_empty_picture_is_no_seal():
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 255, 255, 255)).save(out, "PNG")

    with pytest.raises(FormFault, match="no ink"):
        PERMIT.sheet(RECORD, a_town(seal="image", seal_image=out.getvalue()))
