"""真偽の確認: whether a paper's code is genuine, and what this desk knows of its booking by now.

The keys are the certificates of the region that lie here, so it works with the line cut.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import Any

from sqlalchemy.orm import Session

from printables import qr, scanned
from printables.facts import NoticeFacts, PermitFacts
from printables.verify import Answer, FormKey, Keys, Signer, Verdict, verify
from reservations.clock import local
from reservations.desk import Desk
from reservations.queries import bookings, packs
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from sync.document import Document
from sync.ledger import SqlStore

TEXT_MAX = 1000
PIXELS_MAX = 50_000_000
SIDE_MAX = 2600
# A permit has two pages; whoever sends more sends something else.
PDF_PAGES_MAX, PDF_SECONDS_MAX = 5, 15.0
PICTURES = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")


class NoPicture(Exception):  # noqa: N818 - an answer to whoever brought it
    """It cannot be read as a picture, or is too large for one."""


class Standing(Enum):
    """What this desk knows of a genuine permit's booking."""

    STANDS = "stands"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # not known here
    CONTRADICTED = "contradicted"  # the ledger says something else on this line
    NOTHING = "nothing"  # no permit, or not genuine


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of the code alone, and what the ledger and the tables say beside it."""

    answer: Answer
    standing: Standing
    booking: BookingView | None = None


def is_good(found: Found) -> bool:
    """Whether nothing that is known here speaks against the paper."""
    wrong = (Standing.CHANGED, Standing.CANCELLED, Standing.CONTRADICTED)
    return found.answer.verdict is Verdict.GENUINE and found.standing not in wrong


def keys(desk: Desk, text: str = "") -> Keys:
    """Everybody in the region who may sign a paper; for a form's code also its pack's key.

    Only the node that printed a form can tell it from a forged one.
    """
    nodes = (member for member in desk.directory.members() if "officer" not in member.roles)
    signers = tuple(Signer(member.node, _octets(member.public)) for member in nodes)
    return Keys(signers, _form_keys(desk, text))


def _form_keys(desk: Desk, text: str) -> tuple[FormKey, ...]:
    try:
        code = qr.parts_of_form(text.strip().upper())
    except qr.Unreadable:
        return ()
    if code.node != desk.settings.node_no:
        return ()
    key = packs.form_key(desk, code.lease)
    return (FormKey(code.node, code.lease, key, packs.node_label(code.node)),)


def look(desk: Desk, session: Session, memory: Memory, text: str) -> Found:
    """What a code's text is worth. Four statements at most."""
    desk.learn(session)
    return _found(desk, session, memory, verify(text[:TEXT_MAX], keys(desk, text[:TEXT_MAX])))


def look_at_file(desk: Desk, session: Session, memory: Memory, content: bytes) -> list[Found]:
    """The same for every code in a picture or a PDF, each once; it is read and forgotten.

    raises   NoPicture; NoPages (printables/scanned.py) for a PDF that a permit is not
    """
    texts: dict[str, None] = {}
    for each in _pages(content) if scanned.is_pdf(content) else [picture(BytesIO(content))]:
        texts |= dict.fromkeys(qr.read_hard(each))
    return [look(desk, session, memory, text) for text in texts]


def _pages(pdf: bytes) -> Iterator[Any]:
    """A stranger's PDF: a few pages, and a few seconds for all of it.

    raises   NoPages
    """
    found = scanned.pictures(pdf, seconds_max=PDF_SECONDS_MAX)
    with closing(found):
        for number, each in enumerate(found, start=1):
            if number > PDF_PAGES_MAX:
                raise scanned.NoPages(scanned.Reason.TOO_LONG)
            yield each


def picture(stream: Any) -> Any:
    """The picture in greys, no larger than a page needs. A bomb of pixels is not unpacked.

    raises   NoPicture
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - with the decoder

    try:
        with Image.open(stream, formats=PICTURES) as image:
            if image.width * image.height > PIXELS_MAX:
                raise NoPicture
            image.draft("L", (SIDE_MAX, SIDE_MAX))
            image.thumbnail((SIDE_MAX, SIDE_MAX))
            return ImageOps.exif_transpose(image).convert("L")
    except NoPicture:
        raise
    except Exception as fault:
        # Whatever a broken file does to the decoder, it is no picture.
        raise NoPicture from fault


def _found(desk: Desk, session: Session, memory: Memory, answer: Answer) -> Found:
    facts = answer.facts
    if answer.verdict is not Verdict.GENUINE or not isinstance(facts, PermitFacts | NoticeFacts):
        return Found(answer, Standing.NOTHING)
    line = _line(desk, session, facts) if facts.entry.sheet else None
    if line is not None and not _octets(line.hash).startswith(facts.entry.hash):
        return Found(answer, Standing.CONTRADICTED)
    if isinstance(facts, NoticeFacts):
        # A notice is a letter about one day's decision; what came later is the permit's question.
        return Found(answer, Standing.NOTHING)
    booking = bookings.by_number(session, memory, facts.number)
    if booking is None:
        return Found(answer, Standing.UNKNOWN)
    return Found(answer, _standing(facts, line, booking), booking)


def _line(desk: Desk, session: Session, facts: PermitFacts | NoticeFacts) -> Document | None:
    """The line that the code names, as far as this desk has the sheet."""
    number = facts.entry.number
    lines = SqlStore(session, desk.directory).lines(
        facts.entry.sheet, after=number - 1, through=number
    )
    return lines[0] if lines else None


def _standing(facts: PermitFacts, line: Document | None, booking: BookingView) -> Standing:
    if booking.status != "confirmed":
        return Standing.CANCELLED
    if line is not None:
        is_same = line.data.get("revision") == booking.revision
    else:
        starts, ends = local(booking.starts_at), local(booking.ends_at)
        mine = [(starts.replace(tzinfo=None), ends.replace(tzinfo=None))]
        is_same = [(span.start, span.end) for span in facts.periods] == mine
    return Standing.STANDS if is_same else Standing.CHANGED


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
