"""A scanner's PDF becomes pictures page by page; what would take too much is refused in time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator

import pytest
from PIL import Image

from printables import marks, qr, scanned
from printables.registry import PAPERS
from printables.scanned import NoPages, Reason
from tests.printables import scans
from tests.printables.decoding import the_form, the_permit
from tests.support.scanned import as_pdf, bomb, huge, locked, many


def printed(pdf: bytes) -> Image.Image:
    return Image.fromarray(scans.rendered(pdf, 200))


def why(pdf: bytes, **limits: float) -> Reason:
    with pytest.raises(NoPages) as refused:
        list(scanned.pictures(pdf, **limits))
    return refused.value.reason


def test_printed_scanned_and_read_again():
    (form, form_text), (permit, permit_text) = the_form(), the_permit()
    pages = [printed(form), Image.new("L", (1654, 2339), 255), printed(permit)]

    found = [qr.read_hard(page) for page in scanned.pictures(as_pdf(pages, dpi=200))]

    assert found == [[form_text], [], [permit_text]]


def test_boxes_are_read_from_a_scanned_page_as_from_a_picture():
    paper = PAPERS["application_form"]
    form = paper.draw(dataclasses.replace(paper.samples()["empty"], sales="yes"))

    (page,) = scanned.pictures(as_pdf([printed(form.pdf)], dpi=200))
    read = marks.read(page, form)

    assert read is not None
    assert read.ticked("sales") == ["yes"]
    assert read.doubtful == ()


def test_a_page_is_never_larger_than_a_page_of_ours():
    (page,) = scanned.pictures(huge())

    assert max(page.size) <= scanned.SIDE_MAX + 1


def test_fifty_pages_are_taken_and_no_more():
    assert sum(1 for _ in scanned.pictures(many(50))) == 50
    assert why(many(51)) is Reason.TOO_LONG


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 100_000, the_form()[0][:3000]],
    ids=["nothing", "a head", "noise", "a torn file"],
)
def test_a_broken_file_is_said_to_be_broken(content):
    assert why(content) is Reason.BROKEN


def test_a_locked_file_is_said_to_be_locked():
    assert why(locked(the_form()[0])) is Reason.LOCKED


def test_a_bomb_is_stopped_by_its_memory_and_by_the_clock():
    pdf = bomb()
    started = time.monotonic()

    assert why(pdf, seconds_max=1.0) is Reason.TOO_HEAVY
    assert time.monotonic() - started < 20
    assert why(b"%PDF-" + b"x" * scanned.BYTES_MAX) is Reason.TOO_HEAVY


def test_who_stops_reading_leaves_no_process_behind():
    pages = scanned.pictures(many(50))
    next(pages)

    assert isinstance(pages, Generator)
    pages.close()

    assert list(pages) == []


def test_a_pdf_is_known_by_its_first_kilobyte():
    assert scanned.is_pdf(b"\n\n%PDF-1.4\n")
    assert not scanned.is_pdf(b"\x89PNG" + b" " * 2000 + b"%PDF-")
