"""What the tests ask of a finished PDF, by readers that know nothing of how it was made."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any

import page as page_validation
import pdfplumber
import pikepdf
import pypdf

MARGIN = 14.0  # points: nothing is printed closer to the edge than a common printer reaches
SLACK = 0.6  # points


def faults(pdf: bytes) -> list[str]:
    """What PDF/UA-1 and PDF/A-2a have against it, and qpdf's own check."""
    profiles = page_validation.ValidationProfile
    found = [
        f"{profile.value}: {failure.rule_id}: {failure.message}"
        for profile in (profiles.PDF_UA_1, profiles.PDF_A_2A)
        for failure in page_validation.validate_pdf_bytes(pdf, profile=profile).failures
    ]
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return found + list(opened.check_pdf_syntax())


def text(pdf: bytes) -> str:
    """Everything that can be copied out, without the white space of lines and cells."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return squeezed("".join(each.extract_text() for each in reader.pages))


def hash_of(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()


def squeezed(words: str) -> str:
    return "".join(words.split())


@cache
def escapes(pdf: bytes) -> list[str]:
    """Words that leave the smallest frame around their first letter, or the printable page."""
    found = []
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        for each in opened.pages:
            frames = [*each.rects, edge_of(each)]
            for word in each.extract_words(x_tolerance=1.5, y_tolerance=1, keep_blank_chars=True):
                frame = min(
                    (frame for frame in frames if holds(frame, word)),
                    key=lambda frame: frame["width"] * frame["height"],
                    default=None,
                )
                if frame is None or leaves(frame, word):
                    found.append(f"page {each.page_number}: {word['text']}")
    return found


def edge_of(each: Any) -> dict[str, float]:
    width, height = float(each.width), float(each.height)
    return {
        "x0": MARGIN, "x1": width - MARGIN, "top": MARGIN, "bottom": height - MARGIN,
        "width": width, "height": height,
    }  # fmt: skip


def holds(frame: Any, word: Any) -> bool:
    """Whether the left edge of the word's middle lies in the frame."""
    middle = (word["top"] + word["bottom"]) / 2
    inside = frame["x0"] - SLACK <= word["x0"] <= frame["x1"] + SLACK
    return bool(inside and frame["top"] <= middle <= frame["bottom"])


def leaves(frame: Any, word: Any) -> bool:
    return bool(
        word["x1"] > frame["x1"] + SLACK
        or word["top"] < frame["top"] - SLACK
        or word["bottom"] > frame["bottom"] + SLACK
    )
