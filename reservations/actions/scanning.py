"""写真・スキャンから: a picture finds its numbered form, and its ticked boxes are proposals.

A scanner's PDF is a stack of pictures. The code is read by zxing-cpp; the boxes only where the
extra `scan` is installed. Handwriting is never read, and nothing of a picture is kept.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from printables import qr, scanned
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.queries import genuine, packs
from reservations.queries.memory import Memory
from reservations.queries.packs import FoundForm

if TYPE_CHECKING:
    from printables.marks import Reading

SHOWN_WIDTH, SHOWN_QUALITY = 1000, 45
STACK_WIDTH = 700  # of each of many, so that a stack of fifty is not too much for a browser
PICTURE_BYTES_MAX = 8_000_000
WHITE = 215  # the darkest dot of a back side that nothing was printed on
REASONS = {
    scanned.Reason.BROKEN: RefusalCode.PDF_UNREADABLE,
    scanned.Reason.LOCKED: RefusalCode.PDF_LOCKED,
    scanned.Reason.TOO_LONG: RefusalCode.PDF_TOO_LONG,
    scanned.Reason.TOO_HEAVY: RefusalCode.PDF_TOO_HEAVY,
}


@dataclass(frozen=True, slots=True)
class Ticks:
    """One field's boxes as they look; `doubtful` are for a person's eye."""

    field: str
    label: str
    ticked: tuple[str, ...]
    doubtful: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A form in a picture.

    picture   to be shown beside what is typed, as a data: address
    is_whole  whether both of its codes are seen; of half a page no box is read
    ticks     None where boxes cannot be read here
    """

    form: FoundForm
    picture: str
    is_whole: bool
    ticks: tuple[Ticks, ...] | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of what was sent: its form, or why there is none; neither for a white page."""

    page: int
    scan: Scan | None = None
    refusal: Refusal | None = None


def scan(desk: Desk, session: Session, memory: Memory, stream: Any) -> Scan:
    """The one form in a picture or in a PDF.

    raises   Refusal as `scan_all` and `of_picture`; several_forms where it has more than one
    """
    leaves = scan_all(desk, session, memory, stream)
    found = [leaf.scan for leaf in leaves if leaf.scan is not None]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refusal(RefusalCode.SEVERAL_FORMS, count=len(found))
    refusals = [leaf.refusal for leaf in leaves if leaf.refusal is not None]
    raise refusals[0] if refusals else Refusal(RefusalCode.NO_CODE)


def scan_all(desk: Desk, session: Session, memory: Memory, stream: Any) -> tuple[Leaf, ...]:
    """Every page of a PDF, or the one of a picture; a page without a form carries its refusal.

    raises   Refusal picture_unreadable, picture_too_large, pdf_unreadable, pdf_locked,
             pdf_too_long, pdf_too_heavy: then nothing was read
    """
    content = stream.read(scanned.BYTES_MAX + 1)
    if not scanned.is_pdf(content):
        return (_leaf(desk, session, memory, _picture(content), 1, SHOWN_WIDTH),)
    try:
        return tuple(
            _leaf(desk, session, memory, picture, page, STACK_WIDTH)
            for page, picture in enumerate(scanned.pictures(content), start=1)
        )
    except scanned.NoPages as fault:
        raise Refusal(REASONS[fault.reason], pages_max=scanned.PAGES_MAX) from None


def _picture(content: bytes) -> Any:
    if len(content) > PICTURE_BYTES_MAX:
        megabytes = PICTURE_BYTES_MAX // 1_000_000
        raise Refusal(RefusalCode.PICTURE_TOO_LARGE, megabytes=megabytes)
    try:
        return genuine.picture(io.BytesIO(content))
    except genuine.NoPicture:
        raise Refusal(RefusalCode.PICTURE_UNREADABLE) from None


def _leaf(
    desk: Desk, session: Session, memory: Memory, picture: Any, page: int, width: int
) -> Leaf:
    if picture.getextrema()[0] >= WHITE:
        return Leaf(page)
    try:
        return Leaf(page, of_picture(desk, session, memory, picture, width))
    except Refusal as refusal:
        return Leaf(page, refusal=refusal)


def of_picture(
    desk: Desk, session: Session, memory: Memory, picture: Any, width: int = SHOWN_WIDTH
) -> Scan:
    """Find the one form that is in a picture (Pillow, greys).

    width    in dots, of the picture that is shown
    raises   Refusal no_code, several_forms, not_a_form, form_forged, form_unknown
    """
    texts = qr.read_hard(picture)
    if not texts:
        raise Refusal(RefusalCode.NO_CODE)
    if len(texts) > 1:
        raise Refusal(RefusalCode.SEVERAL_FORMS, count=len(texts))
    form = packs.form_of(desk, session, texts[0])
    is_whole = qr.times_seen(picture, texts[0]) > 1
    ticks = _ticks(memory, form, picture, texts[0]) if is_whole else ()
    return Scan(form, _shown(picture, width), is_whole, ticks)


def _shown(picture: Any, width: int) -> str:
    small = picture.copy()
    small.thumbnail((width, 2 * width))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=SHOWN_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def _ticks(memory: Memory, form: FoundForm, picture: Any, code: str) -> tuple[Ticks, ...] | None:
    try:
        from printables import marks  # noqa: PLC0415 - the extra `scan`
    except ImportError:
        return None
    from reservations.documents.blanks import blank_form, tick_labels  # noqa: PLC0415 - reportlab

    place = memory.catalogue.places.get(form.pack.facility_id)
    if place is None:
        return None
    number = qr.form_number(packs.node_label(form.pack.node_no), form.number)
    blank = blank_form(place, form.pack.made_at, number, code)
    reading: Reading | None = marks.read(picture, blank)
    if reading is None or not reading.proposals:
        return ()
    found = []
    for field, (label, options) in tick_labels(place, form.pack.made_at).items():
        mine = [each for each in reading.proposals if each.field == field]
        found.append(
            Ticks(
                field,
                label,
                tuple(options[each.option] for each in mine if each.is_ticked),
                tuple(options[each.option] for each in mine if each.is_ticked is None),
                tuple(each.option for each in mine if each.is_ticked),
            )
        )
    return tuple(found)
