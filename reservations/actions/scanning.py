"""写真・スキャンから: a picture finds its numbered form, and its ticked boxes are proposals.

The code is read by zxing-cpp; the boxes only where the extra `scan` is installed. Handwriting is
never read, and nothing of a picture is kept.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from printables import qr
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.queries import genuine, packs
from reservations.queries.memory import Memory
from reservations.queries.packs import FoundForm

if TYPE_CHECKING:
    from printables.marks import Reading

SHOWN_WIDTH, SHOWN_QUALITY = 1000, 45


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


def scan(desk: Desk, session: Session, memory: Memory, stream: Any) -> Scan:
    """Find the one form that is in a picture.

    raises   Refusal picture_unreadable, no_code, several_forms, not_a_form, form_forged,
             form_unknown
    """
    try:
        picture = genuine.picture(stream)
    except genuine.NoPicture:
        raise Refusal(RefusalCode.PICTURE_UNREADABLE) from None
    texts = qr.read_hard(picture)
    if not texts:
        raise Refusal(RefusalCode.NO_CODE)
    if len(texts) > 1:
        raise Refusal(RefusalCode.SEVERAL_FORMS, count=len(texts))
    form = packs.form_of(desk, session, texts[0])
    is_whole = qr.times_seen(picture, texts[0]) > 1
    ticks = _ticks(memory, form, picture, texts[0]) if is_whole else ()
    return Scan(form, _shown(picture), is_whole, ticks)


def _shown(picture: Any) -> str:
    small = picture.copy()
    small.thumbnail((SHOWN_WIDTH, 2 * SHOWN_WIDTH))
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
