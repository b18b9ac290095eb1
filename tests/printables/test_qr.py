"""Codes are made, read back from paper, and refused when anybody invented or altered them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdfium2 import PdfDocument

from printables import qr
from printables.registry import PAPERS

KEY = b"a key of one lease, thirty-two b"
FORM = qr.FormCode(form=1, node=14, lease=3, serial=12345)


def sign(body: bytes) -> bytes:
    """Stands in for Ed25519: as long, and made of every byte."""
    return (sum(body) % 256).to_bytes(1) * 64


def is_genuine(body: bytes, signature: bytes) -> bool:
    return signature == sign(body)


def scanned(pdf: bytes, dpi: int, *, degrees: float = 0.0) -> Image.Image:
    first = PdfDocument(io.BytesIO(pdf))[0]
    picture: Image.Image = first.render(scale=dpi / 72, grayscale=True).to_pil()
    return picture.rotate(degrees, fillcolor=255, expand=True)


@given(st.binary(max_size=120))
def test_base45_comes_back(data):
    assert qr.from_base45(qr.base45(data)) == data


@pytest.mark.parametrize("text", ["A", "::", ":::", "abc", "GGW"])
def test_what_is_no_base45_is_refused(text):
    with pytest.raises(qr.Unreadable):
        qr.from_base45(text)


def test_base45_is_that_of_the_standard():
    assert qr.base45(b"ietf!") == "QED8WEX0"
    assert qr.from_base45("QED8WEX0") == b"ietf!"


def test_a_form_code_is_short_and_comes_back():
    text = qr.form_code(FORM, KEY)

    assert len(text) == 31
    assert qr.open_form(text, KEY) == FORM
    assert len(qr.rows(text, "Q")) == 29


def test_a_form_of_another_lease_or_with_another_number_is_refused():
    text = qr.form_code(FORM, KEY)
    altered = text[:-1] + ("A" if text[-1] != "A" else "B")

    with pytest.raises(qr.Unreadable):
        qr.open_form(text, b"the key of another lease")
    with pytest.raises(qr.Unreadable):
        qr.open_form(altered, KEY)


def test_an_issued_code_comes_back_and_a_forged_one_is_refused():
    code = qr.IssuedCode(kind=1, key=b"mark", facts=bytes(range(10)))
    text = qr.issued_code(code, sign)

    assert len(text) == 124
    assert qr.open_issued(text, is_genuine) == code
    with pytest.raises(qr.Unreadable):
        qr.open_issued(text, lambda body, signature: False)
    with pytest.raises(qr.Unreadable):
        qr.open_form(text, KEY)


@pytest.mark.parametrize(
    ("name", "variant", "attribute"),
    [("permit", "typical", "code"), ("application_form", "empty", "corner")],
)
@pytest.mark.parametrize(("dpi", "degrees"), [(150, 0), (150, 3), (150, -3), (200, 180), (300, 0)])
def test_a_scanned_paper_says_its_code(name, variant, attribute, dpi, degrees):
    paper = PAPERS[name]
    record = paper.samples()[variant]

    picture = scanned(paper.draw(record).pdf, dpi, degrees=degrees)

    assert qr.read(picture) == [getattr(record, attribute)]


def test_a_numbered_form_is_found_with_either_corner_torn_off():
    paper = PAPERS["application_form"]
    record = paper.samples()["empty"]
    whole = scanned(paper.draw(record).pdf, 150)
    width, height = whole.size

    assert qr.read(whole.crop((0, height // 2, width, height))) == [record.corner]
    assert qr.read(whole.crop((0, 0, width, height // 2))) == [record.corner]


@pytest.mark.parametrize("number", [0, 1, 457, 12345, 99999999])
def test_check_digits_notice_a_slip(number):
    digits = qr.check_digits(number)

    assert len(digits) == 2
    assert int(f"{number}{digits}") % 97 == 1
