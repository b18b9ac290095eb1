"""The boxes that somebody ticked on a scanned form, as proposals for the person who types it in.

Needs the extra `scan` (OpenCV). The table of boxes comes from the layout that drew the form, the
place of the page in the picture from the two codes of the form. Handwriting is never read; a box
between ticked and empty is said to be so, and a person looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zxingcpp
from PIL import Image

from printables import qr
from printables.layout import CodeBox, Drawn, MarkBox
from printables.page import A4

SCALE = 8  # dots a millimetre of the straightened page
SEARCH = 1.4  # millimetres in which a box may lie beside its place
INSET = 0.65  # of a box's own line, which is no mark
LINE = 0.25  # millimetres
REACH = 2.5  # how far the two codes may be wrong about the rest of the page
OUTLINE_MIN = 0.1  # darkness of the boxes' own lines, or the page lies otherwise
OUTLINE_SHARE = 0.65  # of the page's usual outline
EMPTY_MAX = 0.10  # no page's empty boxes are darker, however stained
FAINT, SURE = 0.035, 0.075  # darkness above the page's own empty boxes
QR_CODE = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Proposal:
    """What a box looks like: ticked, empty, or (None) for a person to say."""

    field: str
    option: str
    is_ticked: bool | None
    confidence: float  # 0 to 1
    darkness: float


@dataclass(frozen=True)
class Reading:
    """A scanned form: its code, and its boxes where the page could be straightened."""

    payload: str
    proposals: tuple[Proposal, ...] = ()

    def ticked(self, field: str) -> list[str]:
        """The options of a field that are surely ticked."""
        return [each.option for each in self.proposals if each.field == field and each.is_ticked]

    @property
    def doubtful(self) -> tuple[Proposal, ...]:
        """What a person has to look at."""
        return tuple(each for each in self.proposals if each.is_ticked is None)


@dataclass(frozen=True)
class _Seen:
    """A code in the picture, its corners from the upper left, clockwise as the form is read."""

    payload: str
    corners: Array


def read(image: Image.Image, form: Drawn) -> Reading | None:
    """Read the boxes of the first page of a scanned form.

    form     the same form, drawn blank: its numbers do not matter, its boxes and codes do
    returns  None where no code of ours is seen; no proposals where one is lost, for a page that
             hangs on one corner is not straight at the other: then a person reads it all
    """
    grey = np.asarray(image.convert("L"))
    seen = _codes(grey)
    if not seen:
        return None
    marks = [mark for mark in form.marks if mark.page == form.codes[0].page]
    straight = _straight(grey, seen, form.codes, marks)
    if straight is None:
        return Reading(seen[0].payload)
    looks = [_look(straight, mark) for mark in marks]
    return Reading(seen[0].payload, tuple(_judged(marks, looks)))


def _codes(grey: Array) -> list[_Seen]:
    """The two codes of a form, as far as they are seen."""
    found: list[_Seen] = []
    image = Image.fromarray(grey)
    for treat in qr.TREATMENTS[:4]:
        treated = treat(image)
        shrink = grey.shape[1] / treated.width
        for each in zxingcpp.read_barcodes(treated, formats=QR_CODE):
            place = each.position
            corners = np.array(
                [
                    (corner.x * shrink, corner.y * shrink)
                    for corner in (
                        place.top_left,
                        place.top_right,
                        place.bottom_right,
                        place.bottom_left,
                    )
                ],
                np.float32,
            )
            is_new = all(np.abs(corners - other.corners).max() > 20 for other in found)
            if each.text.startswith(qr.PREFIX) and is_new:
                found.append(_Seen(each.text, corners))
        if len(found) > 1:
            break
    return [each for each in found if each.payload == found[0].payload][:2]


def _straight(
    grey: Array, seen: list[_Seen], codes: Sequence[CodeBox], marks: Sequence[MarkBox]
) -> Array | None:
    """The page as a flat sheet of paper: ink 1, paper 0; the guess with most boxes in place."""
    upper, lower = (_corners_of(code) for code in codes[:2])
    if len(seen) < 2:
        return None
    both = np.vstack((upper, lower))
    guesses = [np.vstack((seen[0].corners, seen[1].corners))]
    guesses.append(np.vstack((seen[1].corners, seen[0].corners)))
    best: Array | None = None
    clearest = OUTLINE_MIN
    for corners in guesses:
        # The stubs leave out that there may be none.
        first: Any = cv2.findHomography(corners, both * SCALE)[0]
        if first is None:
            continue
        flat = _ink(_warped(grey, first))
        finer = _refined(flat, marks)
        for page in (flat, None if finer is None else _ink(_warped(grey, finer @ first))):
            if page is None:
                continue
            outline = float(np.median([_look(page, mark)[1] for mark in marks]))
            if outline > clearest:
                best, clearest = page, outline
    return best


def _corners_of(code: CodeBox) -> Array:
    x, y, side = code.x, code.y, code.side
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], np.float32)


def _warped(grey: Array, homography: Array) -> Array:
    size = (round(A4[0] * SCALE), round(A4[1] * SCALE))
    return cv2.warpPerspective(
        grey, homography, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255)
    )


def _ink(flat: Array) -> Array:
    """Darkness against the paper around, so that neither shadow nor lamp counts as ink."""
    small = cv2.resize(flat, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    paper = cv2.resize(paper, (flat.shape[1], flat.shape[0])).astype(np.float32)
    ink: Array = np.clip(1 - flat.astype(np.float32) / np.maximum(paper, 1), 0, 1)
    return ink


def _refined(flat: Array, marks: Sequence[MarkBox]) -> Array | None:
    """Squares that are seen, matched to boxes that must be there: what is still to be shifted."""
    dark = (flat > max(0.25, float(flat.max()) * 0.3)).astype(np.uint8)
    outlines, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    squares = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        is_square = abs(width - height) < 0.8 * SCALE
        if is_square and all(2.6 * SCALE < side < 5.2 * SCALE for side in (width, height)):
            squares.append((x + width / 2, y + height / 2))
    pairs = []
    centres = np.array(squares, np.float32).reshape(-1, 2)
    for mark in marks:
        wanted = np.array((mark.x + mark.side / 2, mark.y + mark.side / 2)) * SCALE
        distances = np.hypot(*(centres - wanted).T)
        if distances.size and distances.min() < REACH * SCALE:
            pairs.append((centres[int(distances.argmin())], wanted))
    if len(pairs) < 4:
        return None
    source, target = (np.array(side, np.float32) for side in zip(*pairs, strict=True))
    # A shift and a turn are enough after the codes; a free homography would bend the page's edge.
    shift: Any = cv2.estimateAffine2D(source, target, ransacReprojThreshold=0.5 * SCALE)[0]
    return None if shift is None else np.vstack((shift, (0, 0, 1)))


def _look(flat: Array, mark: MarkBox) -> tuple[float, float]:
    """How much ink lies in the box, which is looked for around its place, and on its outline."""
    side = round(mark.side * SCALE)
    line = max(2, round(LINE * SCALE))
    pattern = np.zeros((side + 2 * line, side + 2 * line), np.float32)
    cv2.rectangle(pattern, (line, line), (line + side, line + side), 1.0, line)
    x, y = (round((place - SEARCH) * SCALE) - line for place in (mark.x, mark.y))
    reach = side + 2 * line + round(2 * SEARCH * SCALE)
    window = flat[max(y, 0) : y + reach, max(x, 0) : x + reach].astype(np.float32)
    if min(window.shape) < pattern.shape[0]:
        return 0.0, 0.0
    found = cv2.matchTemplate(window, pattern, cv2.TM_CCORR)
    _, outline, _, (left, top) = cv2.minMaxLoc(found)
    inset = line + round(INSET * SCALE)
    end = 2 * line + side - inset
    inside = window[top + inset : top + end, left + inset : left + end]
    return float(inside.mean()), float(outline / pattern.sum())


def _judged(marks: Sequence[MarkBox], looks: list[tuple[float, float]]) -> list[Proposal]:
    """Compare every box with the page's own empty ones; a box whose outline is lost is doubtful."""
    darkness = [ink for ink, _ in looks]
    empty = min(float(np.percentile(darkness, 35)), EMPTY_MAX)
    usual = float(np.median([outline for _, outline in looks]))
    middle = (FAINT + SURE) / 2
    judged = []
    for mark, (ink, outline) in zip(marks, looks, strict=True):
        above = ink - empty
        is_doubtful = FAINT <= above < SURE or outline < usual * OUTLINE_SHARE
        is_ticked = None if is_doubtful else above >= SURE
        confidence = 0.0 if is_doubtful else min(1.0, abs(above - middle) / (2 * middle))
        judged.append(
            Proposal(mark.field, mark.option, is_ticked, round(confidence, 3), round(ink, 3))
        )
    return judged
